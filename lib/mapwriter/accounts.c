/* SPDX-License-Identifier: ISC */

/*
 * Users and groups.  What edit.c says of the slots holds here; beside it,
 * of memberships:
 *
 *  1. The user's record makes a membership: readers count an entry of a
 *     chunk only if the record names the group and that chunk.
 *  2. A user that joins: first the chunk, then the record.  Killed between,
 *     the entry does not count; done again, the row is found in the newest
 *     chunk and nothing is added.
 *  3. A user that leaves, or is dropped: first the chunk, then the record.
 *     The other way round a killed writer would leave a row in a chunk that
 *     nobody could find again.  Killed between, the record still names the
 *     chunk, and doing it again comes through there.
 *  4. Who joins one group and leaves another leaves first.
 *  5. A new chunk is complete, and the state counts it, before the group's
 *     record leads to it; it leads on to the chunks before.
 *  6. A group that is dropped takes nothing from its users: what their
 *     records say of it does not count, since its row is gone for good.
 *     Readers who do not look for the row see the group's mark, which is
 *     made first; so it is when a gid is not, or will not be, the group's.
 *  7. Nothing of this needs more than what nk_members_need() and the plan
 *     of the edit have allocated before the first write.
 */

#include <errno.h>
#include <string.h>

#include "lib/mapwriter/writer.h"

/* A put of a user on its way. */
struct user_edit {
	struct nk_edit	e;
	struct nk_map_user old;		/* if e.unit is not 0 */
	struct nk_user_group groups[NK_USER_GROUPS_MAX];
	uint64_t	joins;		/* bit i: groups[i] is a new one */
	uint64_t	marks;		/* bit i: its gid is not as before */
	uint64_t	member_bytes;
};
_Static_assert(NK_USER_GROUPS_MAX <= 64, "a bit each");
_Static_assert(sizeof(struct nk_user_record) + NK_USER_GROUPS_MAX *
    sizeof(struct nk_user_group) + NK_USER_NAME_MAX + NK_USER_GECOS_MAX +
    NK_USER_HOME_MAX + NK_USER_SHELL_MAX + 4 <= NK_RECORD_PAGE_MAX,
    "every user fits into a page");
_Static_assert(sizeof(struct nk_group_record) + NK_GROUP_NAME_MAX + 1 <=
    NK_RECORD_PAGE_MAX, "every group fits into a page");

static bool
is_string(const char *s, size_t least, size_t most)
{
	size_t len = s != NULL ? strnlen(s, most + 1) : most + 1;

	return len >= least && len <= most;
}

static int
check_user(const struct nk_mapwriter *w, const struct nk_put_user *u)
{
	uint32_t i, j;

	if (w->kind != NK_MAP_KIND_ACCOUNTS || u->row == 0 ||
	    u->ngroups > NK_USER_GROUPS_MAX ||
	    !is_string(u->name, 1, NK_USER_NAME_MAX) ||
	    !is_string(u->gecos, 0, NK_USER_GECOS_MAX) ||
	    !is_string(u->home, 0, NK_USER_HOME_MAX) ||
	    !is_string(u->shell, 0, NK_USER_SHELL_MAX))
		return -EINVAL;
	for (i = 0; i < u->ngroups; i++) {
		if (u->groups[i].group_row == 0)
			return -EINVAL;
		for (j = 0; j < i; j++) {
			if (u->groups[j].group_row == u->groups[i].group_row)
				return -EINVAL;
		}
	}
	return 0;
}

static uint8_t *
append_string(uint8_t *p, const char *s, uint16_t *lenp)
{
	size_t len = strlen(s);

	memcpy(p, s, len + 1);
	*lenp = (uint16_t)len;
	return p + len + 1;
}

