// GELU in bfloat16 on the CPU, which libtorch 1.13 does slowly. Newer versions have a good one.
#pragma once

#include <ATen/ATen.h>

namespace ctorch::bfloat16 {

// Whether it serves `x`.
inline bool serves(const at::Tensor &x) { return x.is_cpu() && x.scalar_type() == at::kBFloat16; }

// The exact GELU, by an approximation of erf good to 1.5e-7 (Abramowitz and Stegun 7.1.26).
at::Tensor gelu(const at::Tensor &x);

} // namespace ctorch::bfloat16
