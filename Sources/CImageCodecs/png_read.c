#include <png.h>
#include <setjmp.h>
#include <string.h>

#include "CImageCodecs.h"
#include "png_errors.h"

// Everything that changes after setjmp lives in here, in memory, because plain locals have no defined value
// after the jump.
typedef struct {
  jmp_buf jump;
  png_structp png;
  png_infop info;
  png_infop end;
  const uint8_t *next;
  size_t left;
} reader;

static void read_bytes(png_structp png, png_bytep out, size_t count) {
  reader *r = png_get_io_ptr(png);
  if (count > r->left) png_error(png, "end of data");
  memcpy(out, r->next, count);
  r->next += count;
  r->left -= count;
}

// Skips every ancillary chunk: nothing in them changes the bytes of the pixels, and compressed ones cost
// memory. Their text is kept when it is what is wanted.
static void choose_chunks(png_structp png, int wants_text) {
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
  if (wants_text) {
    static const png_byte text[] = "tEXt\0zTXt\0iTXt";
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_AS_DEFAULT, text, 3);
    // 1 MiB a text, 64 texts.
    png_set_chunk_malloc_max(png, 1 << 20);
    png_set_chunk_cache_max(png, 64);
  }
}

static cic_status open_reader(reader *r, const uint8_t *data, size_t length) {
  r->next = data;
  r->left = length;
  r->info = NULL;
  r->end = NULL;
  r->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &r->jump, cic_png_error, cic_png_warning);
  if (!r->png) return CIC_NO_MEMORY;
  r->info = png_create_info_struct(r->png);
  r->end = png_create_info_struct(r->png);
  if (!r->info || !r->end) {
    png_destroy_read_struct(&r->png, &r->info, &r->end);
    return CIC_NO_MEMORY;
  }
  return CIC_OK;
}

static void close_reader(reader *r) { png_destroy_read_struct(&r->png, &r->info, &r->end); }

// May jump.
static void read_header(reader *r, uint32_t max_width, uint32_t max_height, int wants_text) {
  png_set_read_fn(r->png, r, read_bytes);
  png_set_user_limits(r->png, max_width, max_height);
  // What libpng would mend with a warning (more image data than rows, for example) is an error.
  png_set_benign_errors(r->png, 0);
  choose_chunks(r->png, wants_text);
  // libpng minds only chunks that it reads, and passes over the others even before the header.
  if (r->left < 16 || memcmp(r->next + 12, "IHDR", 4) != 0) png_error(r->png, "the header is not first");
  png_read_info(r->png, r->info);
}

// Opens the file, reads its header and does `body`, which may jump, with `context`.
static cic_status read_png(
    const uint8_t *data, size_t length, cic_size limit, int wants_text,
    void (*body)(reader *r, void *context), void *context) {
  reader r;
  cic_status status = open_reader(&r, data, length);
  if (status != CIC_OK) return status;
  if (setjmp(r.jump)) {
    close_reader(&r);
    return CIC_DAMAGED;
  }
  read_header(&r, limit.width, limit.height, wants_text);
  body(&r, context);
  close_reader(&r);
  return CIC_OK;
}

static void give_size(reader *r, void *context) {
  cic_size *size = context;
  size->width = png_get_image_width(r->png, r->info);
  size->height = png_get_image_height(r->png, r->info);
}

cic_status cic_png_size(const uint8_t *data, size_t length, cic_size *size) {
  cic_size limit = {PNG_UINT_31_MAX, PNG_UINT_31_MAX};
  return read_png(data, length, limit, 0, give_size, size);
}

// Asks for 8-bit RGB whatever the file holds, and returns the number of passes. May jump.
static int convert_to_rgb(reader *r) {
  png_set_expand(r->png);
  png_set_strip_16(r->png);
  png_set_strip_alpha(r->png);
  png_byte kind = png_get_color_type(r->png, r->info);
  if (kind == PNG_COLOR_TYPE_GRAY || kind == PNG_COLOR_TYPE_GRAY_ALPHA) png_set_gray_to_rgb(r->png);
  int passes = png_set_interlace_handling(r->png);
  png_read_update_info(r->png, r->info);
  return passes;
}

typedef struct {
  cic_size size;
  uint8_t *pixels;
} picture;

static void give_pixels(reader *r, void *context) {
  const picture *p = context;
  size_t row = (size_t)p->size.width * 3;
  int passes = convert_to_rgb(r);
  if (png_get_image_width(r->png, r->info) != p->size.width
      || png_get_image_height(r->png, r->info) != p->size.height || png_get_rowbytes(r->png, r->info) != row)
    png_error(r->png, "unexpected size");
  // Each pass of an interlaced picture fills in more of the same rows.
  for (int pass = 0; pass < passes; pass++)
    for (uint32_t y = 0; y < p->size.height; y++) png_read_row(r->png, p->pixels + y * row, NULL);
  png_read_end(r->png, r->end);
}

cic_status cic_png_decode(const uint8_t *data, size_t length, cic_size size, uint8_t *pixels) {
  picture p = {size, pixels};
  return read_png(data, length, size, 0, give_pixels, &p);
}

typedef struct {
  cic_text_sink sink;
  void *context;
} listener;

static void give_texts_of(reader *r, png_infop info, const listener *to) {
  png_textp texts = NULL;
  int count = 0;
  png_get_text(r->png, info, &texts, &count);
  for (int i = 0; i < count; i++) {
    int is_utf8 = texts[i].compression == PNG_ITXT_COMPRESSION_NONE
                  || texts[i].compression == PNG_ITXT_COMPRESSION_zTXt;
    size_t length = is_utf8 ? texts[i].itxt_length : texts[i].text_length;
    to->sink(to->context, texts[i].key, (const uint8_t *)texts[i].text, length, is_utf8);
  }
}

static void give_texts(reader *r, void *context) {
  // Text may stand behind the pixels, and libpng gets there only by way of the rows.
  int passes = png_set_interlace_handling(r->png);
  uint32_t height = png_get_image_height(r->png, r->info);
  for (int pass = 0; pass < passes; pass++)
    for (uint32_t y = 0; y < height; y++) png_read_row(r->png, NULL, NULL);
  png_read_end(r->png, r->end);
  give_texts_of(r, r->info, context);
  give_texts_of(r, r->end, context);
}

cic_status cic_png_text(
    const uint8_t *data, size_t length, cic_size size, void *context, cic_text_sink sink) {
  listener to = {sink, context};
  return read_png(data, length, size, 1, give_texts, &to);
}
