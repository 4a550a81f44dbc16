/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_NSS_POOL_H
#define NASKEYS_NSS_POOL_H

/*
 * The pool of mappings, whose rules stand in nss/mapping.c, and how a quick
 * lookup (lib/map/quick.h) takes and leaves the one that is there: inlined,
 * for the reason that is given there.
 */

#include <sys/single_threaded.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "lib/attr.h"
#include "lib/map/reader.h"

#define NK_POOL_SIZE	16
#define NK_POOL_NONE	(-1)
#define NK_POOL_TRIES	64	/* lost races for "current" */

#define NK_POOL_FREE	0x00000000u
#define NK_POOL_OPENING	0x40000000u
#define NK_POOL_LIVE	0x80000000u
#define NK_POOL_RETIRED	0xc0000000u
#define NK_POOL_STATE	0xc0000000u

union nk_pool_settings {
	struct nk_map_settings s;
	uint64_t	 word[3];
};
_Static_assert(sizeof(union nk_pool_settings) ==
    sizeof(struct nk_map_settings), "the words are the settings");

struct nk_pool_slot {
	_Alignas(64) _Atomic uint32_t word;
	_Atomic uint32_t checked;	/* second of the last stat(2) */
	bool		 has_settings;
	union nk_pool_settings settings; /* when the view was opened */
	struct nk_view	 view;
};

extern struct nk_pool_slot nk_pool[NK_POOL_SIZE];
extern _Atomic int nk_pool_current;

/* Close the view of a retired slot that nobody holds any more. */
void	nk_pool_close(struct nk_pool_slot *s);

/*
 * Only whether it is another second than before counts, so that it may be a
 * clock that somebody sets: time(2) is the one that costs least, a single
 * load behind a single jump.
 */
static inline uint32_t
nk_pool_second(void)
{
	return (uint32_t)time(NULL);
}

/*
 * Change a slot's word from *expectedp, just loaded, or learn what it is.  A
 * locked instruction waits for every load and store before it: where there
 * is one thread only, none is used.
 */
static inline bool
nk_pool_exchange(_Atomic uint32_t *wordp, uint32_t *expectedp, uint32_t word)
{
	if (!__libc_single_threaded)
		return atomic_compare_exchange_weak_explicit(wordp,
		    expectedp, word, memory_order_acq_rel,
		    memory_order_relaxed);
	atomic_store_explicit(wordp, word, memory_order_relaxed);
	return true;
}

/* The current slot, with a reference more, or NULL. */
static inline struct nk_pool_slot *
nk_pool_acquire(void)
{
	struct nk_pool_slot *s;
	uint32_t word;
	int i, tries;

	for (tries = 0; tries < NK_POOL_TRIES; tries++) {
		i = atomic_load_explicit(&nk_pool_current,
		    memory_order_acquire);
		if (i == NK_POOL_NONE)
			return NULL;
		s = &nk_pool[i];
		word = atomic_load_explicit(&s->word, memory_order_relaxed);
		while ((word & NK_POOL_STATE) == NK_POOL_LIVE) {
			if (nk_pool_exchange(&s->word, &word, word + 1))
				return s;
		}
	}
	return NULL;
}

static inline void
nk_pool_release(struct nk_pool_slot *s)
{
	uint32_t word;

	word = atomic_load_explicit(&s->word, memory_order_relaxed);
	while (!nk_pool_exchange(&s->word, &word, word - 1))
		;
	if (word - 1 == NK_POOL_RETIRED)
		nk_pool_close(s);
}

/* One word of a cell of the mapped file. */
static inline uint64_t
nk_pool_load(const struct nk_pool_slot *s, size_t at)
{
	return __atomic_load_n((const uint64_t *)(const void *)(s->view.base +
	    at), __ATOMIC_RELAXED);
}

/*
 * Does the settings' cell say what it said, verified, when the view was
 * opened?  A mixture of that and something else is not equal to it.
 */
static inline bool
nk_pool_same_settings(const struct nk_pool_slot *s)
{
	size_t at = NK_MAP_SETTINGS_AT;

	return s->has_settings &&
	    nk_pool_load(s, at) == s->settings.word[0] &&
	    nk_pool_load(s, at + 8) == s->settings.word[1] &&
	    nk_pool_load(s, at + 16) == s->settings.word[2];
}

/*
 * May the view and the settings of s be used as they are?  If not,
 * nk_mapping_look() knows.
 */
static inline bool
nk_pool_is_unchanged(const struct nk_pool_slot *s)
{
	return nk_pool_load(s, NK_MAP_SUPERSEDED_AT) == 0 &&
	    atomic_load_explicit(&s->checked, memory_order_relaxed) ==
	    nk_pool_second() && nk_pool_same_settings(s);
}

#endif /* NASKEYS_NSS_POOL_H */
