/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_STORE_WEBLOGINS_H
#define NASKEYS_STORE_WEBLOGINS_H

/*
 * Who is logged in behind the gateway, and with which tokens somebody may log
 * in there, in session.db.  A token itself is not kept, but its SHA-256.
 *
 *  1. A session or token is of an account as it was: what must still be so is
 *     checked by whoever uses it.
 *  2. A session that is killed takes with it the tokens that were made in it,
 *     and the sessions that were begun with those, and so on.  One that ends
 *     otherwise leaves its tokens to their time.
 *  3. The token that a session was begun with ends with it.
 */

#include <stdbool.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/store/session.h"

#define NK_WEB_ID_SIZE		37	/* of a UUID, with its NUL */
#define NK_WEB_NAME_SIZE	257
#define NK_WEB_DIGEST_SIZE	65	/* a SHA-256 in hex, likewise */
#define NK_WEB_TOKENS_MAX	64	/* of one account: the oldest go */

/* An account, as it was at its login. */
struct nk_web_account {
	int64_t		user_id;	/* 0: it is not in the store */
	int64_t		generation;
	uint32_t	uid;
	char		name[NK_WEB_NAME_SIZE];
	char		proof[NK_WEB_DIGEST_SIZE];	/* "": none */
};

/* What a login was made with. */
enum nk_web_kind {
	NK_WEB_PASSWORD,
	NK_WEB_TWO_FACTORS,
	NK_WEB_API_KEY,
	NK_WEB_TOKEN,
};

struct nk_web_session {
	char			id[NK_WEB_ID_SIZE];
	struct nk_web_account	account;
	enum nk_web_kind	kind;
	enum nk_web_kind	first;	/* of the login before all tokens */
	/* The session of the token, and the token's digest, or "". */
	char			parent[NK_WEB_ID_SIZE];
	char			token[NK_WEB_DIGEST_SIZE];
	int64_t			api_key; /* number of the first's; 0: none */
	char			origin[65];
	bool			tls;
	int64_t			created_at;	/* s since the epoch */
	int64_t			pid, start;	/* as of a nk_user_session */
};

struct nk_web_token {
	char			digest[NK_WEB_DIGEST_SIZE];
	char			session[NK_WEB_ID_SIZE]; /* it was made in */
	struct nk_web_account	account;
	enum nk_web_kind	first;
	int64_t			api_key;	/* as of a session */
	int64_t			ttl;	/* s since it was made or used last */
	char			address[46];	/* "": from anywhere */
	bool			once;
	bool			login;	/* good for one */
};

int	nk_web_session_add(struct nk_session *s,
	    const struct nk_web_session *w) NK_MUST_CHECK;
/* 0; -ENOENT: it has ended. */
int	nk_web_session_check(struct nk_session *s, const char *id)
	    NK_MUST_CHECK;
/* kill: rule 2.  -ENOENT: there is none. */
int	nk_web_session_end(struct nk_session *s, const char *id, bool kill)
	    NK_MUST_CHECK;
/* Each session, and each token. */
int	nk_web_logins_end(struct nk_session *s) NK_MUST_CHECK;
/* In the order of their beginning; fn must not change them. */
int	nk_web_session_each(struct nk_session *s,
	    int (*fn)(void *arg, const struct nk_web_session *w), void *arg)
	    NK_MUST_CHECK;

/*
 * No token is good any more but those that this session has made, and the one
 * that it was begun with.
 */
int	nk_web_tokens_end_others(struct nk_session *s, const char *id)
	    NK_MUST_CHECK;
int	nk_web_token_add(struct nk_session *s, const struct nk_web_token *t,
	    int64_t now) NK_MUST_CHECK;
/*
 * Use the token for a login from the address.  0 with *t; -ENOENT: there is
 * none, its time is over, or it is not for that; -EACCES: not from there.
 */
int	nk_web_token_use(struct nk_session *s, const char *digest,
	    const char *address, int64_t now, struct nk_web_token *t)
	    NK_MUST_CHECK;

#endif /* NASKEYS_STORE_WEBLOGINS_H */
