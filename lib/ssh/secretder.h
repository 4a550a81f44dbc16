/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SSH_SECRETDER_H
#define NASKEYS_SSH_SECRETDER_H

/*
 * Elements of DER (tags: lib/ssh/der.h), appended to secret memory.  All
 * return 0 or what nk_secret_append() returns; after a failure a part of the
 * element may stand in s.
 */

#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/seal/secret.h"

/* The tag and the length of what is then appended. */
int	nk_secretder_put_header(struct nk_secret *s, uint8_t tag, size_t len)
	    NK_MUST_CHECK;
int	nk_secretder_put(struct nk_secret *s, uint8_t tag, const void *content,
	    size_t len) NK_MUST_CHECK;

/*
 * The INTEGER whose magnitude is n[len], most significant byte first; zeros
 * before it are left out.
 */
int	nk_secretder_put_number(struct nk_secret *s, const uint8_t *n,
	    size_t len) NK_MUST_CHECK;

#endif /* NASKEYS_SSH_SECRETDER_H */
