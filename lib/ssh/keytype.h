/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SSH_KEYTYPE_H
#define NASKEYS_SSH_KEYTYPE_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/attr.h"
#include "lib/ssh/sshdversion.h"

enum nk_keyalg {
	NK_ALG_ED25519,
	NK_ALG_RSA,
	NK_ALG_ECDSA,
	NK_ALG_SK_ED25519,
	NK_ALG_SK_ECDSA,
};

/* A type of public key that is taken.  The table is constant. */
struct nk_keytype {
	const char		*name;	/* in the line and in the blob */
	const char		*plain;	/* the name without certificate */
	enum nk_keyalg		 alg;
	const char		*curve;	/* its name in the blob, or NULL */
	unsigned int		 bits;	/* 0: those of the modulus */
	struct nk_sshd_version	 since;	/* the first sshd to know it */
	bool			 certificate;
};

/* The type of that name, compared by bytes and whole, or NULL. */
const struct nk_keytype	*nk_keytype_find(const char *name, size_t len);

/*
 * Is name[len] a type of key that is not taken?  Returns a static sentence
 * that says why and what to use, or NULL when it looks like no type at all.
 */
const char	*nk_keytype_advice(const char *name, size_t len);

#endif /* NASKEYS_SSH_KEYTYPE_H */
