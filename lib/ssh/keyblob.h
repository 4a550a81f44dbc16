/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SSH_KEYBLOB_H
#define NASKEYS_SSH_KEYBLOB_H

/* Public key blobs: what stands in base64 in a .pub file. */

#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/ssh/certificate.h"
#include "lib/ssh/keypolicy.h"
#include "lib/ssh/keytype.h"
#include "lib/ssh/pubkey.h"

/* What a blob says.  The pointers go into it. */
struct nk_keyblob {
	const struct nk_keytype	*type;
	struct nk_pubkey	 key;
	struct nk_certificate	 cert;	/* when type->certificate */
};

/*
 * Check blob[len] to its last byte.  Returns 0; -EBADMSG, malformed; -EPERM,
 * a type, size or algorithm that is not taken, or that policy's sshd does
 * not know; -ENOMEM.  On failure *kb is undefined and *whyp (may be NULL) is
 * a static sentence that says what is wrong and what to do.
 */
int	nk_keyblob_parse(const uint8_t *blob, size_t len,
	    const struct nk_keypolicy *policy, struct nk_keyblob *kb,
	    const char **whyp) NK_MUST_CHECK;

/*
 * The same key without the certificate around it, in memory that the caller
 * frees; a plain key is copied.  Only the layout is looked at: the blob is
 * one that nk_keyblob_parse() has accepted, or the result is of no use.
 * Returns 0; -EBADMSG when a certificate is cut; -ENOMEM.
 */
int	nk_keyblob_plain(const uint8_t *blob, size_t len, uint8_t **plainp,
	    size_t *plain_lenp) NK_MUST_CHECK;

#endif /* NASKEYS_SSH_KEYBLOB_H */
