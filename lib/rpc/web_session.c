/* SPDX-License-Identifier: ISC */
#include "lib/rpc/web_session.h"

#include <sys/random.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/account/process.h"
#include "lib/rpc/api_key.h"
#include "lib/rpc/edit.h"
#include "lib/rpc/web_account.h"
#include "lib/rpc/web_events.h"
#include "lib/ssh/base64.h"

#define TOKEN_BYTES	48

/* ---- sessions ---- */

int
nk_web_session_open(struct nk_context *c, struct nk_web_session *w)
{
	struct nk_web *web = c->web;
	int r;

	if ((r = nk_web_logout(c, false)) < 0)
		return r;
	w->created_at = nk_now();
	w->tls = web->tls;
	w->pid = getpid();
	nk_web_origin(web, w->origin);
	if ((r = nk_uuid(w->id)) < 0 ||
	    (r = nk_process_start((pid_t)w->pid, &w->start)) < 0 ||
	    (r = nk_web_session_add(c->session, w)) < 0)
		return r;
	web->session = *w;
	web->in = true;
	web->ends_at = nk_session_now() + c->conf->gateway_session;
	return 0;
}

int
nk_web_logout(struct nk_context *c, bool kill)
{
	struct nk_web *web = c->web;
	int r = 0;

	if (!web->in)
		return 0;
	web->in = false;
	web->n_subscriptions = 0;
	nk_web_events_end(web);
	if (c->session != NULL)
		r = nk_web_session_end(c->session, web->session.id, kill);
	web->session = (struct nk_web_session){ .id = "" };
	return r == -ENOENT ? 0 : r;
}

/* 0; -ENOENT: the account is not what it was, or may no longer. */
static int
check_account(struct nk_context *c, int64_t now)
{
	const struct nk_web_account *then = &c->web->session.account;
	struct nk_web_standing standing;
	struct nk_web_account a;
	int r;

	if ((r = nk_web_account_find(c, then->name, now, &a,
	    &standing)) < 0)
		return r;
	return nk_web_account_equals(&a, then) && standing.admin &&
	    !standing.locked && !standing.expired ? 0 : -ENOENT;
}

/* The same of the key that the first login was made with, if it was one. */
static int
check_key(struct nk_context *c, int64_t now)
{
	struct nk_api_key k;
	int r;

	if (c->web->session.api_key == 0)
		return 0;
	r = nk_api_key_by_number(nk_publisher_store(c->publisher),
	    c->web->session.api_key, &k);
	return r < 0 ? r : nk_api_key_is_good(&k, now) ? 0 : -ENOENT;
}

int
nk_web_rights(struct nk_context *c, int64_t now)
{
	struct nk_web *web = c->web;
	const struct nk_web_account *a = &web->session.account;
	int r;

	if (!web->in)
		return 0;
	if (c->publisher == NULL || c->session == NULL)
		return -ENODEV;
	if (nk_session_now() >= web->ends_at) {
		r = nk_web_logout(c, false);
		return r < 0 ? r : -EKEYEXPIRED;
	}
	if ((r = nk_web_session_check(c->session, web->session.id)) == 0 &&
	    (r = check_account(c, now)) == 0)
		r = check_key(c, now);
	if (r == -ENOENT)
		return nk_web_logout(c, true);
	if (r < 0)
		return r;
	c->rank = NK_RANK_ADMIN;
	c->user_id = a->user_id;
	c->actor_uid = a->uid;
	(void)snprintf(c->actor, sizeof(c->actor), "%.255s", a->name);
	return 0;
}

/* ---- tokens ---- */

/* Base64 that fits into a URL. */
static int
make_text(char token[NK_WEB_TOKEN_SIZE])
{
	unsigned char bytes[TOKEN_BYTES];
	char *text = NULL;
	size_t i;
	int r;

	_Static_assert(NK_WEB_TOKEN_SIZE == TOKEN_BYTES / 3 * 4 + 1,
	    "without padding");
	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return -EIO;
	r = nk_base64_encode(bytes, sizeof(bytes), &text);
	explicit_bzero(bytes, sizeof(bytes));
	if (r < 0)
		return r;
	for (i = 0; i < NK_WEB_TOKEN_SIZE - 1; i++)
		token[i] = text[i] == '+' ? '-' : text[i] == '/' ? '_' :
		    text[i];
	token[i] = '\0';
	explicit_bzero(text, i);
	free(text);
	return 0;
}

int
nk_web_token_make(struct nk_context *c,
    const struct nk_web_token_options *o, char token[NK_WEB_TOKEN_SIZE])
{
	const struct nk_web *web = c->web;
	struct nk_web_token t = { .account = web->session.account,
	    .first = web->session.first,
	    .api_key = web->session.api_key, .ttl = o->ttl, .once = o->once,
	    .login = o->login };
	int r;

	memcpy(t.session, web->session.id, sizeof(t.session));
	if (o->match_origin)
		memcpy(t.address, web->address, sizeof(t.address));
	if ((r = make_text(token)) < 0 ||
	    (r = nk_digest_hex(token, t.digest)) < 0)
		return r;
	return nk_web_token_add(c->session, &t, nk_session_now());
}
