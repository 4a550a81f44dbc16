/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_CONNECTION_SETUP_PARTS_H
#define NASKEYS_RPC_CONNECTION_SETUP_PARTS_H

/* What a connection is set up of; for connection_setup*.c alone. */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/keychain/keychain.h"
#include "lib/rpc/consumer_write.h"
#include "lib/rpc/keychain_pair.h"
#include "lib/rpc/pairing.h"
#include "lib/rpc/remote_push.h"
#include "lib/rpc/rpc.h"
#include "lib/store/connections.h"

/* As which method it is called. */
struct nk_setup_kind {
	const char	*action;
	const char	*sentence;	/* of the audit row */
	const char	*name_path;	/* where the name came in */
	const char	*semi_path;	/* where what is asked of pairing did */
};

struct nk_setup {
	const struct nk_setup_kind *kind;
	const char		*name;		/* of the connection */
	const char		*pair_name;	/* of a new keypair, or NULL */
	int64_t			 existing;	/* then: the keypair */
	struct nk_pair		 pair;
	struct nk_connection	 conn;
	bool			 has_consumer;
	struct nk_consumer	 consumer;
	bool			 has_push;
	struct nk_push		 push;
	bool			 has_pairing;
	struct nk_pairing	 pairing;
	char			*fingerprint;	/* of the key that goes there */
	struct nk_keychain	 kc;
};

/* The edit that makes all of it, for nk_edit_run(). */
int	nk_setup_edit(struct nk_context *c, void *arg, struct nk_error *e)
	    NK_MUST_CHECK;

/*
 * The edit, with what has to happen on the other machine before it: the key
 * copied there by a password (what o says of it), or the pairing.  That one
 * may only have looked, and then nothing is made here.
 */
int	nk_setup_push(struct nk_context *c, const json_t *o,
	    struct nk_setup *s, struct nk_error *e) NK_MUST_CHECK;
int	nk_setup_pair(struct nk_context *c, struct nk_setup *s,
	    struct nk_error *e) NK_MUST_CHECK;

#endif /* NASKEYS_RPC_CONNECTION_SETUP_PARTS_H */
