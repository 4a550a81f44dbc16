/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SSH_SECRETWIRE_H
#define NASKEYS_SSH_SECRETWIRE_H

/*
 * The data types of RFC 4251, section 5, appended to secret memory.  All
 * return 0 or what nk_secret_append() returns; after a failure a part of the
 * value may stand in s.
 */

#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/seal/secret.h"

int	nk_secretwire_put_u32(struct nk_secret *s, uint32_t v) NK_MUST_CHECK;
int	nk_secretwire_put_string(struct nk_secret *s, const void *bytes,
	    size_t len) NK_MUST_CHECK;

/*
 * The number whose magnitude is n[len], most significant byte first, as an
 * mpint; zeros before it are left out.
 */
int	nk_secretwire_put_mpint(struct nk_secret *s, const uint8_t *n,
	    size_t len) NK_MUST_CHECK;

#endif /* NASKEYS_SSH_SECRETWIRE_H */
