// libpng, TurboJPEG and libwebp behind functions that return a code and never jump, print or abort.
//
// Reading is two calls: `_size` looks at the header alone, so that the caller can refuse a picture before
// memory is taken for it; `_decode` then fills `3 * width * height` bytes, rows from top to bottom, red,
// green, blue, no padding. All arguments are borrowed. What a decoder has to say in words is dropped: such
// messages can carry addresses, and the code is all that a caller may pass on.
#ifndef CIMAGECODECS_H
#define CIMAGECODECS_H

#include <stddef.h>
#include <stdint.h>

typedef enum {
  CIC_OK = 0,
  // Damaged, cut short, or not this format at all.
  CIC_DAMAGED,
  // Well formed, but of a kind that is not read: 12-bit or lossless JPEG, for example.
  CIC_UNSUPPORTED,
  CIC_ANIMATED,
  CIC_NO_MEMORY,
} cic_status;

// In pixels, each at least 1 after CIC_OK.
typedef struct {
  uint32_t width;
  uint32_t height;
} cic_size;

// PNG of every colour type and depth, interlaced or not. Transparency is dropped, 16 bits keep the high 8.
cic_status cic_png_size(const uint8_t *data, size_t length, cic_size *size);
cic_status cic_png_decode(const uint8_t *data, size_t length, cic_size size, uint8_t *pixels);

// One text chunk: `keyword` is NUL-terminated Latin-1; `text` is Latin-1, or UTF-8 when `is_utf8`.
typedef void (*cic_text_sink)(
    void *context, const char *keyword, const uint8_t *text, size_t length, int is_utf8);

// Gives every tEXt, zTXt and iTXt chunk to `sink`, in the file's order, after all was read.
cic_status cic_png_text(
    const uint8_t *data, size_t length, cic_size size, void *context, cic_text_sink sink);

// An ancillary chunk to write: its four letters and its data.
typedef struct {
  uint8_t name[4];
  const uint8_t *data;
  size_t length;
} cic_png_chunk;

// Writes an 8-bit RGB PNG with `chunks` between IHDR and IDAT. After CIC_OK the caller owns `*out` and
// frees it with `cic_free`.
cic_status cic_png_encode(
    const uint8_t *pixels, cic_size size, const cic_png_chunk *chunks, size_t chunk_count, uint8_t **out,
    size_t *out_length);

// Baseline and progressive JPEG: grey, YCbCr, RGB, CMYK and YCCK (inverted, as Adobe writes them).
cic_status cic_jpeg_size(const uint8_t *data, size_t length, cic_size *size);
cic_status cic_jpeg_decode(const uint8_t *data, size_t length, cic_size size, uint8_t *pixels);

// Writes a baseline JPEG, its colours at half the resolution; `quality` is 1 to 100. CIC_UNSUPPORTED for a side
// over 65,500. After CIC_OK the caller owns `*out` and frees it with `cic_free`.
cic_status cic_jpeg_encode(
    const uint8_t *pixels, cic_size size, int quality, uint8_t **out, size_t *out_length);

// Still WebP, lossy or lossless. Transparency is dropped; an animation is CIC_ANIMATED.
cic_status cic_webp_size(const uint8_t *data, size_t length, cic_size *size);
cic_status cic_webp_decode(const uint8_t *data, size_t length, cic_size size, uint8_t *pixels);

void cic_free(void *memory);

#endif
