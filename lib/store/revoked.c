/* SPDX-License-Identifier: ISC */
#include "lib/store/revoked.h"

#include <errno.h>
#include <string.h>

#include "lib/store/internal.h"

#define COLUMNS	"fingerprint, type, blob, comment, revoked_by, revoked_at"

static int
row_read(struct nk_stmt *st, struct nk_revoked *row)
{
	int i = 0;

	row->fingerprint = nk_stmt_text(st, i++);
	row->type = nk_stmt_text_or_null(st, i++);
	row->blob = nk_stmt_blob(st, i++, &row->blob_len);
	row->comment = nk_stmt_text_or_null(st, i++);
	row->revoked_by = nk_stmt_text(st, i++);
	row->revoked_at = nk_stmt_int(st, i, 0, INT64_MAX);
	return nk_stmt_check(st);
}

static int
row_check(const struct nk_revoked *row)
{
	if (row->fingerprint == NULL ||
	    strncmp(row->fingerprint, "SHA256:", 7) != 0 ||
	    row->revoked_by == NULL || row->revoked_at < 0 ||
	    (row->type == NULL) != (row->blob == NULL) ||
	    (row->blob == NULL) != (row->blob_len == 0))
		return -EINVAL;
	return 0;
}

static int
next_revision(struct nk_store *s)
{
	int64_t revision;

	return nk_store_half(s, nk_counter_next(s, NK_COUNTER_REVOKED,
	    &revision));
}

int
nk_revoked_add(struct nk_store *s, const struct nk_revoked *row)
{
	struct nk_stmt *st;
	bool has;
	int r;

	if ((r = nk_store_may_write(s)) < 0 || (r = row_check(row)) < 0 ||
	    (r = nk_revoked_has(s, row->fingerprint, &has)) < 0)
		return r;
	if (has)
		return -EEXIST;
	if ((r = nk_db_stmt(s->db, "INSERT INTO revoked (" COLUMNS ")"
	    " VALUES ($1, $2, $3, $4, $5, $6)", &st)) < 0)
		return r;
	nk_stmt_bind_text(st, 1, row->fingerprint);
	nk_stmt_bind_text(st, 2, row->type);
	nk_stmt_bind_blob(st, 3, row->blob, row->blob_len);
	nk_stmt_bind_text(st, 4, row->comment);
	nk_stmt_bind_text(st, 5, row->revoked_by);
	nk_stmt_bind_int(st, 6, row->revoked_at);
	if ((r = nk_stmt_run(st, NULL)) < 0)
		return r;
	return next_revision(s);
}

int
nk_revoked_remove(struct nk_store *s, const char *fingerprint)
{
	struct nk_stmt *st;
	int64_t changed;
	int r;

	if ((r = nk_store_may_write(s)) < 0 ||
	    (r = nk_db_stmt(s->db, "DELETE FROM revoked"
	    " WHERE fingerprint = $1", &st)) < 0)
		return r;
	nk_stmt_bind_text(st, 1, fingerprint);
	if ((r = nk_stmt_run(st, &changed)) < 0)
		return r;
	return changed == 0 ? -ENOENT : next_revision(s);
}

int
nk_revoked_has(struct nk_store *s, const char *fingerprint, bool *hasp)
{
	struct nk_stmt *st;
	int r;

	*hasp = false;
	if ((r = nk_db_stmt(s->db, "SELECT 1 FROM revoked"
	    " WHERE fingerprint = $1", &st)) < 0)
		return r;
	nk_stmt_bind_text(st, 1, fingerprint);
	r = nk_stmt_step(st);
	nk_stmt_end(st);
	*hasp = r == 1;
	return r < 0 ? r : 0;
}

int
nk_revoked_each(struct nk_store *s,
    int (*fn)(void *arg, const struct nk_revoked *row), void *arg)
{
	struct nk_revoked row;
	struct nk_stmt *st;
	int r;

	if ((r = nk_db_stmt(s->db, "SELECT " COLUMNS " FROM revoked"
	    " ORDER BY fingerprint", &st)) < 0)
		return r;
	while ((r = nk_stmt_step(st)) == 1) {
		if ((r = row_read(st, &row)) < 0 || (r = fn(arg, &row)) != 0)
			break;
	}
	nk_stmt_end(st);
	return r;
}

int
nk_revoked_revision(struct nk_store *s, int64_t *revisionp)
{
	return nk_counter_get(s, NK_COUNTER_REVOKED, revisionp);
}
