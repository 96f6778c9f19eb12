// What layers are made of. `weight` and `bias` as torch.nn.functional has them; NULL is no bias.
#pragma once

#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

ct_tensor *ct_linear(const ct_tensor *x, const ct_tensor *weight, const ct_tensor *bias);
ct_tensor *ct_conv2d(const ct_tensor *x, const ct_tensor *weight, const ct_tensor *bias,
                     int64_t stride, int64_t padding);
// `weight` is [in, out, k, k].
ct_tensor *ct_conv_transpose2d(const ct_tensor *x, const ct_tensor *weight, const ct_tensor *bias, int64_t stride);
ct_tensor *ct_group_norm(const ct_tensor *x, int64_t groups, const ct_tensor *weight, const ct_tensor *bias,
                         double eps);
// Over the last dimension.
ct_tensor *ct_layer_norm(const ct_tensor *x, const ct_tensor *weight, const ct_tensor *bias, double eps);
// The population's variance over `dim`, which stays with size 1; *mean becomes the mean (NULL on failure).
ct_tensor *ct_var_mean(const ct_tensor *x, int64_t dim, ct_tensor **mean);
ct_tensor *ct_relu(const ct_tensor *x);
ct_tensor *ct_silu(const ct_tensor *x);
ct_tensor *ct_gelu(const ct_tensor *x); // exact, by erf
ct_tensor *ct_sigmoid(const ct_tensor *x);
ct_tensor *ct_softmax(const ct_tensor *x, int64_t dim);
// softmax(q kᵀ / sqrt(D)) v for [B, heads, L, D]; `causal` hides what comes later.
ct_tensor *ct_attention(const ct_tensor *q, const ct_tensor *k, const ct_tensor *v, bool causal);
// Rows of `table` by index.
ct_tensor *ct_embedding(const ct_tensor *table, const ct_tensor *indices);
ct_tensor *ct_upsample_nearest2d(const ct_tensor *x, int64_t height, int64_t width);
// `align_corners` makes the corners' pixels points that stay where they are; otherwise pixels are areas.
ct_tensor *ct_upsample_bilinear2d(const ct_tensor *x, int64_t height, int64_t width, bool align_corners);
// Corners are not aligned.
ct_tensor *ct_upsample_bicubic2d(const ct_tensor *x, int64_t height, int64_t width);
// Zeros around the last two dimensions.
ct_tensor *ct_pad2d(const ct_tensor *x, int64_t left, int64_t right, int64_t top, int64_t bottom);

#ifdef __cplusplus
}
#endif
