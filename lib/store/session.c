/* SPDX-License-Identifier: ISC */

/*
 * session.db: kept in a log (WAL), because its users are killed at any
 * instruction and a journal in memory would leave a torn file then; never
 * synced, for nothing of it outlives the machine.
 *
 * Time is compared only with care: a row from "the future" belongs to an
 * earlier boot (where the state lies on a disk) and neither fills a bucket
 * nor holds a reservation.
 */

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/store/db.h"
#include "lib/store/dbfile.h"
#include "lib/store/session.h"
#include "lib/store/session_db.h"

#define APPLICATION	0x6e6b7365	/* "nkse" */
#define VERSION		6
#define BUSY_MS		3000u
#define CACHE_KIB	512u
#define SWEEP		4		/* rows without use, for each new one */
#define RATE_MAX	0x7fffffff	/* of count and period */

struct nk_session {
	struct nk_db	*db;
	char		*path;
};

/*
 * level is in tokens times period, so that it grows by "count" a second and
 * nothing is rounded.  idle_at: when the bucket is full again.
 */
static const char schema[] =
"CREATE TABLE buckets ("
"  subject  TEXT NOT NULL PRIMARY KEY,"
"  period   INTEGER NOT NULL CHECK (period > 0),"
"  level    INTEGER NOT NULL CHECK (level >= 0),"
"  at       INTEGER NOT NULL,"
"  idle_at  INTEGER NOT NULL"
") STRICT, WITHOUT ROWID;"
"CREATE INDEX buckets_idle ON buckets (idle_at);"
"CREATE TABLE reserved ("
"  kind     INTEGER NOT NULL CHECK (kind IN (0, 1)),"
"  id       INTEGER NOT NULL CHECK (id >= 0),"
"  at       INTEGER NOT NULL,"
"  ends_at  INTEGER NOT NULL,"
"  PRIMARY KEY (kind, id)"
") STRICT, WITHOUT ROWID;"
"CREATE INDEX reserved_ends ON reserved (ends_at);"
"CREATE TABLE sessions ("
"  pid      INTEGER PRIMARY KEY CHECK (pid > 0),"
"  user_id  INTEGER NOT NULL CHECK (user_id > 0),"
"  start    INTEGER NOT NULL CHECK (start >= 0),"
"  since    INTEGER NOT NULL,"
"  service  TEXT NOT NULL,"
"  tty      TEXT NOT NULL,"
"  rhost    TEXT NOT NULL"
") STRICT;"
"CREATE INDEX sessions_user ON sessions (user_id, since);"
"CREATE INDEX sessions_since ON sessions (since);"
"CREATE TABLE session_keys ("
"  fingerprint  TEXT NOT NULL,"
"  pid          INTEGER NOT NULL,"
"  PRIMARY KEY (fingerprint, pid)"
") STRICT, WITHOUT ROWID;"
"CREATE INDEX session_keys_pid ON session_keys (pid);"
"CREATE TABLE failures ("
"  user_id       INTEGER PRIMARY KEY CHECK (user_id > 0),"
"  count         INTEGER NOT NULL CHECK (count > 0),"
"  first_at      INTEGER NOT NULL,"
"  last_at       INTEGER NOT NULL,"
"  locked_until  INTEGER NOT NULL CHECK (locked_until >= 0)"
") STRICT;"
"CREATE INDEX failures_last ON failures (last_at);"
"CREATE INDEX failures_locked ON failures (locked_until)"
"  WHERE locked_until > 0;"
"CREATE TABLE attempts ("
"  subject  TEXT NOT NULL PRIMARY KEY,"
"  count    INTEGER NOT NULL CHECK (count >= 0),"
"  total    INTEGER NOT NULL CHECK (total >= 0),"
"  last_at  INTEGER NOT NULL,"
"  next_at  INTEGER NOT NULL CHECK (next_at >= 0),"
"  told     INTEGER NOT NULL CHECK (told IN (0, 1))"
") STRICT, WITHOUT ROWID;"
"CREATE INDEX attempts_last ON attempts (last_at);"
"CREATE TABLE web_sessions ("
"  number      INTEGER PRIMARY KEY,"
"  id          TEXT NOT NULL UNIQUE,"
"  user_id     INTEGER NOT NULL CHECK (user_id >= 0),"
"  generation  INTEGER NOT NULL CHECK (generation >= 0),"
"  uid         INTEGER NOT NULL CHECK (uid >= 0),"
"  name        TEXT NOT NULL,"
"  proof       TEXT NOT NULL,"
"  kind        INTEGER NOT NULL,"
"  first       INTEGER NOT NULL,"
"  parent      TEXT NOT NULL,"
"  token       TEXT NOT NULL,"
"  origin      TEXT NOT NULL,"
"  tls         INTEGER NOT NULL CHECK (tls IN (0, 1)),"
"  created_at  INTEGER NOT NULL,"
"  pid         INTEGER NOT NULL CHECK (pid >= 0),"
"  start       INTEGER NOT NULL CHECK (start >= 0),"
"  api_key     INTEGER NOT NULL CHECK (api_key >= 0)"
") STRICT;"
"CREATE INDEX web_sessions_parent ON web_sessions (parent);"
"CREATE TABLE web_tokens ("
"  number      INTEGER PRIMARY KEY,"
"  digest      TEXT NOT NULL UNIQUE,"
"  session     TEXT NOT NULL,"
"  user_id     INTEGER NOT NULL CHECK (user_id >= 0),"
"  generation  INTEGER NOT NULL CHECK (generation >= 0),"
"  uid         INTEGER NOT NULL CHECK (uid >= 0),"
"  name        TEXT NOT NULL,"
"  proof       TEXT NOT NULL,"
"  first       INTEGER NOT NULL,"
"  ttl         INTEGER NOT NULL CHECK (ttl > 0),"
"  used_at     INTEGER NOT NULL,"
"  ends_at     INTEGER NOT NULL,"
"  address     TEXT NOT NULL,"
"  once        INTEGER NOT NULL CHECK (once IN (0, 1)),"
"  login       INTEGER NOT NULL CHECK (login IN (0, 1)),"
"  api_key     INTEGER NOT NULL CHECK (api_key >= 0)"
") STRICT;"
"CREATE INDEX web_tokens_session ON web_tokens (session);"
"CREATE INDEX web_tokens_user ON web_tokens (user_id, name);"
"CREATE INDEX web_tokens_ends ON web_tokens (ends_at);"
"CREATE TABLE jobs ("
"  id       INTEGER PRIMARY KEY CHECK (id > 0),"
"  changed  INTEGER NOT NULL,"
"  state    INTEGER NOT NULL CHECK (state BETWEEN 0 AND 4),"
"  abort    INTEGER NOT NULL CHECK (abort IN (0, 1)),"
"  pid      INTEGER NOT NULL CHECK (pid > 0),"
"  start    INTEGER NOT NULL CHECK (start >= 0),"
"  object   TEXT NOT NULL"
") STRICT;"
"CREATE INDEX jobs_changed ON jobs (changed);";

