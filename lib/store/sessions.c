/* SPDX-License-Identifier: ISC */
#include "lib/store/sessions.h"

#include <limits.h>

#include "lib/store/session_db.h"

#define SWEEP_MAX	4096	/* rows: the oldest go */

struct job {
	const struct nk_user_session	*add;
	int64_t				 user_id, pid;
	int				(*fn)(void *arg,
					    const struct nk_user_session *u);
	void				*arg;
};

static int
add(struct nk_db *db, void *arg)
{
	const struct nk_user_session *u = ((struct job *)arg)->add;
	const int64_t most = SWEEP_MAX;
	struct nk_stmt *st;
	int r;

	if ((r = nk_db_run(db, "DELETE FROM sessions WHERE pid IN"
	    " (SELECT pid FROM sessions ORDER BY since DESC LIMIT -1"
	    " OFFSET $1)", 1, &most, NULL)) < 0 ||
	    (r = nk_db_stmt(db, "INSERT INTO sessions (pid, user_id, start,"
	    " since, service, tty, rhost)"
	    " VALUES ($1, $2, $3, $4, $5, $6, $7)"
	    " ON CONFLICT (pid) DO UPDATE SET user_id = excluded.user_id,"
	    " start = excluded.start, since = excluded.since,"
	    " service = excluded.service, tty = excluded.tty,"
	    " rhost = excluded.rhost", &st)) < 0)
		return r;
	nk_stmt_bind_int(st, 1, u->pid);
	nk_stmt_bind_int(st, 2, u->user_id);
	nk_stmt_bind_int(st, 3, u->start);
	nk_stmt_bind_int(st, 4, u->since);
	nk_stmt_bind_text(st, 5, u->service);
	nk_stmt_bind_text(st, 6, u->tty);
	nk_stmt_bind_text(st, 7, u->rhost);
	return nk_stmt_run(st, NULL);
}

static int
take_away(struct nk_db *db, void *arg)
{
	const struct job *j = arg;

	return nk_db_run(db, "DELETE FROM sessions WHERE pid = $1"
	    " AND user_id = $2", 2, (int64_t[]){ j->pid, j->user_id }, NULL);
}

static int
walk(struct nk_db *db, void *arg)
{
	const struct job *j = arg;
	struct nk_user_session u = { .user_id = j->user_id };
	struct nk_stmt *st;
	int r;

	if ((r = nk_db_stmt(db, "SELECT pid, start, since, service, tty,"
	    " rhost FROM sessions WHERE user_id = $1 ORDER BY since, pid",
	    &st)) < 0)
		return r;
	nk_stmt_bind_int(st, 1, j->user_id);
	while ((r = nk_stmt_step(st)) == 1) {
		u.pid = nk_stmt_int(st, 0, 1, INT_MAX);
		u.start = nk_stmt_int(st, 1, 0, INT64_MAX);
		u.since = nk_stmt_int(st, 2, INT64_MIN, INT64_MAX);
		u.service = nk_stmt_text(st, 3);
		u.tty = nk_stmt_text(st, 4);
		u.rhost = nk_stmt_text(st, 5);
		if ((r = nk_stmt_check(st)) < 0 ||
		    (r = j->fn(j->arg, &u)) != 0)
			break;
	}
	nk_stmt_end(st);
	return r;
}

int
nk_sessions_add(struct nk_session *s, const struct nk_user_session *u)
{
	struct job j = { .add = u };

	return nk_session_run(s, add, &j);
}

int
nk_sessions_remove(struct nk_session *s, int64_t user_id, int64_t pid)
{
	struct job j = { .user_id = user_id, .pid = pid };

	return nk_session_run(s, take_away, &j);
}

int
nk_sessions_each(struct nk_session *s, int64_t user_id,
    int (*fn)(void *arg, const struct nk_user_session *u), void *arg)
{
	struct job j = { .user_id = user_id, .fn = fn, .arg = arg };

	return nk_session_run(s, walk, &j);
}
