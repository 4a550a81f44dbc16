/* SPDX-License-Identifier: ISC */
/*
 * The pool.  Each slot has one word: its state and the number of references
 * to it, so that both change together.
 *
 *	FREE -> OPENING -> LIVE -> RETIRED -> FREE
 *
 *  1. Only a thread that found FREE and made it OPENING touches the slot's
 *     view; it is complete before the word says LIVE.
 *  2. References are taken from a LIVE slot only.  So any reference is to a
 *     view that somebody opened for everybody, even if the slot was used
 *     again between two loads.
 *  3. Only the holder of a reference retires a slot, and it does so once:
 *     whoever takes its index out of "current", or fails to put it there.
 *  4. Of a RETIRED slot the count only falls; whoever brings it to 0 closes
 *     the view.
 *
 *  5. What changes a word is one atomic operation, unless the process has
 *     a single thread: then nobody can come between two.
 *
 * Nobody ever waits for a word to change.  A child forked while another
 * thread held a reference keeps that slot for ever; when that has used up
 * the pool, each call opens the map for itself.
 */
#include <sys/single_threaded.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include "nss/mapping.h"
#include "nss/result.h"

#define POOL_SIZE	16
#define NONE		(-1)
#define ACQUIRE_TRIES	64	/* lost races for "current" */
#define GET_TRIES	4	/* views found stale at once */
#define LOOK_TRIES	8	/* views found stale in use */
#define DAMAGED_MAX	1000u	/* then an enumeration is given up */

#define STATE_FREE	0x00000000u
#define STATE_OPENING	0x40000000u
#define STATE_LIVE	0x80000000u
#define STATE_RETIRED	0xc0000000u
#define STATE_MASK	0xc0000000u

union settings {
	struct nk_map_settings s;
	uint64_t	 word[3];
};
_Static_assert(sizeof(union settings) == sizeof(struct nk_map_settings),
    "the words are the settings");

struct slot {
	_Alignas(64) _Atomic uint32_t word;
	_Atomic uint32_t checked;	/* second of the last stat(2) */
	bool		 has_settings;
	union settings	 settings;	/* when the view was opened */
	struct nk_view	 view;
};

static struct slot pool[POOL_SIZE];
static _Atomic int current = NONE;

static const char path[] = NK_MAPS_DIR NK_MAP_ACCOUNTS;

/*
 * Only whether it is another second than before counts, so that it may be a
 * clock that somebody sets: time(2) is the one that costs least, a single
 * load behind a single jump.
 */
static inline uint32_t
now(void)
{
	return (uint32_t)time(NULL);
}

static inline const struct slot *
slot_of(const struct nk_view *v)
{
	return (const void *)((const uint8_t *)v -
	    offsetof(struct slot, view));
}

/*
 * Change a slot's word from *expectedp, just loaded, or learn what it is.  A
 * locked instruction waits for every load and store before it: where there
 * is one thread only, none is used.
 */
static inline bool
exchange(_Atomic uint32_t *wordp, uint32_t *expectedp, uint32_t word)
{
	if (!__libc_single_threaded)
		return atomic_compare_exchange_weak_explicit(wordp,
		    expectedp, word, memory_order_acq_rel,
		    memory_order_relaxed);
	atomic_store_explicit(wordp, word, memory_order_relaxed);
	return true;
}

/* Returns the index of a slot with a reference more, or NONE. */
static inline int
acquire(void)
{
	uint32_t word;
	int i, tries;

	for (tries = 0; tries < ACQUIRE_TRIES; tries++) {
		i = atomic_load_explicit(&current, memory_order_acquire);
		if (i == NONE)
			return NONE;
		word = atomic_load_explicit(&pool[i].word,
		    memory_order_relaxed);
		while ((word & STATE_MASK) == STATE_LIVE) {
			if (exchange(&pool[i].word, &word, word + 1))
				return i;
		}
	}
	return NONE;
}

static __attribute__((cold, noinline)) void
close_retired(int i)
{
	struct nk_guard g;

	nk_guard_begin(&g);
	nk_view_close(&pool[i].view);
	nk_guard_end(&g);
	atomic_store_explicit(&pool[i].word, STATE_FREE,
	    memory_order_release);
}

static inline void
release(int i)
{
	uint32_t word;

	word = atomic_load_explicit(&pool[i].word, memory_order_relaxed);
	while (!exchange(&pool[i].word, &word, word - 1))
		;
	if (word - 1 == STATE_RETIRED)
		close_retired(i);
}

/* The caller holds a reference. */
static void
retire(int i)
{
	(void)atomic_fetch_add_explicit(&pool[i].word,
	    STATE_RETIRED - STATE_LIVE, memory_order_acq_rel);
}

static int
take_free(void)
{
	uint32_t expected;
	int i;

	for (i = 0; i < POOL_SIZE; i++) {
		expected = STATE_FREE;
		if (atomic_compare_exchange_strong_explicit(&pool[i].word,
		    &expected, STATE_OPENING, memory_order_acquire,
		    memory_order_relaxed))
			return i;
	}
	return NONE;
}

