/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SSH_SIGNATURE_H
#define NASKEYS_SSH_SIGNATURE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/ssh/pubkey.h"

/* What a security key says in its signature about who was there. */
#define NK_SIGNATURE_TOUCHED	0x01u	/* somebody touched it */
#define NK_SIGNATURE_VERIFIED	0x04u	/* and was verified: PIN, finger */

/*
 * Is sig[sig_len], a signature as RFC 4253, section 6.6 lays it out, made
 * over data[len] with the private half of k?  Returns 0; -EBADMSG, it is
 * malformed or does not verify; -EPERM, its algorithm is not taken (SHA-1,
 * webauthn); -ENOMEM.  *whyp (may be NULL) is then a static sentence, made
 * for the signature of a certificate.
 */
int	nk_signature_check(const struct nk_pubkey *k, const uint8_t *sig,
	    size_t sig_len, const uint8_t *data, size_t len,
	    const char **whyp) NK_MUST_CHECK;

/* The same, with the flags that a security key has signed; 0 for others. */
int	nk_signature_check_flags(const struct nk_pubkey *k,
	    const uint8_t *sig, size_t sig_len, const uint8_t *data,
	    size_t len, uint8_t *flagsp, const char **whyp) NK_MUST_CHECK;

#endif /* NASKEYS_SSH_SIGNATURE_H */
