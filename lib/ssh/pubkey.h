/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SSH_PUBKEY_H
#define NASKEYS_SSH_PUBKEY_H

#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/ssh/keypolicy.h"
#include "lib/ssh/keytype.h"
#include "lib/ssh/wire.h"

/* ssh-keygen's limits; the policy can only raise the lower one. */
#define NK_RSA_BITS_FLOOR	1024
#define NK_RSA_BITS_MAX		16384
/* Above this libcrypto refuses to compute with long moduli. */
#define NK_RSA_EXPONENT_BITS_MAX 64
/* Bytes of a security key's application ("ssh:" by default). */
#define NK_SK_APPLICATION_MAX	255

/* The numbers of a public key; they lie in the blob that was read. */
struct nk_pubkey {
	const struct nk_keytype	*type;
	unsigned int		 bits;
	const uint8_t		*e, *n;		/* RSA */
	size_t			 e_len, n_len;
	const uint8_t		*point;		/* the others */
	size_t			 point_len;
	const uint8_t		*application;	/* security keys */
	size_t			 application_len;
};

/*
 * Take the numbers of a key of type t off w and check each of them: lengths,
 * the point's place on its curve, size and shape of modulus and exponent.
 * Returns 0; -EBADMSG; -EPERM, an RSA key that is smaller or larger than is
 * taken; -ENOMEM.  On failure *k is undefined, w has not moved, and *whyp
 * (may be NULL) is a static sentence.
 */
int	nk_pubkey_get(struct nk_wire *w, const struct nk_keytype *t,
	    const struct nk_keypolicy *policy, struct nk_pubkey *k,
	    const char **whyp) NK_MUST_CHECK;

#endif /* NASKEYS_SSH_PUBKEY_H */
