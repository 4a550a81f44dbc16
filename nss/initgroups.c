/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "lib/map/quick.h"
#include "lib/map/serve.h"
#include "nss/mapping.h"
#include "nss/pool.h"
#include "nss/result.h"

struct query {
	const char	*name;
	size_t		 name_len;
	gid_t		 primary;
	long		*startp;	/* groups in the list */
	long		*sizep;		/* room in the list */
	gid_t		**listp;
	long		 limit;		/* 0 and below: none */
};

/* The list is glibc's own and on its heap.  1: it is full up to the limit. */
static int
add_gid(struct query *q, gid_t gid)
{
	long size;
	gid_t *list;

	if (gid == q->primary)		/* glibc has put it there itself */
		return 0;
	if (*q->startp >= *q->sizep) {
		if (q->limit > 0 && *q->sizep >= q->limit)
			return 1;
		size = *q->sizep > 0 ? 2 * *q->sizep : 16;
		if (q->limit > 0 && size > q->limit)
			size = q->limit;
		if ((list = reallocarray(*q->listp, (size_t)size,
		    sizeof(*list))) == NULL)
			return -ENOMEM;
		*q->listp = list;
		*q->sizep = size;
	}
	(*q->listp)[(*q->startp)++] = gid;
	return 0;
}

/* A gid counts only while it belongs to the group that the user is in. */
static int
add_group(struct query *q, const struct nk_view *v,
    const struct nk_map_settings *s, const struct nk_user_group *ref)
{
	struct nk_map_group g;
	int r;

	if (!nk_serves_id(ref->gid, s))
		return 0;
	if ((r = nk_map_group_by_gid(v, ref->gid, &g)) < 0)
		return r == -ENOENT ? 0 : r;
	return g.row == ref->group_row ? add_gid(q, ref->gid) : 0;
}

/*
 * The managed group goes first: should the rest turn out damaged, sshd
 * still knows that this user's keys come from nowhere else.  Returns
 * whether the user's groups are to be added, or -ENOENT when NSS does not
 * know the user, or -ENOMEM.
 */
static int
add_managed(struct query *q, const struct nk_map_settings *s, uint32_t flags,
    uint32_t uid, uint32_t gid)
{
	bool served = nk_serves_account(flags, uid, gid, s);
	bool managed = (flags & NK_USER_IN_MANAGED) != 0 &&
	    s->managed_gid != 0 && s->managed_gid != UINT32_MAX &&
	    (served || (flags & NK_USER_MANAGED) == 0);
	int r;

	if (!served && !managed)
		return -ENOENT;
	if (managed && (r = add_gid(q, s->managed_gid)) != 0)
		return r < 0 ? r : 0;
	return served;
}

static int
find(const struct nk_view *v, const struct nk_map_settings *s, void *arg)
{
	struct query *q = arg;
	struct nk_map_user u;
	uint32_t i;
	int r;

	if ((r = nk_map_user_by_name(v, q->name, q->name_len, &u)) < 0 ||
	    (r = add_managed(q, s, u.flags, u.uid, u.gid)) <= 0)
		return r;
	for (i = 0; i < u.ngroups; i++) {
		if ((r = add_group(q, v, s, &u.groups[i])) != 0)
			return r;
	}
	return 0;
}

/* As find(), or -EAGAIN before anything was added. */
static inline int
find_quickly(struct query *q)
{
	_Alignas(uint64_t) uint8_t room[NK_QUICK_ROOM];
	struct nk_quick_user u = { .room = room, .size = sizeof(room) };
	uint32_t gids[NK_QUICK_GROUPS], n = 0, i;
	struct nk_quick_search search;
	struct nk_map_settings settings;
	struct nk_pool_slot *s;
	int r = -EAGAIN;

	if ((s = nk_pool_acquire()) == NULL)
		return r;
	search = nk_quick_name(&s->view, q->name, q->name_len);
	if (nk_pool_is_unchanged(s) && (r = nk_quick_user(&s->view, &search,
	    q->name, q->name_len, 0, &u)) == 0)
		r = nk_quick_gids(&s->view, &u, gids, &n);
	settings = s->settings.s;
	nk_pool_release(s);
	if (r < 0 || (r = add_managed(q, &settings, u.rec.flags, u.rec.uid,
	    u.rec.gid)) <= 0)
		return r;
	for (i = 0; i < n; i++) {
		if (nk_serves_id(gids[i], &settings) &&
		    (r = add_gid(q, gids[i])) != 0)
			return r;
	}
	return 0;
}

/* A view found stale half way begins again with the list as it was. */
static int
find_afresh(const struct nk_view *v, const struct nk_map_settings *s,
    void *arg)
{
	struct query *q = arg;
	long start = *q->startp;
	int r;

	if ((r = find(v, s, q)) == -ESTALE)
		*q->startp = start;
	return r;
}

NSS_EXPORT __attribute__((hot)) enum nss_status
_nss_naskeys_initgroups_dyn(const char *user, gid_t group, long int *start,
    long int *size, gid_t **groupsp, long int limit, int *errnop)
{
	struct query q = { .name = user, .name_len = strlen(user),
	    .primary = group, .startp = start, .sizep = size,
	    .listp = groupsp, .limit = limit };
	int r;

	if ((r = find_quickly(&q)) == -EAGAIN)
		r = nk_mapping_look(find_afresh, &q);
	return nk_result(r > 0 ? 0 : r, errnop);
}
