/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_REMOTE_SIGNER_H
#define NASKEYS_REMOTE_SIGNER_H

/*
 * The one signature that a child gets, by the agent of one key
 * (lib/agent/keeper.h) on a socket; for lib/remote alone.  libssh binds no
 * session, so what is signed is a login as this user wherever the session's
 * identifier comes from: that is why it is one, and only behind a pinned
 * host key.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/agent/keeper.h"
#include "lib/attr.h"

#define NK_REMOTE_SIGNER_HEAD	4u	/* bytes of a message's length */

struct nk_remote_signer {
	int			 fd;	/* -1: nobody is answered */
	bool			 open;	/* may it sign? */
	struct nk_keeper	 keeper;
	struct nk_keeper_talk	 talk;
	size_t			 len;	/* bytes in buf */
	uint8_t			 buf[NK_REMOTE_SIGNER_HEAD +
				    NK_KEEPER_MESSAGE_MAX];
};

/*
 * *fdp is the child's end, the caller's to close.  It answers nothing until
 * it is opened.  0 or -errno.
 */
int	nk_remote_signer_init(struct nk_remote_signer *s, const char *user,
	    const struct nk_privatekey *key, int *fdp) NK_MUST_CHECK;
void	nk_remote_signer_close(struct nk_remote_signer *s);

/*
 * Take what has come and answer it, without waiting.  0; -errno: it is
 * closed.
 */
int	nk_remote_signer_serve(struct nk_remote_signer *s) NK_MUST_CHECK;

#endif /* NASKEYS_REMOTE_SIGNER_H */
