/* SPDX-License-Identifier: ISC */

/*
 *  1. No byte behind the length of the last fstat is touched.
 *  2. What is checked is the copy; each word of the map is loaded once.
 *  3. An empty slot ends a search only if every slot before it was sound.
 */

#include "lib/map/quick.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "lib/map/hash.h"
#include "lib/map/record.h"
#include "lib/map/slot.h"
#include "lib/map/sum.h"

#define STEPS_MAX	64u		/* slots of one search */
#define AHEAD		4u		/* an enumeration fetches */
#define HOT		__attribute__((hot))

static inline uint64_t
load(const uint8_t *p)
{
	return __atomic_load_n((const uint64_t *)(const void *)p,
	    __ATOMIC_RELAXED);
}

static inline struct nk_quick_search
begin(const struct nk_view *v, uint32_t table, struct nk_hash key)
{
	uint64_t mask = (UINT64_C(1) << v->tables[table].bits) - 1;
	struct nk_quick_search s = {
		.slots = v->base + v->tables[table].offset,
		.index = key.home & mask, .mask = mask, .table = table,
		.tag = key.tag, .left = STEPS_MAX
	};

	__builtin_prefetch(s.slots + s.index * sizeof(uint64_t));
	return s;
}

static inline uint64_t
load_slot(const struct nk_quick_search *s)
{
	return load(s->slots + s->index * sizeof(uint64_t));
}

static inline void
step(struct nk_quick_search *s)
{
	s->index = (s->index + 1) & s->mask;
	s->left--;
}

/* The next slot with the tag: 0 and where its record is. */
static inline int
find(const struct nk_view *v, struct nk_quick_search *s, uint32_t *unitp)
{
	uint64_t slot;

	for (; s->left > 0; step(s)) {
		if ((slot = load_slot(s)) == 0)
			return -ENOENT;
		if (!nk_slot_is_sound(slot, nk_slot_place(v->salt[0],
		    s->table, s->index)))
			return -EAGAIN;
		if (nk_slot_tag(slot) == s->tag &&
		    nk_slot_unit(slot) != NK_SLOT_TOMBSTONE) {
			*unitp = nk_slot_unit(slot);
			return 0;
		}
	}
	return -EAGAIN;
}

static inline void
fetch(const struct nk_view *v, uint32_t unit)
{
	uint64_t length = __atomic_load_n(&v->length, __ATOMIC_RELAXED);
	uint64_t at = (uint64_t)unit * NK_MAP_UNIT;

	if (at >= v->records && at < length && length - at > NK_MAP_UNIT) {
		__builtin_prefetch(v->base + at);
		__builtin_prefetch(v->base + at + NK_MAP_UNIT);
	}
}

/*
 * Copy the record at unit, least to size bytes long, to word[]; 0 when it
 * is of this kind and its sum is right.
 */
static inline int
copy(const struct nk_view *v, uint32_t unit, enum nk_record_kind kind,
    uint64_t *word, uint32_t least, uint32_t size)
{
	uint64_t length = __atomic_load_n(&v->length, __ATOMIC_RELAXED);
	uint64_t at = (uint64_t)unit * NK_MAP_UNIT;
	const uint8_t *p = v->base + at;
	struct nk_record r;
	size_t words;

	if (at < v->records || at >= length || length - at < size)
		return -EAGAIN;
	__builtin_prefetch(p + NK_MAP_UNIT);
	__builtin_prefetch(p + NK_MAP_UNIT * 2);
	word[0] = load(p);
	word[1] = load(p + sizeof(*word));
	memcpy(&r, word, 2 * sizeof(*word));
	if (r.length < least || r.length > size || r.kind != kind ||
	    r.length > NK_MAP_PAGE - (uint32_t)(at % NK_MAP_PAGE) ||
	    r.length > r.capacity * NK_MAP_UNIT)
		return -EAGAIN;
	words = nk_record_words(r.length);
	if (nk_sum_copy(v->salt, unit, word + 1,
	    (const uint64_t *)(const void *)p + 1, words - 1) != word[0])
		return -EAGAIN;
	return 0;
}