/*
 * Give an opened view to everybody, unless another thread was faster; then
 * it goes when we put it.
 */
static void
publish(int i, const struct nk_view *v)
{
	int none = NONE;

	pool[i].view = *v;
	pool[i].has_settings = nk_map_settings(v,
	    &pool[i].settings.s) == 0;
	atomic_store_explicit(&pool[i].checked, now(), memory_order_relaxed);
	atomic_store_explicit(&pool[i].word, STATE_LIVE + 1,
	    memory_order_release);
	if (!atomic_compare_exchange_strong_explicit(&current, &none, i,
	    memory_order_acq_rel, memory_order_relaxed))
		retire(i);
}

/*
 * Where mmap is denied, the view has a descriptor; it stays with the one
 * call, since the process may close any descriptor and use its number for
 * another file.
 */
static int
open_map(struct nk_mapping *m)
{
	struct nk_guard g;
	struct nk_view v;
	int i, r;

	nk_guard_begin(&g);
	i = take_free();
	r = nk_view_open(&v, AT_FDCWD, path, NK_MAP_KIND_ACCOUNTS,
	    i == NONE ? NK_VIEW_PREAD : NK_VIEW_MAPPED);
	nk_guard_end(&g);
	if (r == 0 && i != NONE && v.base != NULL) {
		publish(i, &v);
		m->slot = i;
		m->view = &pool[i].view;
		return 0;
	}
	if (i != NONE)
		atomic_store_explicit(&pool[i].word, STATE_FREE,
		    memory_order_release);
	if (r < 0)
		return r == -ENOENT ? -NK_NO_MAP : r;
	m->slot = NONE;
	m->own = v;
	m->view = &m->own;
	return 0;
}

/* One word of a cell of the mapped file. */
static uint64_t
load_word(const struct nk_view *v, size_t at)
{
	return __atomic_load_n((const uint64_t *)(const void *)(v->base + at),
	    __ATOMIC_RELAXED);
}

static bool
has_path(const struct slot *s)
{
	struct nk_guard g;
	struct stat st;
	int r;

	nk_guard_begin(&g);
	r = lstat(path, &st);
	nk_guard_end(&g);
	return r == 0 && st.st_dev == s->view.dev &&
	    st.st_ino == s->view.ino;
}

/*
 * The mark of supersession costs one load, and only asks the path: the file
 * may still have it.  That a map was deleted, with or without another in
 * its place, only the path tells; one thread asks it once a second.
 */
static bool
is_current(struct slot *s)
{
	uint32_t then, second = now();

	if (load_word(&s->view, NK_MAP_SUPERSEDED_AT) != 0)
		return has_path(s);
	then = atomic_load_explicit(&s->checked, memory_order_relaxed);
	if (then == second || !atomic_compare_exchange_strong_explicit(
	    &s->checked, &then, second, memory_order_relaxed,
	    memory_order_relaxed))
		return true;
	return has_path(s);
}

int
nk_mapping_get(struct nk_mapping *m)
{
	int i, tries;

	for (tries = 0; tries < GET_TRIES; tries++) {
		if ((i = acquire()) == NONE)
			break;
		m->slot = i;
		m->view = &pool[i].view;
		if (is_current(&pool[i]))
			return 0;
		nk_mapping_drop(m);
		nk_mapping_put(m);
	}
	return open_map(m);
}

void
nk_mapping_put(struct nk_mapping *m)
{
	struct nk_guard g;

	if (m->slot != NONE) {
		release(m->slot);
		return;
	}
	nk_guard_begin(&g);
	nk_view_close(&m->own);
	nk_guard_end(&g);
}

void
nk_mapping_drop(struct nk_mapping *m)
{
	int i = m->slot;

	if (i != NONE && atomic_compare_exchange_strong_explicit(&current, &i,
	    NONE, memory_order_acq_rel, memory_order_relaxed))
		retire(i);
}

/*
 * Does the settings' cell say what it said, verified, when the view was
 * opened?  A mixture of that and something else is not equal to it.
 */
static bool
are_unchanged(const struct slot *s)
{
	size_t at = NK_MAP_SETTINGS_AT;

	return s->has_settings &&
	    load_word(&s->view, at) == s->settings.word[0] &&
	    load_word(&s->view, at + 8) == s->settings.word[1] &&
	    load_word(&s->view, at + 16) == s->settings.word[2];
}

__attribute__((hot)) const struct nk_view *
nk_mapping_enter(void)
{
	int i = acquire();

	return i == NONE ? NULL : &pool[i].view;
}

