/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_CONNECTION_LEND_H
#define NASKEYS_RPC_CONNECTION_LEND_H

/* keychaincredential.lend: a connection's key for programs of the caller's. */

#include <jansson.h>

#include "lib/attr.h"
#include "lib/rpc/rpc.h"

extern const struct nk_arg nk_connection_lend_args[];

/* On success c->lending is to be served when the answer has gone out. */
int	nk_connection_lend_method(struct nk_context *c, json_t *params,
	    json_t **resultp, struct nk_error *e);

/*
 * Serve what the last request has lent, until descriptor until says
 * anything; then c->lending is NULL.  Returns 0; -EACCES, the caller's
 * rights or the connection have changed; -errno.
 */
int	nk_connection_lend_serve(struct nk_context *c, int until)
	    NK_MUST_CHECK;
/* Take it back; nothing lent is fine. */
void	nk_connection_lend_end(struct nk_context *c);

#endif /* NASKEYS_RPC_CONNECTION_LEND_H */
