/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_CONNECTION_OPEN_H
#define NASKEYS_RPC_CONNECTION_OPEN_H

/* A connection with all that is needed to log in over it. */

#include <stdint.h>

#include "lib/attr.h"
#include "lib/rpc/rpc.h"
#include "lib/ssh/hostkeys.h"
#include "lib/ssh/privatekey.h"
#include "lib/store/connections.h"

struct nk_connection_opened {
	char			*name;
	struct nk_connection	 row;
	struct nk_hostkeys	 pins;		/* its host_keys, read */
	struct nk_privatekey	 key;		/* of its keypair */
};

/*
 * Open the connection with this id and unseal its key, which is read in the
 * sandbox: not to be called with the lock held.  0, and *o is the caller's
 * to clear; -EINVAL, there is none; -errno.  *e says why, and *o is empty on
 * failure.
 */
int	nk_connection_open(struct nk_context *c, int64_t id,
	    struct nk_connection_opened *o, struct nk_error *e)
	    NK_MUST_CHECK;
void	nk_connection_opened_clear(struct nk_connection_opened *o);

/*
 * The same for the private half of a keypair of the connection with that
 * name; *key is empty before, and on failure.
 */
int	nk_keypair_open(struct nk_context *c, int64_t id,
	    const char *connection, struct nk_privatekey *key,
	    struct nk_error *e) NK_MUST_CHECK;

#endif /* NASKEYS_RPC_CONNECTION_OPEN_H */
