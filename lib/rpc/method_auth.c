/* SPDX-License-Identifier: ISC */

/* Logging in through the gateway: auth.login and its kin. */

#include <errno.h>
#include <string.h>

#include "lib/rpc/rpc.h"
#include "lib/rpc/web_login.h"
#include "lib/rpc/web_user.h"

#define RECONNECT_TTL	600	/* s */

/* ---- what an attempt came to ---- */

/* A token for the same address, which is good once. */
static json_t *
reconnect_token(struct nk_context *c)
{
	const struct nk_web_token_options o = { .ttl = RECONNECT_TTL,
	    .login = true, .match_origin = true, .once = true };
	char token[NK_WEB_TOKEN_SIZE];
	json_t *v = NULL;

	if (nk_web_token_make(c, &o, token) == 0)
		v = json_string(token);
	explicit_bzero(token, sizeof(token));
	return v;
}

static int
answer_success(struct nk_context *c, const json_t *options,
    json_t **resultp)
{
	bool wants_user = !json_is_false(json_object_get(options,
	    "user_info"));
	bool wants_token = json_is_true(json_object_get(options,
	    "reconnect_token"));
	json_t *user = NULL;
	int r = 0;

	if (wants_user && (r = nk_web_user(c, &user)) < 0)
		return r;
	*resultp = json_pack("{s:s, s:o?, s:s, s:o}", "response_type",
	    nk_web_verdict_name(NK_WEB_SUCCESS), "user_info", user,
	    "authenticator", "LEVEL_1", "reconnect_token",
	    wants_token ? reconnect_token(c) : json_null());
	return *resultp == NULL ? -ENOMEM : 0;
}

/* An object by response_type. */
static int
answer(struct nk_context *c, enum nk_web_verdict v, const char *name,
    const json_t *options, json_t **resultp)
{
	if (v == NK_WEB_SUCCESS)
		return answer_success(c, options, resultp);
	*resultp = json_pack("{s:s, s:s*}", "response_type",
	    nk_web_verdict_name(v), "username",
	    v == NK_WEB_OTP_REQUIRED ? name : NULL);
	return *resultp == NULL ? -ENOMEM : 0;
}

/* Was it one?  What waits for a code waits for nobody here. */
static int
answer_bool(struct nk_context *c, enum nk_web_verdict v, json_t **resultp)
{
	nk_web_login_abandon(c->web);
	*resultp = json_boolean(v == NK_WEB_SUCCESS);
	return *resultp == NULL ? -ENOMEM : 0;
}

/* ---- auth.login_ex ---- */

static const struct nk_arg options_fields[] = {
	{ .name = "user_info", .type = NK_ARG_BOOL },
	{ .name = "reconnect_token", .type = NK_ARG_BOOL },
	{ .name = NULL },
};

#define WORD	NK_ARG_STRING, NK_ARG_REQUIRED, 0, 0, NULL
#define SECRET	NK_ARG_STRING, NK_ARG_REQUIRED | NK_ARG_SECRET, 0, 0, NULL
#define OPTIONS	{ "login_options", NK_ARG_OBJECT, 0, 0, 0, options_fields }

static const struct nk_arg password_fields[] = {
	{ "mechanism", WORD }, { "username", WORD }, { "password", SECRET },
	OPTIONS, { .name = NULL },
};
static const struct nk_arg api_key_fields[] = {
	{ "mechanism", WORD }, { "username", WORD }, { "api_key", SECRET },
	OPTIONS, { .name = NULL },
};
static const struct nk_arg token_fields[] = {
	{ "mechanism", WORD }, { "token", SECRET }, OPTIONS,
	{ .name = NULL },
};
static const struct nk_arg code_fields[] = {
	{ "mechanism", WORD }, { "otp_token", SECRET }, OPTIONS,
	{ .name = NULL },
};
static const struct nk_arg any_fields[] = {
	{ "mechanism", WORD }, { .name = NULL },
};

#define DATA(fields)	{ "login_data", NK_ARG_OBJECT, NK_ARG_REQUIRED, 0, \
	0, fields }

static const struct nk_arg password_args[] = {
	DATA(password_fields), { .name = NULL },
};
static const struct nk_arg api_key_args[] = {
	DATA(api_key_fields), { .name = NULL },
};
static const struct nk_arg token_args[] = {
	DATA(token_fields), { .name = NULL },
};
static const struct nk_arg code_args[] = {
	DATA(code_fields), { .name = NULL },
};
/* Of any mechanism; the members follow from it. */
static const struct nk_arg login_ex_args[] = {
	{ "login_data", NK_ARG_OBJECT, NK_ARG_REQUIRED | NK_ARG_OPEN, 0, 0,
	    any_fields },
	{ .name = NULL },
};

static const char *
member(const json_t *params, const char *name)
{
	return json_string_value(json_object_get(json_array_get(params, 0),
	    name));
}

static int
login_password(struct nk_context *c, const json_t *params,
    enum nk_web_verdict *vp, struct nk_error *e)
{
	return nk_web_login_password(c, "auth.login_ex",
	    member(params, "username"), member(params, "password"), NULL, vp,
	    e);
}

static int
login_api_key(struct nk_context *c, const json_t *params,
    enum nk_web_verdict *vp, struct nk_error *e)
{
	return nk_web_login_api_key(c, "auth.login_ex",
	    member(params, "username"), member(params, "api_key"), vp, e);
}

static int
login_token(struct nk_context *c, const json_t *params,
    enum nk_web_verdict *vp, struct nk_error *e)
{
	return nk_web_login_token(c, "auth.login_ex",
	    member(params, "token"), vp, e);
}

