/* SPDX-License-Identifier: ISC */
#include "lib/store/failures.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/store/session_db.h"

#define SWEEP		4	/* rows without use, for each failure */
#define IDLE		86400	/* seconds after which a row has no use */
#define AHEAD		60	/* seconds that a caller may have waited */

struct row {
	int64_t	count, first_at, last_at, locked_until;
};

struct job {
	int64_t				 user_id;
	int64_t				 now;
	const struct nk_lockout_rule	*rule;
	struct row			 row;
	struct nk_lockout		*v;
	size_t				 n, room;
};

static int64_t
later(int64_t at, int64_t seconds)
{
	int64_t sum;

	return __builtin_add_overflow(at, seconds, &sum) ? INT64_MAX : sum;
}

/* A row of the far future (rule 3) is none. */
static int
row_read(struct nk_db *db, struct job *j)
{
	struct nk_stmt *st;
	int r;

	j->row = (struct row){ 0 };
	if ((r = nk_db_stmt(db, "SELECT count, first_at, last_at,"
	    " locked_until FROM failures WHERE user_id = $1"
	    " AND last_at <= $2", &st)) < 0)
		return r;
	nk_stmt_bind_int(st, 1, j->user_id);
	nk_stmt_bind_int(st, 2, later(j->now, AHEAD));
	if ((r = nk_stmt_step(st)) == 1) {
		j->row.count = nk_stmt_int(st, 0, 1, UINT32_MAX);
		j->row.first_at = nk_stmt_int(st, 1, INT64_MIN, INT64_MAX);
		j->row.last_at = nk_stmt_int(st, 2, INT64_MIN, INT64_MAX);
		j->row.locked_until = nk_stmt_int(st, 3, 0, INT64_MAX);
		r = nk_stmt_check(st);
		if (j->row.last_at > j->now)
			j->now = j->row.last_at;
	}
	nk_stmt_end(st);
	return r < 0 ? r : 0;
}

static int
row_write(struct nk_db *db, const struct job *j)
{
	return nk_db_run(db, "INSERT INTO failures (user_id, count, first_at,"
	    " last_at, locked_until) VALUES ($1, $2, $3, $4, $5)"
	    " ON CONFLICT (user_id) DO UPDATE SET count = excluded.count,"
	    " first_at = excluded.first_at, last_at = excluded.last_at,"
	    " locked_until = excluded.locked_until", 5,
	    (int64_t[]){ j->user_id, j->row.count, j->row.first_at,
	    j->row.last_at, j->row.locked_until }, NULL);
}

static int
add(struct nk_db *db, void *arg)
{
	struct job *j = arg;
	struct row *row = &j->row;
	int r;

	if ((r = nk_db_run(db, "DELETE FROM failures WHERE user_id IN"
	    " (SELECT user_id FROM failures WHERE last_at < $1"
	    " AND locked_until <= $2 ORDER BY last_at LIMIT $3)", 3,
	    (int64_t[]){ j->now - IDLE, j->now, SWEEP }, NULL)) < 0 ||
	    (r = row_read(db, j)) < 0)
		return r;
	if (row->locked_until > j->now)
		return 0;			/* rule 1 */
	if (row->locked_until != 0 ||
	    later(row->first_at, j->rule->window) <= j->now)
		*row = (struct row){ 0 };	/* a new beginning */
	if (row->count == 0)
		row->first_at = j->now;
	if (row->count < UINT32_MAX)
		row->count++;
	row->last_at = j->now;
	if (j->rule->count != 0 && row->count >= j->rule->count)
		row->locked_until = later(j->now, j->rule->seconds);
	return row_write(db, j);
}

static int
get(struct nk_db *db, void *arg)
{
	return row_read(db, arg);
}

static int
forget(struct nk_db *db, void *arg)
{
	struct job *j = arg;
	int r;

	if ((r = row_read(db, j)) < 0)
		return r;
	return nk_db_run(db, "DELETE FROM failures WHERE user_id = $1", 1,
	    &j->user_id, NULL);
}

/* What a row says to those who ask: a lock-out that is over is none. */
static struct nk_failures
failures_of(const struct job *j)
{
	bool over = j->row.locked_until != 0 &&
	    j->row.locked_until <= j->now;

	return (struct nk_failures){
		.count = over ? 0 : (uint32_t)j->row.count,
		.last_at = j->row.last_at,
		.locked_until = over ? 0 : j->row.locked_until,
	};
}

int
nk_failures_add(struct nk_session *s, int64_t user_id,
    const struct nk_lockout_rule *rule, int64_t now, struct nk_failures *f)
{
	struct job j = { .user_id = user_id, .rule = rule, .now = now };
	int r;

	if ((r = nk_session_run(s, add, &j)) == 0)
		*f = failures_of(&j);
	return r;
}

int
nk_failures_get(struct nk_session *s, int64_t user_id, int64_t now,
    struct nk_failures *f)
{
	struct job j = { .user_id = user_id, .now = now };
	int r;

	if ((r = nk_session_run(s, get, &j)) == 0)
		*f = failures_of(&j);
	return r;
}

int
nk_failures_forget(struct nk_session *s, int64_t user_id, int64_t now,
    struct nk_failures *wasp)
{
	struct job j = { .user_id = user_id, .now = now };
	int r;

	if ((r = nk_session_run(s, forget, &j)) == 0 && wasp != NULL)
		*wasp = failures_of(&j);
	return r;
}

static int
append(struct job *j, struct nk_stmt *st)
{
	struct nk_lockout *v;
	size_t room;

	if (j->n == j->room) {
		room = j->room > 0 ? 2 * j->room : 16;
		if ((v = reallocarray(j->v, room, sizeof(*v))) == NULL)
			return -ENOMEM;
		j->v = v;
		j->room = room;
	}
	j->v[j->n].user_id = nk_stmt_int(st, 0, 1, INT64_MAX);
	j->v[j->n].until = nk_stmt_int(st, 1, 1, INT64_MAX);
	j->n++;
	return nk_stmt_check(st);
}

static int
list(struct nk_db *db, void *arg)
{
	struct job *j = arg;
	struct nk_stmt *st;
	int r;

	j->n = 0;
	if ((r = nk_db_stmt(db, "SELECT user_id, locked_until FROM failures"
	    " WHERE locked_until > $1 AND last_at <= $2 ORDER BY user_id",
	    &st)) < 0)
		return r;
	nk_stmt_bind_int(st, 1, j->now);
	nk_stmt_bind_int(st, 2, later(j->now, AHEAD));
	while ((r = nk_stmt_step(st)) == 1) {
		if ((r = append(j, st)) < 0)
			break;
	}
	nk_stmt_end(st);
	return r;
}

int
nk_lockouts_get(struct nk_session *s, int64_t now, struct nk_lockout **vp,
    size_t *np)
{
	struct job j = { .now = now };
	int r;

	if ((r = nk_session_run(s, list, &j)) < 0) {
		free(j.v);
		return r;
	}
	*vp = j.v;
	*np = j.n;
	return 0;
}
