/* SPDX-License-Identifier: ISC */
#include "lib/rpc/credential_delete.h"

#include <errno.h>

#include "lib/rpc/connection_entity.h"
#include "lib/rpc/dependants.h"
#include "lib/rpc/edit.h"
#include "lib/rpc/keychain_entity.h"
#include "lib/rpc/rotation_guard.h"

static const char action[] = "keychaincredential.delete";

/* What the audit row keeps of it; NULL: no memory, or no such row. */
static json_t *
describe(struct nk_store *s, const struct nk_credential *row)
{
	struct nk_connection conn;
	json_t *o = NULL;

	if (row->type == NK_CREDENTIAL_KEYPAIR)
		return nk_credential_audit(row);
	if (nk_connection_get(s, row->id, &conn) == 0)
		o = nk_connection_audit(row->name, &conn);
	nk_connection_clear(&conn);
	return o;
}

/* Nothing uses it any more. */
static int
delete_row(struct nk_context *c, const struct nk_credential *row)
{
	struct nk_store *s = nk_publisher_store(c->publisher);
	struct nk_subject subject = { "credential", row->id, row->name };
	json_t *was;
	int r;

	if ((was = describe(s, row)) == NULL)
		return -ENOMEM;
	if ((r = nk_credential_delete(s, row->id)) == 0)
		r = nk_audit_write(c, action, &subject, was, NULL,
		    "Delete Keychain Credential: %s", row->name);
	json_decref(was);
	return r;
}

int
nk_credential_delete_id(struct nk_context *c, int64_t id)
{
	struct nk_credential row;
	int r;

	r = nk_credential_get(nk_publisher_store(c->publisher), id, &row);
	if (r == 0)
		r = delete_row(c, &row);
	nk_credential_clear(&row);
	return r;
}

/* A connection takes the second keypair of its rotation with it. */
static int
delete_whole(struct nk_context *c, int64_t id)
{
	struct nk_rotation ro;
	int r, s;

	r = nk_rotation_get(nk_publisher_store(c->publisher), id, &ro);
	if (r < 0 && r != -ENOENT)
		return r;
	if ((s = nk_credential_delete_id(c, id)) < 0 || r == -ENOENT)
		return s;
	return nk_credential_delete_id(c, ro.keypair_id);
}

/* The consumers first, which also use the connections. */
static int
unbind(struct nk_context *c, const struct nk_dependants *ds,
    struct nk_commands *cs)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < ds->n; i++) {
		if (!ds->v[i].connection)
			r = nk_consumer_unbind(c, action, ds->v[i].id, true,
			    cs);
	}
	for (i = 0; r == 0 && i < ds->n; i++) {
		if (ds->v[i].connection)
			r = delete_whole(c, ds->v[i].id);
	}
	return r;
}

int
nk_credential_delete_edit(struct nk_context *c, struct nk_deletion *d,
    struct nk_error *e)
{
	struct nk_dependants ds = { NULL, 0 };
	struct nk_credential row;
	int r;

	if ((r = nk_credential_find(c, d->id, &row, e)) < 0)
		return r;
	if ((r = nk_rotation_check_delete(c, row.id, e)) < 0 ||
	    (r = nk_dependants_find(nk_publisher_store(c->publisher), row.id,
	    &ds)) < 0)
		goto out;
	if (ds.n > 0 && !d->cascade) {
		nk_error_add(e, "options.cascade", EINVAL, "This credential "
		    "is used and no cascade option is specified");
		r = -EINVAL;
		goto out;
	}
	if ((r = unbind(c, &ds, &d->commands)) == 0)
		r = delete_whole(c, row.id);
 out:
	nk_dependants_clear(&ds);
	nk_credential_clear(&row);
	return r;
}

static int
delete(struct nk_context *c, void *arg, struct nk_error *e)
{
	return nk_credential_delete_edit(c, arg, e);
}

int
nk_credential_delete_method(struct nk_context *c, json_t *params,
    json_t **resultp, struct nk_error *e)
{
	struct nk_deletion d = {
		.id = json_integer_value(json_array_get(params, 0)),
		.cascade = json_is_true(json_object_get(json_array_get(params,
		    1), "cascade")),
	};
	int r;

	/* -EINPROGRESS: it is committed, and only publishing is not done */
	r = nk_edit_run(c, delete, &d, e);
	if (r == 0 || r == -EINPROGRESS)
		nk_commands_run(c, action, &d.commands);
	nk_commands_clear(&d.commands);
	if (r == 0 && (*resultp = json_null()) == NULL)
		r = -ENOMEM;
	return r;
}

int
nk_credential_used_by_method(struct nk_context *c, json_t *params,
    json_t **resultp, struct nk_error *e)
{
	struct nk_store *s = nk_publisher_store(c->publisher);
	struct nk_dependants ds = { NULL, 0 };
	struct nk_credential row;
	int r;

	r = nk_credential_find(c, json_integer_value(json_array_get(params,
	    0)), &row, e);
	if (r == 0)
		r = nk_store_read_begin(s);
	if (r == 0) {
		r = nk_dependants_find(s, row.id, &ds);
		nk_store_read_end(s);
	}
	if (r == 0 && (*resultp = nk_dependants_json(&ds)) == NULL)
		r = -ENOMEM;
	nk_dependants_clear(&ds);
	nk_credential_clear(&row);
	return r;
}
