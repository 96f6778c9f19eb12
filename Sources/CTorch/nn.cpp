#include "compat.hpp"
#include "support.hpp"

using namespace ctorch;

ct_tensor *ct_linear(const ct_tensor *x, const ct_tensor *weight, const ct_tensor *bias) {
  return tensor([&] { return at::linear(x->value, weight->value, optional(bias)); });
}

ct_tensor *ct_conv2d(const ct_tensor *x, const ct_tensor *weight, const ct_tensor *bias, int64_t stride,
                     int64_t padding) {
  return tensor([&] {
    return at::conv2d(x->value, weight->value, optional(bias), at::IntArrayRef({stride, stride}),
                      at::IntArrayRef({padding, padding}));
  });
}

ct_tensor *ct_conv_transpose2d(const ct_tensor *x, const ct_tensor *weight, const ct_tensor *bias, int64_t stride) {
  return tensor([&] {
    return at::conv_transpose2d(x->value, weight->value, optional(bias), at::IntArrayRef({stride, stride}));
  });
}

ct_tensor *ct_group_norm(const ct_tensor *x, int64_t groups, const ct_tensor *weight, const ct_tensor *bias,
                         double eps) {
  return tensor([&] {
    TORCH_CHECK(groups > 0, "group_norm wants at least one group, not ", groups);
    return at::group_norm(x->value, groups, optional(weight), optional(bias), eps);
  });
}

ct_tensor *ct_layer_norm(const ct_tensor *x, const ct_tensor *weight, const ct_tensor *bias, double eps) {
  return tensor([&] {
    TORCH_CHECK(x->value.dim() > 0, "layer_norm wants at least one dimension");
    return at::layer_norm(x->value, {x->value.size(-1)}, optional(weight), optional(bias), eps);
  });
}

ct_tensor *ct_var_mean(const ct_tensor *x, int64_t dim, ct_tensor **mean) {
  *mean = nullptr;
  return value<ct_tensor *>(nullptr, [&] {
    auto [variance, average] = at::var_mean(x->value, at::IntArrayRef({dim}), /*unbiased=*/false, /*keepdim=*/true);
    ct_tensor *result = own(std::move(variance));
    *mean = own(std::move(average));
    return result;
  });
}

ct_tensor *ct_relu(const ct_tensor *x) {
  return tensor([&] { return at::relu(x->value); });
}
ct_tensor *ct_silu(const ct_tensor *x) {
  return tensor([&] { return at::silu(x->value); });
}
ct_tensor *ct_gelu(const ct_tensor *x) {
  return tensor([&] { return compat::gelu(x->value); });
}
ct_tensor *ct_sigmoid(const ct_tensor *x) {
  return tensor([&] { return at::sigmoid(x->value); });
}
ct_tensor *ct_softmax(const ct_tensor *x, int64_t dim) {
  return tensor([&] { return at::softmax(x->value, dim); });
}

ct_tensor *ct_attention(const ct_tensor *q, const ct_tensor *k, const ct_tensor *v, bool causal) {
  return tensor([&] {
    TORCH_CHECK(q->value.dim() == 4 && k->value.dim() == 4 && v->value.dim() == 4,
                "attention wants [B, heads, L, D]");
    TORCH_CHECK(q->value.size(3) == k->value.size(3) && k->value.size(2) == v->value.size(2),
                "attention wants q and k of one width, k and v of one length");
    return compat::attention(q->value, k->value, v->value, causal);
  });
}

ct_tensor *ct_embedding(const ct_tensor *table, const ct_tensor *indices) {
  return tensor([&] { return at::embedding(table->value, indices->value); });
}
ct_tensor *ct_upsample_nearest2d(const ct_tensor *x, int64_t height, int64_t width) {
  return tensor([&] { return at::upsample_nearest2d(x->value, at::IntArrayRef({height, width})); });
}
ct_tensor *ct_upsample_bilinear2d(const ct_tensor *x, int64_t height, int64_t width, bool align_corners) {
  return tensor([&] { return at::upsample_bilinear2d(x->value, at::IntArrayRef({height, width}), align_corners); });
}
ct_tensor *ct_upsample_bicubic2d(const ct_tensor *x, int64_t height, int64_t width) {
  return tensor([&] { return at::upsample_bicubic2d(x->value, at::IntArrayRef({height, width}), false); });
}
ct_tensor *ct_pad2d(const ct_tensor *x, int64_t left, int64_t right, int64_t top, int64_t bottom) {
  return tensor([&] { return at::constant_pad_nd(x->value, {left, right, top, bottom}, 0); });
}