struct nk_record *
nk_compose_user(uint8_t page[NK_RECORD_PAGE_MAX], const struct nk_put_user *u,
    const struct nk_user_group *groups)
{
	struct nk_user_record rec = {
		.r = { .kind = NK_RECORD_USER, .row = u->row },
		.generation = u->generation, .expires_at = u->expires_at,
		.uid = u->uid, .gid = u->gid, .flags = u->flags,
		.ngroups = (uint16_t)u->ngroups,
	};
	uint8_t *p = page + sizeof(rec);

	memcpy(p, groups, u->ngroups * sizeof(*groups));
	p += u->ngroups * sizeof(*groups);
	p = append_string(p, u->name, &rec.name_len);
	p = append_string(p, u->gecos, &rec.gecos_len);
	p = append_string(p, u->home, &rec.home_len);
	p = append_string(p, u->shell, &rec.shell_len);
	rec.r.length = (uint32_t)(p - page);
	memcpy(page, &rec, sizeof(rec));
	return (struct nk_record *)(void *)page;
}

struct nk_record *
nk_compose_group(uint8_t page[NK_RECORD_PAGE_MAX],
    const struct nk_put_group *g, uint32_t members)
{
	struct nk_group_record rec = {
		.r = { .kind = NK_RECORD_GROUP, .row = g->row },
		.gid = g->gid, .members = members,
	};
	uint8_t *p = page + sizeof(rec);

	p = append_string(p, g->name, &rec.name_len);
	rec.r.length = (uint32_t)(p - page);
	memcpy(page, &rec, sizeof(rec));
	return (struct nk_record *)(void *)page;
}

/* Out of building in memory, if need be, for what only a file can do. */
static int
leave_bulk(struct nk_mapwriter *w)
{
	return w->bulk != NULL ? nk_bulk_leave(w) : 0;
}

/* What is there of the user, old included. */
static int
find_user(struct nk_mapwriter *w, uint64_t row, struct user_edit *ue)
{
	struct nk_map_user *old = &ue->old;
	struct nk_edit *e = &ue->e;
	int r;

	memset(e, 0, sizeof(*e));
	e->kind = NK_RECORD_USER;
	e->table = NK_TABLE_USER_ROW;
	e->row = row;
	if ((r = nk_edit_find(w, e, old->page)) < 0 || e->unit == 0)
		return r;
	if ((r = nk_user_take(old)) < 0)
		return nk_writer_error(r);
	e->old_name = old->name;
	e->old_name_len = old->name_len;
	e->old_has_id = (old->flags & NK_USER_MANAGED) != 0;
	e->old_id = old->uid;
	return 0;
}

/*
 * The chunks of the groups that stay; the rest joins.  -ENOENT when one is
 * not there, with all others planned.
 */
static int
plan_groups(struct nk_mapwriter *w, const struct nk_put_user *u,
    struct user_edit *ue)
{
	const struct nk_user_group *old = ue->old.groups;
	uint32_t i, j, gid, nold = ue->e.unit != 0 ? ue->old.ngroups : 0;
	bool missing = false;
	int r;

	ue->joins = 0;
	ue->marks = 0;
	ue->member_bytes = 0;
	for (i = 0; i < u->ngroups; i++) {
		ue->groups[i] = (struct nk_user_group){
		    .group_row = u->groups[i].group_row,
		    .gid = u->groups[i].gid };
		for (j = 0; j < nold; j++) {
			if (old[j].group_row == u->groups[i].group_row)
				break;
		}
		gid = u->groups[i].gid;
		r = 0;
		if (j < nold) {
			ue->groups[i].members = old[j].members;
			gid = old[j].gid;
		} else {
			ue->joins |= UINT64_C(1) << i;
			r = nk_members_need(w, u->groups[i].group_row,
			    &ue->member_bytes, &gid);
		}
		if (r < 0 && r != -ENOENT)
			return r;
		missing = missing || r == -ENOENT;
		if (gid != u->groups[i].gid)
			ue->marks |= UINT64_C(1) << i;
	}
	return missing ? -ENOENT : 0;
}

/* What is there of the user, and what shall be. */
static int
describe_user(struct nk_mapwriter *w, const struct nk_put_user *u,
    struct user_edit *ue)
{
	struct nk_edit *e = &ue->e;
	int r;

	if ((r = find_user(w, u->row, ue)) < 0)
		return r;
	e->name = u->name;
	e->name_len = strlen(u->name);
	e->has_id = (u->flags & NK_USER_MANAGED) != 0;
	e->id = u->uid;
	e->slack = NK_RECORD_SLACK;
	e->length = (uint32_t)(sizeof(struct nk_user_record) +
	    u->ngroups * sizeof(struct nk_user_group) + e->name_len +
	    strlen(u->gecos) + strlen(u->home) + strlen(u->shell) + 4);
	return 0;
}