static int
login_code(struct nk_context *c, const json_t *params,
    enum nk_web_verdict *vp, struct nk_error *e)
{
	return nk_web_login_code(c, "auth.login_ex_continue",
	    member(params, "otp_token"), vp, e);
}

static const struct mechanism {
	const char		*name;
	const struct nk_arg	*args;
	int			(*login)(struct nk_context *c,
				    const json_t *params,
				    enum nk_web_verdict *vp,
				    struct nk_error *e);
	bool			 begins;	/* a login */
} mechanisms[] = {
	{ "API_KEY_PLAIN", api_key_args, login_api_key, true },
	{ "TOKEN_PLAIN", token_args, login_token, true },
	{ "PASSWORD_PLAIN", password_args, login_password, true },
	{ "OTP_TOKEN", code_args, login_code, false },
};
#define NMECHANISMS	(sizeof(mechanisms) / sizeof(mechanisms[0]))

static const struct mechanism *
find_mechanism(const json_t *params, bool continued, struct nk_error *e)
{
	const char *name = member(params, "mechanism");
	size_t i;

	for (i = 0; i < NMECHANISMS; i++) {
		if (strcmp(mechanisms[i].name, name) == 0 &&
		    (!continued || !mechanisms[i].begins))
			return &mechanisms[i];
	}
	nk_error_add(e, "login_data.mechanism", EINVAL, continued ?
	    "Input should be 'OTP_TOKEN'" : "Input should be "
	    "'PASSWORD_PLAIN', 'API_KEY_PLAIN', 'TOKEN_PLAIN' or "
	    "'OTP_TOKEN'");
	return NULL;
}

static int
login_by(struct nk_context *c, const json_t *params, bool continued,
    json_t **resultp, struct nk_error *e)
{
	const struct mechanism *m = find_mechanism(params, continued, e);
	char name[NK_WEB_NAME_SIZE] = "";
	enum nk_web_verdict v;
	int r;

	if (m == NULL || nk_args_check(m->args, params, e) < 0)
		return -EINVAL;
	if ((r = m->login(c, params, &v, e)) < 0)
		return r;
	if (v == NK_WEB_OTP_REQUIRED)
		nk_web_login_name(c->web, name);
	return answer(c, v, name, json_object_get(json_array_get(params, 0),
	    "login_options"), resultp);
}

static int
auth_login_ex(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	return login_by(c, params, false, resultp, e);
}

static int
auth_login_ex_continue(struct nk_context *c, json_t *params,
    json_t **resultp, struct nk_error *e)
{
	return login_by(c, params, true, resultp, e);
}

static int
auth_mechanism_choices(struct nk_context *c, json_t *params,
    json_t **resultp, struct nk_error *e)
{
	json_t *list = json_array();
	size_t i;

	(void)c;
	(void)params;
	(void)e;
	for (i = 0; i < NMECHANISMS; i++) {
		if (mechanisms[i].begins && json_array_append_new(list,
		    json_string(mechanisms[i].name)) == -1) {
			json_decref(list);
			return -ENOMEM;
		}
	}
	*resultp = list;
	return list == NULL ? -ENOMEM : 0;
}

/* ---- the older ones ---- */

static int
auth_login(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	enum nk_web_verdict v;
	int r;

	r = nk_web_login_password(c, "auth.login",
	    json_string_value(json_array_get(params, 0)),
	    json_string_value(json_array_get(params, 1)),
	    json_string_value(json_array_get(params, 2)), &v, e);
	return r < 0 ? r : answer_bool(c, v, resultp);
}

static int
auth_login_with_token(struct nk_context *c, json_t *params,
    json_t **resultp, struct nk_error *e)
{
	enum nk_web_verdict v;
	int r;

	r = nk_web_login_token(c, "auth.login_with_token",
	    json_string_value(json_array_get(params, 0)), &v, e);
	return r < 0 ? r : answer_bool(c, v, resultp);
}

static int
auth_login_with_api_key(struct nk_context *c, json_t *params,
    json_t **resultp, struct nk_error *e)
{
	enum nk_web_verdict v;
	int r;

	r = nk_web_login_api_key(c, "auth.login_with_api_key", NULL,
	    json_string_value(json_array_get(params, 0)), &v, e);
	return r < 0 ? r : answer_bool(c, v, resultp);
}

static const struct nk_arg login_args[] = {
	{ "username", WORD },
	{ "password", SECRET },
	{ "otp_token", NK_ARG_STRING, NK_ARG_NULL | NK_ARG_SECRET, 0, 0,
	    NULL },
	{ .name = NULL },
};

static const struct nk_arg with_token_args[] = {
	{ "token", SECRET },
	{ .name = NULL },
};

static const struct nk_arg with_key_args[] = {
	{ "api_key", SECRET },
	{ .name = NULL },
};

const struct nk_method nk_methods_auth[] = {
	{ "auth.login", NK_RIGHT_ANYBODY, NK_READS, login_args, auth_login },
	{ "auth.login_ex", NK_RIGHT_ANYBODY, NK_READS, login_ex_args,
	    auth_login_ex },
	{ "auth.login_ex_continue", NK_RIGHT_ANYBODY, NK_READS,
	    login_ex_args, auth_login_ex_continue },
	{ "auth.login_with_token", NK_RIGHT_ANYBODY, NK_READS,
	    with_token_args, auth_login_with_token },
	{ "auth.login_with_api_key", NK_RIGHT_ANYBODY, NK_READS,
	    with_key_args, auth_login_with_api_key },
	{ "auth.token", NK_RIGHT_ANYBODY, NK_READS, with_token_args,
	    auth_login_with_token },
	{ "auth.mechanism_choices", NK_RIGHT_ANYBODY, NK_APART, nk_no_args,
	    auth_mechanism_choices },
	{ .name = NULL },
};
