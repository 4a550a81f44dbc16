/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <stdlib.h>

#include "lib/store/internal.h"

void
nk_ids_clear(struct nk_ids *ids)
{
	free(ids->v);
	ids->v = NULL;
	ids->n = 0;
}

static int
read_all(struct nk_stmt *st, struct nk_ids *ids)
{
	int64_t *v;
	size_t room = 0;
	int r;

	while ((r = nk_stmt_step(st)) == 1) {
		if (ids->n == room) {
			room = room == 0 ? 16 : room * 2;
			v = reallocarray(ids->v, room, sizeof(*v));
			if (v == NULL)
				return -ENOMEM;
			ids->v = v;
		}
		ids->v[ids->n++] = nk_stmt_int(st, 0, 1, INT64_MAX);
	}
	return r < 0 ? r : nk_stmt_check(st);
}

int
nk_ids_take(struct nk_stmt *st, struct nk_ids *ids)
{
	int r;

	ids->v = NULL;
	ids->n = 0;
	r = read_all(st, ids);
	nk_stmt_end(st);
	if (r < 0)
		nk_ids_clear(ids);
	return r;
}

int
nk_ids_read(struct nk_store *s, const char *sql, int64_t id,
    struct nk_ids *ids)
{
	struct nk_stmt *st;
	int r;

	ids->v = NULL;
	ids->n = 0;
	if ((r = nk_db_stmt(s->db, sql, &st)) < 0)
		return r;
	nk_stmt_bind_int(st, 1, id);
	return nk_ids_take(st, ids);
}

int
nk_groups_of_user(struct nk_store *s, int64_t user, struct nk_ids *groups)
{
	return nk_ids_read(s, "SELECT group_id FROM members"
	    " WHERE user_id = $1 ORDER BY group_id", user, groups);
}

int
nk_members_of_group(struct nk_store *s, int64_t group, struct nk_ids *users)
{
	return nk_ids_read(s, "SELECT user_id FROM members"
	    " WHERE group_id = $1 ORDER BY user_id", group, users);
}

int
nk_primary_members_of_group(struct nk_store *s, int64_t group,
    struct nk_ids *users)
{
	return nk_ids_read(s, "SELECT id FROM users WHERE group_id = $1"
	    " ORDER BY id", group, users);
}

/* A group that is not there has no gid, which nobody takes for one. */
int
nk_member_each_gid(struct nk_store *s, int64_t user,
    int (*fn)(void *arg, int64_t group, uint32_t gid, bool builtin),
    void *arg)
{
	struct nk_stmt *st;
	int64_t group;
	uint32_t gid;
	bool builtin;
	int r;

	if ((r = nk_db_stmt(s->db, "SELECT m.group_id, g.gid, g.builtin"
	    " FROM members AS m LEFT JOIN groups AS g ON g.id = m.group_id"
	    " WHERE m.user_id = $1 ORDER BY m.group_id", &st)) < 0)
		return r;
	nk_stmt_bind_int(st, 1, user);
	while ((r = nk_stmt_step(st)) == 1) {
		group = nk_stmt_int(st, 0, 1, INT64_MAX);
		gid = (uint32_t)nk_stmt_int(st, 1, 1, NK_ID_MAX);
		builtin = nk_stmt_bool(st, 2);
		if ((r = nk_stmt_check(st)) < 0 ||
		    (r = fn(arg, group, gid, builtin)) != 0)
			break;
	}
	nk_stmt_end(st);
	return r;
}

int
nk_member_each(struct nk_store *s,
    int (*fn)(void *arg, int64_t user, int64_t group), void *arg)
{
	struct nk_stmt *st;
	int64_t user, group;
	int r;

	if ((r = nk_db_stmt(s->db, "SELECT user_id, group_id FROM members"
	    " ORDER BY user_id, group_id", &st)) < 0)
		return r;
	while ((r = nk_stmt_step(st)) == 1) {
		user = nk_stmt_int(st, 0, 1, INT64_MAX);
		group = nk_stmt_int(st, 1, 1, INT64_MAX);
		if ((r = nk_stmt_check(st)) < 0 ||
		    (r = fn(arg, user, group)) != 0)
			break;
	}
	nk_stmt_end(st);
	return r;
}

static int
change(struct nk_store *s, const char *sql, int64_t group, int64_t user)
{
	int64_t changed;
	int r;

	if ((r = nk_store_may_write(s)) < 0 ||
	    (r = nk_db_run(s->db, sql, 2, (int64_t[]){ group, user },
	    &changed)) < 0 || changed == 0)
		return r;
	return nk_store_half(s, nk_change_note(s, NK_CHANGE_USER, user));
}

int
nk_member_add(struct nk_store *s, int64_t group, int64_t user)
{
	return change(s, "INSERT INTO members (group_id, user_id)"
	    " VALUES ($1, $2) ON CONFLICT DO NOTHING", group, user);
}

int
nk_member_remove(struct nk_store *s, int64_t group, int64_t user)
{
	return change(s, "DELETE FROM members"
	    " WHERE group_id = $1 AND user_id = $2", group, user);
}
