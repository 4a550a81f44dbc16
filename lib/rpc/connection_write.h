/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_CONNECTION_WRITE_H
#define NASKEYS_RPC_CONNECTION_WRITE_H

/* keychaincredential.create and update for connections. */

#include <jansson.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/rpc/rpc.h"
#include "lib/store/connections.h"

/*
 * attributes were checked against nk_connection_fields.  *resultp is the
 * entity.  0; -errno, with *e set where that says more.
 */
int	nk_connection_create(struct nk_context *c, const char *name,
	    const json_t *attributes, json_t **resultp, struct nk_error *e)
	    NK_MUST_CHECK;
/* name, attributes: NULL, it stays. */
int	nk_connection_update(struct nk_context *c, int64_t id,
	    const char *name, const json_t *attributes, json_t **resultp,
	    struct nk_error *e) NK_MUST_CHECK;

/*
 * Inside an edit: a new connection, whose name and keypair were checked,
 * with its audit row.  *conn gets its id.
 */
int	nk_connection_insert(struct nk_context *c, const char *action,
	    const char *sentence, const char *name,
	    struct nk_connection *conn) NK_MUST_CHECK;

/* The entity of the connection with this id. */
int	nk_connection_show(struct nk_context *c, int64_t id,
	    json_t **resultp, struct nk_error *e) NK_MUST_CHECK;

#endif /* NASKEYS_RPC_CONNECTION_WRITE_H */
