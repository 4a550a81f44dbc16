/* SPDX-License-Identifier: ISC */
#include "lib/store/sudo.h"

#include <errno.h>

#include "lib/store/internal.h"

/* As the indexes have it. */
#define HAS	"(sudo_commands <> '' OR sudo_commands_nopasswd <> '')"

/* ---- the revision ---- */

static int
next_revision(struct nk_store *s)
{
	int64_t revision;

	return nk_counter_next(s, NK_COUNTER_SUDO, &revision);
}

static bool
user_has(const struct nk_user *u)
{
	return u != NULL && (u->sudo_commands[0] != '\0' ||
	    u->sudo_commands_nopasswd[0] != '\0');
}

int
nk_sudo_follow_user(struct nk_store *s, const struct nk_user *old,
    const struct nk_user *u)
{
	if (!user_has(old) && !user_has(u))
		return 0;
	if (old != NULL && old->uid == u->uid && old->locked == u->locked &&
	    old->expires_at == u->expires_at &&
	    nk_text_same(old->name, u->name) &&
	    nk_text_same(old->sudo_commands, u->sudo_commands) &&
	    nk_text_same(old->sudo_commands_nopasswd,
	    u->sudo_commands_nopasswd))
		return 0;
	return next_revision(s);
}

static bool
group_has(const struct nk_group *g)
{
	return g != NULL && (g->sudo_commands[0] != '\0' ||
	    g->sudo_commands_nopasswd[0] != '\0');
}

int
nk_sudo_follow_group(struct nk_store *s, const struct nk_group *old,
    const struct nk_group *g)
{
	if (!group_has(old) && !group_has(g))
		return 0;
	if (old != NULL && old->gid == g->gid &&
	    old->builtin == g->builtin &&
	    nk_text_same(old->name, g->name) &&
	    nk_text_same(old->sudo_commands, g->sudo_commands) &&
	    nk_text_same(old->sudo_commands_nopasswd,
	    g->sudo_commands_nopasswd))
		return 0;
	return next_revision(s);
}

/* Is there a row that sql, with the one id, selects? */
static int
drop(struct nk_store *s, const char *sql, int64_t id)
{
	int64_t found;
	int r;

	r = nk_db_get(s->db, sql, 1, &id, &found);
	if (r == -ENOENT)
		return 0;
	return r < 0 ? r : next_revision(s);
}

int
nk_sudo_drop_user(struct nk_store *s, int64_t id)
{
	return drop(s, "SELECT id FROM users WHERE id = $1 AND " HAS, id);
}

int
nk_sudo_drop_group(struct nk_store *s, int64_t id)
{
	return drop(s, "SELECT id FROM groups WHERE id = $1 AND " HAS, id);
}

int
nk_sudo_revision(struct nk_store *s, int64_t *revisionp)
{
	return nk_counter_get(s, NK_COUNTER_SUDO, revisionp);
}

/* ---- the rows ---- */

static int
row_read(struct nk_stmt *st, struct nk_sudo *row)
{
	int i = 0;

	row->id = (uint32_t)nk_stmt_int(st, i++, 0, NK_ID_MAX);
	row->locked = nk_stmt_bool(st, i++);
	row->expires_at = nk_stmt_int(st, i++, 0, INT64_MAX);
	row->name = nk_stmt_text(st, i++);
	row->commands = nk_stmt_text(st, i++);
	row->commands_nopasswd = nk_stmt_text(st, i);
	return nk_stmt_check(st);
}

static int
walk(struct nk_store *s, const char *sql, bool is_group,
    int (*fn)(void *arg, const struct nk_sudo *row), void *arg)
{
	struct nk_sudo row = { .is_group = is_group };
	struct nk_stmt *st;
	int r;

	if ((r = nk_db_stmt(s->db, sql, &st)) < 0)
		return r;
	while ((r = nk_stmt_step(st)) == 1) {
		if ((r = row_read(st, &row)) < 0 || (r = fn(arg, &row)) != 0)
			break;
	}
	nk_stmt_end(st);
	return r;
}

int
nk_sudo_each(struct nk_store *s,
    int (*fn)(void *arg, const struct nk_sudo *row), void *arg)
{
	int r;

	if ((r = walk(s, "SELECT gid, 0, 9223372036854775807, name,"
	    " sudo_commands, sudo_commands_nopasswd FROM groups WHERE " HAS
	    " AND builtin = 0 ORDER BY id", true, fn, arg)) != 0)
		return r;
	return walk(s, "SELECT uid, locked, expires_at, name,"
	    " sudo_commands, sudo_commands_nopasswd FROM users WHERE " HAS
	    " ORDER BY id", false, fn, arg);
}
