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
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "nss/mapping.h"
#include "nss/pool.h"
#include "nss/result.h"

#define GET_TRIES	4	/* views found stale at once */
#define LOOK_TRIES	8	/* views found stale in use */
#define DAMAGED_MAX	1000u	/* then an enumeration is given up */

struct nk_pool_slot nk_pool[NK_POOL_SIZE];
_Atomic int nk_pool_current = NK_POOL_NONE;

static const char path[] = NK_MAPS_DIR NK_MAP_ACCOUNTS;

__attribute__((cold)) void
nk_pool_close(struct nk_pool_slot *s)
{
	struct nk_guard g;

	nk_guard_begin(&g);
	nk_view_close(&s->view);
	nk_guard_end(&g);
	atomic_store_explicit(&s->word, NK_POOL_FREE, memory_order_release);
}

/* The caller holds a reference. */
static void
retire(int i)
{
	(void)atomic_fetch_add_explicit(&nk_pool[i].word,
	    NK_POOL_RETIRED - NK_POOL_LIVE, memory_order_acq_rel);
}

static int
take_free(void)
{
	uint32_t expected;
	int i;

	for (i = 0; i < NK_POOL_SIZE; i++) {
		expected = NK_POOL_FREE;
		if (atomic_compare_exchange_strong_explicit(&nk_pool[i].word,
		    &expected, NK_POOL_OPENING, memory_order_acquire,
		    memory_order_relaxed))
			return i;
	}
	return NK_POOL_NONE;
}

/*
 * Give an opened view to everybody, unless another thread was faster; then
 * it goes when we put it.
 */
static void
publish(int i, const struct nk_view *v)
{
	int none = NK_POOL_NONE;

	nk_pool[i].view = *v;
	nk_pool[i].has_settings = nk_map_settings(v,
	    &nk_pool[i].settings.s) == 0;
	atomic_store_explicit(&nk_pool[i].checked, nk_pool_second(),
	    memory_order_relaxed);
	atomic_store_explicit(&nk_pool[i].word, NK_POOL_LIVE + 1,
	    memory_order_release);
	if (!atomic_compare_exchange_strong_explicit(&nk_pool_current, &none,
	    i, memory_order_acq_rel, memory_order_relaxed))
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
	    i == NK_POOL_NONE ? NK_VIEW_PREAD : NK_VIEW_MAPPED);
	nk_guard_end(&g);
	if (r == 0 && i != NK_POOL_NONE && v.base != NULL) {
		publish(i, &v);
		m->slot = i;
		m->view = &nk_pool[i].view;
		return 0;
	}
	if (i != NK_POOL_NONE)
		atomic_store_explicit(&nk_pool[i].word, NK_POOL_FREE,
		    memory_order_release);
	if (r < 0)
		return r == -ENOENT ? -NK_NO_MAP : r;
	m->slot = NK_POOL_NONE;
	m->own = v;
	m->view = &m->own;
	return 0;
}

static bool
has_path(const struct nk_pool_slot *s)
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
is_current(struct nk_pool_slot *s)
{
	uint32_t then, second = nk_pool_second();

	if (nk_pool_load(s, NK_MAP_SUPERSEDED_AT) != 0)
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
	struct nk_pool_slot *s;
	int tries;

	for (tries = 0; tries < GET_TRIES; tries++) {
		if ((s = nk_pool_acquire()) == NULL)
			break;
		m->slot = (int)(s - nk_pool);
		m->view = &s->view;
		if (is_current(s))
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

	if (m->slot != NK_POOL_NONE) {
		nk_pool_release(&nk_pool[m->slot]);
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

	if (i != NK_POOL_NONE && atomic_compare_exchange_strong_explicit(
	    &nk_pool_current, &i, NK_POOL_NONE, memory_order_acq_rel,
	    memory_order_relaxed))
		retire(i);
}

static int
call(const struct nk_mapping *m, nk_look_fn *look, void *arg)
{
	struct nk_map_settings s;
	int r;

	if (m->slot != NK_POOL_NONE && nk_pool_same_settings(&nk_pool[m->slot]))
		return look(m->view, &nk_pool[m->slot].settings.s, arg);
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
		r = m.slot == NK_POOL_NONE ? -ESTALE : call(&m, look, arg);
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
	if (next.slot == NK_POOL_NONE)
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
	return e->begun && e->m.slot != NK_POOL_NONE;
}

void
nk_enumeration_end(struct nk_enumeration *e)
{
	if (e->begun)
		nk_mapping_put(&e->m);
	e->begun = 0;
}
