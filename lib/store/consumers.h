/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_STORE_CONSUMERS_H
#define NASKEYS_STORE_CONSUMERS_H

/*
 * Consumers: the jobs of other programs that use a credential, and what is
 * to become of them when it goes.  Results as in store.h; nothing here is in
 * a map or in the journal.
 */

#include <stdint.h>

#include "lib/attr.h"
#include "lib/store/store.h"

enum nk_on_delete {
	NK_ON_DELETE_DELETE,
	NK_ON_DELETE_DISABLE,	/* it stays, without credential */
};

struct nk_consumer {
	int64_t			 id;
	int64_t			 credential_id;	/* 0: it is disabled */
	enum nk_on_delete	 on_delete;
	int64_t			 created_at;
	char			*kind;
	char			*title;
	char			*command;	/* NULL: none; the store does
						   not look into it */
	char			*created_by;
};

/* Free what c owns and make it empty.  NULL is fine. */
void	nk_consumer_clear(struct nk_consumer *c);
/* *c is the caller's to clear, and empty on failure. */
int	nk_consumer_get(struct nk_store *s, int64_t id,
	    struct nk_consumer *c) NK_MUST_CHECK;
/*
 * In the order of ids, from the first one above "after"; credential 0: of
 * all, disabled ones too.
 */
int	nk_consumer_each(struct nk_store *s, int64_t credential,
	    int64_t after,
	    int (*fn)(void *arg, const struct nk_consumer *c), void *arg)
	    NK_MUST_CHECK;

/*
 * *c gets its id.  -ENOENT: there is no such credential; -EEXIST: it has a
 * consumer of that kind and title.
 */
int	nk_consumer_insert(struct nk_store *s, struct nk_consumer *c)
	    NK_MUST_CHECK;
/* Take its credential away: the row stays or goes, as on_delete says. */
int	nk_consumer_release(struct nk_store *s, int64_t id) NK_MUST_CHECK;
int	nk_consumer_delete(struct nk_store *s, int64_t id) NK_MUST_CHECK;

#endif /* NASKEYS_STORE_CONSUMERS_H */
