/* SPDX-License-Identifier: ISC */
#include "lib/store/weblogins.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "lib/store/session_db.h"

#define SESSIONS_MAX	20000	/* rows: the oldest go */
#define AHEAD		60	/* s that a caller may have waited */

struct ids {
	char	(*v)[NK_WEB_ID_SIZE];
	size_t	 n;
};

struct job {
	const struct nk_web_session	*session;
	const struct nk_web_token	*token;
	struct nk_web_token		*found;
	const char			*id, *address;
	int64_t				 now;
	bool				 kill;
	int		(*fn)(void *arg, const struct nk_web_session *w);
	void		*arg;
};

/* ---- rows ---- */

static int
take_text(struct nk_stmt *st, int column, char *buf, size_t size)
{
	const char *text = nk_stmt_text(st, column);
	size_t len;

	if (text == NULL || (len = strlen(text)) >= size)
		return -EBADMSG;
	memcpy(buf, text, len + 1);
	return 0;
}

#define ACCOUNT_COLUMNS	"user_id, generation, uid, name, proof"

static void
bind_account(struct nk_stmt *st, int first, const struct nk_web_account *a)
{
	nk_stmt_bind_int(st, first, a->user_id);
	nk_stmt_bind_int(st, first + 1, a->generation);
	nk_stmt_bind_int(st, first + 2, a->uid);
	nk_stmt_bind_text(st, first + 3, a->name);
	nk_stmt_bind_text(st, first + 4, a->proof);
}

static int
take_account(struct nk_stmt *st, int first, struct nk_web_account *a)
{
	a->user_id = nk_stmt_int(st, first, 0, INT64_MAX);
	a->generation = nk_stmt_int(st, first + 1, 0, INT64_MAX);
	a->uid = (uint32_t)nk_stmt_int(st, first + 2, 0, UINT32_MAX);
	if (take_text(st, first + 3, a->name, sizeof(a->name)) < 0 ||
	    take_text(st, first + 4, a->proof, sizeof(a->proof)) < 0)
		return -EBADMSG;
	return 0;
}

/* One statement with one parameter of text. */
static int
run_text(struct nk_db *db, const char *sql, const char *text,
    int64_t *changedp)
{
	struct nk_stmt *st;
	int r;

	if ((r = nk_db_stmt(db, sql, &st)) < 0)
		return r;
	nk_stmt_bind_text(st, 1, text);
	return nk_stmt_run(st, changedp);
}

/* ---- sessions ---- */

static int
add_session(struct nk_db *db, void *arg)
{
	const struct nk_web_session *w = ((const struct job *)arg)->session;
	const int64_t most = SESSIONS_MAX - 1;
	struct nk_stmt *st;
	int r;

	if ((r = nk_db_run(db, "DELETE FROM web_sessions WHERE number IN"
	    " (SELECT number FROM web_sessions ORDER BY number DESC LIMIT -1"
	    " OFFSET $1)", 1, &most, NULL)) < 0 ||
	    (r = nk_db_stmt(db, "INSERT INTO web_sessions (id, "
	    ACCOUNT_COLUMNS ", kind, first, parent, token, origin, tls,"
	    " created_at, pid, start, api_key) VALUES ($1, $2, $3, $4, $5,"
	    " $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
	    &st)) < 0)
		return r;
	nk_stmt_bind_text(st, 1, w->id);
	bind_account(st, 2, &w->account);
	nk_stmt_bind_int(st, 7, (int64_t)w->kind);
	nk_stmt_bind_int(st, 8, (int64_t)w->first);
	nk_stmt_bind_text(st, 9, w->parent);
	nk_stmt_bind_text(st, 10, w->token);
	nk_stmt_bind_text(st, 11, w->origin);
	nk_stmt_bind_int(st, 12, w->tls);
	nk_stmt_bind_int(st, 13, w->created_at);
	nk_stmt_bind_int(st, 14, w->pid);
	nk_stmt_bind_int(st, 15, w->start);
	nk_stmt_bind_int(st, 16, w->api_key);
	return nk_stmt_run(st, NULL);
}

