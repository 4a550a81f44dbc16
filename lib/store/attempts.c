/* SPDX-License-Identifier: ISC */
#include "lib/store/attempts.h"

#include <errno.h>
#include <time.h>

#include "lib/store/session_db.h"

#define SWEEP	4		/* rows without use, for each failure */
#define AHEAD	60000		/* ms that a caller may have waited */
#define ALIVE	600000		/* ms: longer than any attempt takes */
#define ROWS_MAX	20000	/* then the oldest go */

/* count: within the window.  total never goes down while the row is there. */
struct row {
	int64_t	count, total, last_at, next_at, told;
};

struct job {
	const char			*subject;
	const struct nk_attempt_rule	*rule;
	struct nk_attempt		*a;
	int64_t				 now;
	struct row			 row;
};

int64_t
nk_attempt_now(void)
{
	struct timespec ts = { 0, 0 };

	/* Cannot fail: the clock is there and ts is ours. */
	(void)clock_gettime(CLOCK_BOOTTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int
row_read(struct nk_db *db, struct job *j)
{
	struct nk_stmt *st;
	int r;

	j->row = (struct row){ 0 };
	if ((r = nk_db_stmt(db, "SELECT count, total, last_at, next_at, told"
	    " FROM attempts WHERE subject = $1", &st)) < 0)
		return r;
	nk_stmt_bind_text(st, 1, j->subject);
	if ((r = nk_stmt_step(st)) == 1) {
		j->row.count = nk_stmt_int(st, 0, 0, INT32_MAX);
		j->row.total = nk_stmt_int(st, 1, 0, INT32_MAX);
		j->row.last_at = nk_stmt_int(st, 2, 0, INT64_MAX / 2);
		j->row.next_at = nk_stmt_int(st, 3, 0, INT64_MAX / 2);
		j->row.told = nk_stmt_int(st, 4, 0, 1);
		r = nk_stmt_check(st);
	}
	nk_stmt_end(st);
	if (r < 0)
		return r;
	if (j->row.last_at > j->now + AHEAD ||
	    j->now - j->row.last_at >= j->rule->window) {
		j->row.count = 0;
		j->row.next_at = 0;
		j->row.told = 0;
	}
	return 0;
}

static int
row_write(struct nk_db *db, const struct job *j)
{
	struct nk_stmt *st;
	int r;

	if ((r = nk_db_stmt(db, "INSERT INTO attempts (subject, count, total,"
	    " last_at, next_at, told) VALUES ($1, $2, $3, $4, $5, $6)"
	    " ON CONFLICT (subject) DO UPDATE SET count = excluded.count,"
	    " total = excluded.total, last_at = excluded.last_at,"
	    " next_at = excluded.next_at, told = excluded.told", &st)) < 0)
		return r;
	nk_stmt_bind_text(st, 1, j->subject);
	nk_stmt_bind_int(st, 2, j->row.count);
	nk_stmt_bind_int(st, 3, j->row.total);
	nk_stmt_bind_int(st, 4, j->row.last_at);
	nk_stmt_bind_int(st, 5, j->row.next_at);
	nk_stmt_bind_int(st, 6, j->row.told);
	return nk_stmt_run(st, NULL);
}

/* Between two attempts: 0, 1 s, 2 s, 4 s ... */
static int64_t
delay(const struct job *j)
{
	int64_t ms = 1000, n = j->row.count - j->rule->free;

	if (n < 0)
		return 0;
	while (n-- > 0 && ms < NK_ATTEMPT_DELAY_MAX_MS)
		ms *= 2;
	return ms;
}

/* Rule 2: the turn is taken here, before the attempt is made. */
static int
begin(struct nk_db *db, void *arg)
{
	struct job *j = arg;
	int64_t at, step;
	int r;

	if ((r = row_read(db, j)) < 0)
		return r;
	*j->a = (struct nk_attempt){ .total = j->row.total };
	if ((step = delay(j)) == 0)
		return 0;
	at = j->row.next_at > j->now ? j->row.next_at : j->now;
	if (at - j->now > NK_ATTEMPT_WAIT_MS) {
		j->a->first = j->row.told == 0;
		j->row.told = 1;
		r = row_write(db, j);
		return r < 0 ? r : -EAGAIN;
	}
	j->a->wait = at - j->now;
	j->row.next_at = at + step;
	j->row.told = 0;
	return row_write(db, j);
}

/*
 * Rule 5.  Rows of another boot would count as the newest, so they go first.
 */
static int
make_room(struct nk_db *db, const struct job *j)
{
	const int64_t ahead = j->now + AHEAD, most = ROWS_MAX - 1;
	int64_t keep = j->rule->window > ALIVE ? j->rule->window : ALIVE;
	int r;

	if ((r = nk_db_run(db, "DELETE FROM attempts WHERE last_at > $1", 1,
	    &ahead, NULL)) < 0 ||
	    (r = nk_db_run(db, "DELETE FROM attempts WHERE subject IN"
	    " (SELECT subject FROM attempts WHERE last_at < $1"
	    " ORDER BY last_at LIMIT $2)", 2,
	    (int64_t[]){ j->now - keep, SWEEP }, NULL)) < 0)
		return r;
	return nk_db_run(db, "DELETE FROM attempts WHERE subject IN"
	    " (SELECT subject FROM attempts ORDER BY last_at DESC LIMIT -1"
	    " OFFSET $1)", 1, &most, NULL);
}

static int
wrong(struct nk_db *db, void *arg)
{
	struct job *j = arg;
	int64_t next;
	int r;

	if ((r = make_room(db, j)) < 0 || (r = row_read(db, j)) < 0)
		return r;
	if (j->row.count < INT32_MAX)
		j->row.count++;
	if (j->row.total < INT32_MAX)
		j->row.total++;
	j->row.last_at = j->now;
	next = j->now + delay(j);
	if (next > j->row.next_at)
		j->row.next_at = next;
	return row_write(db, j);
}

static int
look(struct nk_db *db, void *arg)
{
	return row_read(db, arg);
}

/* The row stays: who has begun before must not find it anew. */
static int
forget(struct nk_db *db, void *arg)
{
	const struct job *j = arg;
	struct nk_stmt *st;
	int r;

	if ((r = nk_db_stmt(db, "UPDATE attempts SET count = 0, next_at = 0,"
	    " told = 0 WHERE subject = $1", &st)) < 0)
		return r;
	nk_stmt_bind_text(st, 1, j->subject);
	return nk_stmt_run(st, NULL);
}

int
nk_attempt_begin(struct nk_session *s, const char *subject,
    const struct nk_attempt_rule *rule, int64_t now, struct nk_attempt *a)
{
	struct job j = { .subject = subject, .rule = rule, .now = now,
	    .a = a };

	return nk_session_run(s, begin, &j);
}

int
nk_attempt_wrong(struct nk_session *s, const char *subject,
    const struct nk_attempt_rule *rule, int64_t now)
{
	struct job j = { .subject = subject, .rule = rule, .now = now };

	return nk_session_run(s, wrong, &j);
}

int
nk_attempt_right(struct nk_session *s, const char *subject,
    const struct nk_attempt_rule *rule, int64_t now,
    const struct nk_attempt *a)
{
	struct job j = { .subject = subject, .rule = rule, .now = now };
	int r;

	if ((r = nk_session_run(s, look, &j)) < 0)
		return r;
	return j.row.total - a->total >= rule->most ? -EAGAIN : 0;
}

int
nk_attempt_forget(struct nk_session *s, const char *subject)
{
	struct job j = { .subject = subject };

	return nk_session_run(s, forget, &j);
}
