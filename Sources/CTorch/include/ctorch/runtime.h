// The library itself, its threads and its devices.
#pragma once

#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ct_inference_mode ct_inference_mode;

// "1.13.1", "2.13.0", …
const char *ct_version(void);
// Inference mode is a property of the thread: begin and end on the same one.
ct_inference_mode *ct_inference_mode_begin(void);
void ct_inference_mode_end(ct_inference_mode *mode);
void ct_set_num_threads(int32_t count);
int32_t ct_get_num_threads(void);
// Tensors made and not yet freed, and calls that made one, in this process.
int64_t ct_live_tensors(void);
int64_t ct_calls(void);

// GPUs this libtorch can use; 0 without CUDA.
int32_t ct_cuda_device_count(void);
// Bytes held by tensors on that GPU; negative when this libtorch cannot tell.
int64_t ct_cuda_allocated_bytes(int32_t index);
// Gives memory that was freed, but is kept for reuse, back: the GPU's to its driver, the host's to the system.
bool ct_empty_cache(ct_device device);
// Waits until the device has done all it was asked.
bool ct_synchronize(ct_device device);

#ifdef __cplusplus
}
#endif
