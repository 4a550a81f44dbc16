/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SSH_SIGN_H
#define NASKEYS_SSH_SIGN_H

/* Signatures by our own keys; their check is in lib/ssh/signature.h. */

#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/seal/secret.h"
#include "lib/ssh/privatekey.h"

/*
 * Append the signature by k over data[len] to *sig, as RFC 4253, section 6.6
 * lays it out: string algorithm, string signature.  algorithm is
 * "rsa-sha2-256" or "rsa-sha2-512" for an RSA key, and the name of its type
 * for any other.  What is written has been found right by the public half,
 * so that a fault in the arithmetic gives nothing of the key away.  Returns
 * 0; -EPERM, the key does not sign so (SHA-1, the algorithm of another
 * type); -EBADMSG, the numbers make up no key; -ENOMEM; -EIO, libcrypto
 * failed.  On failure *sig is as it was.
 */
int	nk_sign(const struct nk_privatekey *k, const char *algorithm,
	    const uint8_t *data, size_t len, struct nk_secret *sig)
	    NK_MUST_CHECK;

#endif /* NASKEYS_SSH_SIGN_H */
