/* SPDX-License-Identifier: ISC */
#include "lib/rpc/keychain_write.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "lib/rpc/args.h"
#include "lib/rpc/connection_read.h"
#include "lib/rpc/connection_write.h"
#include "lib/rpc/edit.h"
#include "lib/rpc/keychain_entity.h"
#include "lib/rpc/keychain_pair.h"
#include "lib/rpc/rotation_guard.h"

struct write {
	const char		*schema;	/* for the paths of errors */
	int64_t			 id;
	const char		*name;		/* NULL: it stays */
	const json_t		*attributes;	/* NULL: they stay */
	struct nk_pair		 pair;
	struct nk_keychain	 kc;
};

/* Inside an edit: seal the private half, or take the old one away. */
static int
write_private(struct nk_keychain *kc, struct nk_store *s, int64_t id,
    const char *name, const struct nk_pair *pair, struct nk_error *e)
{
	if (pair->private_text.len == 0)
		return nk_credential_sealed_set(s, id, NULL, 0);
	return nk_keychain_error(kc, name, nk_keychain_seal(kc, id,
	    pair->private_text.p, pair->private_text.len), e);
}

/* row is the one that is named: "after", or "before" where there is none. */
static int
audit(struct nk_context *c, const char *action, const char *verb,
    const struct nk_credential *row, const struct nk_credential *before,
    const struct nk_credential *after)
{
	struct nk_subject subject = { "credential", row->id, row->name };
	json_t *was = NULL, *is = NULL;
	int r = -ENOMEM;

	if (before != NULL && (was = nk_credential_audit(before)) == NULL)
		goto out;
	if (after != NULL && (is = nk_credential_audit(after)) == NULL)
		goto out;
	r = nk_audit_write(c, action, &subject, was, is,
	    "%s Keychain Credential: %s", verb, row->name);
 out:
	json_decref(was);
	json_decref(is);
	return r;
}

static const struct nk_arg pair_fields[] = {
	{ .name = "private_key", .type = NK_ARG_STRING,
	    .flags = NK_ARG_NULL | NK_ARG_LONG | NK_ARG_SECRET },
	{ .name = "public_key", .type = NK_ARG_STRING,
	    .flags = NK_ARG_NULL | NK_ARG_LONG },
	{ .name = NULL },
};

/* The member "attributes" of data, now that it is known of which type. */
static int
check_attributes(const char *schema, const struct nk_arg *fields,
    const json_t *data, struct nk_error *e)
{
	const struct nk_arg members[] = {
		{ .name = "attributes", .type = NK_ARG_OBJECT,
		    .fields = fields },
		{ .name = NULL },
	};
	const struct nk_arg arg = {
		.name = schema, .type = NK_ARG_OBJECT,
		.flags = NK_ARG_OPEN, .fields = members,
	};

	return nk_arg_check_one(&arg, data, e);
}

/* What the method answers: the row as it is now, and warnings. */
static int
show(struct nk_context *c, struct write *w, json_t **resultp,
    struct nk_error *e)
{
	struct nk_credential row;
	int r;

	if ((r = nk_credential_find(c, w->id, &row, e)) < 0)
		return r;
	r = nk_credential_entity(&w->kc, &row, NULL, resultp);
	nk_credential_clear(&row);
	if (r == 0 && json_object_set_new(*resultp, "warnings",
	    w->pair.warnings != NULL ? json_incref(w->pair.warnings) :
	    json_array()) == -1) {
		json_decref(*resultp);
		*resultp = NULL;
		r = -ENOMEM;
	}
	return r;
}

/* ---- create ---- */

int
nk_keypair_insert(struct nk_context *c, struct nk_keychain *kc,
    const char *name, const struct nk_pair *pair, int64_t *idp,
    struct nk_error *e)
{
	struct nk_store *s = nk_publisher_store(c->publisher);
	struct nk_credential row = { .type = NK_CREDENTIAL_KEYPAIR };
	char *copy;
	int r;

	if ((copy = strdup(name)) == NULL)
		return -ENOMEM;
	row.name = copy;
	row.created_by = c->actor;
	row.created_at = nk_now();
	nk_pair_show(pair, &row);
	if ((r = nk_credential_insert(s, &row)) == 0 &&
	    (pair->private_text.len == 0 ||
	    (r = write_private(kc, s, row.id, name, pair, e)) == 0))
		r = audit(c, "keychaincredential.create", "Create", &row,
		    NULL, &row);
	*idp = row.id;
	free(copy);
	return r;
}