int64_t
nk_session_now(void)
{
	struct timespec ts = { 0, 0 };

	/* Cannot fail: the clock is there and ts is ours. */
	(void)clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec;
}

static int
make_tables(struct nk_db *db)
{
	int64_t application, version;
	bool empty;
	int r;

	if ((r = nk_db_get_version(db, &application, &version, &empty)) < 0)
		return r;
	if (application == APPLICATION && version == VERSION)
		return 0;
	if ((r = nk_db_begin(db, true)) < 0)
		return r;
	if ((r = nk_db_get_version(db, &application, &version, &empty)) < 0 ||
	    (application == APPLICATION && version == VERSION))
		goto out;
	/* another version's is as good as a damaged one: make it anew */
	if ((r = empty ? 0 : -EBADMSG) < 0 ||
	    (r = nk_db_exec(db, schema)) < 0 ||
	    (r = nk_db_set_version(db, APPLICATION, VERSION)) < 0)
		goto out;
	r = nk_db_commit(db);
 out:
	nk_db_rollback(db);
	return r;
}

static void
session_detach(struct nk_session *s)
{
	nk_db_close(s->db);
	s->db = NULL;
}

static int
session_attach(struct nk_session *s)
{
	static const struct nk_db_options options = {
		.readonly = false,
		.durable = false,
		.busy_ms = BUSY_MS,
		.cache_kib = CACHE_KIB,
	};
	char *real = NULL;
	int r;

	session_detach(s);
	if ((r = nk_dbfile_prepare(s->path, true, &real)) == 0 &&
	    (r = nk_db_open(&s->db, real, &options)) == 0 &&
	    (r = make_tables(s->db)) == 0)
		r = nk_db_use_log(s->db);
	free(real);
	if (r < 0)
		session_detach(s);
	return r;
}