static inline int
load_user(const struct nk_view *v, uint32_t unit, struct nk_quick_user *q)
{
	int r;

	if ((r = copy(v, unit, NK_RECORD_USER, q->u.word,
	    sizeof(q->u.rec), sizeof(q->u))) < 0)
		return r;
	if ((q->text = nk_user_text(&q->u.rec)) == NULL ||
	    q->u.rec.r.row == 0)
		return -EAGAIN;
	q->text_len = q->u.rec.r.length - 1 -
	    (uint32_t)(q->text - (const char *)&q->u.rec);
	q->groups = (const void *)(&q->u.rec + 1);
	return 0;
}

HOT struct nk_quick_search
nk_quick_name(const struct nk_view *v, const char *name, size_t len)
{
	return begin(v, NK_TABLE_USER_NAME,
	    nk_key_of_name(v->salt, name, len));
}

HOT struct nk_quick_search
nk_quick_uid(const struct nk_view *v, uint32_t uid)
{
	return begin(v, NK_TABLE_USER_UID, nk_key_of_id(v->salt, uid));
}

HOT int
nk_quick_user(const struct nk_view *v, struct nk_quick_search *s,
    const char *name, size_t len, uint32_t uid, struct nk_quick_user *q)
{
	uint32_t unit;
	int r;

	while ((r = find(v, s, &unit)) == 0) {
		if ((r = load_user(v, unit, q)) < 0)
			return r;
		if (name != NULL ? q->u.rec.name_len == len &&
		    memcmp(q->text, name, len) == 0 :
		    q->u.rec.uid == uid &&
		    (q->u.rec.flags & NK_USER_MANAGED) != 0)
			return 0;
		step(s);
	}
	return r;
}

HOT int
nk_quick_user_next(const struct nk_view *v, uint64_t *posp,
    struct nk_quick_user *q)
{
	struct nk_hash key = { *posp, 1, 0 };
	struct nk_quick_search s = begin(v, NK_TABLE_USER_ROW, key);
	uint64_t slot;
	uint32_t unit;
	int r;

	if (*posp > s.mask)
		return -ENOENT;
	for (;;) {
		slot = load_slot(&s);
		unit = nk_slot_unit(slot);
		if (slot != 0 && !nk_slot_is_sound(slot, nk_slot_place(
		    v->salt[0], s.table, s.index)))
			return -EAGAIN;
		if (slot != 0 && unit != NK_SLOT_TOMBSTONE)
			break;
		if (s.index++ == s.mask)
			return -ENOENT;
	}
	if (s.mask - s.index >= AHEAD)
		fetch(v, nk_slot_unit(load(s.slots + (s.index + AHEAD) *
		    sizeof(slot))));
	if ((r = load_user(v, unit, q)) == 0)
		*posp = s.index + 1;
	return r;
}

/*
 * All slots are asked for before the first is waited for, and then all
 * records, so that many groups take hardly longer than one.
 */
HOT int
nk_quick_groups(const struct nk_view *v, const struct nk_quick_user *q,
    uint32_t gids[NK_QUICK_GROUPS], uint32_t *countp)
{
	struct nk_quick_search s[NK_QUICK_GROUPS];
	uint32_t unit[NK_QUICK_GROUPS], i, n = q->u.rec.ngroups, count = 0;
	union {
		struct nk_group_record rec;
		uint64_t word[NK_MAP_UNIT * 2 / sizeof(uint64_t)];
	} g;
	int r;

	for (i = 0; i < n; i++)
		s[i] = begin(v, NK_TABLE_GROUP_GID,
		    nk_key_of_id(v->salt, q->groups[i].gid));
	for (i = 0; i < n; i++) {
		unit[i] = 0;
		if ((r = find(v, &s[i], &unit[i])) == 0)
			fetch(v, unit[i]);
		else if (r != -ENOENT)
			return r;
	}
	for (i = 0; i < n; i++) {
		if (unit[i] == 0)
			continue;
		if ((r = copy(v, unit[i], NK_RECORD_GROUP, g.word,
		    sizeof(g.rec), sizeof(g))) < 0)
			return r;
		if (nk_group_text(&g.rec) == NULL || g.rec.r.row == 0 ||
		    g.rec.gid != q->groups[i].gid)
			return -EAGAIN;		/* the next slot may be it */
		if (g.rec.r.row == q->groups[i].group_row)
			gids[count++] = g.rec.gid;
	}
	*countp = count;
	return 0;
}
