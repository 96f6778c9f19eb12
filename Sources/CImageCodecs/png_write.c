#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "CImageCodecs.h"
#include "png_errors.h"

// As in png_read.c: what changes after setjmp lives in memory.
typedef struct {
  jmp_buf jump;
  png_structp png;
  png_infop info;
  uint8_t *bytes;
  size_t used;
  size_t capacity;
} writer;

static void write_bytes(png_structp png, png_bytep data, size_t count) {
  writer *w = png_get_io_ptr(png);
  if (count > w->capacity - w->used) {
    size_t capacity = 2 * w->capacity + count;
    uint8_t *bytes = realloc(w->bytes, capacity);
    if (!bytes) png_error(png, "no memory");
    w->bytes = bytes;
    w->capacity = capacity;
  }
  memcpy(w->bytes + w->used, data, count);
  w->used += count;
}

static void flush(png_structp png) { (void)png; }

static void set_compression(png_structp png) {
  // The SUB filter leaves small differences and Huffman coding alone takes most of what they hold: as small
  // as level 6 with its search for repeats, twenty times as fast.
  png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_SUB);
  png_set_compression_level(png, 1);
  png_set_compression_strategy(png, Z_HUFFMAN_ONLY);
  png_set_compression_buffer_size(png, 1 << 18);
}

static cic_status give_up(writer *w) {
  png_destroy_write_struct(&w->png, &w->info);
  free(w->bytes);
  return CIC_NO_MEMORY;
}

cic_status cic_png_encode(
    const uint8_t *pixels, cic_size size, const cic_png_chunk *chunks, size_t chunk_count, uint8_t **out,
    size_t *out_length) {
  writer w = {.used = 0};
  size_t row = (size_t)size.width * 3;
  w.capacity = row * size.height / 2 + 4096;
  w.bytes = malloc(w.capacity);
  w.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &w.jump, cic_png_error, cic_png_warning);
  w.info = w.png ? png_create_info_struct(w.png) : NULL;
  if (!w.bytes || !w.info) return give_up(&w);
  // The sizes and chunks were checked by the caller; what is left to fail is memory.
  if (setjmp(w.jump)) return give_up(&w);
  png_set_write_fn(w.png, &w, write_bytes, flush);
  png_set_user_limits(w.png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  set_compression(w.png);
  png_set_IHDR(
      w.png, w.info, size.width, size.height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
      PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info(w.png, w.info);
  for (size_t i = 0; i < chunk_count; i++)
    png_write_chunk(w.png, chunks[i].name, chunks[i].data, chunks[i].length);
  for (uint32_t y = 0; y < size.height; y++) png_write_row(w.png, pixels + y * row);
  png_write_end(w.png, NULL);
  png_destroy_write_struct(&w.png, &w.info);
  *out = w.bytes;
  *out_length = w.used;
  return CIC_OK;
}

void cic_free(void *memory) { free(memory); }
