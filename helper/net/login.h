/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_NET_LOGIN_H
#define NASKEYS_NET_LOGIN_H

#include "helper/net/session.h"
#include "lib/ssh/wire.h"

#define LOGIN_SOCKETS	2	/* the connection, and the agent's */

/*
 * Take algorithms and user off the request, exchange keys, say the host key,
 * and log in once the parent has let it.  The session is logged in, and its
 * calls wait; where that fails it does not return.
 */
void	login(struct session *s, struct nk_wire *w);

/* Take a text off a request; text has room for it and a NUL. */
void	take_text(struct nk_wire *w, char *text, size_t room);

/* What the session has to say of a call that failed. */
_Noreturn void	login_fault(struct session *s, enum nk_remote_fault fault);

#endif /* NASKEYS_NET_LOGIN_H */
