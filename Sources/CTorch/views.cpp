#include "support.hpp"

#include <vector>

using namespace ctorch;

ct_tensor *ct_reshape(const ct_tensor *x, const int64_t *shape, int32_t rank) {
  return tensor([&] { return x->value.reshape(sizes(shape, rank)); });
}
ct_tensor *ct_permute(const ct_tensor *x, const int64_t *dims, int32_t rank) {
  return tensor([&] { return x->value.permute(sizes(dims, rank)); });
}
ct_tensor *ct_transpose(const ct_tensor *x, int64_t dim0, int64_t dim1) {
  return tensor([&] { return x->value.transpose(dim0, dim1); });
}
ct_tensor *ct_expand(const ct_tensor *x, const int64_t *shape, int32_t rank) {
  return tensor([&] { return x->value.expand(sizes(shape, rank)); });
}
ct_tensor *ct_narrow(const ct_tensor *x, int64_t dim, int64_t start, int64_t length) {
  return tensor([&] { return x->value.narrow(dim, start, length); });
}
ct_tensor *ct_cat(ct_tensor *const *tensors, int32_t count, int64_t dim) {
  return tensor([&] {
    std::vector<at::Tensor> values;
    values.reserve(static_cast<size_t>(count > 0 ? count : 0));
    for (int32_t i = 0; i < count; ++i) values.push_back(tensors[i]->value);
    return at::cat(values, dim);
  });
}
