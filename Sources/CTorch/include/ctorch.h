// The C surface over libtorch.
//
// Ownership, for the whole surface: every handle a function returns is the caller's to free; every
// argument is borrowed for the call; a buffer given to ct_tensor_from_memory is released exactly once,
// also on failure.
// Failure is NULL, false or a negative number; ct_error_kind and ct_error_message then say why, on the
// same thread, until its next failure. No function throws, logs, caches or has defaults.
#pragma once

#include "ctorch/error.h"
#include "ctorch/runtime.h"
#include "ctorch/tensor.h"
#include "ctorch/views.h"
#include "ctorch/math.h"
#include "ctorch/nn.h"
#include "ctorch/random.h"
