/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "lib/store/internal.h"

#define COLUMNS	"type, bits, name, key_type, fingerprint, public_key"
#define SELECT	"SELECT id, " COLUMNS ", created_at, created_by," \
		" sealed IS NOT NULL FROM credentials "
#define NCOLUMNS	6

void
nk_credential_clear(struct nk_credential *c)
{
	if (c == NULL)
		return;
	free(c->name);
	free(c->key_type);
	free(c->fingerprint);
	free(c->public_key);
	free(c->created_by);
	*c = (struct nk_credential){ .id = 0 };
}

static int
credential_copy(struct nk_credential *c, const struct nk_credential *from)
{
	int r;

	*c = *from;
	c->name = c->key_type = c->fingerprint = NULL;
	c->public_key = c->created_by = NULL;
	if ((r = nk_text_copy(&c->name, from->name)) < 0 ||
	    (r = nk_text_copy(&c->key_type, from->key_type)) < 0 ||
	    (r = nk_text_copy(&c->fingerprint, from->fingerprint)) < 0 ||
	    (r = nk_text_copy(&c->public_key, from->public_key)) < 0 ||
	    (r = nk_text_copy(&c->created_by, from->created_by)) < 0)
		nk_credential_clear(c);
	return r;
}

static int
credential_read(struct nk_stmt *st, struct nk_credential *c)
{
	int i = 0;

	c->id = nk_stmt_int(st, i++, 1, INT64_MAX);
	c->type = (enum nk_credential_type)nk_stmt_int(st, i++,
	    NK_CREDENTIAL_KEYPAIR, NK_CREDENTIAL_CONNECTION);
	c->bits = (unsigned int)nk_stmt_int(st, i++, 0, INT_MAX);
	c->name = nk_stmt_text(st, i++);
	c->key_type = nk_stmt_text(st, i++);
	c->fingerprint = nk_stmt_text(st, i++);
	c->public_key = nk_stmt_text(st, i++);
	c->created_at = nk_stmt_int(st, i++, 0, INT64_MAX);
	c->created_by = nk_stmt_text(st, i++);
	c->has_private = nk_stmt_bool(st, i);
	return nk_stmt_check(st);
}

static void
credential_bind(struct nk_stmt *st, const struct nk_credential *c)
{
	int i = 1;

	nk_stmt_bind_int(st, i++, c->type);
	nk_stmt_bind_int(st, i++, c->bits);
	nk_stmt_bind_text(st, i++, c->name);
	nk_stmt_bind_text(st, i++, c->key_type);
	nk_stmt_bind_text(st, i++, c->fingerprint);
	nk_stmt_bind_text(st, i, c->public_key);
}

static int
credential_check(const struct nk_credential *c)
{
	if ((c->type != NK_CREDENTIAL_KEYPAIR &&
	    c->type != NK_CREDENTIAL_CONNECTION) || c->name == NULL ||
	    c->name[0] == '\0' || c->key_type == NULL ||
	    c->fingerprint == NULL || c->public_key == NULL ||
	    (c->public_key[0] == '\0') !=
	    (c->type == NK_CREDENTIAL_CONNECTION) || c->bits > INT_MAX)
		return -EINVAL;
	return 0;
}

/* ---- reading ---- */

static int
credential_take(struct nk_stmt *st, struct nk_credential *c)
{
	struct nk_credential row;
	int r;

	if ((r = nk_stmt_step(st)) == 1) {
		if ((r = credential_read(st, &row)) == 0)
			r = credential_copy(c, &row);
	} else if (r == 0) {
		r = -ENOENT;
	}
	nk_stmt_end(st);
	return r;
}

int
nk_credential_get(struct nk_store *s, int64_t id, struct nk_credential *c)
{
	struct nk_stmt *st;
	int r;

	*c = (struct nk_credential){ .id = 0 };
	if ((r = nk_db_stmt(s->db, SELECT "WHERE id = $1", &st)) < 0)
		return r;
	nk_stmt_bind_int(st, 1, id);
	return credential_take(st, c);
}

int
nk_credential_by_name(struct nk_store *s, const char *name,
    struct nk_credential *c)
{
	struct nk_stmt *st;
	int r;

	*c = (struct nk_credential){ .id = 0 };
	if ((r = nk_db_stmt(s->db, SELECT "WHERE name = $1", &st)) < 0)
		return r;
	nk_stmt_bind_text(st, 1, name);
	return credential_take(st, c);
}

int
nk_credential_each(struct nk_store *s, int64_t after,
    int (*fn)(void *arg, const struct nk_credential *c), void *arg)
{
	struct nk_credential row;
	struct nk_stmt *st;
	int r;

	if ((r = nk_db_stmt(s->db, SELECT "WHERE id > $1 ORDER BY id",
	    &st)) < 0)
		return r;
	nk_stmt_bind_int(st, 1, after);
	while ((r = nk_stmt_step(st)) == 1) {
		if ((r = credential_read(st, &row)) < 0 ||
		    (r = fn(arg, &row)) != 0)
			break;
	}
	nk_stmt_end(st);
	return r;
}