static int
take_session(struct nk_stmt *st, struct nk_web_session *w)
{
	int r;

	if ((r = take_text(st, 0, w->id, sizeof(w->id))) < 0 ||
	    (r = take_account(st, 1, &w->account)) < 0 ||
	    (r = take_text(st, 8, w->parent, sizeof(w->parent))) < 0 ||
	    (r = take_text(st, 9, w->token, sizeof(w->token))) < 0 ||
	    (r = take_text(st, 10, w->origin, sizeof(w->origin))) < 0)
		return r;
	w->kind = (enum nk_web_kind)nk_stmt_int(st, 6, 0, NK_WEB_TOKEN);
	w->first = (enum nk_web_kind)nk_stmt_int(st, 7, 0, NK_WEB_TOKEN);
	w->tls = nk_stmt_bool(st, 11);
	w->created_at = nk_stmt_int(st, 12, INT64_MIN, INT64_MAX);
	w->pid = nk_stmt_int(st, 13, 0, INT_MAX);
	w->start = nk_stmt_int(st, 14, 0, INT64_MAX);
	w->api_key = nk_stmt_int(st, 15, 0, INT64_MAX);
	return nk_stmt_check(st);
}

static int
walk_sessions(struct nk_db *db, void *arg)
{
	const struct job *j = arg;
	struct nk_web_session w;
	struct nk_stmt *st;
	int r;

	if ((r = nk_db_stmt(db, "SELECT id, " ACCOUNT_COLUMNS ", kind, first,"
	    " parent, token, origin, tls, created_at, pid, start, api_key"
	    " FROM web_sessions ORDER BY number", &st)) < 0)
		return r;
	while ((r = nk_stmt_step(st)) == 1) {
		if ((r = take_session(st, &w)) < 0 ||
		    (r = j->fn(j->arg, &w)) != 0)
			break;
	}
	nk_stmt_end(st);
	return r;
}

static int
append(struct ids *ids, const char *id)
{
	char (*v)[NK_WEB_ID_SIZE];

	if (ids->n == SESSIONS_MAX)
		return -EOVERFLOW;
	v = reallocarray(ids->v, ids->n + 1, sizeof(*v));
	if (v == NULL)
		return -ENOMEM;
	ids->v = v;
	memcpy(v[ids->n++], id, strlen(id) + 1);
	return 0;
}

/* Those that were begun with a token of this one. */
static int
append_children(struct nk_db *db, struct ids *ids, const char *parent)
{
	char id[NK_WEB_ID_SIZE];
	struct nk_stmt *st;
	int r;

	if ((r = nk_db_stmt(db, "SELECT id FROM web_sessions"
	    " WHERE parent = $1", &st)) < 0)
		return r;
	nk_stmt_bind_text(st, 1, parent);
	while ((r = nk_stmt_step(st)) == 1) {
		if ((r = take_text(st, 0, id, sizeof(id))) < 0 ||
		    (r = append(ids, id)) < 0)
			break;
	}
	nk_stmt_end(st);
	return r;
}

static int
end_one(struct nk_db *db, const char *id, bool kill)
{
	int64_t gone = 0;
	int r;

	if ((r = run_text(db, "DELETE FROM web_tokens WHERE digest IN"
	    " (SELECT token FROM web_sessions WHERE id = $1)", id,
	    NULL)) < 0 || (kill && (r = run_text(db, "DELETE FROM web_tokens"
	    " WHERE session = $1", id, NULL)) < 0) ||
	    (r = run_text(db, "DELETE FROM web_sessions WHERE id = $1", id,
	    &gone)) < 0)
		return r;
	return gone == 0 ? -ENOENT : 0;
}

/* Nobody is its own ancestor, so the list comes to an end. */
static int
end_session(struct nk_db *db, void *arg)
{
	const struct job *j = arg;
	struct ids ids = { .n = 0 };
	char id[NK_WEB_ID_SIZE];
	size_t i;
	int r, result;

	if (!j->kill)
		return end_one(db, j->id, false);
	r = append(&ids, j->id);
	for (i = 0; r == 0 && i < ids.n; i++) {
		memcpy(id, ids.v[i], sizeof(id));
		r = append_children(db, &ids, id);
	}
	result = r;
	for (i = 0; r == 0 && i < ids.n; i++) {
		r = end_one(db, ids.v[i], true);
		if (i == 0)
			result = r;
		if (r == -ENOENT)
			r = 0;
	}
	free(ids.v);
	return r < 0 ? r : result;
}

