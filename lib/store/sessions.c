/* SPDX-License-Identifier: ISC */
#include "lib/store/sessions.h"

#include <limits.h>

#include "lib/store/session_db.h"

#define SWEEP_MAX	4096	/* rows: the oldest go */

struct job {
	const struct nk_user_session	*add;
	const struct nk_session_keys	*keys;
	const char			*fingerprint;
	int64_t				 user_id, pid;
	int				(*fn)(void *arg,
					    const struct nk_user_session *u);
	void				*arg;
};

/* The keys of the session before, of one that is gone, and then these. */
static int
set_keys(struct nk_db *db, int64_t pid, const struct nk_session_keys *keys)
{
	struct nk_stmt *st;
	size_t i;
	int r;

	if ((r = nk_db_run(db, "DELETE FROM session_keys WHERE pid = $1"
	    " OR pid NOT IN (SELECT pid FROM sessions)", 1, &pid, NULL)) < 0)
		return r;
	for (i = 0; i < keys->n; i++) {
		if ((r = nk_db_stmt(db, "INSERT INTO session_keys"
		    " (fingerprint, pid) VALUES ($1, $2)"
		    " ON CONFLICT DO NOTHING", &st)) < 0)
			return r;
		nk_stmt_bind_text(st, 1, keys->v[i]);
		nk_stmt_bind_int(st, 2, pid);
		if ((r = nk_stmt_run(st, NULL)) < 0)
			return r;
	}
	return 0;
}

static int
add(struct nk_db *db, void *arg)
{
	const struct job *j = arg;
	const struct nk_user_session *u = j->add;
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
	if ((r = nk_stmt_run(st, NULL)) < 0)
		return r;
	return set_keys(db, u->pid, j->keys);
}

static int
take_away(struct nk_db *db, void *arg)
{
	const struct job *j = arg;
	int64_t gone;
	int r;

	r = nk_db_run(db, "DELETE FROM sessions WHERE pid = $1"
	    " AND user_id = $2", 2, (int64_t[]){ j->pid, j->user_id }, &gone);
	if (r < 0 || gone == 0)
		return r;
	return nk_db_run(db, "DELETE FROM session_keys WHERE pid = $1", 1,
	    &j->pid, NULL);
}

#define COLUMNS	"s.pid, s.user_id, s.start, s.since, s.service, s.tty, s.rhost"

/* The rows of st, which is then given back. */
static int
walk(struct nk_stmt *st, const struct job *j)
{
	struct nk_user_session u;
	int r;

	while ((r = nk_stmt_step(st)) == 1) {
		u.pid = nk_stmt_int(st, 0, 1, INT_MAX);
		u.user_id = nk_stmt_int(st, 1, 1, INT64_MAX);
		u.start = nk_stmt_int(st, 2, 0, INT64_MAX);
		u.since = nk_stmt_int(st, 3, INT64_MIN, INT64_MAX);
		u.service = nk_stmt_text(st, 4);
		u.tty = nk_stmt_text(st, 5);
		u.rhost = nk_stmt_text(st, 6);
		if ((r = nk_stmt_check(st)) < 0 ||
		    (r = j->fn(j->arg, &u)) != 0)
			break;
	}
	nk_stmt_end(st);
	return r;
}

static int
walk_user(struct nk_db *db, void *arg)
{
	const struct job *j = arg;
	struct nk_stmt *st;
	int r;

	if ((r = nk_db_stmt(db, "SELECT " COLUMNS " FROM sessions AS s"
	    " WHERE s.user_id = $1 ORDER BY s.since, s.pid", &st)) < 0)
		return r;
	nk_stmt_bind_int(st, 1, j->user_id);
	return walk(st, j);
}

static int
walk_key(struct nk_db *db, void *arg)
{
	const struct job *j = arg;
	struct nk_stmt *st;
	int r;

	if ((r = nk_db_stmt(db, "SELECT " COLUMNS " FROM sessions AS s,"
	    " session_keys AS k WHERE k.fingerprint = $1 AND s.pid = k.pid"
	    " ORDER BY s.since, s.pid", &st)) < 0)
		return r;
	nk_stmt_bind_text(st, 1, j->fingerprint);
	return walk(st, j);
}

int
nk_sessions_add(struct nk_session *s, const struct nk_user_session *u,
    const struct nk_session_keys *keys)
{
	struct job j = { .add = u, .keys = keys };

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

	return nk_session_run(s, walk_user, &j);
}

int
nk_sessions_each_of_key(struct nk_session *s, const char *fingerprint,
    int (*fn)(void *arg, const struct nk_user_session *u), void *arg)
{
	struct job j = { .fingerprint = fingerprint, .fn = fn, .arg = arg };

	return nk_session_run(s, walk_key, &j);
}
