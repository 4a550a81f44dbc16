/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_REMOTE_LOGIN_H
#define NASKEYS_REMOTE_LOGIN_H

/* How a child is led to a login; for lib/remote alone. */

#include <stddef.h>

#include "lib/attr.h"
#include "lib/remote/report.h"

/*
 * Connect, start a child for the task with the connection and the agent's
 * socket, and let it go on once it has said a pinned host key.  Its request
 * is the algorithms of host keys, the user, and tail[len].  0: what comes
 * now is the caller's to hear; the child is to be ended (nk_remote_end())
 * and the signer closed in any case.  -EIO with the fault set; -E2BIG;
 * -ENOMEM.
 */
int	nk_remote_login(struct nk_remote_talk *talk,
	    const struct nk_sandbox *sb, const struct nk_remote_login *login,
	    const char *task, const void *tail, size_t len,
	    struct nk_remote_signer *signer) NK_MUST_CHECK;

/*
 * The algorithms that may prove one of the pinned keys, then all others: so
 * that a machine which has another key by now shows it.
 */
void	nk_remote_host_key_list(const struct nk_hostkeys *pins, char *list,
	    size_t room);

/* Is the blob one of the pins?  0, or -EIO with the fault set; -ENOMEM. */
int	nk_remote_verify(struct nk_remote_talk *talk,
	    const struct nk_hostkeys *pins, const uint8_t *blob, size_t len)
	    NK_MUST_CHECK;

#endif /* NASKEYS_REMOTE_LOGIN_H */
