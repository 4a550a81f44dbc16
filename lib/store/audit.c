/* SPDX-License-Identifier: ISC */

#include <errno.h>

#include "lib/store/internal.h"

int
nk_audit_add(struct nk_store *s, struct nk_audit *a)
{
	struct nk_stmt *st;
	int64_t id, rows;
	int r;

	if ((r = nk_store_may_write(s)) < 0)
		return r;
	if (a->actor == NULL || a->action == NULL ||
	    a->object_kind == NULL || a->object == NULL || a->text == NULL)
		return -EINVAL;
	if ((r = nk_counter_get(s, NK_COUNTER_AUDIT_ROWS, &rows)) < 0 ||
	    (r = nk_counter_next(s, NK_COUNTER_AUDIT, &id)) < 0 ||
	    (r = nk_db_stmt(s->db, "INSERT INTO audit (id, at, actor_uid,"
	    " actor, action, object_kind, object_id, object, sentence,"
	    " before, after)"
	    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
	    &st)) < 0)
		return r;
	nk_stmt_bind_int(st, 1, id);
	nk_stmt_bind_int(st, 2, a->at);
	nk_stmt_bind_int(st, 3, a->actor_uid);
	nk_stmt_bind_text(st, 4, a->actor);
	nk_stmt_bind_text(st, 5, a->action);
	nk_stmt_bind_text(st, 6, a->object_kind);
	nk_stmt_bind_int(st, 7, a->object_id);
	nk_stmt_bind_text(st, 8, a->object);
	nk_stmt_bind_text(st, 9, a->text);
	nk_stmt_bind_text(st, 10, a->before);
	nk_stmt_bind_text(st, 11, a->after);
	if ((r = nk_stmt_run(st, NULL)) < 0)
		return r;
	a->id = id;
	return nk_store_half(s, nk_counter_set(s, NK_COUNTER_AUDIT_ROWS,
	    rows + 1));
}

static int
audit_read(struct nk_stmt *st, struct nk_audit *a)
{
	a->id = nk_stmt_int(st, 0, 1, INT64_MAX);
	a->at = nk_stmt_int(st, 1, INT64_MIN, INT64_MAX);
	a->actor_uid = (uint32_t)nk_stmt_int(st, 2, 0, UINT32_MAX);
	a->actor = nk_stmt_text(st, 3);
	a->action = nk_stmt_text(st, 4);
	a->object_kind = nk_stmt_text(st, 5);
	a->object_id = nk_stmt_int(st, 6, INT64_MIN, INT64_MAX);
	a->object = nk_stmt_text(st, 7);
	a->text = nk_stmt_text(st, 8);
	a->before = nk_stmt_text_or_null(st, 9);
	a->after = nk_stmt_text_or_null(st, 10);
	return nk_stmt_check(st);
}

/*
 * Ids and times may disagree where the clock was set back, so the walk
 * begins at the smallest id that is not too old, and looks at each row.
 * The sum keeps the database from looking for it by id, row after row.
 */
static int
audit_start(struct nk_store *s, int64_t since, int64_t *afterp)
{
	int64_t id;
	int r;

	if (since <= 0)
		return 0;
	r = nk_db_get(s->db, "SELECT MIN(id + 0) FROM audit WHERE at >= $1",
	    1, &since, &id);
	if (r == 0 && id > *afterp)
		*afterp = id - 1;
	return r;
}

static int
audit_walk(struct nk_store *s, int64_t after, int64_t since,
    int (*fn)(void *arg, const struct nk_audit *a), void *arg)
{
	struct nk_stmt *st;
	struct nk_audit a;
	int r;

	if ((r = nk_db_stmt(s->db, "SELECT id, at, actor_uid, actor, action,"
	    " object_kind, object_id, object, sentence, before, after"
	    " FROM audit WHERE id > $1 ORDER BY id", &st)) < 0)
		return r;
	nk_stmt_bind_int(st, 1, after);
	while ((r = nk_stmt_step(st)) == 1) {
		if ((r = audit_read(st, &a)) < 0)
			break;
		if (a.at >= since && (r = fn(arg, &a)) != 0)
			break;
	}
	nk_stmt_end(st);
	return r;
}

int
nk_audit_each(struct nk_store *s, int64_t after, int64_t since,
    int (*fn)(void *arg, const struct nk_audit *a), void *arg)
{
	int r;

	if ((r = nk_store_read_begin(s)) < 0)
		return r;
	r = audit_start(s, since, &after);
	if (r == 0)
		r = audit_walk(s, after, since, fn, arg);
	else if (r == -ENOENT)
		r = 0;		/* all are older */
	nk_store_read_end(s);
	return r;
}

/* ---- retention ---- */

#define COUNT_BITE	16384		/* new rows that one call counts */

/* The log as its counters have it, while it is being trimmed. */
struct log {
	int64_t	rows, bytes, counted;
};

static int
log_read(struct nk_store *s, struct log *log)
{
	int r;

	if ((r = nk_counter_get(s, NK_COUNTER_AUDIT_ROWS, &log->rows)) < 0 ||
	    (r = nk_counter_get(s, NK_COUNTER_AUDIT_BYTES,
	    &log->bytes)) < 0)
		return r;
	return nk_counter_get(s, NK_COUNTER_AUDIT_COUNTED, &log->counted);
}

