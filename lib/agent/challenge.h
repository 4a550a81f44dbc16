/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_AGENT_CHALLENGE_H
#define NASKEYS_AGENT_CHALLENGE_H

/*
 * What an ssh-agent signs for us:
 *
 *	string	"naskeys-agent-auth-v1"
 *	string	name of this machine
 *	string	name of the user
 *	string	name of the PAM service
 *	string	SHA-256 of the key's or certificate's blob
 *	string	32 random bytes
 *
 *  1. It MUST be nothing that anybody else asks an agent to sign: in what
 *     SSH signs for a login a byte 50 follows the first string, where here
 *     is the first byte of a length; "SSHSIG" begins without a length.
 *  2. It MUST NOT be used for a second signature.
 */

#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"

#define NK_AGENT_CHALLENGE_MAX	1024u

struct nk_agent_challenge {
	uint8_t	data[NK_AGENT_CHALLENGE_MAX];
	size_t	len;
};

/*
 * A new one for the key blob[len].  0; -ENOBUFS, the names are too long;
 * -errno.
 */
int	nk_agent_challenge_make(struct nk_agent_challenge *c,
	    const char *user, const char *service, const uint8_t *blob,
	    size_t len) NK_MUST_CHECK;

#endif /* NASKEYS_AGENT_CHALLENGE_H */
