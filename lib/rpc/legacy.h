/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_LEGACY_H
#define NASKEYS_RPC_LEGACY_H

/*
 * The protocol of /websocket, from after its "connect": objects with "msg".
 * "connect" and "ping" never come here.
 */

#include "lib/attr.h"
#include "lib/rpc/message.h"

/*
 * As nk_rpc_handle_with(): "method" is answered with "result", "sub" with
 * "ready" or "nosub", "unsub" and what is unknown with nothing.  -EBADMSG:
 * the line is no object of JSON.
 */
int	nk_legacy_handle_with(const struct nk_rpc_hooks *hooks,
	    struct nk_context *c, const char *line, size_t len,
	    char **answerp, size_t *lenp) NK_MUST_CHECK;

/* The "error" member of an answer.  NULL: no memory. */
json_t	*nk_legacy_error(const struct nk_error *e);

#endif /* NASKEYS_RPC_LEGACY_H */
