// What every part of the shim uses: handles, and exceptions turned into codes.
#pragma once

#include <ATen/ATen.h>

#include "ctorch.h"

struct ct_tensor {
  at::Tensor value;
};
struct ct_generator {
  at::Generator value;
};

namespace ctorch {

// Records the exception being handled; call inside a catch block only.
void record_failure() noexcept;
void record(ct_error kind, const char *message) noexcept;

// Wraps a result and counts it.
ct_tensor *own(at::Tensor &&value);

inline at::IntArrayRef sizes(const int64_t *values, int32_t rank) {
  TORCH_CHECK(rank >= 0 && rank <= 16, "rank ", rank, " is not between 0 and 16");
  return at::IntArrayRef(values, static_cast<size_t>(rank));
}
inline c10::optional<at::Tensor> optional(const ct_tensor *tensor) {
  return tensor ? c10::optional<at::Tensor>(tensor->value) : c10::optional<at::Tensor>();
}
at::ScalarType scalar_type(ct_dtype dtype);
at::Device device(ct_device device);

// Runs `body`, whose result is a tensor.
template <class Body> ct_tensor *tensor(Body body) noexcept {
  try {
    return own(body());
  } catch (...) {
    record_failure();
    return nullptr;
  }
}
// Runs `body`; `failed` stands for failure.
template <class Value, class Body> Value value(Value failed, Body body) noexcept {
  try {
    return body();
  } catch (...) {
    record_failure();
    return failed;
  }
}

} // namespace ctorch
