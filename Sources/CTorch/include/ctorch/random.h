// torch's CPU random numbers (Mersenne Twister).
#pragma once

#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ct_generator ct_generator;

// The low 32 bits of the seed are used, as torch.Generator("cpu").manual_seed does.
ct_generator *ct_generator_new(uint64_t seed);
void ct_generator_free(ct_generator *generator);
// float32 on the CPU, from the standard normal distribution.
ct_tensor *ct_randn(ct_generator *generator, const int64_t *sizes, int32_t rank);

#ifdef __cplusplus
}
#endif