/* What has changed is for is_current() to find out, once a second at least. */
__attribute__((hot)) const struct nk_map_settings *
nk_mapping_unchanged(const struct nk_view *v)
{
	const struct slot *s = slot_of(v);

	if (load_word(v, NK_MAP_SUPERSEDED_AT) != 0 ||
	    atomic_load_explicit(&s->checked, memory_order_relaxed) !=
	    now() || !are_unchanged(s))
		return NULL;
	return &s->settings.s;
}

__attribute__((hot)) void
nk_mapping_leave(const struct nk_view *v)
{
	release((int)(slot_of(v) - pool));
}

static int
call(const struct nk_mapping *m, nk_look_fn *look, void *arg)
{
	struct nk_map_settings s;
	int r;

	if (m->slot != NONE && are_unchanged(&pool[m->slot]))
		return look(m->view, &pool[m->slot].settings.s, arg);
	if ((r = nk_map_settings(m->view, &s)) < 0)
		return r;
	return look(m->view, &s, arg);
}

/*
 * A lookup in *m said that the view is stale.  Returns -ESTALE when it is
 * worth another try, with the same file grown or with a new one; or -EIO.
 */
static int
refresh(struct nk_mapping *m)
{
	int r;

	if ((r = nk_view_grow(m->view, AT_FDCWD, path)) == 0)
		return -ESTALE;
	if (r == -ESTALE)
		nk_mapping_drop(m);
	return r;
}

/* A view that is our own is read by system calls. */
static int
call_guarded(struct nk_mapping *m, nk_look_fn *look, void *arg)
{
	struct nk_guard g;
	int r;

	nk_guard_begin(&g);
	if ((r = call(m, look, arg)) == -ESTALE)
		r = refresh(m);
	nk_guard_end(&g);
	return r;
}

int
nk_mapping_look(nk_look_fn *look, void *arg)
{
	struct nk_mapping m;
	int r, tries;

	for (tries = 0; tries < LOOK_TRIES; tries++) {
		if ((r = nk_mapping_get(&m)) < 0)
			return r;
		r = m.slot == NONE ? -ESTALE : call(&m, look, arg);
		if (r == -ESTALE)
			r = call_guarded(&m, look, arg);
		nk_mapping_put(&m);
		if (r != -ESTALE)
			return r;
	}
	return -EIO;		/* it changes faster than we can open it */
}

static int
begin(struct nk_enumeration *e)
{
	int r;

	if ((r = nk_mapping_get(&e->m)) < 0)
		return r;
	if ((r = nk_map_settings(e->m.view, &e->settings)) < 0) {
		nk_mapping_put(&e->m);
		return r;
	}
	e->pos = 0;
	e->damaged = 0;
	e->begun = 1;
	return 0;
}

/*
 * The file has grown: go on in it, if need be in a new mapping.  Another
 * file has another order, in which our position means nothing.
 */
static int
move_on(struct nk_enumeration *e)
{
	struct nk_mapping next;
	int r;

	if ((r = nk_view_grow(e->m.view, AT_FDCWD, path)) != -ESTALE)
		return r;
	nk_mapping_drop(&e->m);
	if ((r = nk_mapping_get(&next)) < 0)
		return r;
	if (next.view->dev != e->m.view->dev ||
	    next.view->ino != e->m.view->ino ||
	    next.view->salt[0] != e->m.view->salt[0] ||
	    next.view->salt[1] != e->m.view->salt[1]) {
		nk_mapping_put(&next);
		return -EIO;
	}
	nk_mapping_put(&e->m);
	e->m = next;
	if (next.slot == NONE)
		e->m.view = &e->m.own;
	return 0;
}

static int
advance(struct nk_enumeration *e, nk_next_fn *next, void *arg)
{
	uint64_t before;
	int r, moved = 0;

	if (!e->begun && (r = begin(e)) < 0)
		return r;
	for (;;) {
		before = e->pos;
		r = next(e->m.view, &e->settings, &e->pos, arg);
		if (r == -ESTALE && moved++ < LOOK_TRIES) {
			e->pos = before;
			if ((r = move_on(e)) < 0)
				return r;
		} else if (r == -ESTALE) {
			return -EIO;
		} else if (r == -EIO) {
			if (e->pos == before || ++e->damaged > DAMAGED_MAX)
				return -EIO;
		} else if (r != -EAGAIN) {
			break;
		}
	}
	if (r == -ERANGE)
		e->pos = before;	/* the same entry once more */
	return r == -ENOENT && e->damaged > 0 ? -EIO : r;
}

int
nk_enumeration_next(struct nk_enumeration *e, nk_next_fn *next, void *arg)
{
	struct nk_guard g;
	int r;

	nk_guard_begin(&g);
	r = advance(e, next, arg);
	nk_guard_end(&g);
	return r;
}

int
nk_enumeration_is_quick(const struct nk_enumeration *e)
{
	return e->begun && e->m.slot != NONE;
}

void
nk_enumeration_end(struct nk_enumeration *e)
{
	if (e->begun)
		nk_mapping_put(&e->m);
	e->begun = 0;
}
