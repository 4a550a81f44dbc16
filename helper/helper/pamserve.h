/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_HELPER_PAMSERVE_H
#define NASKEYS_HELPER_PAMSERVE_H

#include "helper/helper/state.h"
#include "lib/attr.h"

#define PAMSERVE_AGENT_MS	60000	/* a key may want to be touched */

/*
 * Serve one connection to pam.sock (lib/pamsock/frame.h) on socket fd, as
 * helper/helper/serve.h does for JSON; its rules hold here too.
 *
 *  1. A frame that breaks the frames' rules MUST end the connection.
 *  2. What came in a frame MUST be wiped once it is handled.
 *  3. A frame without an answer MUST be handled after its sender has gone.
 *
 * Returns 0 when the stream ended between two frames, otherwise -errno:
 * -EBADMSG, -ETIMEDOUT, -EPIPE, -ENOTSOCK, or as the system call reports it.
 */
int	pamserve_connection(const struct state *state, int fd)
	    NK_MUST_CHECK;

#endif /* NASKEYS_HELPER_PAMSERVE_H */
