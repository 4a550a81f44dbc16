/* SPDX-License-Identifier: ISC */
#include "lib/libcrypto.h"

#include <errno.h>

#include <openssl/crypto.h>

int
nk_libcrypto_start(void)
{
	return OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG |
	    OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS | OPENSSL_INIT_NO_ATEXIT,
	    NULL) == 1 ? 0 : -EIO;
}
