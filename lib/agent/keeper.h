/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_AGENT_KEEPER_H
#define NASKEYS_AGENT_KEEPER_H

/*
 * An ssh-agent (draft-miller-ssh-agent) of one key, which lends the key to
 * one connection and to nothing else; a function over its messages, without
 * any socket.  Whoever asks may be an enemy.
 *
 *  1. It MUST list that key and no other, and never take, give away or
 *     remove one.
 *  2. It MUST sign nothing but a request of user authentication (RFC 4252,
 *     section 7, and OpenSSH's publickey-hostbound-v00@openssh.com) by that
 *     key, for that user and the service ssh-connection, and not by SHA-1.
 *  3. Where it is bound, it MUST sign only in a session that was shown to be
 *     one with a host of the pinned keys: session-bind@openssh.com came
 *     before on the same connection, with a pinned key's signature over the
 *     session's identifier.
 *  4. It MUST sign nothing more on a connection on which a binding was
 *     refused, or which is forwarded to another machine.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/seal/secret.h"
#include "lib/ssh/hostkeys.h"
#include "lib/ssh/privatekey.h"

#define NK_KEEPER_MESSAGE_MAX	16384u	/* bytes, without the length */
#define NK_KEEPER_SESSION_MAX	128u	/* bytes of a session's identifier */

/*
 * Is sig[sig_len] a signature over data[len] by the host key blob[blob_len],
 * which is a pinned one?  0 or -errno.
 */
typedef int	(*nk_keeper_check)(const void *arg, const uint8_t *blob,
		    size_t blob_len, const uint8_t *sig, size_t sig_len,
		    const uint8_t *data, size_t len);

struct nk_keeper {
	const struct nk_privatekey	*key;
	const char			*user;	/* at the other end */
	const struct nk_hostkeys	*pins;	/* NULL: any, and not bound */
	bool				 bound;
	nk_keeper_check			 check;	/* NULL: no binding is right */
	const void			*check_arg;
};

/* One connection to it.  Begins as all zeros. */
struct nk_keeper_talk {
	uint8_t			 session[NK_KEEPER_SESSION_MAX];
	size_t			 session_len;	/* 0: not bound yet */
	const struct nk_hostkey	*host;		/* of the pins */
	bool			 spoilt;	/* nothing more is signed */
};

/*
 * Append the answer to msg[len], which is without the four bytes of its
 * length, to *answer, without those as well.  What is not allowed, too long
 * or malformed is answered SSH_AGENT_FAILURE.  Returns 0, or -errno (-ENOMEM,
 * -EIO), and then the connection is to be closed.
 */
int	nk_keeper_answer(const struct nk_keeper *k, struct nk_keeper_talk *t,
	    const uint8_t *msg, size_t len, struct nk_secret *answer)
	    NK_MUST_CHECK;

#endif /* NASKEYS_AGENT_KEEPER_H */