int
nk_mapwriter_user_need(struct nk_mapwriter *w, const struct nk_put_user *u,
    uint64_t *bytesp, uint32_t *slotsp)
{
	struct user_edit ue;
	int r;

	if ((r = check_user(w, u)) < 0 || (r = leave_bulk(w)) < 0)
		return r;
	if ((r = describe_user(w, u, &ue)) < 0 ||
	    (r = nk_edit_need(w, &ue.e)) < 0)
		return r;
	/* A group that is not there will be put before. */
	if ((r = plan_groups(w, u, &ue)) < 0 && r != -ENOENT)
		return r;
	*bytesp += ue.e.bytes + ue.member_bytes;
	*slotsp += ue.e.slots;
	return 0;
}

static bool
stays_in(const struct nk_put_user *u, uint64_t group_row)
{
	uint32_t i;

	for (i = 0; i < u->ngroups; i++) {
		if (u->groups[i].group_row == group_row)
			return true;
	}
	return false;
}

/* Leave the groups that u does not have; all of them when u is NULL. */
static int
leave_groups(struct nk_mapwriter *w, const struct nk_put_user *u,
    const struct nk_map_user *old)
{
	uint32_t i;
	int r;

	for (i = 0; i < old->ngroups; i++) {
		if (u != NULL && stays_in(u, old->groups[i].group_row))
			continue;
		if ((r = nk_members_remove(w, old->groups[i].members,
		    old->groups[i].group_row, old->row)) < 0)
			return r;
	}
	return 0;
}

int
nk_mapwriter_put_user(struct nk_mapwriter *w, const struct nk_put_user *u)
{
	struct user_edit ue;
	uint32_t i;
	int r;

	if ((r = check_user(w, u)) < 0)
		return r;
	if (w->bulk != NULL && (r = nk_bulk_put_user(w, u)) != -EEXIST)
		return r;
	if ((r = leave_bulk(w)) < 0 || (r = describe_user(w, u, &ue)) < 0 ||
	    (r = nk_edit_plan(w, &ue.e)) < 0 ||
	    (r = plan_groups(w, u, &ue)) < 0 ||
	    (r = nk_edit_ensure(w, &ue.e, ue.member_bytes)) < 0)
		return r;
	if (ue.e.unit != 0 && (r = leave_groups(w, u, &ue.old)) < 0)
		return r;
	for (i = 0; i < u->ngroups; i++) {
		if ((ue.marks >> i & 1) != 0 &&
		    (r = nk_group_mark(w, ue.groups[i].group_row)) < 0)
			return r;
		if ((ue.joins >> i & 1) != 0 && (r = nk_members_add(w,
		    ue.groups[i].group_row, u->row,
		    &ue.groups[i].members)) < 0)
			return r;
	}
	return nk_edit_put(w, &ue.e, nk_compose_user(w->page, u, ue.groups));
}

int
nk_mapwriter_restrict_user(struct nk_mapwriter *w, uint64_t row,
    uint32_t set_flags)
{
	struct nk_user_record rec;
	struct user_edit ue;
	int r;

	if (w->kind != NK_MAP_KIND_ACCOUNTS || row == 0)
		return -EINVAL;
	if ((r = leave_bulk(w)) < 0 || (r = find_user(w, row, &ue)) < 0)
		return r;
	if (ue.e.unit == 0 || (ue.old.flags & set_flags) == set_flags)
		return 0;
	memcpy(w->page, ue.old.page, ue.e.old_length);
	memcpy(&rec, w->page, sizeof(rec));
	rec.flags |= set_flags;
	memcpy(w->page, &rec, sizeof(rec));
	return nk_record_rewrite(w, ue.e.unit,
	    (struct nk_record *)(void *)w->page, ue.e.old_length);
}

int
nk_mapwriter_drop_user(struct nk_mapwriter *w, uint64_t row)
{
	struct user_edit ue;
	int r;

	if (w->kind != NK_MAP_KIND_ACCOUNTS || row == 0)
		return -EINVAL;
	if ((r = leave_bulk(w)) < 0 || (r = find_user(w, row, &ue)) < 0 ||
	    ue.e.unit == 0)
		return r;
	if ((r = leave_groups(w, NULL, &ue.old)) < 0)
		return r;
	return nk_edit_drop(w, &ue.e);
}

