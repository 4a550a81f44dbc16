/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SEAL_H
#define NASKEYS_SEAL_H

/*
 * Sealing: AES-256-GCM (NIST SP 800-38D) with a random nonce of 96 bits,
 * bound to the place where the sealed bytes belong.  A sealed value is
 *   1 byte  version (1)
 *   8 bytes id of the key
 *  12 bytes nonce
 *   n bytes ciphertext
 *  16 bytes tag
 * and the place (store, table, row, column) is authenticated with it, so
 * that a value that is moved to another row does not open.
 */

#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/seal/sealkey.h"

#define NK_SEAL_OVERHEAD	37	/* bytes */
#define NK_SEAL_NAME_MAX	64	/* bytes of table and of column */

struct nk_seal_place {
	uint8_t		 store[16];	/* the store's id */
	const char	*table;
	int64_t		 row;
	const char	*column;
};

/*
 * *sealedp is malloc'd.  Returns 0; -E2BIG, above NK_SECRET_MAX or
 * NK_SEAL_NAME_MAX; -EINVAL, k is empty; -ENOMEM; -EIO, no entropy, or
 * libcrypto failed.
 */
int	nk_seal(const struct nk_sealkey *k, const struct nk_seal_place *at,
	    const void *bytes, size_t n, uint8_t **sealedp, size_t *lenp)
	    NK_MUST_CHECK;
/*
 * *out gets the bytes (it must be NK_SECRET_NONE).  Returns 0; -ESTALE,
 * sealed with another key; -EBADMSG, damaged, of another place, or no sealed
 * value; -EINVAL, k is empty; -ENOMEM.  On failure *out is NK_SECRET_NONE.
 */
int	nk_unseal(const struct nk_sealkey *k, const struct nk_seal_place *at,
	    const uint8_t *sealed, size_t n, struct nk_secret *out)
	    NK_MUST_CHECK;

#endif /* NASKEYS_SEAL_H */
