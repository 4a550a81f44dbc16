/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_STORE_CONNECTIONS_H
#define NASKEYS_STORE_CONNECTIONS_H

/*
 * Connections: where a remote is, who logs in there with which keypair, and
 * the host keys it is known by.  Name and id are those of the credential of
 * the type NK_CREDENTIAL_CONNECTION.  Results as in store.h; nothing here is
 * in a map or in the journal.
 */

#include <stdint.h>

#include "lib/attr.h"
#include "lib/store/store.h"

struct nk_connection {
	int64_t		 id;
	int64_t		 keypair_id;	/* of a credential */
	uint16_t	 port;
	unsigned int	 connect_timeout; /* s, from 1 */
	char		*host;
	char		*username;
	char		*host_keys;	/* as nk_hostkeys_write() has them */
};

/* Free what c owns and make it empty.  NULL is fine. */
void	nk_connection_clear(struct nk_connection *c);
/* *c is the caller's to clear, and empty on failure. */
int	nk_connection_get(struct nk_store *s, int64_t id,
	    struct nk_connection *c) NK_MUST_CHECK;
/*
 * Write the whole row, new or in place of the old one.  -ENOENT: there is no
 * credential with this id, or none with that of the keypair.
 */
int	nk_connection_put(struct nk_store *s, const struct nk_connection *c)
	    NK_MUST_CHECK;
/*
 * The connections that log in with this keypair, or are on the way to it,
 * sorted by id.
 */
int	nk_connections_of_keypair(struct nk_store *s, int64_t keypair,
	    struct nk_ids *connections) NK_MUST_CHECK;

/*
 * A connection whose key is being replaced.  What the steps are is the
 * affair of who takes them.
 */
struct nk_rotation {
	int64_t		connection_id;
	int64_t		keypair_id;	/* of the key beside its own */
	unsigned int	step;
};

int	nk_rotation_get(struct nk_store *s, int64_t connection,
	    struct nk_rotation *ro) NK_MUST_CHECK;
/* The one that this keypair has a part in: beside the connection's, or it. */
int	nk_rotation_of_keypair(struct nk_store *s, int64_t keypair,
	    struct nk_rotation *ro) NK_MUST_CHECK;
/* New, or in place of the old row.  -ENOENT as above. */
int	nk_rotation_put(struct nk_store *s, const struct nk_rotation *ro)
	    NK_MUST_CHECK;
int	nk_rotation_delete(struct nk_store *s, int64_t connection)
	    NK_MUST_CHECK;

#endif /* NASKEYS_STORE_CONNECTIONS_H */
