// Why the last call on this thread failed.
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
  CT_ERROR_OUT_OF_MEMORY = 1, // the device's or the host's memory
  CT_ERROR_INVALID = 2,       // shapes, types or values that do not go together
  CT_ERROR_UNAVAILABLE = 3,   // this libtorch or device has no such thing
  CT_ERROR_INTERNAL = 4,      // anything else
} ct_error;

ct_error ct_error_kind(void);
const char *ct_error_message(void);

#ifdef __cplusplus
}
#endif
