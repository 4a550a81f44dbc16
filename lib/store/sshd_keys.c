/* SPDX-License-Identifier: ISC */
#include "lib/store/sshd_keys.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/store/internal.h"

#define SELECT	"SELECT id, saved_at, path, text, fingerprint, certificate" \
		" FROM sshd_keys "

void
nk_sshd_key_clear(struct nk_sshd_key *k)
{
	if (k == NULL)
		return;
	free(k->path);
	free(k->text);
	free(k->fingerprint);
	*k = (struct nk_sshd_key){ .id = 0 };
}

static int
key_copy(struct nk_sshd_key *k, const struct nk_sshd_key *from)
{
	int r;

	*k = *from;
	k->path = k->text = k->fingerprint = NULL;
	if ((r = nk_text_copy(&k->path, from->path)) < 0 ||
	    (r = nk_text_copy(&k->text, from->text)) < 0 ||
	    (r = nk_text_copy(&k->fingerprint, from->fingerprint)) < 0)
		nk_sshd_key_clear(k);
	return r;
}

/* What *k gets belongs to the statement. */
static int
key_read(struct nk_stmt *st, struct nk_sshd_key *k)
{
	int i = 0;

	k->id = nk_stmt_int(st, i++, 1, INT64_MAX);
	k->saved_at = nk_stmt_int(st, i++, 0, INT64_MAX);
	k->path = nk_stmt_text(st, i++);
	k->text = nk_stmt_text(st, i++);
	k->fingerprint = nk_stmt_text(st, i++);
	k->certificate = nk_stmt_bool(st, i);
	return nk_stmt_check(st);
}

int
nk_sshd_key_get(struct nk_store *s, const char *path, struct nk_sshd_key *k)
{
	struct nk_sshd_key row;
	struct nk_stmt *st;
	int r;

	*k = (struct nk_sshd_key){ .id = 0 };
	if ((r = nk_db_stmt(s->db, SELECT "WHERE path = $1", &st)) < 0)
		return r;
	nk_stmt_bind_text(st, 1, path);
	if ((r = nk_stmt_step(st)) == 0)
		r = -ENOENT;
	else if (r == 1 && (r = key_read(st, &row)) == 0)
		r = key_copy(k, &row);
	nk_stmt_end(st);
	return r;
}

int
nk_sshd_key_each(struct nk_store *s, int64_t after,
    int (*fn)(void *arg, const struct nk_sshd_key *k), void *arg)
{
	struct nk_sshd_key row;
	struct nk_stmt *st;
	int r;

	if ((r = nk_db_stmt(s->db, SELECT "WHERE id > $1 ORDER BY id",
	    &st)) < 0)
		return r;
	nk_stmt_bind_int(st, 1, after);
	while ((r = nk_stmt_step(st)) == 1)
		if ((r = key_read(st, &row)) < 0 || (r = fn(arg, &row)) != 0)
			break;
	nk_stmt_end(st);
	return r;
}

int
nk_sshd_key_sealed_get(struct nk_store *s, int64_t id, uint8_t **sealedp,
    size_t *lenp)
{
	return nk_blob_get(s->db, "SELECT sealed FROM sshd_keys"
	    " WHERE id = $1 AND sealed IS NOT NULL", id, sealedp, lenp);
}

/* ---- writing ---- */

static int
drop_path(struct nk_store *s, const char *path)
{
	struct nk_stmt *st;
	int r;

	if ((r = nk_db_stmt(s->db, "DELETE FROM sshd_keys WHERE path = $1",
	    &st)) < 0)
		return r;
	nk_stmt_bind_text(st, 1, path);
	return nk_stmt_run(st, NULL);
}

static int
insert(struct nk_store *s, struct nk_sshd_key *k)
{
	struct nk_stmt *st;
	int r;

	if ((r = nk_counter_next(s, NK_COUNTER_SSHD_KEY, &k->id)) < 0 ||
	    (r = nk_db_stmt(s->db, "INSERT INTO sshd_keys (id, saved_at,"
	    " path, text, fingerprint, certificate)"
	    " VALUES ($1, $2, $3, $4, $5, $6)", &st)) < 0)
		return r;
	nk_stmt_bind_int(st, 1, k->id);
	nk_stmt_bind_int(st, 2, k->saved_at);
	nk_stmt_bind_text(st, 3, k->path);
	nk_stmt_bind_text(st, 4, k->text);
	nk_stmt_bind_text(st, 5, k->fingerprint);
	nk_stmt_bind_int(st, 6, k->certificate);
	return nk_stmt_run(st, NULL);
}

int
nk_sshd_key_put(struct nk_store *s, struct nk_sshd_key *k)
{
	int r;

	if ((r = nk_store_may_write(s)) < 0)
		return r;
	if (k->path == NULL || k->path[0] != '/' || k->text == NULL ||
	    k->fingerprint == NULL || k->saved_at < 0)
		return -EINVAL;
	if ((r = drop_path(s, k->path)) < 0)
		return r;
	return nk_store_half(s, insert(s, k));
}

int
nk_sshd_key_delete(struct nk_store *s, int64_t id)
{
	int64_t changed;
	int r;

	if ((r = nk_store_may_write(s)) < 0 ||
	    (r = nk_db_run(s->db, "DELETE FROM sshd_keys WHERE id = $1", 1,
	    &id, &changed)) < 0)
		return r;
	return changed == 0 ? -ENOENT : 0;
}

int
nk_sshd_key_sealed_set(struct nk_store *s, int64_t id,
    const uint8_t *sealed, size_t len)
{
	struct nk_stmt *st;
	int r;

	if ((r = nk_store_may_write(s)) < 0 ||
	    (r = nk_db_stmt(s->db, "UPDATE sshd_keys SET sealed = $1"
	    " WHERE id = $2", &st)) < 0)
		return r;
	nk_stmt_bind_blob(st, 1, len == 0 ? NULL : sealed, len);
	nk_stmt_bind_int(st, 2, id);
	return nk_row_run(st);
}
