/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_HELPER_SERVE_H
#define NASKEYS_HELPER_SERVE_H

#include "helper/helper/options.h"
#include "helper/helper/state.h"

/*
 * Serve one connection: requests from descriptor in, answers to out, until
 * the other end has had enough or breaks a rule.
 *
 *  1. Who asks MUST be known from the kernel before a byte is read.
 *  2. Whoever does not have root's rank, nor an administrator's, MUST begin
 *     each request within request_timeout; everybody MUST end one that was
 *     begun, and take the answer, within it.
 *  3. No limit and no lock MUST outlast the request that it is for.
 *  4. A request MUST be wiped once it is answered.
 *
 * Returns 0 when the stream ended between two requests, otherwise -errno.
 */
int	serve_connection(const struct state *state, enum protocol protocol,
	    int in, int out);

#endif /* NASKEYS_HELPER_SERVE_H */
