/* SPDX-License-Identifier: ISC */

/*
 * Row ids that are never used again, and the uids and gids in use.
 *
 * Counters are read once in a transaction and written once at its end, or
 * at a savepoint.
 *
 * Spans are maximal: two of one kind never touch.  So the id after the
 * span that holds "first" is the smallest free one.
 */

#include <errno.h>
#include <string.h>

#include "lib/store/internal.h"

static const char *const names[NK_COUNTERS] = {
	"user", "group", "key", "credential", "audit", "change", "trimmed",
	"audit_rows", "audit_bytes", "audit_counted", "revoked",
	"keyfile_home", "consumer", "sshd_key", "api_key", "api_key_number",
	"sudo",
};

static int
counter_read(struct nk_store *s, enum nk_counter c, int64_t *vp)
{
	struct nk_stmt *st;
	int r;

	if ((r = nk_db_stmt(s->db, "SELECT value FROM counters"
	    " WHERE name = $1", &st)) < 0)
		return r;
	nk_stmt_bind_text(st, 1, names[c]);
	if ((r = nk_stmt_step(st)) == 1) {
		*vp = nk_stmt_int(st, 0, 0, INT64_MAX);
		r = nk_stmt_check(st);
	} else if (r == 0) {
		r = -EBADMSG;
	}
	nk_stmt_end(st);
	return r;
}

/* Those that each edit asks for, as "sql" has them below. */
static const enum nk_counter often[] = {
	NK_COUNTER_AUDIT, NK_COUNTER_AUDIT_ROWS, NK_COUNTER_CHANGE,
	NK_COUNTER_REVOKED, NK_COUNTER_SUDO,
};

/*
 * Read them all, at the first that is asked for.  Each name has a place of
 * its own in the join: for a list of them SQLite makes a table in memory.
 */
static int
counters_read(struct nk_store *s)
{
	static const char sql[] = "SELECT a.value, b.value, c.value,"
	    " d.value, e.value FROM counters AS a, counters AS b,"
	    " counters AS c, counters AS d, counters AS e"
	    " WHERE a.name = 'audit' AND b.name = 'audit_rows'"
	    " AND c.name = 'change' AND d.name = 'revoked'"
	    " AND e.name = 'sudo'";
	int64_t v[sizeof(often) / sizeof(often[0])];
	struct nk_stmt *st;
	size_t i;
	int r;

	if ((r = nk_db_stmt(s->db, sql, &st)) < 0)
		return r;
	r = nk_stmt_step(st);
	for (i = 0; r == 1 && i < sizeof(v) / sizeof(v[0]); i++)
		v[i] = nk_stmt_int(st, (int)i, 0, INT64_MAX);
	if (r >= 0)
		r = r == 0 ? -EBADMSG : nk_stmt_check(st);
	nk_stmt_end(st);
	for (i = 0; r == 0 && i < sizeof(v) / sizeof(v[0]); i++) {
		if (s->loaded[often[i]])
			continue;
		s->counter[often[i]] = v[i];
		s->loaded[often[i]] = true;
	}
	return r;
}

static int
counter_load(struct nk_store *s, enum nk_counter c)
{
	size_t i;
	int r;

	for (i = 0; i < sizeof(often) / sizeof(often[0]); i++)
		if (often[i] == c)
			return counters_read(s);
	if ((r = counter_read(s, c, &s->counter[c])) == 0)
		s->loaded[c] = true;
	return r;
}

int
nk_counter_get(struct nk_store *s, enum nk_counter c, int64_t *vp)
{
	int r;

	if (!s->writing)
		return counter_read(s, c, vp);
	if (!s->loaded[c] && (r = counter_load(s, c)) < 0)
		return r;
	*vp = s->counter[c];
	return 0;
}

int
nk_counter_set(struct nk_store *s, enum nk_counter c, int64_t v)
{
	if (!s->writing)
		return -EINVAL;
	s->counter[c] = v;
	s->loaded[c] = true;
	s->dirty[c] = true;
	return 0;
}

int
nk_counter_next(struct nk_store *s, enum nk_counter c, int64_t *vp)
{
	int64_t v;
	int r;

	if ((r = nk_counter_get(s, c, &v)) < 0)
		return r;
	if (v == INT64_MAX)
		return -EOVERFLOW;
	if ((r = nk_counter_set(s, c, v + 1)) < 0)
		return r;
	*vp = v + 1;
	return 0;
}

int
nk_counters_write(struct nk_store *s)
{
	struct nk_stmt *st;
	int64_t changed;
	size_t c;
	int r;

	for (c = 0; c < NK_COUNTERS; c++) {
		if (!s->dirty[c])
			continue;
		if ((r = nk_db_stmt(s->db, "UPDATE counters SET value = $1"
		    " WHERE name = $2", &st)) < 0)
			return r;
		nk_stmt_bind_int(st, 1, s->counter[c]);
		nk_stmt_bind_text(st, 2, names[c]);
		if ((r = nk_stmt_run(st, &changed)) < 0)
			return r;
		if (changed != 1)
			return -EBADMSG;
		s->dirty[c] = false;
	}
	return 0;
}

void
nk_counters_forget(struct nk_store *s)
{
	memset(s->loaded, 0, sizeof(s->loaded));
	memset(s->dirty, 0, sizeof(s->dirty));
}

