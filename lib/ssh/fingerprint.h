/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SSH_FINGERPRINT_H
#define NASKEYS_SSH_FINGERPRINT_H

/*
 * Fingerprints as ssh-keygen -l prints them.  A certificate's is that of the
 * key in it.
 */

#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"

/*
 * The fingerprint of the public key blob[len] as "SHA256:" and 43 characters
 * of base64, or as "MD5:" and 16 bytes in hexadecimal with colons.
 * *fpp is the caller's to free.  Returns 0; -EBADMSG when the blob is a
 * certificate that is cut; -ENOMEM; -ENOTSUP when this machine's libcrypto
 * lacks the digest.  *fpp is NULL on failure.
 */
int	nk_fingerprint_sha256(const uint8_t *blob, size_t len, char **fpp)
	    NK_MUST_CHECK;
int	nk_fingerprint_md5(const uint8_t *blob, size_t len, char **fpp)
	    NK_MUST_CHECK;

/*
 * Is text a fingerprint in one of the two forms, to the last character?
 * Returns 0 or -EBADMSG.
 */
int	nk_fingerprint_check(const char *text) NK_MUST_CHECK;

/* The digest that "SHA256:..." stands for.  0, -EBADMSG or -ENOMEM. */
#define NK_FINGERPRINT_SHA256	32u
int	nk_fingerprint_digest(const char *text,
	    uint8_t digest[NK_FINGERPRINT_SHA256]) NK_MUST_CHECK;

#endif /* NASKEYS_SSH_FINGERPRINT_H */
