/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_MAP_QUICK_H
#define NASKEYS_MAP_QUICK_H

/*
 * The undisturbed case of a lookup, for those who look up often: in a view
 * of accounts.map that is mapped, for a record that is short.  It makes the
 * same checks as reader.h, but answers only what is beyond doubt.
 *
 * Results of every function: 0; -ENOENT, there is no such entry; -EAGAIN,
 * something was torn, corrupt, longer or further away than usual: ask
 * reader.h, which waits, and finds out what it was.
 *
 *  1. No byte behind the length of the last fstat is touched.
 *  2. What is checked is the copy; each word of the map is loaded once.
 *  3. An empty slot ends a search only if every slot before it was sound.
 *
 * All of it is inlined: who looks up comes from a system call, behind which
 * nothing is predicted, and each call would cost what a step of the search
 * does.
 */

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "lib/attr.h"
#include "lib/map/hash.h"
#include "lib/map/marks.h"
#include "lib/map/reader.h"
#include "lib/map/record.h"
#include "lib/map/slot.h"
#include "lib/map/sum.h"
#include "lib/map/word.h"

#define NK_QUICK_MAX	512u		/* bytes of a record */
#define NK_QUICK_ROOM	(NK_QUICK_MAX - sizeof(struct nk_user_record))
#define NK_QUICK_STEPS	64u		/* slots of one search */
#define NK_QUICK_AHEAD	4u		/* an enumeration fetches */

/*
 * A user's record, copied and checked as in struct nk_map_user.  The caller
 * says where what follows the fixed part is to be put, and how much has room
 * there, at most NK_QUICK_ROOM bytes; more is -EAGAIN.  All of the room may
 * be written to, whatever the result.
 */
struct nk_quick_user {
	uint8_t		*room;
	size_t		 size;
	const char	*text;		/* in it: name, gecos, home, shell */
	uint32_t	 text_len;	/* the last NUL not included */
	uint32_t	 used;		/* bytes of the room */
	struct nk_user_record rec;
};

/* A search that has begun. */
struct nk_quick_search {
	const uint64_t	*slots;
	uint64_t	 index;
	uint64_t	 mask;
	uint32_t	 table;
	uint16_t	 tag;
	uint16_t	 left;
};

static inline uint64_t
nk_quick_load(const uint64_t *p)
{
	return __atomic_load_n(p, __ATOMIC_RELAXED);
}

static NK_ALWAYS_INLINE struct nk_quick_search
nk_quick_begin(const struct nk_view *v, uint32_t table, struct nk_hash key)
{
	uint64_t mask = (UINT64_C(1) << v->tables[table].bits) - 1;
	struct nk_quick_search s = {
		.slots = (const void *)(v->base + v->tables[table].offset),
		.index = key.home & mask, .mask = mask, .table = table,
		.tag = key.tag, .left = NK_QUICK_STEPS
	};

	/* It comes while the caller makes sure of the view. */
	__builtin_prefetch(s.slots + s.index);
	return s;
}

static inline void
nk_quick_step(struct nk_quick_search *s)
{
	s->index = (s->index + 1) & s->mask;
	s->left--;
}

