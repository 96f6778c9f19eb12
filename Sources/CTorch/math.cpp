#include "support.hpp"

using namespace ctorch;

ct_tensor *ct_add(const ct_tensor *a, const ct_tensor *b) {
  return tensor([&] { return at::add(a->value, b->value); });
}
ct_tensor *ct_sub(const ct_tensor *a, const ct_tensor *b) {
  return tensor([&] { return at::sub(a->value, b->value); });
}
ct_tensor *ct_mul(const ct_tensor *a, const ct_tensor *b) {
  return tensor([&] { return at::mul(a->value, b->value); });
}
ct_tensor *ct_div(const ct_tensor *a, const ct_tensor *b) {
  return tensor([&] { return at::div(a->value, b->value); });
}
ct_tensor *ct_add_scalar(const ct_tensor *x, double value) {
  return tensor([&] { return at::add(x->value, value); });
}
ct_tensor *ct_mul_scalar(const ct_tensor *x, double value) {
  return tensor([&] { return at::mul(x->value, value); });
}
ct_tensor *ct_exp(const ct_tensor *x) {
  return tensor([&] { return at::exp(x->value); });
}
ct_tensor *ct_sqrt(const ct_tensor *x) {
  return tensor([&] { return at::sqrt(x->value); });
}
ct_tensor *ct_tanh(const ct_tensor *x) {
  return tensor([&] { return at::tanh(x->value); });
}
ct_tensor *ct_round(const ct_tensor *x) {
  return tensor([&] { return at::round(x->value); });
}
ct_tensor *ct_clamp(const ct_tensor *x, double low, double high) {
  return tensor([&] { return at::clamp(x->value, low, high); });
}
ct_tensor *ct_matmul(const ct_tensor *a, const ct_tensor *b) {
  return tensor([&] { return at::matmul(a->value, b->value); });
}
ct_tensor *ct_addmm(const ct_tensor *x, const ct_tensor *a, const ct_tensor *b, double alpha) {
  return tensor([&] { return at::addmm(x->value, a->value, b->value, /*beta=*/1, alpha); });
}

int32_t ct_all_finite(const ct_tensor *x) {
  return value<int32_t>(-1, [&] { return at::isfinite(x->value).all().item<bool>() ? 1 : 0; });
}

bool ct_min_max(const ct_tensor *x, double *low, double *high) {
  return value<bool>(false, [&] {
    TORCH_CHECK(x->value.numel() > 0, "an empty tensor has no smallest element");
    *low = x->value.min().item<double>();
    *high = x->value.max().item<double>();
    return true;
  });
}