static int
check_session(struct nk_db *db, void *arg)
{
	const struct job *j = arg;
	struct nk_stmt *st;
	int r;

	if ((r = nk_db_stmt(db, "SELECT 1 FROM web_sessions WHERE id = $1",
	    &st)) < 0)
		return r;
	nk_stmt_bind_text(st, 1, j->id);
	r = nk_stmt_step(st);
	nk_stmt_end(st);
	return r == 1 ? 0 : r == 0 ? -ENOENT : r;
}

int
nk_web_session_add(struct nk_session *s, const struct nk_web_session *w)
{
	struct job j = { .session = w };

	return nk_session_run(s, add_session, &j);
}

int
nk_web_session_check(struct nk_session *s, const char *id)
{
	struct job j = { .id = id };

	return nk_session_read(s, check_session, &j);
}

int
nk_web_session_end(struct nk_session *s, const char *id, bool kill)
{
	struct job j = { .id = id, .kill = kill };

	return nk_session_run(s, end_session, &j);
}

static int
end_all(struct nk_db *db, void *arg)
{
	int r;

	(void)arg;
	r = nk_db_run(db, "DELETE FROM web_tokens", 0, NULL, NULL);
	return r < 0 ? r : nk_db_run(db, "DELETE FROM web_sessions", 0, NULL,
	    NULL);
}

int
nk_web_logins_end(struct nk_session *s)
{
	return nk_session_run(s, end_all, NULL);
}

int
nk_web_session_each(struct nk_session *s,
    int (*fn)(void *arg, const struct nk_web_session *w), void *arg)
{
	struct job j = { .fn = fn, .arg = arg };

	return nk_session_read(s, walk_sessions, &j);
}

/* ---- tokens ---- */

/* Those whose time is over, and of one account the oldest. */
static int
make_room(struct nk_db *db, const struct job *j)
{
	const struct nk_web_account *a = &j->token->account;
	struct nk_stmt *st;
	int r;

	if ((r = nk_db_run(db, "DELETE FROM web_tokens WHERE used_at > $1"
	    " OR ends_at <= $2", 2, (int64_t[]){ j->now + AHEAD, j->now },
	    NULL)) < 0 ||
	    (r = nk_db_stmt(db, "DELETE FROM web_tokens WHERE number IN"
	    " (SELECT number FROM web_tokens WHERE user_id = $1"
	    " AND name = $2 ORDER BY number DESC LIMIT -1 OFFSET $3)",
	    &st)) < 0)
		return r;
	nk_stmt_bind_int(st, 1, a->user_id);
	nk_stmt_bind_text(st, 2, a->name);
	nk_stmt_bind_int(st, 3, NK_WEB_TOKENS_MAX - 1);
	return nk_stmt_run(st, NULL);
}

static int64_t
end_of(const struct nk_web_token *t, int64_t now)
{
	int64_t end;

	return __builtin_add_overflow(now, t->ttl, &end) ? INT64_MAX : end;
}

static int
add_token(struct nk_db *db, void *arg)
{
	const struct job *j = arg;
	const struct nk_web_token *t = j->token;
	struct nk_stmt *st;
	int r;

	if ((r = make_room(db, j)) < 0 ||
	    (r = nk_db_stmt(db, "INSERT INTO web_tokens (digest, session, "
	    ACCOUNT_COLUMNS ", first, ttl, used_at, ends_at, address, once,"
	    " login, api_key) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9,"
	    " $10, $11, $12, $13, $14, $15)", &st)) < 0)
		return r;
	nk_stmt_bind_text(st, 1, t->digest);
	nk_stmt_bind_text(st, 2, t->session);
	bind_account(st, 3, &t->account);
	nk_stmt_bind_int(st, 8, (int64_t)t->first);
	nk_stmt_bind_int(st, 9, t->ttl);
	nk_stmt_bind_int(st, 10, j->now);
	nk_stmt_bind_int(st, 11, end_of(t, j->now));
	nk_stmt_bind_text(st, 12, t->address);
	nk_stmt_bind_int(st, 13, t->once);
	nk_stmt_bind_int(st, 14, t->login);
	nk_stmt_bind_int(st, 15, t->api_key);
	return nk_stmt_run(st, NULL);
}

