// Every difference between the libtorch versions that are supported: 1.13, and 2.6 and newer.
#pragma once

#include <ATen/ATen.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <torch/version.h>

#include <algorithm>
#include <cmath>

#define CT_TORCH_AT_LEAST(major, minor) \
  (TORCH_VERSION_MAJOR > (major) || (TORCH_VERSION_MAJOR == (major) && TORCH_VERSION_MINOR >= (minor)))

#if CT_TORCH_AT_LEAST(2, 9)
#include <c10/core/CachingDeviceAllocator.h>
#endif
#if !CT_TORCH_AT_LEAST(2, 0)
#include "bfloat16.hpp"
#endif

namespace ctorch::compat {

#if CT_TORCH_AT_LEAST(2, 0)
inline at::Tensor attention(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v,
                            const c10::optional<at::Tensor> &bias, bool causal) {
  return at::scaled_dot_product_attention(q, k, v, bias, 0.0, causal);
}
#else
// 1.13 has no public fused attention. Queries go in blocks, so that the scores of a long sequence (16,384
// positions in the VAE at 1024 x 1024) never stand in memory at once; each row's arithmetic is the same.
inline at::Tensor attention(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v,
                            const c10::optional<at::Tensor> &bias, bool causal) {
  const int64_t queries = q.size(-2), keys = k.size(-2);
  const double scale = 1.0 / std::sqrt(static_cast<double>(q.size(-1)));
  const at::Tensor kt = k.transpose(-2, -1);
  const int64_t scores = std::max<int64_t>(1, q.numel() / std::max<int64_t>(1, queries * q.size(-1)) * keys);
  const int64_t block = std::max<int64_t>(64, (int64_t{1} << 25) / scores);
  std::vector<at::Tensor> parts;
  for (int64_t start = 0; start < queries; start += block) {
    const int64_t length = std::min(block, queries - start);
    at::Tensor s = at::matmul(q.narrow(-2, start, length) * scale, kt);
    if (bias) s.add_(bias->size(-2) == 1 ? *bias : bias->narrow(-2, start, length));
    if (causal) {
      const at::Tensor later = at::ones({length, keys}, s.options().dtype(at::kBool)).triu_(start + 1);
      s.masked_fill_(later, -INFINITY);
    }
    parts.push_back(at::matmul(at::softmax(s, -1), v));
  }
  return parts.size() == 1 ? parts[0] : at::cat(parts, -2);
}
#endif

inline at::Tensor gelu(const at::Tensor &x) {
#if !CT_TORCH_AT_LEAST(2, 0)
  if (bfloat16::serves(x)) return bfloat16::gelu(x);
#endif
  return at::gelu(x);
}

inline int64_t cuda_allocated_bytes(int32_t index) {
#if CT_TORCH_AT_LEAST(2, 9)
  if (at::detail::getCUDAHooks().hasCUDA()) {
    const auto stats = at::getDeviceAllocator(at::kCUDA)->getDeviceStats(static_cast<c10::DeviceIndex>(index));
    return stats.allocated_bytes[0].current;
  }
#endif
  (void)index;
  return -1;
}

inline void cuda_empty_cache() {
#if CT_TORCH_AT_LEAST(2, 9)
  if (at::detail::getCUDAHooks().hasCUDA()) at::getDeviceAllocator(at::kCUDA)->emptyCache();
#endif
}

} // namespace ctorch::compat