static void
ignore(void *arg, const char *what)
{
	(void)arg;
	(void)what;
}

/*
 * The file proved damaged: empty it, unless another process has just done
 * so, and open it again.  It stays the same file, for others have it open.
 */
static int
session_mend(struct nk_session *s)
{
	char *real = NULL;
	int fd = -1, r;

	session_detach(s);
	if ((r = nk_dbfile_prepare(s->path, true, &real)) < 0 ||
	    (r = nk_dbfile_lock(real, BUSY_MS, &fd)) < 0)
		goto out;
	if ((r = session_attach(s)) == 0)
		r = nk_db_check(s->db, ignore, NULL);
	session_detach(s);
	if (r == -EBADMSG)
		r = nk_db_reset(real, BUSY_MS);
 out:
	if (fd != -1)
		close(fd);
	free(real);
	return r < 0 ? r : session_attach(s);
}

/* Open what a failure has closed, or what was never open. */
static int
session_need(struct nk_session *s)
{
	int r;

	if (s->db != NULL)
		return 0;
	r = session_attach(s);
	return r == -EBADMSG ? session_mend(s) : r;
}

int
nk_session_open(struct nk_session **sp, const char *path)
{
	struct nk_session *s = NULL;
	int r;

	*sp = NULL;
	if ((s = calloc(1, sizeof(*s))) == NULL)
		return -ENOMEM;
	if ((s->path = strdup(path)) == NULL) {
		r = -ENOMEM;
		goto out;
	}
	/* without room each use tries again, and may do without */
	if ((r = session_need(s)) < 0 && r != -ENOSPC)
		goto out;
	r = 0;
	*sp = s;
	s = NULL;
 out:
	nk_session_close(s);
	return r;
}

void
nk_session_close(struct nk_session *s)
{
	if (s == NULL)
		return;
	session_detach(s);
	free(s->path);
	free(s);
}

/* ---- one transaction each ---- */

static int
run_once(struct nk_db *db, nk_session_work *work, void *arg)
{
	int done, r;

	if ((r = nk_db_begin(db, true)) < 0)
		return r;
	done = work(db, arg);
	if (done == 0 || done == -EAGAIN)
		r = nk_db_commit(db);
	nk_db_rollback(db);
	return r < 0 ? r : done;
}

int
nk_session_run(struct nk_session *s, nk_session_work *work, void *arg)
{
	int r;

	if ((r = session_need(s)) < 0 ||
	    (r = run_once(s->db, work, arg)) != -EBADMSG)
		return r;
	if ((r = session_mend(s)) < 0)
		return r;
	return run_once(s->db, work, arg);
}

int
nk_session_read(struct nk_session *s, nk_session_work *work, void *arg)
{
	int r;

	if ((r = session_need(s)) < 0 ||
	    (r = work(s->db, arg)) != -EBADMSG)
		return r;
	if ((r = session_mend(s)) < 0)
		return r;
	return work(s->db, arg);
}

/* ---- token buckets ---- */

struct bucket {
	int64_t	period, level, at;
};

