/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_CONNECTION_READ_H
#define NASKEYS_RPC_CONNECTION_READ_H

/* What a request says of a connection, checked and completed. */

#include <jansson.h>

#include "lib/attr.h"
#include "lib/rpc/rpc.h"
#include "lib/store/connections.h"

#define NK_CONNECTION_PORT	22
#define NK_CONNECTION_USER	"root"
#define NK_CONNECTION_TIMEOUT	10	/* s */
#define NK_CONNECTION_TIMEOUT_MAX 3600

/* The members of "attributes", for nk_args_check(). */
extern const struct nk_arg nk_connection_fields[];
/* The same without the keypair: what setup_ssh_connection takes by hand. */
extern const struct nk_arg nk_connection_manual_fields[];

/*
 * Read attributes, which were checked against the fields above.  The host
 * keys get the form that is kept.  schema is the name of the argument, for
 * the paths of errors; where there is more than one they are all added.
 * *conn is the caller's to clear, and empty on failure; its id is 0, its
 * keypair_id what attributes say, or 0.  0; -EINVAL with *e set; -ENOMEM.
 */
int	nk_connection_read(const json_t *attributes, const char *schema,
	    struct nk_connection *conn, struct nk_error *e) NK_MUST_CHECK;

/*
 * Is there such a keypair, with a private half to log in with?  0; -EINVAL
 * with *e set at path, which names the argument; -errno.
 */
int	nk_connection_check_keypair(struct nk_context *c,
	    const struct nk_connection *conn, const char *path,
	    struct nk_error *e) NK_MUST_CHECK;

#endif /* NASKEYS_RPC_CONNECTION_READ_H */
