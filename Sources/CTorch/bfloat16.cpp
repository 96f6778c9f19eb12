#include "bfloat16.hpp"

#include <ATen/Parallel.h>

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
