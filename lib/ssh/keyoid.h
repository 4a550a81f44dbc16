/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SSH_KEYOID_H
#define NASKEYS_SSH_KEYOID_H

/* The object identifiers of keys in DER (RFC 8017, RFC 5480, RFC 8410). */

#include <stdbool.h>
#include <stdint.h>

#include "lib/ssh/keytype.h"
#include "lib/ssh/wire.h"

struct nk_keyoid {
	uint8_t	bytes[9];
	uint8_t	len;
};

extern const struct nk_keyoid nk_keyoid_rsa;
extern const struct nk_keyoid nk_keyoid_ec;	/* any curve */
extern const struct nk_keyoid nk_keyoid_ed25519;

/* Does all that w has left spell this identifier? */
bool	nk_keyoid_is(const struct nk_wire *w, const struct nk_keyoid *oid);

/* The ECDSA type whose curve w spells, or NULL. */
const struct nk_keytype	*nk_keyoid_curve_type(const struct nk_wire *w);

/* The identifier of the curve of an ECDSA type, or NULL. */
const struct nk_keyoid	*nk_keyoid_of_curve(const struct nk_keytype *type);

#endif /* NASKEYS_SSH_KEYOID_H */
