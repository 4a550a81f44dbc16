/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_HELPER_MIDDLEWARE_H
#define NASKEYS_HELPER_MIDDLEWARE_H

/*
 * A caller on this machine who speaks as TrueNAS's own client does: HTTP, a
 * websocket, one of its two protocols.  The caller's bytes are read by a
 * child in the sandbox (helper/gateway/local.h), which passes messages on
 * over a socket pair, as the gateway does (gateway.h).
 *
 *  1. Who asks MUST be known from the caller's own socket, before the child
 *     has it; nothing that the child says MUST change it.
 *  2. The child MUST have the two sockets and nothing else, and this process
 *     no longer the caller's.
 *  3. It MUST end with this process, and this process with it.
 */

#include "lib/attr.h"
#include "lib/sandbox/sandbox.h"

#define MIDDLEWARE_PROGRAM	NK_LIBEXECDIR "/naskeys/naskeys-gateway"
#define MIDDLEWARE_TASK		"websocket"
#define MIDDLEWARE_SOCKETS	2u	/* the caller's, and its parent's */

/* Is there such a program?  0 or -errno. */
int	middleware_check(void) NK_MUST_CHECK;

/*
 * Start the child for the caller at descriptor in, and put the socket to the
 * child in the place of in and out.  0; -ENOENT: there is no such program, or
 * no user naskeys-net; -errno.  middleware_end() in any case, with *child
 * NK_SANDBOX_CHILD_NONE at first.
 */
int	middleware_begin(struct nk_sandbox_child *child, int in, int out)
	    NK_MUST_CHECK;

/* Let it take leave of the caller, for a moment; then it is ended. */
void	middleware_end(struct nk_sandbox_child *child, int out);

#endif /* NASKEYS_HELPER_MIDDLEWARE_H */
