/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_LIBCRYPTO_H
#define NASKEYS_LIBCRYPTO_H

/* OpenSSL's libcrypto, as a process of root's wants it. */

#include "lib/attr.h"

/*
 * To be called before anything else of libcrypto (OPENSSL_init_crypto(3)).
 * It will read no openssl.cnf, so that neither engines nor providers which
 * that names are loaded; it has no texts for its errors, which nobody reads;
 * and it does not clean up when the process ends: what is secret is in
 * memory of ours and wiped by us, and the rest goes with the process.
 * 0 or -EIO.
 */
int	nk_libcrypto_start(void) NK_MUST_CHECK;

#endif /* NASKEYS_LIBCRYPTO_H */