static int
create(struct nk_context *c, void *arg, struct nk_error *e)
{
	struct write *w = arg;
	int r;

	if ((r = nk_credential_check_name(c, w->schema, w->id, w->name,
	    e)) < 0)
		return r;
	return nk_keypair_insert(c, &w->kc, w->name, &w->pair, &w->id, e);
}

static int
create_pair(struct nk_context *c, const char *name,
    const json_t *attributes, json_t **resultp, struct nk_error *e)
{
	struct write w = {
		.schema = NK_CREATE_SCHEMA, .name = name,
		.pair.private_text = NK_SECRET_NONE,
	};
	int r;

	nk_keychain_of(c, &w.kc);
	if ((r = nk_credential_check_name(c, w.schema, 0, name, e)) == 0 &&
	    (r = nk_pair_read(c, attributes, w.schema, &w.pair, e)) == 0 &&
	    (r = nk_edit_run(c, create, &w, e)) == 0)
		r = nk_edit_shown(show(c, &w, resultp, e), e);
	nk_pair_clear(&w.pair);
	nk_keychain_clear(&w.kc);
	return r;
}

int
nk_keychain_create_method(struct nk_context *c, json_t *params,
    json_t **resultp, struct nk_error *e)
{
	const json_t *data = json_array_get(params, 0);
	const json_t *attributes = json_object_get(data, "attributes");
	const char *name = json_string_value(json_object_get(data, "name"));
	const char *type = json_string_value(json_object_get(data, "type"));
	bool pair = strcmp(type, NK_KEYPAIR_TYPE) == 0;
	int r;

	if (!pair && strcmp(type, NK_CONNECTION_TYPE) != 0) {
		nk_error_add(e, NK_CREATE_SCHEMA ".type", EINVAL, "%s",
		    "Input should be 'SSH_KEY_PAIR' or 'SSH_CREDENTIALS'");
		return -EINVAL;
	}
	if ((r = check_attributes(NK_CREATE_SCHEMA, pair ? pair_fields :
	    nk_connection_fields, data, e)) < 0)
		return r;
	return pair ? create_pair(c, name, attributes, resultp, e) :
	    nk_connection_create(c, name, attributes, resultp, e);
}

/* ---- update ---- */

/*
 * Is the private half the one that is there?  A request without one takes it
 * away; but not when it could not be shown, so that a client which writes
 * back what it was shown destroys nothing.
 */
static int
compare_private(struct write *w, const struct nk_credential *row,
    bool *samep, struct nk_error *e)
{
	const struct nk_secret *given = &w->pair.private_text;
	struct nk_secret text = NK_SECRET_NONE;
	int r;

	*samep = !row->has_private && given->len == 0;
	if (!row->has_private)
		return 0;
	r = nk_keychain_open(&w->kc, row->id, &text);
	if (r == 0)
		*samep = text.len == given->len &&
		    CRYPTO_memcmp(text.p, given->p, text.len) == 0;
	else if (r == -EBADMSG && given->len > 0)
		r = 0;			/* in place of what is damaged */
	nk_secret_clear(&text);
	return nk_keychain_error(&w->kc, row->name, r, e);
}

/* Put into row what is asked for.  *samep: it is there already. */
static int
fill(struct nk_context *c, struct write *w, const struct nk_credential *old,
    struct nk_credential *row, bool *samep, struct nk_error *e)
{
	bool same_name = w->name == NULL || strcmp(w->name, old->name) == 0;
	int r;

	*samep = same_name;
	if (!same_name && (r = nk_credential_check_name(c, w->schema, w->id,
	    w->name, e)) < 0)
		return r;
	if (w->attributes == NULL)
		return 0;
	if ((r = compare_private(w, old, samep, e)) < 0)
		return r;
	*samep = *samep && same_name &&
	    strcmp(w->pair.public_key, old->public_key) == 0;
	nk_pair_show(&w->pair, row);
	return 0;
}

