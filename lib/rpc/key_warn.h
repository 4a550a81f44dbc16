/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_KEY_WARN_H
#define NASKEYS_RPC_KEY_WARN_H

/*
 * What is taken, but should not be: a certificate where a plain key belongs,
 * a weak key, one that somebody else has too, one that can let nobody in.
 * The caller sees it as an array of sentences, "warnings".
 */

#include <jansson.h>
#include <stdint.h>

#include "lib/account/blacklist.h"
#include "lib/attr.h"
#include "lib/rpc/rpc.h"
#include "lib/store/store.h"

#define NK_KEY_HOLDERS_MAX	8	/* that are named for one key */
#define NK_KEY_WARNINGS_MAX	50	/* of each of the three sorts */

struct nk_key_warner {
	struct nk_context	*c;
	json_t			*list;
	size_t			 faults, shared, futile;
	struct nk_blacklist	 blacklist;
};

/* -ENOMEM: w needs no clear. */
int	nk_key_warner_init(struct nk_key_warner *w, struct nk_context *c)
	    NK_MUST_CHECK;
void	nk_key_warner_clear(struct nk_key_warner *w);
/* The list; a new reference. */
json_t	*nk_key_warner_list(const struct nk_key_warner *w);

/*
 * Say what is wrong with the public key blob[len] itself.  Who has more
 * than one puts a word for it in front of each sentence: "where" may be
 * NULL.  0 or -errno.
 */
int	nk_key_warn_blob(struct nk_key_warner *w, const char *where,
	    const uint8_t *blob, size_t len) NK_MUST_CHECK;

/*
 * The same for a user's line, which may be no key at all; why it can let
 * nobody in; and who else has the key: for administrators alone.
 */
int	nk_key_warn(struct nk_key_warner *w, const char *where,
	    const struct nk_key *k) NK_MUST_CHECK;

/*
 * For all lines of a user, with the fingerprint in front of each sentence,
 * behind NAME where "name" is not NULL.
 */
int	nk_key_warn_all(struct nk_key_warner *w, const char *name,
	    const struct nk_keys *ks) NK_MUST_CHECK;

/* Why no key can let this user in. */
int	nk_key_warn_user(struct nk_key_warner *w, const struct nk_user *u)
	    NK_MUST_CHECK;

#endif /* NASKEYS_RPC_KEY_WARN_H */