static int
bucket_read(struct nk_db *db, const char *subject, struct bucket *b,
    bool *foundp)
{
	struct nk_stmt *st;
	int r;

	*foundp = false;
	if ((r = nk_db_stmt(db, "SELECT period, level, at FROM buckets"
	    " WHERE subject = $1", &st)) < 0)
		return r;
	nk_stmt_bind_text(st, 1, subject);
	if ((r = nk_stmt_step(st)) == 1) {
		b->period = nk_stmt_int(st, 0, 1, RATE_MAX);
		b->level = nk_stmt_int(st, 1, 0, INT64_MAX);
		b->at = nk_stmt_int(st, 2, INT64_MIN, INT64_MAX);
		r = nk_stmt_check(st);
		*foundp = true;
	}
	nk_stmt_end(st);
	return r;
}

static int
bucket_write(struct nk_db *db, const char *subject, const struct bucket *b,
    int64_t idle_at)
{
	struct nk_stmt *st;
	int r;

	if ((r = nk_db_stmt(db, "INSERT INTO buckets (subject, period,"
	    " level, at, idle_at) VALUES ($1, $2, $3, $4, $5)"
	    " ON CONFLICT (subject) DO UPDATE SET period = excluded.period,"
	    " level = excluded.level, at = excluded.at,"
	    " idle_at = excluded.idle_at", &st)) < 0)
		return r;
	nk_stmt_bind_text(st, 1, subject);
	nk_stmt_bind_int(st, 2, b->period);
	nk_stmt_bind_int(st, 3, b->level);
	nk_stmt_bind_int(st, 4, b->at);
	nk_stmt_bind_int(st, 5, idle_at);
	return nk_stmt_run(st, NULL);
}

/*
 * Bring b up to now: at most count tokens; nothing for a clock that went
 * back.  count and period are below 2^31, so no product reaches 2^62.
 */
static void
bucket_fill(struct bucket *b, int64_t count, int64_t period, int64_t now)
{
	int64_t full = count * period, gap = 0;

	if (b->period != period) {	/* the setting was changed */
		b->level /= b->period;
		b->level = b->level > count ? full : b->level * period;
		b->period = period;
	}
	if (b->level > full)
		b->level = full;
	if (now > b->at && __builtin_sub_overflow(now, b->at, &gap))
		gap = period;
	if (gap > period)
		gap = period;
	b->level = full - b->level < gap * count ? full :
	    b->level + gap * count;
	b->at = now;
}

static int
rate(struct nk_db *db, const char *subject, int64_t count, int64_t period,
    int64_t now)
{
	struct bucket b = { period, count * period, now };
	int64_t idle_at;
	bool found, taken;
	int r;

	if ((r = bucket_read(db, subject, &b, &found)) < 0)
		return r;
	if (!found && (r = nk_db_run(db, "DELETE FROM buckets"
	    " WHERE subject IN (SELECT subject FROM buckets"
	    " WHERE idle_at <= $1 ORDER BY idle_at LIMIT $2)", 2,
	    (int64_t[]){ now, SWEEP }, NULL)) < 0)
		return r;
	bucket_fill(&b, count, period, now);
	taken = b.level >= period;
	if (taken)
		b.level -= period;
	/* an empty bucket is full after one period, any other sooner */
	if (__builtin_add_overflow(now, period, &idle_at))
		idle_at = INT64_MAX;
	if ((r = bucket_write(db, subject, &b, idle_at)) < 0)
		return r;
	return taken ? 0 : -EAGAIN;
}

static int
rate_forget(struct nk_db *db, const char *subject)
{
	struct nk_stmt *st;
	int r;

	if ((r = nk_db_stmt(db, "DELETE FROM buckets WHERE subject = $1",
	    &st)) < 0)
		return r;
	nk_stmt_bind_text(st, 1, subject);
	return nk_stmt_run(st, NULL);
}

/* ---- reserved ids ---- */

