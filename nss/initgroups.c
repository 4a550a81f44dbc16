/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "nss/mapping.h"
#include "nss/result.h"
#include "nss/serve.h"

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
 * still knows that this user's keys come from nowhere else.
 */
static int
find(const struct nk_view *v, const struct nk_map_settings *s, void *arg)
{
	struct query *q = arg;
	struct nk_map_user u;
	bool served, managed;
	uint32_t i;
	int r;

	if ((r = nk_map_user_by_name(v, q->name, q->name_len, &u)) < 0)
		return r;
	served = nk_serves_user(&u, s);
	managed = (u.flags & NK_USER_IN_MANAGED) != 0 &&
	    s->managed_gid != 0 && s->managed_gid != UINT32_MAX &&
	    (served || (u.flags & NK_USER_MANAGED) == 0);
	if (!served && !managed)
		return -ENOENT;
	if (managed && (r = add_gid(q, s->managed_gid)) != 0)
		return r;
	for (i = 0; served && i < u.ngroups; i++) {
		if ((r = add_group(q, v, s, &u.groups[i])) != 0)
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
	return r > 0 ? 0 : r;
}

NSS_EXPORT enum nss_status
_nss_naskeys_initgroups_dyn(const char *user, gid_t group, long int *start,
    long int *size, gid_t **groupsp, long int limit, int *errnop)
{
	struct query q = { .name = user, .name_len = strlen(user),
	    .primary = group, .startp = start, .sizep = size,
	    .listp = groupsp, .limit = limit };

	return nk_result(nk_mapping_look(find_afresh, &q), errnop);
}
