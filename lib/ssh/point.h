/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SSH_POINT_H
#define NASKEYS_SSH_POINT_H

/*
 * Is a public key a point that its curve's arithmetic may be trusted with?
 * The time that this takes tells what the point is: for public ones alone.
 */

#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"

#define NK_ED25519_SIZE	32

/*
 * p[len] must be the uncompressed form of a point on curve ("nistp256",
 * "nistp384" or "nistp521") other than infinity, and its coordinates must
 * have the size that ssh-keygen asks for.  Returns 0 or -EBADMSG.
 */
int	nk_point_check_nist(const char *curve, const uint8_t *p, size_t len)
	    NK_MUST_CHECK;

/*
 * p must be the one canonical encoding of a point on edwards25519 whose
 * order is not small (with a key of small order anybody can sign).  Returns
 * 0 or -EBADMSG.
 */
int	nk_point_check_ed25519(const uint8_t p[static NK_ED25519_SIZE])
	    NK_MUST_CHECK;

/*
 * libcrypto's name for one of the three curves, or NULL; and its number, or
 * NID_undef: to find that by the name costs a tenth of a new key.
 */
const char	*nk_point_group(const char *curve);
int	nk_point_nid(const char *curve);

#endif /* NASKEYS_SSH_POINT_H */
