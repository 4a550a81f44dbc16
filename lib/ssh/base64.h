/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SSH_BASE64_H
#define NASKEYS_SSH_BASE64_H

/*
 * Base64 (RFC 4648, section 4) in its one canonical form: no white space,
 * padding present, unused bits zero.  For public data: it does not run in
 * constant time.
 */

#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"

/* The value of one character of the alphabet, or -1. */
int	nk_base64_value(char c);

/*
 * The values of the characters s[len] up to the first that is neither of the
 * alphabet nor white space, which is left out.  out has room for len of
 * them; *np is how many they are.  Returns how many characters were looked
 * at.
 */
size_t	nk_base64_values(const char *s, size_t len, uint8_t *out,
	    size_t *np);

/*
 * Decode text[len].  *bufp is the caller's to free.  Empty text gives a
 * buffer of 0 bytes.  Returns 0; -EBADMSG when the text is not canonical;
 * -ENOMEM.  *bufp is NULL on failure.
 */
int	nk_base64_decode(const char *text, size_t len, uint8_t **bufp,
	    size_t *lenp) NK_MUST_CHECK;

/*
 * Encode buf[len] as a string.  *textp is the caller's to free.
 * Returns 0 or -ENOMEM; *textp is NULL on failure.
 */
int	nk_base64_encode(const uint8_t *buf, size_t len, char **textp)
	    NK_MUST_CHECK;

#endif /* NASKEYS_SSH_BASE64_H */
