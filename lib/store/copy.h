/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_STORE_COPY_H
#define NASKEYS_STORE_COPY_H

/*
 * The whole of a store at once: copied out, and put in place of another's
 * contents.  Results as in store.h.
 */

#include <stdint.h>

#include "lib/attr.h"
#include "lib/store/store.h"

/*
 * What s says at one moment into the file "path", which is there, empty, and
 * as a store's must be.  Edits go on meanwhile, and memory is bounded.  The
 * copy is not durable yet.
 */
int	nk_store_copy(struct nk_store *s, const char *path) NK_MUST_CHECK;

/*
 * Put what "from" says in the place of all that s says, in one commit: who
 * has s open sees the old or the new.  Neither is in a transaction.
 */
int	nk_store_replace(struct nk_store *s, struct nk_store *from)
	    NK_MUST_CHECK;

/*
 * Inside a transaction of s, which is to take the place of "old": no row id,
 * generation, change or revision of old's is given again; what was revoked
 * there stays revoked (*revokedp more than before) and leaves its users;
 * where s is an older copy of old, an API key that old has not any more is
 * revoked;
 * what naskeys has written into homes is known, and all of them are pending;
 * and where s is an older copy of old, its audit log goes on with old's.
 * Settings of sshd that wait for their confirmation are those of old alone.
 */
int	nk_store_succeed(struct nk_store *s, struct nk_store *old,
	    int64_t *revokedp) NK_MUST_CHECK;

/* The version of its schema. */
int	nk_store_version(struct nk_store *s, uint32_t *versionp)
	    NK_MUST_CHECK;
/* The one that this program makes and knows. */
uint32_t nk_store_version_known(void);

/* How many rows of each kind there are. */
struct nk_tally {
	int64_t	users, groups, keys, keypairs, connections, factors,
		host_keys, revoked;
};
int	nk_store_tally(struct nk_store *s, struct nk_tally *t)
	    NK_MUST_CHECK;

#endif /* NASKEYS_STORE_COPY_H */
