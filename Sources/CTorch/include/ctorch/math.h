// Arithmetic, element by element with broadcasting, and reductions.
#pragma once

#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

ct_tensor *ct_add(const ct_tensor *a, const ct_tensor *b);
ct_tensor *ct_sub(const ct_tensor *a, const ct_tensor *b);
ct_tensor *ct_mul(const ct_tensor *a, const ct_tensor *b);
ct_tensor *ct_div(const ct_tensor *a, const ct_tensor *b);
ct_tensor *ct_add_scalar(const ct_tensor *x, double value);
ct_tensor *ct_mul_scalar(const ct_tensor *x, double value);
ct_tensor *ct_exp(const ct_tensor *x);
ct_tensor *ct_sqrt(const ct_tensor *x);
ct_tensor *ct_tanh(const ct_tensor *x);
ct_tensor *ct_round(const ct_tensor *x); // halves to even
ct_tensor *ct_clamp(const ct_tensor *x, double low, double high);
ct_tensor *ct_matmul(const ct_tensor *a, const ct_tensor *b);
// x + alpha · a b, of matrices.
ct_tensor *ct_addmm(const ct_tensor *x, const ct_tensor *a, const ct_tensor *b, double alpha);

// 1 when every element is finite, 0 when one is not, negative on failure.
int32_t ct_all_finite(const ct_tensor *x);
// The smallest and largest element of a tensor that has one.
bool ct_min_max(const ct_tensor *x, double *low, double *high);

#ifdef __cplusplus
}
#endif
