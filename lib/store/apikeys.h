/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_STORE_APIKEYS_H
#define NASKEYS_STORE_APIKEYS_H

/*
 * API keys: each logs in as one account.  A key itself is not kept, but its
 * SHA-256.  Results as in store.h; nothing here is in a map or in the
 * journal.
 */

#include <stdbool.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/store/store.h"
#include "lib/store/weblogins.h"

#define NK_API_KEYS_MAX		1000	/* of all accounts together */
#define NK_API_KEY_NAME_SIZE	801	/* 200 characters, and a NUL */

struct nk_api_key {
	int64_t			id;
	int64_t			number;	/* of the key itself: a new one for
					   each that is made, never again */
	int64_t			created_at;
	int64_t			expires_at;	/* INT64_MAX: never */
	bool			revoked;
	struct nk_web_account	account;	/* as it was at the making */
	char			digest[NK_WEB_DIGEST_SIZE];
	char			name[NK_API_KEY_NAME_SIZE];
};

int	nk_api_key_get(struct nk_store *s, int64_t id, struct nk_api_key *k)
	    NK_MUST_CHECK;
int	nk_api_key_by_number(struct nk_store *s, int64_t number,
	    struct nk_api_key *k) NK_MUST_CHECK;
/* In the order of ids, from the first one above "after". */
int	nk_api_key_each(struct nk_store *s, int64_t after,
	    int (*fn)(void *arg, const struct nk_api_key *k), void *arg)
	    NK_MUST_CHECK;
/* Ids of the keys of a user's row. */
int	nk_api_keys_of_user(struct nk_store *s, int64_t user_id,
	    struct nk_ids *ids) NK_MUST_CHECK;

/*
 * *k gets id and number.  -EEXIST: the name is taken; -EDQUOT: there are
 * NK_API_KEYS_MAX.
 */
int	nk_api_key_insert(struct nk_store *s, struct nk_api_key *k)
	    NK_MUST_CHECK;
/* renew: it is another key now, and gets another number. */
int	nk_api_key_update(struct nk_store *s, struct nk_api_key *k,
	    bool renew) NK_MUST_CHECK;
int	nk_api_key_delete(struct nk_store *s, int64_t id) NK_MUST_CHECK;

#endif /* NASKEYS_STORE_APIKEYS_H */
