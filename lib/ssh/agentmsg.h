/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SSH_AGENTMSG_H
#define NASKEYS_SSH_AGENTMSG_H

/*
 * The messages of draft-miller-ssh-agent that ask which keys an agent has,
 * and for a signature; all without the four bytes of their length.  An
 * agent's answers are bytes from outside: they are read in the sandbox.
 */

#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/ssh/wire.h"

/* Flags of a signature by an RSA key. */
#define NK_AGENTMSG_RSA_SHA2_256	2u
#define NK_AGENTMSG_RSA_SHA2_512	4u

/* The first byte of a message (its section 7.1). */
enum nk_agentmsg_type {
	NK_AGENTMSG_FAILURE = 5,
	NK_AGENTMSG_SUCCESS = 6,
	NK_AGENTMSG_LIST = 11,		/* SSH_AGENTC_REQUEST_IDENTITIES */
	NK_AGENTMSG_LIST_ANSWER = 12,
	NK_AGENTMSG_SIGN = 13,		/* SSH_AGENTC_SIGN_REQUEST */
	NK_AGENTMSG_SIGN_ANSWER = 14,
	NK_AGENTMSG_EXTENSION = 27,
};

/* Ask; 0 or -ENOBUFS. */
int	nk_agentmsg_put_list(struct nk_wire_out *o) NK_MUST_CHECK;
int	nk_agentmsg_put_sign(struct nk_wire_out *o, const uint8_t *blob,
	    size_t blob_len, const uint8_t *data, size_t len,
	    uint32_t flags) NK_MUST_CHECK;

/*
 * Read which keys there are: *w comes to the first of *np.  0; -EACCES, the
 * agent has refused; -EBADMSG, it is no such answer.
 */
int	nk_agentmsg_get_list(const uint8_t *msg, size_t len,
	    struct nk_wire *w, uint32_t *np) NK_MUST_CHECK;
/* The next of them, with its comment dropped; 0 or -EBADMSG. */
int	nk_agentmsg_get_key(struct nk_wire *w, const uint8_t **blobp,
	    size_t *lenp) NK_MUST_CHECK;

/* Read a signature; results as of nk_agentmsg_get_list(). */
int	nk_agentmsg_get_signature(const uint8_t *msg, size_t len,
	    const uint8_t **sigp, size_t *sig_lenp) NK_MUST_CHECK;

#endif /* NASKEYS_SSH_AGENTMSG_H */
