#include <webp/decode.h>

#include "CImageCodecs.h"

static cic_status status_of(VP8StatusCode code) {
  switch (code) {
    case VP8_STATUS_OK: return CIC_OK;
    case VP8_STATUS_OUT_OF_MEMORY: return CIC_NO_MEMORY;
    case VP8_STATUS_UNSUPPORTED_FEATURE: return CIC_UNSUPPORTED;
    default: return CIC_DAMAGED;
  }
}

cic_status cic_webp_size(const uint8_t *data, size_t length, cic_size *size) {
  WebPBitstreamFeatures features;
  cic_status status = status_of(WebPGetFeatures(data, length, &features));
  if (status != CIC_OK) return status;
  if (features.has_animation) return CIC_ANIMATED;
  if (features.width < 1 || features.height < 1) return CIC_DAMAGED;
  *size = (cic_size){(uint32_t)features.width, (uint32_t)features.height};
  return CIC_OK;
}

cic_status cic_webp_decode(const uint8_t *data, size_t length, cic_size size, uint8_t *pixels) {
  WebPDecoderConfig config;
  if (!WebPInitDecoderConfig(&config)) return CIC_UNSUPPORTED;
  cic_status status = status_of(WebPGetFeatures(data, length, &config.input));
  if (status != CIC_OK) return status;
  if (config.input.has_animation) return CIC_ANIMATED;
  if ((uint32_t)config.input.width != size.width || (uint32_t)config.input.height != size.height)
    return CIC_DAMAGED;
  config.output.colorspace = MODE_RGB;
  config.output.is_external_memory = 1;
  config.output.u.RGBA.rgba = pixels;
  config.output.u.RGBA.stride = (int)(size.width * 3);
  config.output.u.RGBA.size = (size_t)size.width * size.height * 3;
  status = status_of(WebPDecode(data, length, &config));
  WebPFreeDecBuffer(&config.output);
  return status;
}