int
nk_store_last_ids(struct nk_store *s, struct nk_last_ids *ids)
{
	static const enum nk_counter counters[NK_ROWS_KINDS] = {
		[NK_ROWS_USER] = NK_COUNTER_USER,
		[NK_ROWS_GROUP] = NK_COUNTER_GROUP,
		[NK_ROWS_CREDENTIAL] = NK_COUNTER_CREDENTIAL,
		[NK_ROWS_API_KEY] = NK_COUNTER_API_KEY,
	};
	size_t i;
	int r;

	if ((r = nk_store_read_begin(s)) < 0)
		return r;
	r = nk_counter_get(s, NK_COUNTER_AUDIT, &ids->audit);
	for (i = 0; r == 0 && i < NK_ROWS_KINDS; i++)
		r = nk_counter_get(s, counters[i], &ids->rows[i]);
	nk_store_read_end(s);
	return r;
}

/* ---- spans ---- */

static int
span_insert(struct nk_store *s, enum nk_span_kind kind, int64_t first,
    int64_t last)
{
	return nk_db_run(s->db, "INSERT INTO spans (kind, first_id, last_id)"
	    " VALUES ($1, $2, $3)", 3, (int64_t[]){ kind, first, last },
	    NULL);
}

static int
span_delete(struct nk_store *s, enum nk_span_kind kind, int64_t first)
{
	return nk_db_run(s->db, "DELETE FROM spans"
	    " WHERE kind = $1 AND first_id = $2", 2,
	    (int64_t[]){ kind, first }, NULL);
}

static int
span_end(struct nk_store *s, enum nk_span_kind kind, int64_t first,
    int64_t last)
{
	return nk_db_run(s->db, "UPDATE spans SET last_id = $1"
	    " WHERE kind = $2 AND first_id = $3", 3,
	    (int64_t[]){ last, kind, first }, NULL);
}

struct span {
	int64_t	first, last;
};

/*
 * The spans that begin at "at" or before it, the nearest first: at most two.
 * Returns how many there are.
 */
static int
spans_before(struct nk_store *s, enum nk_span_kind kind, int64_t at,
    struct span *v)
{
	struct nk_stmt *st;
	int n = 0, r;

	if ((r = nk_db_stmt(s->db, "SELECT first_id, last_id FROM spans"
	    " WHERE kind = $1 AND first_id <= $2"
	    " ORDER BY first_id DESC LIMIT 2", &st)) < 0)
		return r;
	nk_stmt_bind_int(st, 1, kind);
	nk_stmt_bind_int(st, 2, at);
	while (n < 2 && (r = nk_stmt_step(st)) == 1) {
		v[n].first = nk_stmt_int(st, 0, 0, at);
		v[n].last = nk_stmt_int(st, 1, v[n].first, UINT32_MAX);
		n++;
	}
	if (r >= 0)
		r = nk_stmt_check(st);
	nk_stmt_end(st);
	return r < 0 ? r : n;
}

int
nk_span_add(struct nk_store *s, enum nk_span_kind kind, uint32_t id)
{
	struct span v[2];
	const struct span *left = NULL, *right = NULL;
	int64_t last = id;
	int n, r;

	if ((n = spans_before(s, kind, (int64_t)id + 1, v)) < 0)
		return n;
	if (n > 0 && v[0].first == (int64_t)id + 1)
		right = &v[0];
	if (n > (right != NULL ? 1 : 0))
		left = &v[right != NULL ? 1 : 0];
	if (left != NULL && left->last >= id)
		return 0;	/* one more user of it */
	if (right != NULL) {
		last = right->last;
		if ((r = span_delete(s, kind, right->first)) < 0)
			return r;
	}
	if (left != NULL && left->last == (int64_t)id - 1)
		return span_end(s, kind, left->first, last);
	return span_insert(s, kind, id, last);
}

int
nk_span_remove(struct nk_store *s, enum nk_span_kind kind, uint32_t id)
{
	struct span v[2];
	int n, r;

	if ((n = spans_before(s, kind, id, v)) < 0)
		return n;
	if (n == 0 || v[0].last < id)
		return -EBADMSG;	/* it was in use */
	if (v[0].first == id)
		r = span_delete(s, kind, id);
	else
		r = span_end(s, kind, v[0].first, (int64_t)id - 1);
	if (r == 0 && v[0].last > id)
		r = span_insert(s, kind, (int64_t)id + 1, v[0].last);
	return r;
}

static int
next(struct nk_store *s, enum nk_span_kind kind, uint32_t first,
    uint32_t last, int (*taken)(void *arg, uint32_t id), void *arg,
    uint32_t *idp)
{
	struct span v[2];
	int64_t id;
	int n, r;

	for (id = first; id <= last; id++) {
		if ((n = spans_before(s, kind, id, v)) < 0)
			return n;
		if (n > 0 && v[0].last >= id) {
			id = v[0].last;
			continue;
		}
		r = taken == NULL ? 0 : taken(arg, (uint32_t)id);
		if (r < 0)
			return r;
		if (r == 0) {
			*idp = (uint32_t)id;
			return 0;
		}
	}
	return -ENOSPC;
}

int
nk_uid_next(struct nk_store *s, uint32_t first, uint32_t last,
    int (*taken)(void *arg, uint32_t id), void *arg, uint32_t *uidp)
{
	return next(s, NK_SPAN_UID, first, last, taken, arg, uidp);
}

int
nk_gid_next(struct nk_store *s, uint32_t first, uint32_t last,
    int (*taken)(void *arg, uint32_t id), void *arg, uint32_t *gidp)
{
	return next(s, NK_SPAN_GID, first, last, taken, arg, gidp);
}
