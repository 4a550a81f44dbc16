/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_KEY_SESSIONS_H
#define NASKEYS_RPC_KEY_SESSIONS_H

#include <jansson.h>

#include "lib/attr.h"
#include "lib/rpc/rpc.h"

/*
 * End the open sessions that were opened with a key of these (an array of
 * fingerprints), and no others.  *resultp, a new reference, is an array of
 * {pid, username, since, service, tty, from, ended}.  0 or -errno.
 */
int	nk_key_end_sessions(struct nk_context *c, const json_t *fingerprints,
	    json_t **resultp) NK_MUST_CHECK;

#endif /* NASKEYS_RPC_KEY_SESSIONS_H */
