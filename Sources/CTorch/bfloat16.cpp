#include "bfloat16.hpp"

#include <ATen/Parallel.h>

#include <cmath>
#include <cstdint>
#include <cstring>

// The widest vectors the processor has, chosen when the program starts.
#if defined(__x86_64__)
#define CT_VECTORS __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CT_VECTORS
#endif

namespace {

using bits = uint16_t;

inline __attribute__((always_inline)) float widen(bits value) {
  const uint32_t wide = static_cast<uint32_t>(value) << 16;
  float result;
  std::memcpy(&result, &wide, sizeof result);
  return result;
}

// To the nearest, halves to even; NaN stays NaN.
inline __attribute__((always_inline)) bits narrow(float value) {
  uint32_t wide;
  std::memcpy(&wide, &value, sizeof wide);
  const uint32_t rounded = (wide + 0x7FFF + ((wide >> 16) & 1)) >> 16;
  return static_cast<bits>(value == value ? rounded : 0x7FC0);
}

// Sums of pieces in single precision, of the pieces in double.
constexpr int64_t piece = 1024;

CT_VECTORS float piece_sum(const bits *x, int64_t count) {
#pragma clang fp reassociate(on)
  float sum = 0;
  for (int64_t i = 0; i < count; ++i) sum += widen(x[i]);
  return sum;
}

CT_VECTORS float piece_squares(const bits *x, int64_t count, float mean) {
#pragma clang fp reassociate(on)
  float sum = 0;
  for (int64_t i = 0; i < count; ++i) {
    const float d = widen(x[i]) - mean;
    sum += d * d;
  }
  return sum;
}

struct Moments {
  float mean, scale;
};

Moments moments(const bits *x, int64_t count, double eps) {
  double sum = 0, squares = 0;
  for (int64_t i = 0; i < count; i += piece) sum += piece_sum(x + i, std::min(piece, count - i));
  const auto mean = static_cast<float>(sum / static_cast<double>(count));
  for (int64_t i = 0; i < count; i += piece) squares += piece_squares(x + i, std::min(piece, count - i), mean);
  return {mean, static_cast<float>(1 / std::sqrt(squares / static_cast<double>(count) + eps))};
}

CT_VECTORS void scale_row(const bits *x, const bits *weight, const bits *bias, bits *y, int64_t count,
                          float mean, float scale) {
  for (int64_t i = 0; i < count; ++i)
    y[i] = narrow((widen(x[i]) - mean) * scale * widen(weight[i]) + widen(bias[i]));
}

CT_VECTORS void scale_channel(const bits *x, bits *y, int64_t count, float factor, float offset) {
  for (int64_t i = 0; i < count; ++i) y[i] = narrow(widen(x[i]) * factor + offset);
}

// 2^x for x from -126 to 0: the whole part goes into the exponent, the rest through a polynomial.
inline __attribute__((always_inline)) float exp2_negative(float x) {
  x = x < -126.0f ? -126.0f : x;
  const float whole = __builtin_floorf(x);
  const float f = x - whole;
  float p = 1.535336188319500e-4f;
  p = p * f + 1.339887440266574e-3f;
  p = p * f + 9.618437357674640e-3f;
  p = p * f + 5.550332471162809e-2f;
  p = p * f + 2.402264791363012e-1f;
  p = p * f + 6.931472028550421e-1f;
  p = p * f + 1.0f;
  const int32_t exponent = (static_cast<int32_t>(whole) + 127) << 23;
  float power;
  std::memcpy(&power, &exponent, sizeof power);
  return p * power;
}

CT_VECTORS void gelu_run(const bits *x, bits *y, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    const float v = widen(x[i]);
    const float a = __builtin_fabsf(v) * 0.70710678118654752f;
    const float t = 1.0f / (1.0f + 0.3275911f * a);
    float p = 1.061405429f;
    p = p * t - 1.453152027f;
    p = p * t + 1.421413741f;
    p = p * t - 0.284496736f;
    p = p * t + 0.254829592f;
    const float tail = 0.5f * p * t * exp2_negative(-a * a * 1.44269504088896341f); // (1 - erf(a)) / 2
    y[i] = narrow(v < 0 ? v * tail : v - v * tail);
  }
}

const bits *data(const at::Tensor &x) { return static_cast<const bits *>(x.data_ptr()); }
bits *data(at::Tensor &x) { return static_cast<bits *>(x.data_ptr()); }

} // namespace

namespace ctorch::bfloat16 {

at::Tensor layer_norm(const at::Tensor &input, const at::Tensor &weight, const at::Tensor &bias, double eps) {
  const at::Tensor x = input.contiguous(), w = weight.contiguous(), b = bias.contiguous();
  const int64_t width = x.size(-1), rows = width ? x.numel() / width : 0;
  TORCH_CHECK(w.numel() == width && b.numel() == width, "layer_norm over ", width, " wants as many weights, not ",
              w.numel());
  at::Tensor y = at::empty_like(x);
  bits *out = data(y);
  at::parallel_for(0, rows, std::max<int64_t>(1, 16384 / std::max<int64_t>(1, width)),
                   [&](int64_t begin, int64_t end) {
                     for (int64_t row = begin; row < end; ++row) {
                       const bits *in = data(x) + row * width;
                       const Moments m = moments(in, width, eps);
                       scale_row(in, data(w), data(b), out + row * width, width, m.mean, m.scale);
                     }
                   });
  return y;
}

at::Tensor group_norm(const at::Tensor &input, int64_t groups, const at::Tensor &weight, const at::Tensor &bias,
                      double eps) {
  TORCH_CHECK(input.dim() >= 2 && input.size(1) % groups == 0, "group_norm wants ", groups,
              " equal groups of the channels of ", input.sizes());
  const at::Tensor x = input.contiguous(), w = weight.contiguous(), b = bias.contiguous();
  const int64_t channels = x.size(1), each = channels / groups;
  const int64_t area = x.numel() ? x.numel() / (x.size(0) * channels) : 0;
  TORCH_CHECK(w.numel() == channels && b.numel() == channels, "group_norm of ", channels,
              " channels wants as many weights, not ", w.numel());
  at::Tensor y = at::empty_like(x);
  bits *out = data(y);
  at::parallel_for(0, x.size(0) * groups, 1, [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; ++block) {
      const int64_t offset = block * each * area;
      const Moments m = moments(data(x) + offset, each * area, eps);
      for (int64_t c = 0; c < each; ++c) {
        const int64_t channel = block % groups * each + c;
        const float factor = m.scale * widen(data(w)[channel]);
        scale_channel(data(x) + offset + c * area, out + offset + c * area, area, factor,
                      widen(data(b)[channel]) - m.mean * factor);
      }
    }
  });
  return y;
}

at::Tensor gelu(const at::Tensor &input) {
  const at::Tensor x = input.contiguous();
  at::Tensor y = at::empty_like(x);
  bits *out = data(y);
  at::parallel_for(0, x.numel(), 16384, [&](int64_t begin, int64_t end) {
    gelu_run(data(x) + begin, out + begin, end - begin);
  });
  return y;
}

} // namespace ctorch::bfloat16
