/* SPDX-License-Identifier: ISC */

/* What a quick lookup does not do each time. */

#include "lib/map/quick.h"

#define GROUP_MAX	(NK_MAP_UNIT * 2)	/* bytes of a record */

union group {
	struct nk_group_record rec;
	uint64_t	 word[GROUP_MAX / sizeof(uint64_t)];
};

/* Copy the record at unit; 0 when it is a group's and its sum is right. */
static inline int
copy(const struct nk_view *v, uint32_t unit, union group *g)
{
	uint64_t length = __atomic_load_n(&v->length, __ATOMIC_RELAXED);
	uint64_t at = (uint64_t)unit * NK_MAP_UNIT;
	const uint64_t *p = (const void *)(v->base + at);
	uint64_t word[2];
	struct nk_record r;
	size_t words;

	if (at < v->records || at >= length || length - at < sizeof(*g))
		return -EAGAIN;
	word[0] = nk_quick_load(p);
	word[1] = nk_quick_load(p + 1);
	memcpy(&r, word, sizeof(word));
	if (!nk_quick_fits(&r, NK_RECORD_GROUP, at, sizeof(g->rec),
	    sizeof(*g)))
		return -EAGAIN;
	memcpy(g, word, sizeof(word));
	words = nk_record_words(r.length);
	if (nk_sum_copy(v->salt, unit, g->word + 1, p + 1, words - 1) !=
	    word[0])
		return -EAGAIN;
	return 0;
}

/*
 * All slots are asked for before the first is waited for, and then all
 * records, so that many groups take hardly longer than one.
 */
int
nk_quick_groups(const struct nk_view *v, const struct nk_quick_user *q,
    uint32_t gids[NK_QUICK_GROUPS], uint32_t *countp)
{
	struct nk_quick_search s[NK_QUICK_GROUPS];
	struct nk_user_group ref[NK_QUICK_GROUPS];
	uint32_t unit[NK_QUICK_GROUPS], i, n = q->rec.ngroups, count = 0;
	union group g;
	int r;

	memcpy(ref, q->room, n * sizeof(ref[0]));
	for (i = 0; i < n; i++) {
		s[i] = nk_quick_begin(v, NK_TABLE_GROUP_GID,
		    nk_key_of_id(v->salt, ref[i].gid));
		__builtin_prefetch(s[i].slots + s[i].index);
	}
	for (i = 0; i < n; i++) {
		unit[i] = 0;
		if ((r = nk_quick_find(v, &s[i], &unit[i])) == 0)
			nk_quick_fetch(v, unit[i]);
		else if (r != -ENOENT)
			return r;
	}
	for (i = 0; i < n; i++) {
		if (unit[i] == 0)
			continue;
		if ((r = copy(v, unit[i], &g)) < 0)
			return r;
		if (nk_group_text(&g.rec) == NULL || g.rec.r.row == 0 ||
		    g.rec.gid != ref[i].gid)
			return -EAGAIN;		/* the next slot may be it */
		if (g.rec.r.row == ref[i].group_row)
			gids[count++] = g.rec.gid;
	}
	*countp = count;
	return 0;
}