/* The next slot with the tag: 0 and where its record is. */
static NK_ALWAYS_INLINE int
nk_quick_find(const struct nk_view *v, struct nk_quick_search *s,
    uint32_t *unitp)
{
	uint64_t slot;

	for (; s->left > 0; nk_quick_step(s)) {
		if ((slot = nk_quick_load(s->slots + s->index)) == 0)
			return -ENOENT;
		/*
		 * What follows is decided late.  This touches nothing, and
		 * asks in vain where there is nothing.
		 */
		__builtin_prefetch(v->base + (uint64_t)nk_slot_unit(slot) *
		    NK_MAP_UNIT);
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

/* Ask memory for the record at unit, if there can be one. */
static inline void
nk_quick_fetch(const struct nk_view *v, uint32_t unit)
{
	uint64_t length = __atomic_load_n(&v->length, __ATOMIC_RELAXED);
	uint64_t at = (uint64_t)unit * NK_MAP_UNIT;

	if (at >= v->records && at < length && length - at > NK_MAP_UNIT) {
		__builtin_prefetch(v->base + at);
		__builtin_prefetch(v->base + at + NK_MAP_UNIT);
	}
}

/*
 * Copy the words of a user's record that follow the fixed part, whose sum so
 * far is s: the sum of all.
 */
static NK_ALWAYS_INLINE uint64_t
nk_quick_rest(struct nk_sum_lanes s, uint8_t *to, const uint64_t *from,
    size_t words)
{
	size_t i;

	for (i = 0; i + 3 < words; i += 4) {
		s.d = nk_sum_move(s.d, to, from, i, NK_SUM_B);
		s.a = nk_sum_move(s.a, to, from, i + 1, NK_SUM_A);
		s.b = nk_sum_move(s.b, to, from, i + 2, NK_SUM_B);
		s.c = nk_sum_move(s.c, to, from, i + 3, NK_SUM_A);
	}
	if (i < words)
		s.d = nk_sum_move(s.d, to, from, i, NK_SUM_B);
	if (i + 1 < words)
		s.a = nk_sum_move(s.a, to, from, i + 1, NK_SUM_A);
	if (i + 2 < words)
		s.b = nk_sum_move(s.b, to, from, i + 2, NK_SUM_B);
	return nk_sum_finish(s);
}

/* Can there be a record of this kind and length at offset at? */
static inline bool
nk_quick_fits(const struct nk_record *r, enum nk_record_kind kind,
    uint64_t at, size_t least, size_t most)
{
	return r->length >= least && r->length <= most && r->kind == kind &&
	    r->length <= NK_MAP_PAGE - (uint32_t)(at % NK_MAP_PAGE) &&
	    r->length <= r->capacity * NK_MAP_UNIT;
}

/* Copy the record at unit; 0 when it is a user's and its sum is right. */
static NK_ALWAYS_INLINE int
nk_quick_copy(const struct nk_view *v, uint32_t unit, struct nk_quick_user *q)
{
	uint64_t length = __atomic_load_n(&v->length, __ATOMIC_RELAXED);
	uint64_t at = (uint64_t)unit * NK_MAP_UNIT;
	uint64_t word[sizeof(q->rec) / sizeof(uint64_t)];
	const uint64_t *p = (const void *)(v->base + at);
	struct nk_sum_lanes s = nk_sum_begin(v->salt, unit);
	size_t i, head = sizeof(q->rec) / sizeof(word[0]), words;

	if (at < v->records || at >= length || length - at < NK_QUICK_MAX)
		return -EAGAIN;
	/* Two lines more, as most have, before the first says how many. */
	__builtin_prefetch((const uint8_t *)p + NK_MAP_UNIT);
	__builtin_prefetch((const uint8_t *)p + 2 * NK_MAP_UNIT);
	for (i = 0; i < head; i++)
		word[i] = nk_quick_load(p + i);
	memcpy(&q->rec, word, sizeof(word));
	if (!nk_quick_fits(&q->rec.r, NK_RECORD_USER, at, sizeof(q->rec),
	    NK_QUICK_MAX) || q->rec.r.row == 0)
		return -EAGAIN;
	words = nk_record_words(q->rec.r.length) - head;
	if (words > q->size / sizeof(word[0]))
		return -EAGAIN;
	s.a = nk_sum_step(s.a, word[1], NK_SUM_A);
	s.b = nk_sum_step(s.b, word[2], NK_SUM_B);
	s.c = nk_sum_step(s.c, word[3], NK_SUM_A);
	s.d = nk_sum_step(s.d, word[4], NK_SUM_B);
	s.a = nk_sum_step(s.a, word[5], NK_SUM_A);
	s.b = nk_sum_step(s.b, word[6], NK_SUM_B);
	s.c = nk_sum_step(s.c, word[7], NK_SUM_A);
	if (nk_quick_rest(s, q->room, p + head, words) != word[0])
		return -EAGAIN;
	q->used = (uint32_t)(words * sizeof(word[0]));
	return 0;
}

/* The same, and that the record makes sense. */
static NK_ALWAYS_INLINE int
nk_quick_user_at(const struct nk_view *v, uint32_t unit,
    struct nk_quick_user *q)
{
	size_t at;
	int r;

	if ((r = nk_quick_copy(v, unit, q)) < 0)
		return r;
	at = nk_user_text_at(&q->rec);
	q->text = (const char *)q->room + (at - sizeof(q->rec));
	if (!nk_user_is_sane(&q->rec, q->text))
		return -EAGAIN;
	q->text_len = q->rec.r.length - (uint32_t)at - 1;
	return 0;
}

static NK_ALWAYS_INLINE struct nk_quick_search
nk_quick_name(const struct nk_view *v, const char *name, size_t len)
{
	return nk_quick_begin(v, NK_TABLE_USER_NAME,
	    nk_key_of_name(v->salt, name, len));
}

static NK_ALWAYS_INLINE struct nk_quick_search
nk_quick_uid(const struct nk_view *v, uint32_t uid)
{
	return nk_quick_begin(v, NK_TABLE_USER_UID,
	    nk_key_of_id(v->salt, uid));
}

/* Is text, of which whole words may be read, the len bytes at name? */
static inline bool
nk_quick_is_name(const char *text, const char *name, size_t len)
{
	size_t left;

	for (left = len; left >= sizeof(uint64_t); left -= sizeof(uint64_t)) {
		if (nk_load_le(text) != nk_load_le(name))
			return false;
		text += sizeof(uint64_t);
		name += sizeof(uint64_t);
	}
	return left == 0 || (nk_load_le(text) ^ nk_load_tail(
	    (const uint8_t *)name, left, len)) << (64 - 8 * left) == 0;
}

/* The user of a search by name, or of one by uid if name is NULL. */
static NK_ALWAYS_INLINE NK_MUST_CHECK int
nk_quick_user(const struct nk_view *v, struct nk_quick_search *s,
    const char *name, size_t len, uint32_t uid, struct nk_quick_user *q)
{
	uint32_t unit;
	int r;

	while ((r = nk_quick_find(v, s, &unit)) == 0) {
		if ((r = nk_quick_user_at(v, unit, q)) < 0)
			return r;
		if (name != NULL ? q->rec.name_len == len &&
		    nk_quick_is_name(q->text, name, len) :
		    q->rec.uid == uid && (q->rec.flags & NK_USER_MANAGED) != 0)
			return 0;
		nk_quick_step(s);
	}
	return r;
}

/* As nk_map_user_next(), but *posp moves only with a result of 0. */
static NK_ALWAYS_INLINE NK_MUST_CHECK int
nk_quick_user_next(const struct nk_view *v, uint64_t *posp,
    struct nk_quick_user *q)
{
	struct nk_quick_search s = nk_quick_begin(v, NK_TABLE_USER_ROW,
	    (struct nk_hash){ *posp, 1, 0 });
	uint64_t slot;
	int r;

	if (*posp > s.mask)
		return -ENOENT;
	for (;;) {
		slot = nk_quick_load(s.slots + s.index);
		if (slot != 0 && !nk_slot_is_sound(slot, nk_slot_place(
		    v->salt[0], s.table, s.index)))
			return -EAGAIN;
		if (slot != 0 && nk_slot_unit(slot) != NK_SLOT_TOMBSTONE)
			break;
		if (s.index++ == s.mask)
			return -ENOENT;
	}
	if (s.mask - s.index >= NK_QUICK_AHEAD)
		nk_quick_fetch(v, nk_slot_unit(nk_quick_load(s.slots +
		    s.index + NK_QUICK_AHEAD)));
	if ((r = nk_quick_user_at(v, nk_slot_unit(slot), q)) == 0)
		*posp = s.index + 1;
	return r;
}

#define NK_QUICK_GROUPS	(NK_QUICK_ROOM / sizeof(struct nk_user_group))

/*
 * Which of the groups of q exist, with the gid that q says: the others are
 * taken out of gids[], which has room for NK_QUICK_GROUPS.  *countp remain.
 */
int	nk_quick_groups(const struct nk_view *v,
	    const struct nk_quick_user *q, uint32_t gids[NK_QUICK_GROUPS],
	    uint32_t *countp) NK_MUST_CHECK;

/* The marks, as they are when the record of a user has been read. */
static inline bool
nk_quick_marks(const struct nk_view *v, struct nk_map_marks *m)
{
	struct nk_sum_lanes s = nk_sum_begin(v->salt, NK_MAP_MARKS_AT);
	const uint64_t *p = (const void *)(v->base + NK_MAP_MARKS_AT);
	size_t i;

	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	for (i = 0; i < NK_MAP_MARKS / 64; i++)
		m->groups[i] = nk_quick_load(p + i);
	m->sum = nk_quick_load(p + i);
	s.a = nk_sum_step(s.a, m->groups[0], NK_SUM_A);
	s.b = nk_sum_step(s.b, m->groups[1], NK_SUM_B);
	s.c = nk_sum_step(s.c, m->groups[2], NK_SUM_A);
	return nk_sum_finish(s) == m->sum;
}

/*
 * The same without looking for the groups, as long as none of them is
 * marked.  A group without a mark was there until now: so what the record
 * said when it was read was so.
 */
static NK_ALWAYS_INLINE NK_MUST_CHECK int
nk_quick_gids(const struct nk_view *v, const struct nk_quick_user *q,
    uint32_t gids[NK_QUICK_GROUPS], uint32_t *countp)
{
	struct nk_user_group ref;
	struct nk_map_marks m;
	uint32_t i;

	if (!nk_quick_marks(v, &m))
		return nk_quick_groups(v, q, gids, countp);
	for (i = 0; i < q->rec.ngroups; i++) {
		memcpy(&ref, q->room + i * sizeof(ref), sizeof(ref));
		if (nk_marks_has(&m, ref.group_row))
			return nk_quick_groups(v, q, gids, countp);
		gids[i] = ref.gid;
	}
	*countp = i;
	return 0;
}

#endif /* NASKEYS_MAP_QUICK_H */
