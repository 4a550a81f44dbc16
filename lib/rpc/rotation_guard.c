/* SPDX-License-Identifier: ISC */
#include "lib/rpc/rotation_guard.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/rpc/rotation.h"

#define FINISH	"finish that first, or abandon it (naskeysctl connection " \
		"rotate)"

/* ---- what is refused ---- */

static int
refuse(struct nk_context *c, const struct nk_rotation *row,
    struct nk_error *e)
{
	struct nk_credential conn;
	int r;

	r = nk_credential_get(nk_publisher_store(c->publisher),
	    row->connection_id, &conn);
	if (r == 0)
		r = nk_error_call(e, EBUSY, "This keypair is part of the "
		    "unfinished rotation of the connection %s: " FINISH,
		    conn.name);
	nk_credential_clear(&conn);
	return r;
}

int
nk_rotation_check_pair(struct nk_context *c, int64_t keypair,
    int64_t connection, struct nk_error *e)
{
	struct nk_rotation row;
	int r;

	r = nk_rotation_of_keypair(nk_publisher_store(c->publisher), keypair,
	    &row);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	return row.connection_id == connection ? 0 : refuse(c, &row, e);
}

int
nk_rotation_check_delete(struct nk_context *c, int64_t keypair,
    struct nk_error *e)
{
	struct nk_rotation row;
	int r;

	r = nk_rotation_of_keypair(nk_publisher_store(c->publisher), keypair,
	    &row);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	return row.keypair_id == keypair ? refuse(c, &row, e) : 0;
}

int
nk_rotation_check_change(struct nk_context *c, const char *name,
    const struct nk_connection *old, const struct nk_connection *new,
    struct nk_error *e)
{
	struct nk_rotation row;
	int r;

	if (old->keypair_id == new->keypair_id &&
	    strcmp(old->host, new->host) == 0 &&
	    strcmp(old->username, new->username) == 0)
		return 0;
	r = nk_rotation_get(nk_publisher_store(c->publisher), old->id, &row);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	return nk_error_call(e, EBUSY, "The rotation of the key of the "
	    "connection %s is unfinished, which may have left a key with its "
	    "host and user: " FINISH, name);
}

/* ---- what is shown ---- */

static const char *const step_names[NK_ROTATION_STEPS] = {
	[NK_ROTATION_COPY] = "COPY",
	[NK_ROTATION_SWITCH] = "SWITCH",
	[NK_ROTATION_REMOVE] = "REMOVE",
};

int
nk_rotation_entity(struct nk_store *s, int64_t connection, json_t **op)
{
	struct nk_credential pair;
	struct nk_rotation row;
	int r;

	r = nk_rotation_get(s, connection, &row);
	if (r == -ENOENT) {
		*op = json_null();
		return 0;
	}
	if (r < 0)
		return r;
	if (row.step >= NK_ROTATION_STEPS)
		return -EBADMSG;
	if ((r = nk_credential_get(s, row.keypair_id, &pair)) == 0 &&
	    (*op = json_pack("{s:s,s:s,s:o}", "step", step_names[row.step],
	    "fingerprint", pair.fingerprint, "since",
	    nk_json_date_new(pair.created_at))) == NULL)
		r = -ENOMEM;
	nk_credential_clear(&pair);
	return r == -ENOENT ? -EBADMSG : r;
}

struct check {
	struct nk_store	 *s;
	void		(*report)(void *arg, const char *what);
	void		 *arg;
	bool		  bad;
};

static int
look(void *arg, const struct nk_credential *row)
{
	struct nk_rotation ro;
	struct check *k = arg;
	char *text;
	int r;

	r = nk_rotation_get(k->s, row->id, &ro);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (asprintf(&text, "connection %s: the rotation of its key is "
	    "unfinished; \"naskeysctl connection rotate\" goes on with it",
	    row->name) == -1)
		return -ENOMEM;
	k->report(k->arg, text);
	k->bad = true;
	free(text);
	return 0;
}

int
nk_rotation_check(struct nk_context *c,
    void (*report)(void *arg, const char *what), void *arg)
{
	struct check k = { nk_publisher_store(c->publisher), report, arg,
	    false };
	int r;

	r = nk_credential_each(k.s, 0, look, &k);
	if (r < 0)
		return r;
	return k.bad ? -EBADMSG : 0;
}
