/* SPDX-License-Identifier: ISC */
#include "lib/rpc/connection_write.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/rpc/connection_entity.h"
#include "lib/rpc/connection_read.h"
#include "lib/rpc/edit.h"
#include "lib/rpc/keychain_entity.h"
#include "lib/rpc/keychain_write.h"
#include "lib/rpc/rotation_guard.h"

struct write {
	const char		*schema;	/* for the paths of errors */
	int64_t			 id;
	const char		*name;		/* NULL: it stays */
	bool			 given;		/* conn is; else it stays */
	struct nk_connection	 conn;
};

int
nk_connection_show(struct nk_context *c, int64_t id, json_t **resultp,
    struct nk_error *e)
{
	struct nk_credential row;
	int r;

	if ((r = nk_credential_find(c, id, &row, e)) < 0)
		return r;
	r = nk_connection_entity(nk_publisher_store(c->publisher), &row,
	    NULL, resultp);
	nk_credential_clear(&row);
	return r;
}

/* ---- create ---- */

int
nk_connection_insert(struct nk_context *c, const char *action,
    const char *sentence, const char *name, struct nk_connection *conn)
{
	struct nk_store *s = nk_publisher_store(c->publisher);
	struct nk_credential row = { .type = NK_CREDENTIAL_CONNECTION };
	struct nk_subject subject = { "credential", 0, name };
	char *copy, none[] = "";
	json_t *after = NULL;
	int r;

	if ((copy = strdup(name)) == NULL)
		return -ENOMEM;
	row.name = copy;
	row.key_type = row.fingerprint = row.public_key = none;
	row.created_by = c->actor;
	row.created_at = nk_now();
	if ((r = nk_credential_insert(s, &row)) == 0) {
		subject.id = conn->id = row.id;
		r = nk_connection_put(s, conn);
	}
	if (r == 0 && (after = nk_connection_audit(name, conn)) == NULL)
		r = -ENOMEM;
	if (r == 0)
		r = nk_audit_write(c, action, &subject, NULL, after, "%s: %s",
		    sentence, name);
	json_decref(after);
	free(copy);
	return r;
}

static int
create(struct nk_context *c, void *arg, struct nk_error *e)
{
	struct write *w = arg;
	int r;

	if ((r = nk_credential_check_name(c, w->schema, 0, w->name, e)) < 0 ||
	    (r = nk_connection_check_keypair(c, &w->conn, NK_CREATE_SCHEMA
	    ".attributes.private_key", e)) < 0)
		return r;
	return nk_connection_insert(c, "keychaincredential.create",
	    "Create Keychain Credential", w->name, &w->conn);
}

int
nk_connection_create(struct nk_context *c, const char *name,
    const json_t *attributes, json_t **resultp, struct nk_error *e)
{
	struct write w = { .schema = NK_CREATE_SCHEMA, .name = name };
	int r;

	if ((r = nk_credential_check_name(c, w.schema, 0, name, e)) == 0 &&
	    (r = nk_connection_read(attributes, w.schema, &w.conn, e)) == 0 &&
	    (r = nk_edit_run(c, create, &w, e)) == 0)
		r = nk_edit_shown(nk_connection_show(c, w.conn.id, resultp,
		    e), e);
	nk_connection_clear(&w.conn);
	return r;
}

/* ---- update ---- */

static bool
is_same(const struct nk_connection *a, const struct nk_connection *b)
{
	return a->keypair_id == b->keypair_id && a->port == b->port &&
	    a->connect_timeout == b->connect_timeout &&
	    strcmp(a->host, b->host) == 0 &&
	    strcmp(a->username, b->username) == 0 &&
	    strcmp(a->host_keys, b->host_keys) == 0;
}

static int
audit(struct nk_context *c, const struct nk_credential *row,
    const struct nk_connection *old, const char *name,
    const struct nk_connection *new)
{
	struct nk_subject subject = { "credential", row->id, name };
	json_t *was = nk_connection_audit(row->name, old);
	json_t *is = nk_connection_audit(name, new);
	int r = -ENOMEM;

	if (was != NULL && is != NULL)
		r = nk_audit_write(c, "keychaincredential.update", &subject,
		    was, is, "Update Keychain Credential: %s", name);
	json_decref(was);
	json_decref(is);
	return r;
}

/* Write what differs from old and row. */
static int
write_changes(struct nk_context *c, struct write *w,
    struct nk_credential *row, const struct nk_connection *old,
    const struct nk_connection *new)
{
	struct nk_store *s = nk_publisher_store(c->publisher);
	char *copy, *before = row->name;
	int r;

	if ((r = nk_connection_put(s, new)) < 0)
		return r;
	if (w->name != NULL) {
		if ((copy = strdup(w->name)) == NULL)
			return -ENOMEM;
		row->name = copy;
		r = nk_credential_update(s, row);
		row->name = before;
		free(copy);
	}
	return r < 0 ? r : audit(c, row, old,
	    w->name != NULL ? w->name : row->name, new);
}

static int
update(struct nk_context *c, void *arg, struct nk_error *e)
{
	struct write *w = arg;
	struct nk_connection old;
	struct nk_credential row;
	const struct nk_connection *new;
	int r;

	w->conn.id = w->id;
	if ((r = nk_connection_find(c, w->id, &row, &old, e)) < 0)
		goto out;
	new = w->given ? &w->conn : &old;
	if (w->name != NULL && strcmp(w->name, row.name) == 0)
		w->name = NULL;
	if (w->name == NULL && is_same(&old, new)) {
		r = 1;
		goto out;
	}
	if ((w->name == NULL || (r = nk_credential_check_name(c, w->schema,
	    w->id, w->name, e)) == 0) &&
	    (!w->given || ((r = nk_rotation_check_change(c, row.name, &old,
	    new, e)) == 0 && (r = nk_connection_check_keypair(c, new,
	    NK_UPDATE_SCHEMA ".attributes.private_key", e)) == 0)))
		r = write_changes(c, w, &row, &old, new);
 out:
	nk_connection_clear(&old);
	nk_credential_clear(&row);
	return r;
}

int
nk_connection_update(struct nk_context *c, int64_t id, const char *name,
    const json_t *attributes, json_t **resultp, struct nk_error *e)
{
	struct write w = {
		.schema = NK_UPDATE_SCHEMA, .id = id, .name = name,
		.given = attributes != NULL,
	};
	int r = 0;

	if (w.given)
		r = nk_connection_read(attributes, w.schema, &w.conn, e);
	if (r == 0 && (r = nk_edit_run(c, update, &w, e)) == 0)
		r = nk_edit_shown(nk_connection_show(c, id, resultp, e), e);
	nk_connection_clear(&w.conn);
	return r;
}
