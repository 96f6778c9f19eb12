#include "support.hpp"

#include <atomic>
#include <cstring>
#include <memory>
#include <sys/mman.h>
#include <unistd.h>

static std::atomic<int64_t> live{0}, calls{0};

namespace ctorch {

ct_tensor *own(at::Tensor &&value) {
  auto *tensor = new ct_tensor{std::move(value)};
  live.fetch_add(1, std::memory_order_relaxed);
  calls.fetch_add(1, std::memory_order_relaxed);
  return tensor;
}

at::ScalarType scalar_type(ct_dtype dtype) {
  switch (dtype) {
  case CT_FLOAT64: return at::kDouble;
  case CT_FLOAT32: return at::kFloat;
  case CT_FLOAT16: return at::kHalf;
  case CT_BFLOAT16: return at::kBFloat16;
  case CT_INT64: return at::kLong;
  case CT_INT32: return at::kInt;
  case CT_INT16: return at::kShort;
  case CT_INT8: return at::kChar;
  case CT_UINT8: return at::kByte;
  case CT_BOOL: return at::kBool;
  }
  TORCH_CHECK(false, "unknown element type ", static_cast<int>(dtype));
}

at::Device device(ct_device device) {
  return device.kind == CT_CUDA ? at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(device.index))
                                : at::Device(at::kCPU);
}

} // namespace ctorch

using namespace ctorch;

int64_t ct_live_tensors(void) { return live.load(std::memory_order_relaxed); }
int64_t ct_calls(void) { return calls.load(std::memory_order_relaxed); }

ct_tensor *ct_tensor_empty(const int64_t *shape, int32_t rank, ct_dtype dtype, ct_device where) {
  return tensor([&] {
    return at::empty(sizes(shape, rank), at::TensorOptions().dtype(scalar_type(dtype)).device(device(where)));
  });
}

ct_tensor *ct_tensor_full(double value, const int64_t *shape, int32_t rank, ct_dtype dtype, ct_device where) {
  return tensor([&] {
    return at::full(sizes(shape, rank), value,
                    at::TensorOptions().dtype(scalar_type(dtype)).device(device(where)));
  });
}

ct_tensor *ct_tensor_from_memory(void *data, const int64_t *shape, int32_t rank, ct_dtype dtype,
                                 void (*release)(void *), void *context) {
  return tensor([&] {
    // A shared_ptr calls its deleter exactly once, also when its own constructor throws.
    const std::shared_ptr<void> once(context, release);
    return at::from_blob(data, sizes(shape, rank), [once](void *) {}, at::dtype(scalar_type(dtype)));
  });
}

void ct_tensor_free(ct_tensor *tensor) {
  if (!tensor) return;
  delete tensor;
  live.fetch_sub(1, std::memory_order_relaxed);
}

int32_t ct_tensor_rank(const ct_tensor *tensor) { return static_cast<int32_t>(tensor->value.dim()); }

int64_t ct_tensor_size(const ct_tensor *tensor, int32_t dim) {
  return value<int64_t>(-1, [&] { return tensor->value.size(dim); });
}

int64_t ct_tensor_count(const ct_tensor *tensor) { return tensor->value.numel(); }

int32_t ct_tensor_dtype(const ct_tensor *tensor) {
  switch (tensor->value.scalar_type()) {
  case at::kDouble: return CT_FLOAT64;
  case at::kFloat: return CT_FLOAT32;
  case at::kHalf: return CT_FLOAT16;
  case at::kBFloat16: return CT_BFLOAT16;
  case at::kLong: return CT_INT64;
  case at::kInt: return CT_INT32;
  case at::kShort: return CT_INT16;
  case at::kChar: return CT_INT8;
  case at::kByte: return CT_UINT8;
  case at::kBool: return CT_BOOL;
  default: return -1;
  }
}

ct_device ct_tensor_device(const ct_tensor *tensor) {
  const at::Device where = tensor->value.device();
  return where.is_cuda() ? ct_device{CT_CUDA, where.index()} : ct_device{CT_CPU, 0};
}

bool ct_tensor_is_contiguous(const ct_tensor *tensor) { return tensor->value.is_contiguous(); }

void *ct_tensor_data(ct_tensor *tensor) {
  return value<void *>(nullptr, [&]() -> void * {
    TORCH_CHECK(tensor->value.is_cpu() && tensor->value.is_contiguous(),
                "only a contiguous host tensor has an address");
    return tensor->value.data_ptr();
  });
}

bool ct_tensor_copy_out(const ct_tensor *tensor, void *destination, size_t byte_count) {
  return value<bool>(false, [&] {
    const at::Tensor host = tensor->value.to(at::kCPU).contiguous();
    TORCH_CHECK(host.nbytes() == byte_count, "the tensor has ", host.nbytes(), " bytes, the buffer ", byte_count);
    if (byte_count > 0) std::memcpy(destination, host.data_ptr(), byte_count);
    return true;
  });
}

bool ct_tensor_copy(ct_tensor *dst, const ct_tensor *src) {
  return value<bool>(false, [&] {
    TORCH_CHECK(dst->value.sizes() == src->value.sizes(), "copy wants one shape, not ", dst->value.sizes(), " and ",
                src->value.sizes());
    dst->value.copy_(src->value);
    return true;
  });
}

bool ct_tensor_advise_huge_pages(ct_tensor *tensor) {
  return value<bool>(false, [&] {
    TORCH_CHECK(tensor->value.is_cpu() && tensor->value.is_contiguous(),
                "only a contiguous host tensor has pages");
    const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
    const auto begin = reinterpret_cast<uintptr_t>(tensor->value.data_ptr());
    const uintptr_t first = (begin + page - 1) / page * page;
    const uintptr_t end = (begin + tensor->value.nbytes()) / page * page;
    // A kernel without huge pages says so here; everything works without them.
    if (end > first) madvise(reinterpret_cast<void *>(first), end - first, MADV_HUGEPAGE);
    return true;
  });
}

ct_tensor *ct_view_dtype(const ct_tensor *x, ct_dtype dtype) {
  return tensor([&] { return x->value.view(scalar_type(dtype)); });
}
ct_tensor *ct_to_dtype(const ct_tensor *x, ct_dtype dtype) {
  return tensor([&] { return x->value.to(scalar_type(dtype)); });
}
ct_tensor *ct_to_device(const ct_tensor *x, ct_device where) {
  return tensor([&] { return x->value.to(device(where)); });
}
ct_tensor *ct_contiguous(const ct_tensor *x) {
  return tensor([&] { return x->value.contiguous(); });
}
