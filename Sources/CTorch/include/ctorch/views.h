// Other arrangements of the same elements.
#pragma once

#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

// One size may be -1: it is inferred.
ct_tensor *ct_reshape(const ct_tensor *x, const int64_t *sizes, int32_t rank);
ct_tensor *ct_permute(const ct_tensor *x, const int64_t *dims, int32_t rank);
ct_tensor *ct_transpose(const ct_tensor *x, int64_t dim0, int64_t dim1);
ct_tensor *ct_expand(const ct_tensor *x, const int64_t *sizes, int32_t rank);
// `length` slices of `dim` from `start`.
ct_tensor *ct_narrow(const ct_tensor *x, int64_t dim, int64_t start, int64_t length);
ct_tensor *ct_cat(ct_tensor *const *tensors, int32_t count, int64_t dim);

#ifdef __cplusplus
}
#endif
