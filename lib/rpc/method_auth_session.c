/* SPDX-License-Identifier: ISC */

/* What somebody who is logged in through the gateway does with logins. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/account/process.h"
#include "lib/rpc/edit.h"
#include "lib/rpc/object.h"
#include "lib/rpc/rpc.h"
#include "lib/rpc/web_login.h"
#include "lib/rpc/web_user.h"
#include "lib/store/apikeys.h"

#define TOKEN_TTL	600	/* s */

static int
answer_true(json_t **resultp)
{
	return (*resultp = json_true()) != NULL ? 0 : -ENOMEM;
}

/* ---- the audit log ---- */

struct record {
	struct nk_context	*c;
	const char		*method;
	const char		*text;
};

static int
write_record(struct nk_store *s, void *arg)
{
	const struct record *rec = arg;
	const struct nk_subject subject = { "user", rec->c->user_id,
	    rec->c->actor };

	(void)s;
	return nk_audit_write(rec->c, rec->method, &subject, NULL, NULL,
	    "%s", rec->text);
}

static int
tell_audit(struct nk_context *c, const char *method, const char *text)
{
	struct record rec = { c, method, text };

	return nk_publisher_record(c->publisher, write_record, &rec);
}

/* ---- auth.generate_token ---- */

static int
auth_generate_token(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	const json_t *ttl = json_array_get(params, 0);
	const struct nk_web_token_options o = {
		.ttl = json_is_integer(ttl) ? json_integer_value(ttl) :
		    TOKEN_TTL,
		.login = json_object_size(json_array_get(params, 1)) == 0,
		.match_origin = !json_is_false(json_array_get(params, 2)),
		.once = json_is_true(json_array_get(params, 3)),
	};
	char token[NK_WEB_TOKEN_SIZE];
	int r;

	if (o.ttl > c->conf->gateway_session) {
		nk_error_add(e, "ttl", EINVAL, "A token cannot last longer "
		    "than %u s.", c->conf->gateway_session);
		return -EINVAL;
	}
	if ((r = tell_audit(c, "auth.generate_token",
	    "Generate a token")) < 0 ||
	    (r = nk_web_token_make(c, &o, token)) < 0)
		return r;
	*resultp = json_string(token);
	explicit_bzero(token, sizeof(token));
	return *resultp == NULL ? -ENOMEM : 0;
}

/* ---- auth.me, auth.logout ---- */

static int
auth_me(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	(void)params;
	(void)e;
	return nk_web_user(c, resultp);
}

static int
auth_logout(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	int r;

	(void)params;
	(void)e;
	if ((r = tell_audit(c, "auth.logout", "Log out")) < 0 ||
	    (r = nk_web_logout(c, false)) < 0)
		return r;
	return answer_true(resultp);
}

/* ---- auth.sessions ---- */

struct listing {
	struct nk_context	*c;
	struct nk_query		*q;
};

static const char *const kinds[] = {
	[NK_WEB_PASSWORD] = "LOGIN_PASSWORD",
	[NK_WEB_TWO_FACTORS] = "LOGIN_TWOFACTOR",
	[NK_WEB_API_KEY] = "API_KEY",
	[NK_WEB_TOKEN] = "TOKEN",
};

/* Its key may be gone: then it is over with its next request. */
static json_t *
key_data(struct nk_context *c, const struct nk_web_session *w)
{
	struct nk_api_key k;

	if (nk_api_key_by_number(nk_publisher_store(c->publisher),
	    w->api_key, &k) < 0)
		return json_pack("{s:s, s:n}", "username", w->account.name,
		    "api_key");
	return json_pack("{s:s, s:{s:I, s:s}}", "username", w->account.name,
	    "api_key", "id", (json_int_t)k.id, "name", k.name);
}

static json_t *
credentials_data(struct nk_context *c, const struct nk_web_session *w)
{
	if (w->kind == NK_WEB_API_KEY)
		return key_data(c, w);
	if (w->kind != NK_WEB_TOKEN)
		return json_pack("{s:s}", "username", w->account.name);
	return json_pack("{s:s, s:{s:s, s:{s:s}}}", "username",
	    w->account.name, "parent", "credentials", kinds[w->first],
	    "credentials_data", "username", w->account.name);
}

/* Nobody says that a process was killed. */
static bool
is_alive(const struct nk_web_session *w)
{
	int64_t start;

	return nk_process_start((pid_t)w->pid, &start) == 0 &&
	    start == w->start;
}

