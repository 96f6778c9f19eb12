// The part of OpenSSL's libcrypto that is used: message digests, and comparing in constant time.
#include <openssl/crypto.h>
#include <openssl/evp.h>
