/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SSH_DERPUBLIC_H
#define NASKEYS_SSH_DERPUBLIC_H

#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"

/*
 * Turn a public key in DER, SubjectPublicKeyInfo (RFC 5280) or RSAPublicKey
 * (PKCS#1), into an SSH blob that the caller frees and has checked by
 * nk_keyblob_parse().  Returns 0; -EBADMSG; -EPERM, an algorithm or curve
 * that SSH does not have; -ENOMEM.  *blobp is NULL on failure, and *whyp
 * (may be NULL) a static sentence.
 */
int	nk_derpublic_from_spki(const uint8_t *der, size_t len,
	    uint8_t **blobp, size_t *blob_lenp, const char **whyp)
	    NK_MUST_CHECK;
int	nk_derpublic_from_pkcs1(const uint8_t *der, size_t len,
	    uint8_t **blobp, size_t *blob_lenp, const char **whyp)
	    NK_MUST_CHECK;

#endif /* NASKEYS_SSH_DERPUBLIC_H */