static int
offer(void *arg, const struct nk_web_session *w)
{
	const struct listing *l = arg;
	struct nk_object b;
	json_t *o;
	int r;

	if (!is_alive(w))
		return 0;
	nk_object_init(&b, NULL);
	nk_object_text(&b, "id", w->id);
	nk_object_bool(&b, "current", strcmp(w->id,
	    l->c->web->session.id) == 0);
	nk_object_bool(&b, "internal", false);
	nk_object_text(&b, "origin", w->origin);
	nk_object_text(&b, "credentials", kinds[w->kind]);
	nk_object_put(&b, "credentials_data", credentials_data(l->c, w));
	nk_object_date(&b, "created_at", w->created_at, 0);
	nk_object_bool(&b, "secure_transport", w->tls);
	if ((r = nk_object_finish(&b, &o)) < 0)
		return r;
	return nk_query_offer(l->q, o);
}

static int
auth_sessions(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	struct listing l = { .c = c };
	int r;

	if ((r = nk_query_new(&l.q, json_array_get(params, 0),
	    json_array_get(params, 1), e)) == 0 &&
	    (r = nk_web_session_each(c->session, offer, &l)) >= 0)
		r = nk_query_finish(l.q, resultp, e);
	nk_query_free(l.q);
	return r;
}

/* ---- auth.terminate_session ---- */

/* What the process knows is over with its next request, whatever it does. */
static int
terminate(struct nk_context *c, const char *id)
{
	if (c->web->in && strcmp(id, c->web->session.id) == 0)
		return nk_web_logout(c, true);
	return nk_web_session_end(c->session, id, true);
}

static int
auth_terminate_session(struct nk_context *c, json_t *params,
    json_t **resultp, struct nk_error *e)
{
	int r;

	(void)e;
	if ((r = tell_audit(c, "auth.terminate_session",
	    "Terminate a session")) < 0)
		return r;
	r = terminate(c, json_string_value(json_array_get(params, 0)));
	if (r < 0 && r != -ENOENT)
		return r;
	return (*resultp = json_boolean(r == 0)) != NULL ? 0 : -ENOMEM;
}

struct others {
	char	(*v)[NK_WEB_ID_SIZE];
	size_t	 n;
	const char *own;
};

static int
note_other(void *arg, const struct nk_web_session *w)
{
	char (*v)[NK_WEB_ID_SIZE];
	struct others *o = arg;

	if (strcmp(w->id, o->own) == 0)
		return 0;
	v = reallocarray(o->v, o->n + 1, sizeof(*v));
	if (v == NULL)
		return -ENOMEM;
	o->v = v;
	memcpy(v[o->n++], w->id, sizeof(*v));
	return 0;
}

/*
 * A session that was begun with a token of another one goes with it; and so
 * do the tokens of sessions that have ended.
 */
static int
auth_terminate_other_sessions(struct nk_context *c, json_t *params,
    json_t **resultp, struct nk_error *e)
{
	struct others o = { .own = c->web->session.id };
	size_t i;
	int r;

	(void)params;
	(void)e;
	if ((r = tell_audit(c, "auth.terminate_other_sessions",
	    "Terminate all other sessions")) == 0)
		r = nk_web_session_each(c->session, note_other, &o);
	for (i = 0; r == 0 && i < o.n; i++) {
		r = nk_web_session_end(c->session, o.v[i], true);
		if (r == -ENOENT)
			r = 0;
	}
	if (r == 0)
		r = nk_web_tokens_end_others(c->session, o.own);
	free(o.v);
	return r < 0 ? r : answer_true(resultp);
}

static const struct nk_arg token_args[] = {
	{ "ttl", NK_ARG_INT, NK_ARG_NULL, 1, INT32_MAX, NULL },
	{ "attrs", NK_ARG_OBJECT, NK_ARG_OPEN, 0, 0, NULL },
	{ "match_origin", NK_ARG_BOOL, 0, 0, 0, NULL },
	{ "single_use", NK_ARG_BOOL, 0, 0, 0, NULL },
	{ .name = NULL },
};

static const struct nk_arg id_args[] = {
	{ "id", NK_ARG_STRING, NK_ARG_REQUIRED, 0, 0, NULL },
	{ .name = NULL },
};

const struct nk_method nk_methods_auth_own[] = {
	{ "auth.generate_token", NK_RIGHT_USER, NK_READS, token_args,
	    auth_generate_token },
	{ "auth.logout", NK_RIGHT_USER, NK_READS, nk_no_args, auth_logout },
	{ .name = NULL },
};

const struct nk_method nk_methods_auth_session[] = {
	{ "auth.me", NK_RIGHT_USER, NK_READS, nk_no_args, auth_me },
	{ "auth.sessions", NK_RIGHT_ADMIN, NK_READS, nk_query_args,
	    auth_sessions },
	{ "auth.terminate_session", NK_RIGHT_ADMIN, NK_READS, id_args,
	    auth_terminate_session },
	{ "auth.terminate_other_sessions", NK_RIGHT_ADMIN, NK_READS, nk_no_args,
	    auth_terminate_other_sessions },
	{ .name = NULL },
};
