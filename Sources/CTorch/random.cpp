#include "support.hpp"

#include <ATen/CPUGeneratorImpl.h>

using namespace ctorch;

ct_generator *ct_generator_new(uint64_t seed) {
  return value<ct_generator *>(nullptr, [&] { return new ct_generator{at::detail::createCPUGenerator(seed)}; });
}

void ct_generator_free(ct_generator *generator) { delete generator; }

ct_tensor *ct_randn(ct_generator *generator, const int64_t *shape, int32_t rank) {
  return tensor([&] { return at::randn(sizes(shape, rank), generator->value, at::dtype(at::kFloat)); });
}
