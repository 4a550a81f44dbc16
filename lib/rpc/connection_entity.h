/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_CONNECTION_ENTITY_H
#define NASKEYS_RPC_CONNECTION_ENTITY_H

/* Connections (SSH_CREDENTIALS) as the API shows them (truenas-api B.2). */

#include <jansson.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/rpc/object.h"
#include "lib/rpc/rpc.h"
#include "lib/store/connections.h"

/*
 * The members of the connection's object that are wanted (NULL: all); row is
 * its credential.  0 and a new reference, or -errno.
 */
int	nk_connection_entity(struct nk_store *s,
	    const struct nk_credential *row, const struct nk_wanted *wanted,
	    json_t **op) NK_MUST_CHECK;

/* What an audit row keeps of it; a new reference or NULL: no memory. */
json_t	*nk_connection_audit(const char *name,
	    const struct nk_connection *c);

/*
 * The connection with this id: its credential and the rest, both the
 * caller's to clear, also on failure.  -EINVAL with *e set: there is none,
 * or it is a keypair.
 */
int	nk_connection_find(struct nk_context *c, int64_t id,
	    struct nk_credential *row, struct nk_connection *conn,
	    struct nk_error *e) NK_MUST_CHECK;

#endif /* NASKEYS_RPC_CONNECTION_ENTITY_H */
