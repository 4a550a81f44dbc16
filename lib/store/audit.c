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

int
nk_audit_trim(struct nk_store *s, int64_t before, int64_t rows,
    int64_t limit, int64_t *np)
{
	int64_t all, old, many = 0, room;
	int r;

	if ((r = nk_store_may_write(s)) < 0)
		return r;
	if (rows < 0 || limit < 0)
		return -EINVAL;
	if ((r = nk_counter_get(s, NK_COUNTER_AUDIT_ROWS, &all)) < 0 ||
	    (r = nk_db_run(s->db, "DELETE FROM audit WHERE id IN"
	    " (SELECT id FROM audit WHERE at < $1 ORDER BY at LIMIT $2)",
	    2, (int64_t[]){ before, limit }, &old)) < 0)
		return r;
	room = limit - old < all - old - rows ? limit - old :
	    all - old - rows;
	if (room > 0)
		r = nk_db_run(s->db, "DELETE FROM audit WHERE id IN"
		    " (SELECT id FROM audit ORDER BY id LIMIT $1)",
		    1, &room, &many);
	if (r == 0 && old + many > 0)
		r = nk_counter_set(s, NK_COUNTER_AUDIT_ROWS,
		    all - old - many);
	if (r < 0)
		return nk_store_half(s, r);
	*np = old + many;
	return 0;
}
