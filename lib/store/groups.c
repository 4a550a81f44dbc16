/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/store/internal.h"

#define COLUMNS	"gid, builtin, smb, name, userns_idmap, sudo_commands," \
		" sudo_commands_nopasswd"
#define SELECT	"SELECT id, " COLUMNS " FROM groups "
#define NCOLUMNS	7

void
nk_group_free(struct nk_group *g)
{
	if (g == NULL)
		return;
	free(g->name);
	free(g->userns_idmap);
	free(g->sudo_commands);
	free(g->sudo_commands_nopasswd);
	free(g);
}

static int
group_copy(struct nk_group **gp, const struct nk_group *from)
{
	struct nk_group *g;
	int r;

	*gp = NULL;
	if ((g = malloc(sizeof(*g))) == NULL)
		return -ENOMEM;
	*g = *from;
	g->name = g->userns_idmap = NULL;
	g->sudo_commands = g->sudo_commands_nopasswd = NULL;
	if ((r = nk_text_copy(&g->name, from->name)) < 0 ||
	    (r = nk_text_copy(&g->userns_idmap, from->userns_idmap)) < 0 ||
	    (r = nk_text_copy(&g->sudo_commands, from->sudo_commands)) < 0 ||
	    (r = nk_text_copy(&g->sudo_commands_nopasswd,
	    from->sudo_commands_nopasswd)) < 0) {
		nk_group_free(g);
		return r;
	}
	*gp = g;
	return 0;
}

struct nk_group *
nk_group_new(void)
{
	char empty[] = "";
	const struct nk_group defaults = {
		.name = empty, .sudo_commands = empty,
		.sudo_commands_nopasswd = empty,
	};
	struct nk_group *g;

	return group_copy(&g, &defaults) < 0 ? NULL : g;
}

static int
group_read(struct nk_stmt *st, struct nk_group *g)
{
	int i = 0;

	g->id = nk_stmt_int(st, i++, 1, INT64_MAX);
	g->gid = (uint32_t)nk_stmt_int(st, i++, 1, NK_ID_MAX);
	g->builtin = nk_stmt_bool(st, i++);
	g->smb = nk_stmt_bool(st, i++);
	g->name = nk_stmt_text(st, i++);
	g->userns_idmap = nk_stmt_text_or_null(st, i++);
	g->sudo_commands = nk_stmt_text(st, i++);
	g->sudo_commands_nopasswd = nk_stmt_text(st, i);
	return nk_stmt_check(st);
}

static void
group_bind(struct nk_stmt *st, const struct nk_group *g)
{
	int i = 1;

	nk_stmt_bind_int(st, i++, g->gid);
	nk_stmt_bind_int(st, i++, g->builtin);
	nk_stmt_bind_int(st, i++, g->smb);
	nk_stmt_bind_text(st, i++, g->name);
	nk_stmt_bind_text(st, i++, g->userns_idmap);
	nk_stmt_bind_text(st, i++, g->sudo_commands);
	nk_stmt_bind_text(st, i, g->sudo_commands_nopasswd);
}

static int
group_check(const struct nk_group *g)
{
	if (nk_name_check(g->name) < 0 || g->sudo_commands == NULL ||
	    g->sudo_commands_nopasswd == NULL || g->gid == 0 ||
	    g->gid > NK_ID_MAX)
		return -EINVAL;
	return 0;
}

/* ---- reading ---- */

static int
group_take(struct nk_stmt *st, struct nk_group **gp)
{
	struct nk_group g;
	int r;

	if ((r = nk_stmt_step(st)) == 1) {
		if ((r = group_read(st, &g)) == 0)
			r = group_copy(gp, &g);
	} else if (r == 0) {
		r = -ENOENT;
	}
	nk_stmt_end(st);
	return r;
}

static int
group_by_int(struct nk_store *s, const char *sql, int64_t v,
    struct nk_group **gp)
{
	struct nk_stmt *st;
	int r;

	*gp = NULL;
	if ((r = nk_db_stmt(s->db, sql, &st)) < 0)
		return r;
	nk_stmt_bind_int(st, 1, v);
	return group_take(st, gp);
}

int
nk_group_get(struct nk_store *s, int64_t id, struct nk_group **gp)
{
	return group_by_int(s, SELECT "WHERE id = $1", id, gp);
}

int
nk_group_gid(struct nk_store *s, int64_t id, uint32_t *gidp)
{
	struct nk_stmt *st;
	int r;

	if ((r = nk_db_stmt(s->db, "SELECT gid FROM groups WHERE id = $1",
	    &st)) < 0)
		return r;
	nk_stmt_bind_int(st, 1, id);
	if ((r = nk_stmt_step(st)) == 1) {
		*gidp = (uint32_t)nk_stmt_int(st, 0, 1, NK_ID_MAX);
		r = nk_stmt_check(st);
	} else if (r == 0) {
		r = -ENOENT;
	}
	nk_stmt_end(st);
	return r;
}

int
nk_group_by_gid(struct nk_store *s, uint32_t gid, struct nk_group **gp)
{
	return group_by_int(s, SELECT "WHERE gid = $1", gid, gp);
}