static int
log_write(struct nk_store *s, const struct log *log)
{
	int r;

	if ((r = nk_counter_set(s, NK_COUNTER_AUDIT_ROWS, log->rows)) < 0 ||
	    (r = nk_counter_set(s, NK_COUNTER_AUDIT_BYTES, log->bytes)) < 0)
		return r;
	return nk_counter_set(s, NK_COUNTER_AUDIT_COUNTED, log->counted);
}

/* Three numbers of one row; what is NULL is 0. */
static int
get_three(struct nk_store *s, const char *sql, int n, const int64_t *params,
    int64_t v[3])
{
	struct nk_stmt *st;
	int i, r;

	if ((r = nk_db_stmt(s->db, sql, &st)) < 0)
		return r;
	for (i = 0; i < n; i++)
		nk_stmt_bind_int(st, i + 1, params[i]);
	r = nk_stmt_step(st);
	for (i = 0; r == 1 && i < 3; i++)
		v[i] = nk_stmt_int(st, i, 0, INT64_MAX);
	if (r >= 0)
		r = r == 0 ? -EBADMSG : nk_stmt_check(st);
	nk_stmt_end(st);
	return r;
}

static int
count_new(struct nk_store *s, struct log *log)
{
	int64_t v[3];
	int r;

	r = get_three(s, "SELECT COALESCE(MAX(id), 0),"
	    " COALESCE(SUM(size), 0), 0 FROM (SELECT id, " NK_AUDIT_SIZE
	    " AS size FROM audit WHERE id > $1 ORDER BY id LIMIT $2)", 2,
	    (int64_t[]){ log->counted, COUNT_BITE }, v);
	if (r == 0 && v[0] > 0) {
		log->counted = v[0];
		log->bytes += v[1];
	}
	return r;
}

/* Those that are too old, at most so many. */
static int
trim_old(struct nk_store *s, struct log *log, int64_t before, int64_t most)
{
	int64_t n, v[3];
	int r;

	if ((r = get_three(s, "SELECT COUNT(*), COALESCE(SUM(size), 0), 0"
	    " FROM (SELECT CASE WHEN id <= $1 THEN " NK_AUDIT_SIZE
	    " ELSE 0 END AS size FROM audit WHERE at < $2"
	    " ORDER BY at, id LIMIT $3)", 3,
	    (int64_t[]){ log->counted, before, most }, v)) < 0 || v[0] == 0)
		return r;
	r = nk_db_run(s->db, "DELETE FROM audit WHERE id IN (SELECT id"
	    " FROM audit WHERE at < $1 ORDER BY at, id LIMIT $2)", 2,
	    (int64_t[]){ before, most }, &n);
	if (r == 0 && n != v[0])
		r = -EBADMSG;
	log->rows -= v[0];
	log->bytes -= v[1];
	return r;
}

/* The oldest, until the rest is within the limits. */
static int
trim_many(struct nk_store *s, struct log *log,
    const struct nk_audit_limits *l, int64_t most)
{
	int64_t rows = log->rows - l->rows, bytes = log->bytes - l->bytes;
	int64_t n, v[3];
	int r;

	if (most <= 0 || (rows <= 0 && bytes <= 0))
		return 0;
	if ((r = get_three(s, "SELECT COALESCE(MAX(id), 0), COUNT(*),"
	    " COALESCE(SUM(size), 0) FROM (SELECT id, size,"
	    " ROW_NUMBER() OVER (ORDER BY id) AS nth,"
	    " SUM(size) OVER (ORDER BY id) AS total FROM (SELECT id,"
	    " CASE WHEN id <= $1 THEN " NK_AUDIT_SIZE " ELSE 0 END AS size"
	    " FROM audit ORDER BY id LIMIT $2))"
	    " WHERE nth <= $3 OR total - size < $4", 4,
	    (int64_t[]){ log->counted, most, rows, bytes }, v)) < 0)
		return r;
	r = nk_db_run(s->db, "DELETE FROM audit WHERE id <= $1", 1, v, &n);
	if (r == 0 && n != v[1])
		r = -EBADMSG;
	log->rows -= v[1];
	log->bytes -= v[2];
	return r;
}

int
nk_audit_trim(struct nk_store *s, const struct nk_audit_limits *l,
    int64_t most, int64_t *np)
{
	struct log log, old;
	int64_t last;
	int r;

	if ((r = nk_store_may_write(s)) < 0)
		return r;
	if (l->rows < 0 || l->bytes < 0 || most < 0)
		return -EINVAL;
	if ((r = log_read(s, &log)) < 0 ||
	    (r = nk_counter_get(s, NK_COUNTER_AUDIT, &last)) < 0)
		return r;
	old = log;
	if (last - log.counted > l->fresh)
		r = count_new(s, &log);
	if (r == 0 && (r = trim_old(s, &log, l->before, most)) == 0)
		r = trim_many(s, &log, l, most - (old.rows - log.rows));
	if (r == 0 && (log.rows != old.rows || log.counted != old.counted))
		r = log_write(s, &log);
	if (r < 0)
		return nk_store_half(s, r);
	*np = old.rows - log.rows;
	return 0;
}
