// Making, describing and copying tensors.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ct_tensor ct_tensor;

typedef enum {
  CT_FLOAT64, CT_FLOAT32, CT_FLOAT16, CT_BFLOAT16,
  CT_INT64, CT_INT32, CT_INT16, CT_INT8, CT_UINT8, CT_BOOL,
} ct_dtype;

typedef enum { CT_CPU, CT_CUDA } ct_device_kind;

typedef struct {
  ct_device_kind kind;
  int32_t index; // the GPU's number; 0 on the CPU
} ct_device;

// Uninitialised memory.
ct_tensor *ct_tensor_empty(const int64_t *sizes, int32_t rank, ct_dtype dtype, ct_device device);
ct_tensor *ct_tensor_full(double value, const int64_t *sizes, int32_t rank, ct_dtype dtype, ct_device device);
// Borrows host memory; `release(context)` is called once when libtorch is done with it.
ct_tensor *ct_tensor_from_memory(void *data, const int64_t *sizes, int32_t rank, ct_dtype dtype,
                                 void (*release)(void *context), void *context);
void ct_tensor_free(ct_tensor *tensor);

int32_t ct_tensor_rank(const ct_tensor *tensor);
int64_t ct_tensor_size(const ct_tensor *tensor, int32_t dim);
int64_t ct_tensor_count(const ct_tensor *tensor);
// Negative when the type is none of ct_dtype.
int32_t ct_tensor_dtype(const ct_tensor *tensor);
ct_device ct_tensor_device(const ct_tensor *tensor);
bool ct_tensor_is_contiguous(const ct_tensor *tensor);
// The first element of a contiguous host tensor; NULL and an error for any other.
void *ct_tensor_data(ct_tensor *tensor);
// Copies all elements, row-major, to the host. `byte_count` must be exactly theirs.
bool ct_tensor_copy_out(const ct_tensor *tensor, void *destination, size_t byte_count);

// Copies src's elements into dst, of the same shape, converted to its type and device.
bool ct_tensor_copy(ct_tensor *dst, const ct_tensor *src);
// Asks the kernel for huge pages behind a contiguous host tensor; it may refuse silently.
bool ct_tensor_advise_huge_pages(ct_tensor *tensor);

// The same bytes read as another type.
ct_tensor *ct_view_dtype(const ct_tensor *x, ct_dtype dtype);
ct_tensor *ct_to_dtype(const ct_tensor *x, ct_dtype dtype);
ct_tensor *ct_to_device(const ct_tensor *x, ct_device device);
ct_tensor *ct_contiguous(const ct_tensor *x);

#ifdef __cplusplus
}
#endif