int
nk_credential_sealed_get(struct nk_store *s, int64_t id, uint8_t **sealedp,
    size_t *lenp)
{
	return nk_blob_get(s->db, "SELECT sealed FROM credentials"
	    " WHERE id = $1 AND sealed IS NOT NULL", id, sealedp, lenp);
}

/* ---- writing ---- */

int
nk_credential_insert(struct nk_store *s, struct nk_credential *c)
{
	struct nk_stmt *st;
	int64_t id;
	int r;

	if ((r = nk_store_may_write(s)) < 0 ||
	    (r = credential_check(c)) < 0)
		return r;
	if (c->created_by == NULL || c->created_at < 0)
		return -EINVAL;
	if ((r = nk_counter_next(s, NK_COUNTER_CREDENTIAL, &id)) < 0 ||
	    (r = nk_db_stmt(s->db, "INSERT INTO credentials (" COLUMNS
	    ", created_at, created_by, id)"
	    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)", &st)) < 0)
		return r;
	credential_bind(st, c);
	nk_stmt_bind_int(st, NCOLUMNS + 1, c->created_at);
	nk_stmt_bind_text(st, NCOLUMNS + 2, c->created_by);
	nk_stmt_bind_int(st, NCOLUMNS + 3, id);
	if ((r = nk_stmt_run(st, NULL)) < 0)
		return r;
	c->id = id;
	c->has_private = false;
	return 0;
}

int
nk_credential_update(struct nk_store *s, const struct nk_credential *c)
{
	struct nk_stmt *st;
	int r;

	if ((r = nk_store_may_write(s)) < 0 ||
	    (r = credential_check(c)) < 0 ||
	    (r = nk_db_stmt(s->db, "UPDATE credentials SET type = $1,"
	    " bits = $2, name = $3, key_type = $4, fingerprint = $5,"
	    " public_key = $6 WHERE id = $7 AND type = $8", &st)) < 0)
		return r;
	credential_bind(st, c);
	nk_stmt_bind_int(st, NCOLUMNS + 1, c->id);
	nk_stmt_bind_int(st, NCOLUMNS + 2, c->type);
	return nk_row_run(st);
}

static int
is_used(struct nk_store *s, int64_t id, bool *usedp)
{
	int64_t n;
	int r;

	r = nk_db_get(s->db, "SELECT 1 WHERE EXISTS"
	    " (SELECT 1 FROM consumers WHERE credential_id = $1) OR EXISTS"
	    " (SELECT 1 FROM connections WHERE keypair_id = $1) OR EXISTS"
	    " (SELECT 1 FROM rotations WHERE keypair_id = $1)", 1, &id, &n);
	*usedp = r == 0;
	return r == -ENOENT ? 0 : r;
}

int
nk_credential_delete(struct nk_store *s, int64_t id)
{
	struct nk_stmt *st;
	bool used;
	int r;

	if ((r = nk_store_may_write(s)) < 0 ||
	    (r = is_used(s, id, &used)) < 0)
		return r;
	if (used)
		return -EBUSY;
	if ((r = nk_connection_drop(s, id)) < 0)
		return r;
	if ((r = nk_db_stmt(s->db, "DELETE FROM credentials WHERE id = $1",
	    &st)) == 0) {
		nk_stmt_bind_int(st, 1, id);
		r = nk_row_run(st);
	}
	/* where there was a connection's row there was this one */
	return r == -ENOENT ? r : nk_store_half(s, r);
}

int
nk_credential_sealed_set(struct nk_store *s, int64_t id,
    const uint8_t *sealed, size_t len)
{
	struct nk_stmt *st;
	int r;

	if ((r = nk_store_may_write(s)) < 0 ||
	    (r = nk_db_stmt(s->db, "UPDATE credentials SET sealed = $1"
	    " WHERE id = $2", &st)) < 0)
		return r;
	nk_stmt_bind_blob(st, 1, len == 0 ? NULL : sealed, len);
	nk_stmt_bind_int(st, 2, id);
	return nk_row_run(st);
}

/* ---- which key seals ---- */

int
nk_store_seal_key_get(struct nk_store *s, char *id, size_t room)
{
	size_t len;
	int r;

	if ((r = nk_property_get(s, "seal_key", id, room - 1, &len)) < 0)
		return r;
	id[len] = '\0';
	if (strlen(id) == len)
		return 0;
	id[0] = '\0';
	return -EBADMSG;
}

int
nk_store_seal_key_set(struct nk_store *s, const char *id)
{
	int r;

	if ((r = nk_store_may_write(s)) < 0)
		return r;
	if (id[0] == '\0')
		return -EINVAL;
	return nk_property_set(s, "seal_key", id, strlen(id));
}
