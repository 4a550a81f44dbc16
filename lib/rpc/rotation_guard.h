/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_ROTATION_GUARD_H
#define NASKEYS_RPC_ROTATION_GUARD_H

/* What an unfinished rotation (rotation.h) means to all other methods. */

#include <jansson.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/rpc/rpc.h"
#include "lib/store/connections.h"

/*
 * Inside an edit: 0; -EBUSY with *e set: an unfinished rotation forbids it;
 * -errno.
 */
/*
 * That anybody but this connection (0: anybody) uses this keypair, or that it
 * gets another key.
 */
int	nk_rotation_check_pair(struct nk_context *c, int64_t keypair,
	    int64_t connection, struct nk_error *e) NK_MUST_CHECK;
/* That it is deleted: the second one goes with its rotation alone. */
int	nk_rotation_check_delete(struct nk_context *c, int64_t keypair,
	    struct nk_error *e) NK_MUST_CHECK;
/* That the connection becomes one to another account. */
int	nk_rotation_check_change(struct nk_context *c, const char *name,
	    const struct nk_connection *old, const struct nk_connection *new,
	    struct nk_error *e) NK_MUST_CHECK;

/*
 * {"step", "fingerprint", "since"} of the connection's unfinished rotation;
 * JSON's null: there is none.  0 and a new reference, or -errno.
 */
int	nk_rotation_entity(struct nk_store *s, int64_t connection,
	    json_t **op) NK_MUST_CHECK;

/*
 * A sentence for each unfinished rotation through report().  0; -EBADMSG
 * when there was one; -errno.
 */
int	nk_rotation_check(struct nk_context *c,
	    void (*report)(void *arg, const char *what), void *arg)
	    NK_MUST_CHECK;

#endif /* NASKEYS_RPC_ROTATION_GUARD_H */
