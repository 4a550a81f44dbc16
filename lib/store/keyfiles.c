/* SPDX-License-Identifier: ISC */
#include "lib/store/keyfiles.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/store/internal.h"

#define COLUMNS	"user_id, uid, gid, home, pending, tried_at, reason"
#define SELECT	"SELECT id, " COLUMNS " FROM keyfile_homes "
#define ORDER	" ORDER BY user_id, id"

/* ---- files in homes ---- */

/* What *h gets belongs to the statement. */
static int
home_read(struct nk_stmt *st, struct nk_keyfile_home *h)
{
	int i = 0;

	h->id = nk_stmt_int(st, i++, 1, INT64_MAX);
	h->user_id = nk_stmt_int(st, i++, 1, INT64_MAX);
	h->uid = (uint32_t)nk_stmt_int(st, i++, 0, NK_ID_MAX);
	h->gid = (uint32_t)nk_stmt_int(st, i++, 0, NK_ID_MAX);
	h->home = nk_stmt_text(st, i++);
	h->pending = nk_stmt_bool(st, i++);
	h->tried_at = nk_stmt_int(st, i++, 0, INT64_MAX);
	h->reason = nk_stmt_text_or_null(st, i);
	return nk_stmt_check(st);
}

void
nk_keyfile_home_free(struct nk_keyfile_home *h)
{
	if (h == NULL)
		return;
	free(h->home);
	free(h->reason);
	free(h);
}

static int
home_copy(struct nk_keyfile_home **hp, const struct nk_keyfile_home *from)
{
	struct nk_keyfile_home *h;
	int r;

	if ((h = malloc(sizeof(*h))) == NULL)
		return -ENOMEM;
	*h = *from;
	h->home = h->reason = NULL;
	if ((r = nk_text_copy(&h->home, from->home)) == 0)
		r = nk_text_copy(&h->reason, from->reason);
	if (r < 0)
		nk_keyfile_home_free(h);
	else
		*hp = h;
	return r;
}

/* The first row of a statement with a user's id and a text. */
static int
home_select(struct nk_store *s, const char *sql, int64_t user_id,
    const char *text, struct nk_keyfile_home **hp)
{
	struct nk_keyfile_home row;
	struct nk_stmt *st;
	int r;

	*hp = NULL;
	if ((r = nk_db_stmt(s->db, sql, &st)) < 0)
		return r;
	nk_stmt_bind_int(st, 1, user_id);
	nk_stmt_bind_text(st, 2, text);
	if ((r = nk_stmt_step(st)) == 0)
		r = -ENOENT;
	else if (r == 1 && (r = home_read(st, &row)) == 0)
		r = home_copy(hp, &row);
	nk_stmt_end(st);
	return r;
}

int
nk_keyfile_home_get(struct nk_store *s, int64_t user_id, const char *home,
    struct nk_keyfile_home **hp)
{
	return home_select(s, SELECT "WHERE user_id = $1 AND home = $2",
	    user_id, home, hp);
}

int
nk_keyfile_home_of_other(struct nk_store *s, int64_t user_id,
    const char *home, struct nk_keyfile_home **hp)
{
	return home_select(s, SELECT "WHERE user_id <> $1 AND home = $2"
	    " AND NOT EXISTS (SELECT 1 FROM users AS u"
	    " WHERE u.id = keyfile_homes.user_id"
	    " AND u.home = keyfile_homes.home AND u.keyfile_mode = 1)"
	    ORDER " LIMIT 1", user_id, home, hp);
}

int
nk_keyfile_home_of_key(struct nk_store *s, int64_t user_id,
    const char *fingerprint, struct nk_keyfile_home **hp)
{
	return home_select(s, SELECT "WHERE pending = 1"
	    " AND ($1 = 0 OR user_id = $1) AND EXISTS (SELECT 1 FROM"
	    " keyfile_lines WHERE home_id = keyfile_homes.id AND"
	    " fingerprint = $2) AND EXISTS (SELECT 1 FROM users"
	    " WHERE id = user_id AND users.home = keyfile_homes.home)"
	    ORDER " LIMIT 1", user_id, fingerprint, hp);
}

int
nk_keyfile_home_users(struct nk_store *s, struct nk_ids *users)
{
	struct nk_stmt *st;
	int r;

	*users = (struct nk_ids){ NULL, 0 };
	if ((r = nk_db_stmt(s->db, "SELECT id FROM users"
	    " WHERE keyfile_mode = 1"
	    " UNION SELECT user_id FROM keyfile_homes ORDER BY 1", &st)) < 0)
		return r;
	return nk_ids_take(st, users);
}

