#include "compat.hpp"
#include "support.hpp"

#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <malloc.h>

using namespace ctorch;

struct ct_inference_mode {
  c10::InferenceMode guard{true};
};

#define CT_STRING2(x) #x
#define CT_STRING(x) CT_STRING2(x)

const char *ct_version(void) {
  return CT_STRING(TORCH_VERSION_MAJOR) "." CT_STRING(TORCH_VERSION_MINOR) "." CT_STRING(TORCH_VERSION_PATCH);
}

ct_inference_mode *ct_inference_mode_begin(void) {
  return value<ct_inference_mode *>(nullptr, [] { return new ct_inference_mode; });
}
void ct_inference_mode_end(ct_inference_mode *mode) { delete mode; }

void ct_set_num_threads(int32_t count) {
  value<bool>(false, [&] {
    at::set_num_threads(count > 0 ? count : 1);
    return true;
  });
}
int32_t ct_get_num_threads(void) {
  return value<int32_t>(1, [] { return static_cast<int32_t>(at::get_num_threads()); });
}

int32_t ct_cuda_device_count(void) {
  return value<int32_t>(0, [] {
    const auto &hooks = at::detail::getCUDAHooks();
    return hooks.hasCUDA() ? static_cast<int32_t>(hooks.getNumGPUs()) : 0;
  });
}

int64_t ct_cuda_allocated_bytes(int32_t index) {
  return value<int64_t>(-1, [&] { return compat::cuda_allocated_bytes(index); });
}

bool ct_empty_cache(ct_device where) {
  return value<bool>(false, [&] {
    if (where.kind == CT_CUDA) compat::cuda_empty_cache();
    malloc_trim(0);
    return true;
  });
}

bool ct_synchronize(ct_device where) {
  return value<bool>(false, [&] {
    if (where.kind == CT_CUDA) {
      const c10::impl::VirtualGuardImpl guard(at::kCUDA);
      guard.getStream(device(where)).synchronize();
    }
    return true;
  });
}
