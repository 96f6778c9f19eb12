// Kernels for bfloat16 on the CPU where libtorch 1.13's own crawl (its norms at 1.5 GB/s, its GELU by a scalar
// detour). Newer versions have good ones.
#pragma once

#include <ATen/ATen.h>

namespace ctorch::bfloat16 {

// Whether these kernels serve `x`.
inline bool serves(const at::Tensor &x) { return x.is_cpu() && x.scalar_type() == at::kBFloat16; }

at::Tensor layer_norm(const at::Tensor &x, const at::Tensor &weight, const at::Tensor &bias, double eps);
at::Tensor group_norm(const at::Tensor &x, int64_t groups, const at::Tensor &weight, const at::Tensor &bias,
                      double eps);
// The exact GELU, by an approximation of erf good to 1.5e-7 (Abramowitz and Stegun 7.1.26).
at::Tensor gelu(const at::Tensor &x);

} // namespace ctorch::bfloat16
