/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SSH_KRL_H
#define NASKEYS_SSH_KRL_H

/*
 * A key revocation list as sshd reads it for RevokedKeys (OpenSSH's
 * PROTOCOL.krl).
 *
 * Keys stand in it by their SHA-256 fingerprints, which sshd knows since
 * OpenSSH 7.9.  sshd takes the fingerprint of the plain key, of a
 * certificate too, and looks up its authority's in the same way: so an
 * entry refuses the key, every certificate of it and, where it is an
 * authority's, every certificate that it has signed or will sign.  A list
 * of whole keys would do the same, but could not name a key of which only
 * the fingerprint is known.
 *
 * The same fingerprints, in whatever order and however often, with the same
 * version and date, always make the same bytes.
 */

#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/ssh/fingerprint.h"

#define NK_KRL_KEYS_MAX		(1u << 20)	/* what sshd loads is bounded */
#define NK_KRL_HEADER		44u	/* bytes, of one without comment */

struct nk_krl {
	uint64_t	 version;	/* grows with each change */
	uint64_t	 date;		/* seconds since the epoch */
	uint8_t		(*hash)[NK_FINGERPRINT_SHA256];
	size_t		 n, room;
};
#define NK_KRL_NONE	((struct nk_krl){ .hash = NULL })

/*
 * Revoke the key of this fingerprint ("SHA256:...").  -EBADMSG, it is none;
 * -E2BIG, there are NK_KRL_KEYS_MAX already; -ENOMEM.
 */
int	nk_krl_add(struct nk_krl *k, const char *fingerprint) NK_MUST_CHECK;

/*
 * The list as a file; sorts k's entries.  *bytesp is the caller's to free.
 * 0 or -ENOMEM; then *bytesp is NULL.
 */
int	nk_krl_format(struct nk_krl *k, uint8_t **bytesp, size_t *lenp)
	    NK_MUST_CHECK;
void	nk_krl_clear(struct nk_krl *k);

/*
 * The version of the list whose first bytes these are.  -EBADMSG: this is
 * no header of nk_krl_format()'s.
 */
int	nk_krl_get_version(const uint8_t header[NK_KRL_HEADER],
	    uint64_t *versionp) NK_MUST_CHECK;

#endif /* NASKEYS_SSH_KRL_H */
