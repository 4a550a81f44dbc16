/* SPDX-License-Identifier: ISC */
#include "lib/store/jobs.h"

#include <errno.h>
#include <limits.h>

#include "lib/store/session_db.h"

#define SELECT	"SELECT id, changed, state, abort, pid, start, object" \
		" FROM jobs "

struct work {
	struct nk_job		*add;
	const struct nk_job	*set;
	int64_t			 id, changed;
	int			(*fn)(void *arg, const struct nk_job *j);
	void			*arg;
};

static int
find_last(struct nk_db *db, void *arg)
{
	struct work *w = arg;
	int r;

	r = nk_db_get(db, "SELECT COALESCE(MAX(id), 0) FROM jobs", 0, NULL,
	    &w->id);
	return r < 0 ? r : nk_db_get(db, "SELECT COALESCE(MAX(changed), 0)"
	    " FROM jobs", 0, NULL, &w->changed);
}

static int
add(struct nk_db *db, void *arg)
{
	struct work *w = arg;
	struct nk_job *j = w->add;
	struct nk_stmt *st;
	int r;

	if ((r = find_last(db, w)) < 0)
		return r;
	j->id = w->id + 1;
	j->changed = w->changed + 1;
	if ((r = nk_db_run(db, "DELETE FROM jobs WHERE id <= $1", 1,
	    (int64_t[]){ j->id - NK_JOBS_MAX }, NULL)) < 0 ||
	    (r = nk_db_stmt(db, "INSERT INTO jobs (id, changed, state, abort,"
	    " pid, start, object) VALUES ($1, $2, $3, 0, $4, $5, $6)",
	    &st)) < 0)
		return r;
	nk_stmt_bind_int(st, 1, j->id);
	nk_stmt_bind_int(st, 2, j->changed);
	nk_stmt_bind_int(st, 3, (int64_t)j->state);
	nk_stmt_bind_int(st, 4, j->pid);
	nk_stmt_bind_int(st, 5, j->start);
	nk_stmt_bind_text(st, 6, j->object);
	return nk_stmt_run(st, NULL);
}

static int
set(struct nk_db *db, void *arg)
{
	struct work *w = arg;
	struct nk_stmt *st;
	int64_t n = 0;
	int r;

	if ((r = find_last(db, w)) < 0 ||
	    (r = nk_db_stmt(db, "UPDATE jobs SET changed = $1, state = $2,"
	    " object = $3 WHERE id = $4", &st)) < 0)
		return r;
	nk_stmt_bind_int(st, 1, w->changed + 1);
	nk_stmt_bind_int(st, 2, (int64_t)w->set->state);
	nk_stmt_bind_text(st, 3, w->set->object);
	nk_stmt_bind_int(st, 4, w->set->id);
	r = nk_stmt_run(st, &n);
	return r < 0 ? r : n == 0 ? -ENOENT : 0;
}

static int
ask_for_end(struct nk_db *db, void *arg)
{
	const struct work *w = arg;
	int64_t n = 0;
	int r;

	r = nk_db_run(db, "UPDATE jobs SET abort = 1 WHERE id = $1"
	    " AND state <= $2", 2, (int64_t[]){ w->id, NK_JOB_RUNNING }, &n);
	return r < 0 ? r : n == 0 ? -ENOENT : 0;
}

static int
job_read(struct nk_stmt *st, struct nk_job *j)
{
	j->id = nk_stmt_int(st, 0, 1, INT64_MAX);
	j->changed = nk_stmt_int(st, 1, 1, INT64_MAX);
	j->state = (enum nk_job_state)nk_stmt_int(st, 2, NK_JOB_WAITING,
	    NK_JOB_ABORTED);
	j->abort = nk_stmt_bool(st, 3);
	j->pid = nk_stmt_int(st, 4, 1, INT_MAX);
	j->start = nk_stmt_int(st, 5, 0, INT64_MAX);
	j->object = nk_stmt_text(st, 6);
	return nk_stmt_check(st);
}

/* 1: there was one, and fn gave 0. */
static int
walk(struct nk_stmt *st, const struct work *w)
{
	struct nk_job j;
	int found = 0, r;

	while ((r = nk_stmt_step(st)) == 1) {
		found = 1;
		if ((r = job_read(st, &j)) < 0 ||
		    (r = w->fn(w->arg, &j)) != 0)
			break;
	}
	nk_stmt_end(st);
	return r < 0 ? r : found;
}

static int
get(struct nk_db *db, void *arg)
{
	const struct work *w = arg;
	struct nk_stmt *st;
	int r;

	if ((r = nk_db_stmt(db, SELECT "WHERE id = $1", &st)) < 0)
		return r;
	nk_stmt_bind_int(st, 1, w->id);
	r = walk(st, w);
	return r < 0 ? r : r == 0 ? -ENOENT : 0;
}

static int
each(struct nk_db *db, void *arg)
{
	const struct work *w = arg;
	struct nk_stmt *st;
	int r;

	if ((r = nk_db_stmt(db, SELECT "WHERE changed > $1 ORDER BY changed",
	    &st)) < 0)
		return r;
	nk_stmt_bind_int(st, 1, w->changed);
	r = walk(st, w);
	return r < 0 ? r : 0;
}

int
nk_job_add(struct nk_session *s, struct nk_job *j)
{
	struct work w = { .add = j };

	return nk_session_run(s, add, &w);
}

int
nk_job_set(struct nk_session *s, const struct nk_job *j)
{
	struct work w = { .set = j };

	return nk_session_run(s, set, &w);
}

int
nk_job_abort(struct nk_session *s, int64_t id)
{
	struct work w = { .id = id };

	return nk_session_run(s, ask_for_end, &w);
}

int
nk_job_get(struct nk_session *s, int64_t id,
    int (*fn)(void *arg, const struct nk_job *j), void *arg)
{
	struct work w = { .id = id, .fn = fn, .arg = arg };

	return nk_session_read(s, get, &w);
}

int
nk_job_each(struct nk_session *s, int64_t after,
    int (*fn)(void *arg, const struct nk_job *j), void *arg)
{
	struct work w = { .changed = after, .fn = fn, .arg = arg };

	return nk_session_read(s, each, &w);
}

int
nk_job_last(struct nk_session *s, int64_t *idp, int64_t *changedp)
{
	struct work w = { .id = 0 };
	int r;

	if ((r = nk_session_read(s, find_last, &w)) < 0)
		return r;
	*idp = w.id;
	*changedp = w.changed;
	return 0;
}