static int
take_token(struct nk_stmt *st, struct nk_web_token *t)
{
	int r;

	if ((r = take_text(st, 0, t->digest, sizeof(t->digest))) < 0 ||
	    (r = take_text(st, 1, t->session, sizeof(t->session))) < 0 ||
	    (r = take_account(st, 2, &t->account)) < 0 ||
	    (r = take_text(st, 9, t->address, sizeof(t->address))) < 0)
		return r;
	t->first = (enum nk_web_kind)nk_stmt_int(st, 7, 0, NK_WEB_TOKEN);
	t->ttl = nk_stmt_int(st, 8, 1, INT64_MAX);
	t->once = nk_stmt_bool(st, 10);
	t->login = nk_stmt_bool(st, 11);
	t->api_key = nk_stmt_int(st, 12, 0, INT64_MAX);
	return nk_stmt_check(st);
}

static int
find_token(struct nk_db *db, const struct job *j)
{
	struct nk_stmt *st;
	int r;

	if ((r = nk_db_stmt(db, "SELECT digest, session, " ACCOUNT_COLUMNS
	    ", first, ttl, address, once, login, api_key FROM web_tokens"
	    " WHERE digest = $1 AND used_at <= $2 AND ends_at > $3",
	    &st)) < 0)
		return r;
	nk_stmt_bind_text(st, 1, j->id);
	nk_stmt_bind_int(st, 2, j->now + AHEAD);
	nk_stmt_bind_int(st, 3, j->now);
	if ((r = nk_stmt_step(st)) == 1)
		r = take_token(st, j->found);
	else if (r == 0)
		r = -ENOENT;
	nk_stmt_end(st);
	return r;
}

/* It slides, or is gone with its one use. */
static int
use_token(struct nk_db *db, void *arg)
{
	const struct job *j = arg;
	const struct nk_web_token *t = j->found;
	struct nk_stmt *st;
	int r;

	if ((r = find_token(db, j)) < 0)
		return r;
	if (!t->login)
		return -ENOENT;
	if (t->address[0] != '\0' && strcmp(t->address, j->address) != 0)
		return -EACCES;
	if (t->once)
		return run_text(db, "DELETE FROM web_tokens"
		    " WHERE digest = $1", t->digest, NULL);
	if ((r = nk_db_stmt(db, "UPDATE web_tokens SET used_at = $1,"
	    " ends_at = $2 WHERE digest = $3", &st)) < 0)
		return r;
	nk_stmt_bind_int(st, 1, j->now);
	nk_stmt_bind_int(st, 2, end_of(t, j->now));
	nk_stmt_bind_text(st, 3, t->digest);
	return nk_stmt_run(st, NULL);
}

static int
end_other_tokens(struct nk_db *db, void *arg)
{
	return run_text(db, "DELETE FROM web_tokens WHERE session <> $1"
	    " AND digest NOT IN (SELECT token FROM web_sessions"
	    " WHERE id = $1)", ((const struct job *)arg)->id, NULL);
}

int
nk_web_tokens_end_others(struct nk_session *s, const char *id)
{
	struct job j = { .id = id };

	return nk_session_run(s, end_other_tokens, &j);
}

int
nk_web_token_add(struct nk_session *s, const struct nk_web_token *t,
    int64_t now)
{
	struct job j = { .token = t, .now = now };

	return nk_session_run(s, add_token, &j);
}

int
nk_web_token_use(struct nk_session *s, const char *digest,
    const char *address, int64_t now, struct nk_web_token *t)
{
	struct job j = { .id = digest, .address = address, .now = now,
	    .found = t };

	return nk_session_run(s, use_token, &j);
}
