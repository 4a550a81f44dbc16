/* SPDX-License-Identifier: ISC */

/* api_key.*: what programs log in with through the gateway. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/rpc/api_key.h"
#include "lib/rpc/edit.h"
#include "lib/rpc/web_account.h"

/* ---- reading ---- */

struct walk {
	struct nk_context	*c;
	struct nk_query		*q;
	const char		*username;	/* whose; NULL: all */
};

static int
offer(void *arg, const struct nk_api_key *k)
{
	struct walk *w = arg;
	json_t *o;
	int r;

	if (w->username != NULL && strcmp(w->username, k->account.name) != 0)
		return 0;
	r = nk_api_key_entity(w->c, k, &o);
	return r < 0 ? r : nk_query_offer(w->q, o);
}

static int
list(struct nk_context *c, const char *username, const json_t *filters,
    const json_t *options, json_t **resultp, struct nk_error *e)
{
	struct nk_store *s = nk_publisher_store(c->publisher);
	struct walk w = { .c = c, .username = username };
	int r;

	if ((r = nk_query_new(&w.q, filters, options, e)) < 0)
		return r;
	if ((r = nk_store_read_begin(s)) == 0) {
		r = nk_api_key_each(s, 0, offer, &w);
		nk_store_read_end(s);
	}
	if (r >= 0)
		r = nk_query_finish(w.q, resultp, e);
	nk_query_free(w.q);
	return r;
}

static int
api_key_query(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	return list(c, NULL, json_array_get(params, 0),
	    json_array_get(params, 1), resultp, e);
}

static int
api_key_my_keys(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	(void)params;
	return list(c, c->actor, NULL, NULL, resultp, e);
}

static int
find(struct nk_context *c, int64_t id, struct nk_api_key *k,
    struct nk_error *e)
{
	int r = nk_api_key_get(nk_publisher_store(c->publisher), id, k);

	if (r != -ENOENT)
		return r;
	nk_error_add(e, NULL, ENOENT, "ApiKey %" PRId64 " does not exist",
	    id);
	return -EINVAL;
}

static int
api_key_get_instance(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	struct nk_api_key k;
	int r;

	r = find(c, json_integer_value(json_array_get(params, 0)), &k, e);
	return r < 0 ? r : nk_api_key_entity(c, &k, resultp);
}

/* ---- what create and update share ---- */

struct change {
	const char		*path;		/* of errors */
	const json_t		*o;		/* what was asked for */
	bool			 renew;
	struct nk_api_key	 k;
	char			 key[NK_API_KEY_SIZE];	/* if renewed */
};

static int
complain(struct nk_error *e, const char *path, const char *text)
{
	nk_error_add(e, path, EINVAL, "%s", text);
	return -EINVAL;
}

static int
take_fields(struct change *ch, struct nk_error *e)
{
	const json_t *name = json_object_get(ch->o, "name");
	const json_t *expires = json_object_get(ch->o, "expires_at");
	int64_t ms;

	if (name != NULL && snprintf(ch->k.name, sizeof(ch->k.name), "%s",
	    json_string_value(name)) >= (int)sizeof(ch->k.name))
		return -E2BIG;	/* cannot be: its characters were counted */
	if (json_is_null(expires))
		ch->k.expires_at = INT64_MAX;
	if (expires == NULL || json_is_null(expires))
		return 0;
	if (nk_json_date_get(expires, &ms) < 0 || ms / 1000 <= nk_now())
		return complain(e, ch->path, "Expiration date is in the past");
	ch->k.expires_at = ms / 1000;
	return 0;
}

/* It logs in as the account that has this name now. */
static int
take_account(struct nk_context *c, struct change *ch, const char *name,
    struct nk_error *e)
{
	struct nk_web_standing standing;
	struct nk_web_account a;
	int r;

	r = nk_web_account_find(c, name, nk_now(), &a, &standing);
	if (r == -ENOENT)
		return complain(e, ch->path, "User does not exist.");
	if (r < 0)
		return r;
	if (!standing.admin)
		return complain(e, ch->path,
		    "User lacks privilege role membership.");
	ch->k.account = a;
	return 0;
}

static int
audit(struct nk_context *c, const char *method, const char *verb,
    const struct nk_api_key *k)
{
	const struct nk_subject subject = { "api_key", k->id, k->name };

	return nk_audit_write(c, method, &subject, NULL, NULL,
	    "%s API key %s of user %s", verb, k->name, k->account.name);
}

static int
answer(struct nk_context *c, struct change *ch, json_t **resultp)
{
	json_t *key = ch->renew ? json_string(ch->key) : json_null();
	int r;

	explicit_bzero(ch->key, sizeof(ch->key));
	if ((r = nk_api_key_entity(c, &ch->k, resultp)) < 0) {
		json_decref(key);
		return r;
	}
	if (json_object_set_new(*resultp, "key", key) == 0)
		return 0;
	json_decref(*resultp);
	*resultp = NULL;
	return -ENOMEM;
}

static int
name_taken(struct nk_error *e, const char *path)
{
	return complain(e, path, "name must be unique");
}

/* ---- create ---- */

