/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_DEPENDANTS_H
#define NASKEYS_RPC_DEPENDANTS_H

/*
 * What uses a credential: the connections that log in with a keypair, and
 * the consumers of both, also those of such a connection.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/store/consumers.h"
#include "lib/store/store.h"

struct nk_dependant {
	bool			 connection;	/* else a consumer */
	int64_t			 id;
	char			*title;		/* as the peer shows it */
	enum nk_on_delete	 unbind;
};

struct nk_dependants {
	struct nk_dependant	*v;
	size_t			 n;
};

/*
 * All of the credential's, a connection before its consumers; *ds is the
 * caller's to clear, and empty on failure.  0 or -errno.
 */
int	nk_dependants_find(struct nk_store *s, int64_t credential,
	    struct nk_dependants *ds) NK_MUST_CHECK;
void	nk_dependants_clear(struct nk_dependants *ds);

/* "Replication task NAME" and so on, the caller's to free.  0, -ENOMEM. */
int	nk_dependant_title(const struct nk_consumer *c, char **titlep)
	    NK_MUST_CHECK;
/* [{title, unbind_method}, ...]; a new reference or NULL: no memory. */
json_t	*nk_dependants_json(const struct nk_dependants *ds);

#endif /* NASKEYS_RPC_DEPENDANTS_H */
