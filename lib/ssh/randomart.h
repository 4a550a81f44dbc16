/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SSH_RANDOMART_H
#define NASKEYS_SSH_RANDOMART_H

#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/ssh/keytype.h"

/*
 * The picture of the key blob[len] that ssh-keygen -lv prints under its
 * SHA256 fingerprint: eleven lines, the last one without newline.  *textp
 * is the caller's to free.  Returns what nk_fingerprint_sha256() does.
 */
int	nk_randomart(const uint8_t *blob, size_t len,
	    const struct nk_keytype *type, unsigned int bits, char **textp)
	    NK_MUST_CHECK;

/*
 * The short name that ssh-keygen -l prints in parentheses: "ED25519",
 * "ECDSA-SK-CERT" ...  Static.
 */
const char	*nk_keytype_short(const struct nk_keytype *type);

#endif /* NASKEYS_SSH_RANDOMART_H */