/* The id stands in the key, so the row is there before its digest. */
static int
insert(struct nk_context *c, void *arg, struct nk_error *e)
{
	struct nk_store *s = nk_publisher_store(c->publisher);
	struct change *ch = arg;
	int r;

	if ((r = take_account(c, ch, json_string_value(json_object_get(ch->o,
	    "username")), e)) < 0 ||
	    (r = nk_digest_hex("", ch->k.digest)) < 0)
		return r;
	r = nk_api_key_insert(s, &ch->k);
	if (r == -EEXIST)
		return name_taken(e, ch->path);
	if (r == -EDQUOT)
		return nk_error_call(e, EDQUOT, "There are %d API keys, "
		    "which is the most there can be: delete one first.",
		    NK_API_KEYS_MAX);
	if (r < 0 ||
	    (r = nk_api_key_make(ch->k.id, ch->key)) < 0 ||
	    (r = nk_digest_hex(ch->key, ch->k.digest)) < 0 ||
	    (r = nk_api_key_update(s, &ch->k, false)) < 0)
		return r;
	return audit(c, "api_key.create", "Create", &ch->k);
}

static int
api_key_create(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	struct change ch = { .path = "api_key_create", .renew = true,
	    .o = json_array_get(params, 0), .k = { .name = "nobody",
	    .created_at = nk_now(), .expires_at = INT64_MAX } };
	int r;

	if ((r = take_fields(&ch, e)) == 0 &&
	    (r = nk_edit_run(c, insert, &ch, e)) == 0)
		r = nk_edit_shown(answer(c, &ch, resultp), e);
	explicit_bzero(&ch, sizeof(ch));
	return r;
}

/* ---- update ---- */

static int
update(struct nk_context *c, void *arg, struct nk_error *e)
{
	struct change *ch = arg;
	int r;

	if ((r = find(c, ch->k.id, &ch->k, e)) < 0 ||
	    (r = take_fields(ch, e)) < 0)
		return r;
	if (ch->renew) {
		ch->k.revoked = false;
		if ((r = take_account(c, ch, ch->k.account.name, e)) < 0 ||
		    (r = nk_api_key_make(ch->k.id, ch->key)) < 0 ||
		    (r = nk_digest_hex(ch->key, ch->k.digest)) < 0)
			return r;
	}
	r = nk_api_key_update(nk_publisher_store(c->publisher), &ch->k,
	    ch->renew);
	if (r == -EEXIST)
		return name_taken(e, ch->path);
	return r < 0 ? r : audit(c, "api_key.update",
	    ch->renew ? "Reset" : "Update", &ch->k);
}

static int
api_key_update(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	struct change ch = { .path = "api_key_update",
	    .o = json_array_get(params, 1), .k = { .id =
	    json_integer_value(json_array_get(params, 0)) } };
	int r;

	ch.renew = json_is_true(json_object_get(ch.o, "reset"));
	if ((r = nk_edit_run(c, update, &ch, e)) == 0)
		r = nk_edit_shown(answer(c, &ch, resultp), e);
	explicit_bzero(&ch, sizeof(ch));
	return r;
}

/* ---- delete ---- */

static int
delete(struct nk_context *c, void *arg, struct nk_error *e)
{
	struct nk_api_key k;
	int r;

	if ((r = find(c, *(const int64_t *)arg, &k, e)) < 0 ||
	    (r = nk_api_key_delete(nk_publisher_store(c->publisher),
	    k.id)) < 0)
		return r;
	return audit(c, "api_key.delete", "Delete", &k);
}

static int
api_key_delete(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	int64_t id = json_integer_value(json_array_get(params, 0));
	int r;

	if ((r = nk_edit_run(c, delete, &id, e)) == 0 &&
	    (*resultp = json_true()) == NULL)
		r = -ENOMEM;
	return r;
}

/* ---- the table ---- */

#define NAME	"name", NK_ARG_STRING, NK_ARG_NONEMPTY, 0, 200, NULL
#define EXPIRES	"expires_at", NK_ARG_DATE, NK_ARG_NULL, 0, 0, NULL

static const struct nk_arg create_fields[] = {
	{ NAME },
	{ "username", NK_ARG_STRING, NK_ARG_REQUIRED | NK_ARG_NONEMPTY, 0, 0,
	    NULL },
	{ EXPIRES },
	{ .name = NULL },
};

static const struct nk_arg update_fields[] = {
	{ NAME },
	{ EXPIRES },
	{ "reset", NK_ARG_BOOL, 0, 0, 0, NULL },
	{ .name = NULL },
};

static const struct nk_arg create_args[] = {
	{ "api_key_create", NK_ARG_OBJECT, NK_ARG_REQUIRED, 0, 0,
	    create_fields },
	{ .name = NULL },
};

static const struct nk_arg update_args[] = {
	{ "id", NK_ARG_INT, NK_ARG_REQUIRED, 0, 0, NULL },
	{ "api_key_update", NK_ARG_OBJECT, NK_ARG_REQUIRED, 0, 0,
	    update_fields },
	{ .name = NULL },
};

const struct nk_method nk_methods_api_key[] = {
	{ "api_key.query", NK_RIGHT_ADMIN, NK_READS, nk_query_args,
	    api_key_query },
	{ "api_key.get_instance", NK_RIGHT_ADMIN, NK_READS, nk_instance_args,
	    api_key_get_instance },
	{ "api_key.my_keys", NK_RIGHT_ADMIN, NK_READS, nk_no_args,
	    api_key_my_keys },
	{ "api_key.create", NK_RIGHT_ADMIN, NK_EDITS, create_args,
	    api_key_create },
	{ "api_key.update", NK_RIGHT_ADMIN, NK_EDITS, update_args,
	    api_key_update },
	{ "api_key.delete", NK_RIGHT_ADMIN, NK_EDITS, nk_id_args,
	    api_key_delete },
	{ .name = NULL },
};
