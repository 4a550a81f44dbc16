/* SPDX-License-Identifier: ISC */

/* Logging in with what this machine has given out: a token, an API key. */

#include <openssl/crypto.h>

#include <errno.h>
#include <string.h>

#include "lib/rpc/api_key.h"
#include "lib/rpc/edit.h"
#include "lib/rpc/web_attempt.h"
#include "lib/rpc/web_session.h"

int
nk_web_login_token(struct nk_context *c, const char *method,
    const char *token, enum nk_web_verdict *vp, struct nk_error *e)
{
	const struct nk_web_means means = { method, NULL };
	struct nk_web_session w = { .kind = NK_WEB_TOKEN };
	struct nk_web_token t;
	struct nk_guess guess;
	int r;

	nk_web_login_abandon(c->web);
	if ((r = nk_web_attempt_begin(c, &means, NULL, &guess, e)) < 0 ||
	    (r = nk_digest_hex(token, w.token)) < 0)
		return r;
	r = nk_web_token_use(c->session, w.token, c->web->address,
	    nk_session_now(), &t);
	if (r == -ENOENT || r == -EACCES)
		return nk_web_attempt_refuse(c, &means, &guess, NULL,
		    NK_WEB_AUTH_ERR, vp);
	if (r < 0)
		return r;
	w.account = t.account;
	w.first = t.first;
	w.api_key = t.api_key;
	memcpy(w.parent, t.session, sizeof(w.parent));
	return nk_web_attempt_let_in(c, &means, &w, vp);
}

/* ---- an API key ---- */

/*
 * Whose key it is; -ENOENT: nobody's, or not this one's.  The digest is
 * computed in every case.
 */
static int
find_key(struct nk_context *c, int64_t id, const char *name, const char *key,
    struct nk_api_key *k)
{
	char digest[NK_WEB_DIGEST_SIZE];
	int r;

	if ((r = nk_digest_hex(key, digest)) < 0 ||
	    (r = nk_api_key_get(nk_publisher_store(c->publisher), id,
	    k)) < 0)
		return r;
	return CRYPTO_memcmp(digest, k->digest, sizeof(digest)) == 0 &&
	    (name == NULL || strcmp(name, k->account.name) == 0) ? 0 :
	    -ENOENT;
}

/*
 * The key has been on a network for everybody to read.  One that was reset
 * since it was looked at is another key.
 */
static int
revoke(struct nk_store *s, void *arg)
{
	const struct nk_api_key *used = arg;
	struct nk_api_key k;
	int r;

	if ((r = nk_api_key_by_number(s, used->number, &k)) < 0)
		return r == -ENOENT ? 0 : r;
	k.revoked = true;
	return nk_api_key_update(s, &k, false);
}

static bool
is_loopback(const struct nk_web *w)
{
	return strcmp(w->address, "::1") == 0 ||
	    strncmp(w->address, "127.", 4) == 0;
}

/* The key is right: is it good now, and here? */
static int
use_key(struct nk_context *c, const struct nk_web_means *m,
    const struct nk_guess *g, struct nk_api_key *k, enum nk_web_verdict *vp)
{
	struct nk_web_session w = { .account = k->account,
	    .kind = NK_WEB_API_KEY, .first = NK_WEB_API_KEY,
	    .api_key = k->number };
	int r;

	if (!c->web->tls && !is_loopback(c->web) && !k->revoked &&
	    (r = nk_publisher_record(c->publisher, revoke, k)) < 0)
		return r;
	if (!c->web->tls || !nk_api_key_is_good(k, nk_now()))
		return nk_web_attempt_refuse(c, m, g, &k->account,
		    NK_WEB_EXPIRED, vp);
	r = nk_guess_right(c, g);
	if (r == -EAGAIN)
		return nk_web_attempt_refuse(c, m, g, &k->account,
		    NK_WEB_AUTH_ERR, vp);
	if (r < 0)
		return r;
	return nk_web_attempt_let_in(c, m, &w, vp);
}

/*
 * Failures count for the address alone: the secret cannot be guessed, and
 * whoever names another's key must not keep it waiting.
 */
int
nk_web_login_api_key(struct nk_context *c, const char *method,
    const char *name, const char *key, enum nk_web_verdict *vp,
    struct nk_error *e)
{
	struct nk_web_means means = { method, NULL };
	int64_t id = nk_api_key_parse(key);
	struct nk_api_key k;
	struct nk_guess guess;
	int r;

	nk_web_login_abandon(c->web);
	if ((r = nk_web_attempt_begin(c, &means, NULL, &guess, e)) < 0)
		return r;
	r = find_key(c, id, name, key, &k);
	if (r == -ENOENT)
		r = nk_web_attempt_refuse(c, &means, &guess, NULL,
		    NK_WEB_AUTH_ERR, vp);
	else if (r == 0) {
		means.key = k.name;
		r = use_key(c, &means, &guess, &k, vp);
	}
	explicit_bzero(&k, sizeof(k));
	return r;
}
