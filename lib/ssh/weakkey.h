/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SSH_WEAKKEY_H
#define NASKEYS_SSH_WEAKKEY_H

/*
 * Keys that are well formed, and that sshd takes, but that are known to be
 * weak by their numbers alone.  Only RSA keys are, so others cost nothing.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"

/* Below this, a public exponent is called tiny. */
#define NK_RSA_EXPONENT_TINY	17

struct nk_weakkey {
	bool		rsa;
	unsigned int	bits;		/* of the modulus */
	unsigned int	exponent;	/* 0: not tiny */
	bool		roca;
};

/*
 * Look at blob[len], which nk_keyblob_parse() has accepted; of a certificate
 * at the key in it.  0; -EBADMSG; -ENOMEM.  On failure *w is undefined.
 */
int	nk_weakkey_look(const uint8_t *blob, size_t len,
	    struct nk_weakkey *w) NK_MUST_CHECK;

/*
 * Does the modulus n[len] have the fingerprint of the keys of CVE-2017-15361
 * ("ROCA")?  The library of those chips made each prime as
 *	k * M + (65537^a mod M),
 * M the product of the first small primes.  So modulo each of these primes
 * the primes of the key, and with them the modulus, are powers of 65537.
 * Of the 39 primes (up to 167) that are in M for keys of every size, 17
 * have other remainders too, and those are looked at.  Every such key is
 * found; of other moduli one in 2^27.8, about 240 million, is taken for one.
 */
bool	nk_weakkey_is_roca(const uint8_t *n, size_t len);

#endif /* NASKEYS_SSH_WEAKKEY_H */
