/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SSH_SECRETBASE64_H
#define NASKEYS_SSH_SECRETBASE64_H

/*
 * Base64 (RFC 4648, section 4) of secret bytes, in its one canonical form:
 * both sides stay in secret memory, and no table is looked up and no branch
 * taken by what a character or a byte is.
 */

#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/seal/secret.h"

/*
 * Append what text[len] encodes to *out.  Returns 0; -EBADMSG when the text
 * is not canonical; -E2BIG; -ENOMEM.
 */
int	nk_secretbase64_decode(const char *text, size_t len,
	    struct nk_secret *out) NK_MUST_CHECK;

/*
 * Append bytes[len] to *out as lines of "width" characters,
 * the last one shorter; each has its newline.  Returns 0, -E2BIG or -ENOMEM.
 */
int	nk_secretbase64_encode(const uint8_t *bytes, size_t len, size_t width,
	    struct nk_secret *out) NK_MUST_CHECK;

#endif /* NASKEYS_SSH_SECRETBASE64_H */
