#include <stdlib.h>
#include <turbojpeg.h>

#include "CImageCodecs.h"

typedef struct {
  int width;
  int height;
  int colorspace;
} header;

static cic_status read_header(tjhandle jpeg, const uint8_t *data, size_t length, header *h) {
  int subsampling = -1;
  *h = (header){0, 0, -1};
  if (tjDecompressHeader3(jpeg, data, length, &h->width, &h->height, &subsampling, &h->colorspace) == 0)
    return h->width > 0 && h->height > 0 ? CIC_OK : CIC_DAMAGED;
  // The header was read, but its sampling factors or colour space are none that TurboJPEG knows.
  return h->width > 0 && h->height > 0 ? CIC_UNSUPPORTED : CIC_DAMAGED;
}

cic_status cic_jpeg_size(const uint8_t *data, size_t length, cic_size *size) {
  tjhandle jpeg = tjInitDecompress();
  if (!jpeg) return CIC_NO_MEMORY;
  header h;
  cic_status status = read_header(jpeg, data, length, &h);
  tjDestroy(jpeg);
  if (status == CIC_OK) *size = (cic_size){(uint32_t)h.width, (uint32_t)h.height};
  return status;
}

// TurboJPEG fails on any warning (data was missing, or guessed at); stopping at the first saves decoding a
// picture that will be refused. A progressive picture of more than 500 scans is there to burn time.
static const int flags = TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS;

// `colour` times `key` in units of 1/255, rounded.
static uint8_t multiply(uint8_t colour, uint8_t key) { return (uint8_t)((colour * key + 127) / 255); }

static cic_status decode_cmyk(
    tjhandle jpeg, const uint8_t *data, size_t length, cic_size size, uint8_t *pixels) {
  size_t count = (size_t)size.width * size.height;
  uint8_t *cmyk = malloc(count * 4);
  if (!cmyk) return CIC_NO_MEMORY;
  if (tjDecompress2(jpeg, data, length, cmyk, (int)size.width, 0, (int)size.height, TJPF_CMYK, flags) != 0) {
    free(cmyk);
    return CIC_DAMAGED;
  }
  // Stored inverted: 255 is no ink. What is left of white is the product of colour and key.
  for (size_t i = 0; i < count; i++) {
    const uint8_t *p = cmyk + 4 * i;
    // Written as key minus the ink's share, which rounds as Pillow's conversion does.
    for (int c = 0; c < 3; c++) pixels[3 * i + c] = (uint8_t)(p[3] - multiply((uint8_t)(255 - p[c]), p[3]));
  }
  free(cmyk);
  return CIC_OK;
}

static cic_status decode(tjhandle jpeg, const uint8_t *data, size_t length, cic_size size, uint8_t *pixels) {
  header h;
  cic_status status = read_header(jpeg, data, length, &h);
  if (status != CIC_OK) return status;
  if ((uint32_t)h.width != size.width || (uint32_t)h.height != size.height) return CIC_DAMAGED;
  if (h.colorspace == TJCS_CMYK || h.colorspace == TJCS_YCCK)
    return decode_cmyk(jpeg, data, length, size, pixels);
  int code = tjDecompress2(
      jpeg, data, length, pixels, (int)size.width, 0, (int)size.height, TJPF_RGB, flags);
  return code == 0 ? CIC_OK : CIC_DAMAGED;
}

cic_status cic_jpeg_decode(const uint8_t *data, size_t length, cic_size size, uint8_t *pixels) {
  tjhandle jpeg = tjInitDecompress();
  if (!jpeg) return CIC_NO_MEMORY;
  cic_status status = decode(jpeg, data, length, size, pixels);
  tjDestroy(jpeg);
  return status;
}

static cic_status encode(
    tjhandle jpeg, const uint8_t *pixels, cic_size size, int quality, uint8_t **out, size_t *out_length) {
  unsigned long length = tjBufSize((int)size.width, (int)size.height, TJSAMP_420);
  // Our own memory, which `cic_free` may free: TurboJPEG's must go back through TurboJPEG.
  uint8_t *bytes = malloc(length);
  if (!bytes) return CIC_NO_MEMORY;
  if (tjCompress2(
          jpeg, pixels, (int)size.width, 0, (int)size.height, TJPF_RGB, &bytes, &length, TJSAMP_420, quality,
          TJFLAG_NOREALLOC) != 0) {
    free(bytes);
    return CIC_UNSUPPORTED;
  }
  *out = bytes;
  *out_length = length;
  return CIC_OK;
}

cic_status cic_jpeg_encode(
    const uint8_t *pixels, cic_size size, int quality, uint8_t **out, size_t *out_length) {
  // JPEG's own limit, less what TurboJPEG keeps for itself.
  if (size.width > 65500 || size.height > 65500) return CIC_UNSUPPORTED;
  tjhandle jpeg = tjInitCompress();
  if (!jpeg) return CIC_NO_MEMORY;
  cic_status status = encode(jpeg, pixels, size, quality, out, out_length);
  tjDestroy(jpeg);
  return status;
}
