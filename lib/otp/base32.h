/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_OTP_BASE32_H
#define NASKEYS_OTP_BASE32_H

/* Base 32 (RFC 4648, section 6) of secrets, without padding. */

#include <stddef.h>

#include "lib/attr.h"
#include "lib/seal/secret.h"

/* Append the text of bytes[n] to *out.  0, -E2BIG, -ENOMEM. */
int	nk_base32_encode(const void *bytes, size_t n, struct nk_secret *out)
	    NK_MUST_CHECK;

/*
 * Append the bytes that the text stands for, as a person types it: in either
 * case, with blanks and '-' anywhere, with padding or without.  0; -EBADMSG:
 * another character, or bits that no byte has; -E2BIG; -ENOMEM.  On failure
 * *out holds no more than some of the bytes.
 */
int	nk_base32_decode(const char *text, struct nk_secret *out)
	    NK_MUST_CHECK;

#endif /* NASKEYS_OTP_BASE32_H */
