/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_ROTATION_H
#define NASKEYS_RPC_ROTATION_H

/*
 * The key of a connection, replaced by a new one: what stands in the store
 * meanwhile.  A second keypair beside the connection's holds the key that is
 * not in use: first the new one, and once both keypairs have exchanged their
 * keys the old one.  So the keypair keeps its id and its name for whoever
 * refers to it, and at each point one of two keys lets the connection in.
 *
 *  1. At each point MUST one of them be the key that lets in, and MUST the
 *     store say which.
 *  2. Nobody else MUST use either keypair meanwhile: what he uses would
 *     become another key, or vanish.
 *  3. The lock MUST be held by whoever takes steps, so that there is one.
 */

#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/rpc/connection_open.h"
#include "lib/rpc/keychain_pair.h"
#include "lib/rpc/rpc.h"
#include "lib/store/connections.h"

/* What comes next; nk_rotation's step. */
enum nk_rotation_step {
	NK_ROTATION_COPY,	/* to the remote, where it may stand already */
	NK_ROTATION_SWITCH,	/* it stands there: log in with it, use it */
	NK_ROTATION_REMOVE,	/* the old one there, which may be gone */
};

#define NK_ROTATION_STEPS	3

struct nk_rotating {
	int64_t				 id;	/* of the connection */
	struct nk_connection_opened	 o;	/* with the key in use */
	bool				 begun;
	struct nk_rotation		 row;	/* once it is begun */
	struct nk_privatekey		 other;	/* likewise: not in use */
	int				 lock;	/* a descriptor, or -1 */
	char				 lock_path[PATH_MAX];
};

/*
 * Take the lock and read everything; not with the publisher's lock held.  0,
 * and *ro is the caller's to close; -errno, with *e set where that says more
 * (16 EBUSY: another process has the lock), and there is nothing to close.
 */
int	nk_rotation_open(struct nk_context *c, int64_t id,
	    struct nk_rotating *ro, struct nk_error *e) NK_MUST_CHECK;
void	nk_rotation_close(struct nk_rotating *ro);

/*
 * 0: nobody but this connection uses its key; -EBUSY with *e set to a
 * sentence that names the others; -errno.
 */
int	nk_rotation_check_alone(struct nk_context *c,
	    const struct nk_rotating *ro, struct nk_error *e) NK_MUST_CHECK;

/*
 * Edits, each one whole or not at all.  All of them look again whether the
 * connection and its rotation are still there.
 */
/* The new pair, in a keypair of its own. */
int	nk_rotation_begin(struct nk_context *c, struct nk_rotating *ro,
	    const struct nk_pair *pair, struct nk_error *e) NK_MUST_CHECK;
/* It stands on the remote. */
int	nk_rotation_copied(struct nk_context *c, struct nk_rotating *ro,
	    struct nk_error *e) NK_MUST_CHECK;
/* Both keypairs exchange their keys, and those in *ro with them. */
int	nk_rotation_switch(struct nk_context *c, struct nk_rotating *ro,
	    struct nk_error *e) NK_MUST_CHECK;
/* That was it: the key that is not in use goes; sentence: for the audit. */
int	nk_rotation_end(struct nk_context *c, struct nk_rotating *ro,
	    const char *sentence, struct nk_error *e) NK_MUST_CHECK;

#endif /* NASKEYS_RPC_ROTATION_H */