/* Those of one user come in no order: they are few, and hardly ever any. */
static int
homes_select(struct nk_store *s, int64_t user_id, bool pending_only,
    struct nk_stmt **stp)
{
	int r;

	if (user_id == 0)
		return pending_only ?
		    nk_db_stmt(s->db, SELECT "WHERE pending = 1" ORDER, stp) :
		    nk_db_stmt(s->db, SELECT ORDER, stp);
	r = pending_only ?
	    nk_db_stmt(s->db, SELECT "WHERE user_id = $1 AND pending = 1",
	    stp) :
	    nk_db_stmt(s->db, SELECT "WHERE user_id = $1", stp);
	if (r == 0)
		nk_stmt_bind_int(*stp, 1, user_id);
	return r;
}

int
nk_keyfile_home_each(struct nk_store *s, int64_t user_id, bool pending_only,
    int (*fn)(void *arg, const struct nk_keyfile_home *h), void *arg)
{
	struct nk_keyfile_home row;
	struct nk_stmt *st;
	int r;

	if ((r = homes_select(s, user_id, pending_only, &st)) < 0)
		return r;
	while ((r = nk_stmt_step(st)) == 1) {
		if ((r = home_read(st, &row)) < 0 || (r = fn(arg, &row)) != 0)
			break;
	}
	nk_stmt_end(st);
	return r;
}

static int
home_check(const struct nk_keyfile_home *h)
{
	if (h->id < 0 || h->user_id < 1 || h->uid > NK_ID_MAX ||
	    h->gid > NK_ID_MAX || h->home == NULL || h->home[0] != '/' ||
	    strchr(h->home, '\n') != NULL || h->tried_at < 0)
		return -EINVAL;
	return 0;
}

static void
home_bind(struct nk_stmt *st, const struct nk_keyfile_home *h)
{
	int i = 1;

	nk_stmt_bind_int(st, i++, h->user_id);
	nk_stmt_bind_int(st, i++, h->uid);
	nk_stmt_bind_int(st, i++, h->gid);
	nk_stmt_bind_text(st, i++, h->home);
	nk_stmt_bind_int(st, i++, h->pending);
	nk_stmt_bind_int(st, i++, h->tried_at);
	nk_stmt_bind_text(st, i++, h->reason);
	nk_stmt_bind_int(st, i, h->id);
}

static int
home_insert(struct nk_store *s, struct nk_keyfile_home *h)
{
	struct nk_keyfile_home row = *h;
	struct nk_stmt *st;
	int r;

	if ((r = nk_counter_next(s, NK_COUNTER_KEYFILE_HOME, &row.id)) < 0 ||
	    (r = nk_db_stmt(s->db, "INSERT INTO keyfile_homes (" COLUMNS
	    ", id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)", &st)) < 0)
		return r;
	home_bind(st, &row);
	if ((r = nk_stmt_run(st, NULL)) == 0)
		h->id = row.id;
	return r;
}

int
nk_keyfile_home_put(struct nk_store *s, struct nk_keyfile_home *h)
{
	struct nk_stmt *st;
	int64_t changed;
	int r;

	if ((r = nk_store_may_write(s)) < 0 || (r = home_check(h)) < 0)
		return r;
	if (h->id == 0)
		return home_insert(s, h);
	if ((r = nk_db_stmt(s->db, "UPDATE keyfile_homes SET user_id = $1,"
	    " uid = $2, gid = $3, home = $4, pending = $5, tried_at = $6,"
	    " reason = $7 WHERE id = $8", &st)) < 0)
		return r;
	home_bind(st, h);
	if ((r = nk_stmt_run(st, &changed)) < 0)
		return r;
	return changed == 1 ? 0 : -ENOENT;
}

int
nk_keyfile_home_delete(struct nk_store *s, int64_t id)
{
	int64_t changed;
	int r;

	if ((r = nk_keyfile_lines_clear(s, id)) < 0 ||
	    (r = nk_db_run(s->db, "DELETE FROM keyfile_homes WHERE id = $1",
	    1, &id, &changed)) < 0)
		return r == -EINVAL ? r : nk_store_half(s, r);
	return changed == 1 ? 0 : -ENOENT;
}

/* ---- their lines ---- */

