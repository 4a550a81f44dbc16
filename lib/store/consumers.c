/* SPDX-License-Identifier: ISC */
#include "lib/store/consumers.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/store/internal.h"

#define COLUMNS	"id, credential_id, on_delete, created_at, kind, title," \
		" command, created_by"
#define SELECT	"SELECT " COLUMNS " FROM consumers "

void
nk_consumer_clear(struct nk_consumer *c)
{
	if (c == NULL)
		return;
	free(c->kind);
	free(c->title);
	free(c->command);
	free(c->created_by);
	*c = (struct nk_consumer){ .id = 0 };
}

static int
consumer_copy(struct nk_consumer *c, const struct nk_consumer *from)
{
	int r;

	*c = *from;
	c->kind = c->title = c->command = c->created_by = NULL;
	if ((r = nk_text_copy(&c->kind, from->kind)) < 0 ||
	    (r = nk_text_copy(&c->title, from->title)) < 0 ||
	    (r = nk_text_copy(&c->command, from->command)) < 0 ||
	    (r = nk_text_copy(&c->created_by, from->created_by)) < 0)
		nk_consumer_clear(c);
	return r;
}

/* What *c gets belongs to the statement. */
static int
consumer_read(struct nk_stmt *st, struct nk_consumer *c)
{
	int i = 0;

	c->id = nk_stmt_int(st, i++, 1, INT64_MAX);
	c->credential_id = nk_stmt_id_or_0(st, i++);
	c->on_delete = (enum nk_on_delete)nk_stmt_int(st, i++,
	    NK_ON_DELETE_DELETE, NK_ON_DELETE_DISABLE);
	c->created_at = nk_stmt_int(st, i++, 0, INT64_MAX);
	c->kind = nk_stmt_text(st, i++);
	c->title = nk_stmt_text(st, i++);
	c->command = nk_stmt_text_or_null(st, i++);
	c->created_by = nk_stmt_text(st, i);
	return nk_stmt_check(st);
}

int
nk_consumer_get(struct nk_store *s, int64_t id, struct nk_consumer *c)
{
	struct nk_consumer row;
	struct nk_stmt *st;
	int r;

	*c = (struct nk_consumer){ .id = 0 };
	if ((r = nk_db_stmt(s->db, SELECT "WHERE id = $1", &st)) < 0)
		return r;
	nk_stmt_bind_int(st, 1, id);
	if ((r = nk_stmt_step(st)) == 0)
		r = -ENOENT;
	else if (r == 1 && (r = consumer_read(st, &row)) == 0)
		r = consumer_copy(c, &row);
	nk_stmt_end(st);
	return r;
}

int
nk_consumer_each(struct nk_store *s, int64_t credential, int64_t after,
    int (*fn)(void *arg, const struct nk_consumer *c), void *arg)
{
	struct nk_consumer row;
	struct nk_stmt *st;
	int r;

	r = credential == 0 ?
	    nk_db_stmt(s->db, SELECT "WHERE id > $1 ORDER BY id", &st) :
	    nk_db_stmt(s->db, SELECT "WHERE id > $1 AND credential_id = $2"
	    " ORDER BY id", &st);
	if (r < 0)
		return r;
	nk_stmt_bind_int(st, 1, after);
	if (credential != 0)
		nk_stmt_bind_int(st, 2, credential);
	while ((r = nk_stmt_step(st)) == 1) {
		if ((r = consumer_read(st, &row)) < 0 ||
		    (r = fn(arg, &row)) != 0)
			break;
	}
	nk_stmt_end(st);
	return r;
}

int
nk_consumer_insert(struct nk_store *s, struct nk_consumer *c)
{
	struct nk_stmt *st;
	int64_t id;
	int i = 1, r;

	if ((r = nk_store_may_write(s)) < 0)
		return r;
	if (c->kind == NULL || c->title == NULL || c->created_by == NULL ||
	    c->credential_id <= 0)
		return -EINVAL;
	if ((r = nk_counter_next(s, NK_COUNTER_CONSUMER, &id)) < 0 ||
	    (r = nk_db_stmt(s->db, "INSERT INTO consumers (" COLUMNS ")"
	    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)", &st)) < 0)
		return r;
	nk_stmt_bind_int(st, i++, id);
	nk_stmt_bind_int(st, i++, c->credential_id);
	nk_stmt_bind_int(st, i++, c->on_delete);
	nk_stmt_bind_int(st, i++, c->created_at);
	nk_stmt_bind_text(st, i++, c->kind);
	nk_stmt_bind_text(st, i++, c->title);
	nk_stmt_bind_text(st, i++, c->command);
	nk_stmt_bind_text(st, i, c->created_by);
	if ((r = nk_stmt_run(st, NULL)) < 0)
		return r;
	c->id = id;
	return 0;
}

static int
run_on(struct nk_store *s, const char *sql, int64_t id)
{
	struct nk_stmt *st;
	int r;

	if ((r = nk_db_stmt(s->db, sql, &st)) < 0)
		return r;
	nk_stmt_bind_int(st, 1, id);
	return nk_row_run(st);
}

int
nk_consumer_release(struct nk_store *s, int64_t id)
{
	int r;

	if ((r = nk_store_may_write(s)) < 0)
		return r;
	r = run_on(s, "UPDATE consumers SET credential_id = NULL"
	    " WHERE id = $1 AND on_delete = 1", id);
	return r == -ENOENT ? nk_consumer_delete(s, id) : r;
}

int
nk_consumer_delete(struct nk_store *s, int64_t id)
{
	int r;

	if ((r = nk_store_may_write(s)) < 0)
		return r;
	return run_on(s, "DELETE FROM consumers WHERE id = $1", id);
}