static int
update(struct nk_context *c, void *arg, struct nk_error *e)
{
	struct nk_store *s = nk_publisher_store(c->publisher);
	struct nk_credential old, row;
	struct write *w = arg;
	char *name = NULL;
	bool same;
	int r;

	if ((r = nk_credential_find(c, w->id, &old, e)) < 0)
		return r;
	row = old;
	if ((r = fill(c, w, &old, &row, &same, e)) < 0)
		goto out;
	if (same) {
		r = 1;
		goto out;
	}
	if (w->attributes != NULL && (r = nk_rotation_check_pair(c, w->id,
	    0, e)) < 0)
		goto out;
	if (w->name != NULL && (row.name = name = strdup(w->name)) == NULL) {
		r = -ENOMEM;
		goto out;
	}
	if ((r = nk_credential_update(s, &row)) == 0 &&
	    (w->attributes == NULL ||
	    (r = write_private(&w->kc, s, row.id, row.name, &w->pair,
	    e)) == 0))
		r = audit(c, "keychaincredential.update", "Update", &row,
		    &old, &row);
 out:
	free(name);
	nk_credential_clear(&old);
	return r;
}

static int
update_pair(struct nk_context *c, struct write *w, json_t **resultp,
    struct nk_error *e)
{
	int r;

	nk_keychain_of(c, &w->kc);
	if ((w->name == NULL || (r = nk_credential_check_name(c, w->schema,
	    w->id, w->name, e)) == 0) &&
	    (w->attributes == NULL ||
	    (r = nk_pair_read(c, w->attributes, w->schema, &w->pair,
	    e)) == 0) && (r = nk_edit_run(c, update, w, e)) == 0)
		r = nk_edit_shown(show(c, w, resultp, e), e);
	nk_pair_clear(&w->pair);
	nk_keychain_clear(&w->kc);
	return r;
}

int
nk_keychain_update_method(struct nk_context *c, json_t *params,
    json_t **resultp, struct nk_error *e)
{
	const json_t *data = json_array_get(params, 1);
	struct write w = {
		.schema = NK_UPDATE_SCHEMA,
		.id = json_integer_value(json_array_get(params, 0)),
		.name = json_string_value(json_object_get(data, "name")),
		.attributes = json_object_get(data, "attributes"),
		.pair.private_text = NK_SECRET_NONE,
	};
	struct nk_credential row;
	bool pair;
	int r;

	if ((r = nk_credential_find(c, w.id, &row, e)) < 0)
		return r;
	pair = row.type == NK_CREDENTIAL_KEYPAIR;
	nk_credential_clear(&row);
	if (w.attributes != NULL && (r = check_attributes(NK_UPDATE_SCHEMA,
	    pair ? pair_fields : nk_connection_fields, data, e)) < 0)
		return r;
	return pair ? update_pair(c, &w, resultp, e) :
	    nk_connection_update(c, w.id, w.name, w.attributes, resultp, e);
}

/* ---- rotation ---- */

struct rotation {
	struct nk_keychain	kc;
	int64_t			n;
};

static int
rotate(struct nk_context *c, void *arg, struct nk_error *e)
{
	struct nk_subject subject = { "seal", 0, "seal key" };
	struct rotation *ro = arg;
	json_t *after;
	int r;

	r = nk_keychain_rotate_prepare(&ro->kc, &ro->n);
	switch (r) {
	case 0:
		break;
	case -ENOENT:
		return nk_error_call(e, ENOENT, "Nothing is sealed yet: "
		    "there is no key to rotate");
	case -ENOKEY:
	case -EBADMSG:
		return nk_error_call(e, EFAULT, "Something that is sealed "
		    "cannot be opened with the key in %s: run \"naskeysctl "
		    "check\"; nothing has changed", ro->kc.path);
	case -EROFS:
		return nk_error_call(e, EROFS, "The key file %s cannot be "
		    "replaced here: rotate where it comes from",
		    ro->kc.path);
	default:
		return r;
	}
	if ((after = json_pack("{s:I}", "resealed",
	    (json_int_t)ro->n)) == NULL)
		return -ENOMEM;
	r = nk_audit_write(c, "naskeys.seal_rotate", &subject, NULL, after,
	    "Rotate seal key");
	json_decref(after);
	return r;
}

int
nk_seal_rotate_method(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	struct rotation ro = { .n = 0 };
	int r;

	(void)params;
	nk_keychain_of(c, &ro.kc);
	r = nk_edit_run(c, rotate, &ro, e);
	/* -EINPROGRESS: it is committed, and only publishing is not done */
	if (r == 0 || r == -EINPROGRESS) {
		int s = nk_keychain_rotate_install(&ro.kc);

		if (r == 0)
			r = s;
	}
	nk_keychain_clear(&ro.kc);
	if (r < 0)
		return r;
	*resultp = json_pack("{s:I}", "resealed", (json_int_t)ro.n);
	return *resultp == NULL ? -ENOMEM : 0;
}