static int
line_check(const struct nk_keyfile_line *l)
{
	if (l->fingerprint == NULL ||
	    strncmp(l->fingerprint, "SHA256:", 7) != 0 || l->line == NULL ||
	    l->line[0] == '\0' || strchr(l->line, '\n') != NULL)
		return -EINVAL;
	return 0;
}

int
nk_keyfile_line_add(struct nk_store *s, int64_t home_id,
    const struct nk_keyfile_line *l)
{
	struct nk_stmt *st;
	int r;

	if ((r = nk_store_may_write(s)) < 0 || (r = line_check(l)) < 0 ||
	    (r = nk_db_stmt(s->db, "INSERT INTO keyfile_lines (home_id,"
	    " line, fingerprint) VALUES ($1, $2, $3)"
	    " ON CONFLICT (home_id, line) DO NOTHING", &st)) < 0)
		return r;
	nk_stmt_bind_int(st, 1, home_id);
	nk_stmt_bind_text(st, 2, l->line);
	nk_stmt_bind_text(st, 3, l->fingerprint);
	return nk_stmt_run(st, NULL);
}

int
nk_keyfile_line_bury(struct nk_store *s, int64_t home_id,
    const char *fingerprint)
{
	const struct nk_keyfile_line l = { fingerprint, fingerprint };
	struct nk_stmt *st;
	int r;

	if ((r = nk_keyfile_line_add(s, home_id, &l)) < 0)
		return r;
	if ((r = nk_db_stmt(s->db, "DELETE FROM keyfile_lines"
	    " WHERE home_id = $1 AND fingerprint = $2"
	    " AND line <> fingerprint", &st)) < 0)
		return nk_store_half(s, r);
	nk_stmt_bind_int(st, 1, home_id);
	nk_stmt_bind_text(st, 2, fingerprint);
	return nk_store_half(s, nk_stmt_run(st, NULL));
}

bool
nk_keyfile_line_is_buried(const struct nk_keyfile_line *l)
{
	return strcmp(l->line, l->fingerprint) == 0;
}

int
nk_keyfile_lines_size(struct nk_store *s, int64_t home_id, int64_t *np,
    int64_t *bytesp)
{
	struct nk_stmt *st;
	int r;

	if ((r = nk_db_stmt(s->db, "SELECT count(*), coalesce(sum("
	    "length(CAST(line AS BLOB)) + length(fingerprint)), 0)"
	    " FROM keyfile_lines WHERE home_id = $1", &st)) < 0)
		return r;
	nk_stmt_bind_int(st, 1, home_id);
	if ((r = nk_stmt_step(st)) == 1) {
		*np = nk_stmt_int(st, 0, 0, INT64_MAX);
		*bytesp = nk_stmt_int(st, 1, 0, INT64_MAX);
		r = nk_stmt_check(st);
	} else if (r == 0) {
		r = -EBADMSG;
	}
	nk_stmt_end(st);
	return r;
}

int
nk_keyfile_lines_clear(struct nk_store *s, int64_t home_id)
{
	int r;

	if ((r = nk_store_may_write(s)) < 0)
		return r;
	return nk_db_run(s->db, "DELETE FROM keyfile_lines"
	    " WHERE home_id = $1", 1, &home_id, NULL);
}

int
nk_keyfile_lines_each(struct nk_store *s, int64_t home_id,
    int (*fn)(void *arg, const struct nk_keyfile_line *l), void *arg)
{
	struct nk_keyfile_line row;
	struct nk_stmt *st;
	int r;

	if ((r = nk_db_stmt(s->db, "SELECT fingerprint, line"
	    " FROM keyfile_lines WHERE home_id = $1 ORDER BY line",
	    &st)) < 0)
		return r;
	nk_stmt_bind_int(st, 1, home_id);
	while ((r = nk_stmt_step(st)) == 1) {
		row.fingerprint = nk_stmt_text(st, 0);
		row.line = nk_stmt_text(st, 1);
		if ((r = nk_stmt_check(st)) < 0 || (r = fn(arg, &row)) != 0)
			break;
	}
	nk_stmt_end(st);
	return r;
}

int
nk_keyfile_lines_copy(struct nk_store *s, int64_t from, int64_t to)
{
	int r;

	if ((r = nk_store_may_write(s)) < 0)
		return r;
	return nk_db_run(s->db, "INSERT INTO keyfile_lines (home_id, line,"
	    " fingerprint) SELECT $1, line, fingerprint FROM keyfile_lines"
	    " WHERE home_id = $2 ON CONFLICT (home_id, line) DO NOTHING",
	    2, (int64_t[]){ to, from }, NULL);
}