int
nk_group_by_name(struct nk_store *s, const char *name, struct nk_group **gp)
{
	struct nk_stmt *st;
	int r;

	*gp = NULL;
	if ((r = nk_db_stmt(s->db, SELECT "WHERE name = $1", &st)) < 0)
		return r;
	nk_stmt_bind_text(st, 1, name);
	return group_take(st, gp);
}

int
nk_group_each(struct nk_store *s, int64_t after,
    int (*fn)(void *arg, const struct nk_group *g), void *arg)
{
	struct nk_stmt *st;
	struct nk_group g;
	int r;

	if ((r = nk_db_stmt(s->db, SELECT "WHERE id > $1 ORDER BY id",
	    &st)) < 0)
		return r;
	nk_stmt_bind_int(st, 1, after);
	while ((r = nk_stmt_step(st)) == 1) {
		if ((r = group_read(st, &g)) < 0 || (r = fn(arg, &g)) != 0)
			break;
	}
	nk_stmt_end(st);
	return r;
}

/* ---- writing ---- */

int
nk_group_insert(struct nk_store *s, struct nk_group *g)
{
	struct nk_stmt *st;
	int64_t id;
	int r;

	if ((r = nk_store_may_write(s)) < 0 || (r = group_check(g)) < 0 ||
	    (r = nk_counter_next(s, NK_COUNTER_GROUP, &id)) < 0 ||
	    (r = nk_db_stmt(s->db, "INSERT INTO groups (" COLUMNS ", id)"
	    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)", &st)) < 0)
		return r;
	group_bind(st, g);
	nk_stmt_bind_int(st, NCOLUMNS + 1, id);
	if ((r = nk_stmt_run(st, NULL)) < 0)
		return r;
	if ((r = nk_span_add(s, NK_SPAN_GID, g->gid)) < 0 ||
	    (r = nk_sudo_follow_group(s, NULL, g)) < 0 ||
	    (r = nk_change_note(s, NK_CHANGE_GROUP, id)) < 0)
		return nk_store_half(s, r);
	g->id = id;
	return 0;
}

static const char all_members[] =
    "SELECT user_id FROM members WHERE group_id = $1"
    " UNION SELECT id FROM users WHERE group_id = $1";

/* The gid stands in the record of each member as well. */
static int
gid_changed(struct nk_store *s, const struct nk_group *old,
    const struct nk_group *g)
{
	int r;

	if ((r = nk_span_add(s, NK_SPAN_GID, g->gid)) < 0 ||
	    (r = nk_span_remove(s, NK_SPAN_GID, old->gid)) < 0)
		return r;
	return nk_change_note_users(s, all_members, g->id);
}

int
nk_group_update(struct nk_store *s, const struct nk_group *g)
{
	struct nk_stmt *st;
	struct nk_group *old = NULL;
	int r;

	if ((r = nk_store_may_write(s)) < 0 || (r = group_check(g)) < 0)
		return r;
	if (g->id == NK_GROUP_ADMINS_ID && !g->builtin)
		return -EINVAL;
	if ((r = nk_group_get(s, g->id, &old)) < 0)
		return r;
	if ((r = nk_db_stmt(s->db, "UPDATE groups SET gid = $1,"
	    " builtin = $2, smb = $3, name = $4, userns_idmap = $5,"
	    " sudo_commands = $6, sudo_commands_nopasswd = $7"
	    " WHERE id = $8", &st)) < 0)
		goto out;
	group_bind(st, g);
	nk_stmt_bind_int(st, NCOLUMNS + 1, g->id);
	if ((r = nk_stmt_run(st, NULL)) < 0)
		goto out;
	if (old->gid != g->gid)
		r = gid_changed(s, old, g);
	if (r == 0 && (old->gid != g->gid ||
	    !nk_text_same(old->name, g->name)))
		r = nk_change_note(s, NK_CHANGE_GROUP, g->id);
	if (r == 0)
		r = nk_sudo_follow_group(s, old, g);
	r = nk_store_half(s, r);
 out:
	nk_group_free(old);
	return r;
}

int
nk_group_delete(struct nk_store *s, int64_t id)
{
	int64_t gid, user;
	int r;

	if ((r = nk_store_may_write(s)) < 0)
		return r;
	if (id == NK_GROUP_ADMINS_ID)
		return -EPERM;
	if ((r = nk_db_get(s->db, "SELECT gid FROM groups WHERE id = $1",
	    1, &id, &gid)) < 0)
		return r;
	r = nk_db_get(s->db, "SELECT id FROM users WHERE group_id = $1"
	    " LIMIT 1", 1, &id, &user);
	if (r != -ENOENT)
		return r < 0 ? r : -EBUSY;
	if ((r = nk_change_note_users(s, "SELECT user_id FROM members"
	    " WHERE group_id = $1", id)) < 0 ||
	    (r = nk_db_run(s->db, "DELETE FROM members WHERE group_id = $1",
	    1, &id, NULL)) < 0 ||
	    (r = nk_sudo_drop_group(s, id)) < 0 ||
	    (r = nk_db_run(s->db, "DELETE FROM groups WHERE id = $1",
	    1, &id, NULL)) < 0 ||
	    (r = nk_span_remove(s, NK_SPAN_GID, (uint32_t)gid)) < 0 ||
	    (r = nk_change_note(s, NK_CHANGE_GROUP, id)) < 0)
		return nk_store_half(s, r);
	return 0;
}