static int
is_reserved(struct nk_db *db, int64_t kind, int64_t id, int64_t now)
{
	int64_t found;
	int r;

	r = nk_db_get(db, "SELECT 1 FROM reserved WHERE kind = $1"
	    " AND id = $2 AND at <= $3 AND ends_at > $4", 4,
	    (int64_t[]){ kind, id, now, now }, &found);
	if (r == -ENOENT)
		return 0;
	return r < 0 ? r : 1;
}

static int
reserve(struct nk_db *db, int64_t kind, int64_t id, int64_t now,
    int64_t seconds)
{
	int64_t ends_at;
	int r;

	if ((r = is_reserved(db, kind, id, now)) != 0)
		return r < 0 ? r : -EEXIST;
	if ((r = nk_db_run(db, "DELETE FROM reserved WHERE ends_at <= $1",
	    1, &now, NULL)) < 0)
		return r;
	if (__builtin_add_overflow(now, seconds, &ends_at))
		ends_at = INT64_MAX;
	return nk_db_run(db, "INSERT INTO reserved (kind, id, at, ends_at)"
	    " VALUES ($1, $2, $3, $4) ON CONFLICT (kind, id) DO UPDATE"
	    " SET at = excluded.at, ends_at = excluded.ends_at", 4,
	    (int64_t[]){ kind, id, now, ends_at }, NULL);
}

static int
unreserve(struct nk_db *db, int64_t kind, int64_t id)
{
	return nk_db_run(db, "DELETE FROM reserved WHERE kind = $1"
	    " AND id = $2", 2, (int64_t[]){ kind, id }, NULL);
}

/* ---- rates and reservations as such work ---- */

enum work {
	WORK_RATE,
	WORK_RATE_FORGET,
	WORK_RESERVE,
	WORK_UNRESERVE,
};

struct job {
	enum work	 work;
	const char	*subject;
	int64_t		 count, period;		/* of a rate */
	int64_t		 kind, id, seconds;	/* of a reservation */
	int64_t		 now;
};

static int
job_work(struct nk_db *db, void *arg)
{
	const struct job *j = arg;

	switch (j->work) {
	case WORK_RATE:
		return rate(db, j->subject, j->count, j->period, j->now);
	case WORK_RATE_FORGET:
		return rate_forget(db, j->subject);
	case WORK_RESERVE:
		return reserve(db, j->kind, j->id, j->now, j->seconds);
	case WORK_UNRESERVE:
		return unreserve(db, j->kind, j->id);
	default:
		return -EINVAL;
	}
}

int
nk_session_rate(struct nk_session *s, const char *subject, uint32_t count,
    uint32_t period, int64_t now)
{
	struct job j = {
		.work = WORK_RATE, .subject = subject, .count = count,
		.period = period, .now = now,
	};

	if (count > RATE_MAX || period == 0 || period > RATE_MAX)
		return -EINVAL;
	return nk_session_run(s, job_work, &j);
}

int
nk_session_rate_forget(struct nk_session *s, const char *subject)
{
	struct job j = { .work = WORK_RATE_FORGET, .subject = subject };

	return nk_session_run(s, job_work, &j);
}

int
nk_session_reserve(struct nk_session *s, enum nk_reserve_kind kind,
    uint32_t id, int64_t now, uint32_t seconds)
{
	struct job j = {
		.work = WORK_RESERVE, .kind = (int64_t)kind, .id = id,
		.now = now, .seconds = seconds,
	};

	return nk_session_run(s, job_work, &j);
}

int
nk_session_unreserve(struct nk_session *s, enum nk_reserve_kind kind,
    uint32_t id)
{
	struct job j = {
		.work = WORK_UNRESERVE, .kind = (int64_t)kind, .id = id,
	};

	return nk_session_run(s, job_work, &j);
}

int
nk_session_is_reserved(struct nk_session *s, enum nk_reserve_kind kind,
    uint32_t id, int64_t now)
{
	int r;

	if ((r = session_need(s)) < 0)
		return r;
	r = is_reserved(s->db, (int64_t)kind, id, now);
	if (r != -EBADMSG)
		return r;
	/* what a damaged file held is lost: nothing is reserved */
	return session_mend(s);
}