int
nk_mapwriter_user_generation(struct nk_mapwriter *w, uint64_t row,
    uint64_t *generationp)
{
	struct user_edit ue;
	int r;

	if (w->kind != NK_MAP_KIND_ACCOUNTS || row == 0)
		return -EINVAL;
	if ((r = leave_bulk(w)) < 0 || (r = find_user(w, row, &ue)) < 0)
		return r;
	if (ue.e.unit == 0)
		return -ENOENT;
	*generationp = ue.old.generation;
	return 0;
}

static int
find_group(struct nk_mapwriter *w, uint64_t row, struct nk_edit *e,
    struct nk_map_group *old)
{
	int r;

	memset(e, 0, sizeof(*e));
	e->kind = NK_RECORD_GROUP;
	e->table = NK_TABLE_GROUP_ROW;
	e->row = row;
	if ((r = nk_edit_find(w, e, old->page)) < 0 || e->unit == 0)
		return r;
	if ((r = nk_group_take(old)) < 0)
		return nk_writer_error(r);
	e->old_name = old->name;
	e->old_name_len = old->name_len;
	e->old_has_id = true;
	e->old_id = old->gid;
	return 0;
}

static int
describe_group(struct nk_mapwriter *w, const struct nk_put_group *g,
    struct nk_edit *e, struct nk_map_group *old)
{
	int r;

	if ((r = find_group(w, g->row, e, old)) < 0)
		return r;
	e->name = g->name;
	e->name_len = strlen(g->name);
	e->has_id = true;
	e->id = g->gid;
	e->slack = NK_RECORD_SLACK_SMALL;
	e->length = (uint32_t)(sizeof(struct nk_group_record) +
	    e->name_len + 1);
	return 0;
}

static int
check_group(const struct nk_mapwriter *w, const struct nk_put_group *g)
{
	return w->kind == NK_MAP_KIND_ACCOUNTS && g->row != 0 &&
	    is_string(g->name, 1, NK_GROUP_NAME_MAX) ? 0 : -EINVAL;
}

int
nk_mapwriter_group_need(struct nk_mapwriter *w, const struct nk_put_group *g,
    uint64_t *bytesp, uint32_t *slotsp)
{
	struct nk_map_group old;
	struct nk_edit e;
	int r;

	if ((r = check_group(w, g)) < 0 || (r = leave_bulk(w)) < 0 ||
	    (r = describe_group(w, g, &e, &old)) < 0 ||
	    (r = nk_edit_need(w, &e)) < 0)
		return r;
	*bytesp += e.bytes;
	*slotsp += e.slots;
	return 0;
}

int
nk_mapwriter_put_group(struct nk_mapwriter *w, const struct nk_put_group *g)
{
	struct nk_map_group old;
	struct nk_edit e;
	int r;

	if ((r = check_group(w, g)) < 0)
		return r;
	if (w->bulk != NULL && (r = nk_bulk_put_group(w, g)) != -EEXIST)
		return r;
	if ((r = leave_bulk(w)) < 0 ||
	    (r = describe_group(w, g, &e, &old)) < 0 ||
	    (r = nk_edit_plan(w, &e)) < 0 ||
	    (r = nk_edit_ensure(w, &e, 0)) < 0)
		return r;
	if (e.unit != 0 && old.gid != g->gid &&
	    (r = nk_group_mark(w, g->row)) < 0)
		return r;
	return nk_edit_put(w, &e, nk_compose_group(w->page, g,
	    e.unit != 0 ? old.members : 0));
}

int
nk_mapwriter_drop_group(struct nk_mapwriter *w, uint64_t row)
{
	struct nk_map_group old;
	struct nk_edit e;
	int r;

	if (w->kind != NK_MAP_KIND_ACCOUNTS || row == 0)
		return -EINVAL;
	if ((r = leave_bulk(w)) < 0 ||
	    (r = find_group(w, row, &e, &old)) < 0 || e.unit == 0 ||
	    (r = nk_group_mark(w, row)) < 0)
		return r;
	return nk_edit_drop(w, &e);
}
