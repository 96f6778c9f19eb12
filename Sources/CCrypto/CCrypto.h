// The part of OpenSSL's libcrypto that is used: message digests.
#include <openssl/evp.h>
