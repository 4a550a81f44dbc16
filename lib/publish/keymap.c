/* SPDX-License-Identifier: ISC */
#include "lib/publish/keymap.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

/*
 * What both threads touch:
 *  1. k->shared, under its mutex;
 *  2. the rows before k->shared.rows, which nobody writes to any more.
 * The map's writer, the text and the store handle are the thread's alone
 * from its creation to the join.
 */
struct nk_keymap {
	struct nk_publisher	*p;
	const struct nk_rebuild	*b;
	struct nk_mapwriter	*map;
	struct nk_store		*store;	/* the thread's, or NULL: none */
	pthread_t		 thread;
	bool			 running;
	int			 r;	/* what the thread came to */
	struct nk_keytext	 text;
	int64_t			 user;	/* whose lines text has */
	size_t			 row;	/* the next of b->rows to look at */
	size_t			 rows;	/* that are there, as last heard */
	struct {
		pthread_mutex_t	 mutex;
		pthread_cond_t	 more;
		size_t		 rows;
		bool		 ended;
	}			 shared;
};

/* Is there a row to look at?  Waits for it until there are no more. */
static bool
row_comes(struct nk_keymap *k)
{
	if (k->row < k->rows)
		return true;
	(void)pthread_mutex_lock(&k->shared.mutex);
	while (k->shared.rows == k->rows && !k->shared.ended)
		(void)pthread_cond_wait(&k->shared.more, &k->shared.mutex);
	k->rows = k->shared.rows;
	(void)pthread_mutex_unlock(&k->shared.mutex);
	return k->row < k->rows;
}

/* Write the lines gathered so far. */
static int
flush(struct nk_keymap *k)
{
	const struct nk_rebuild_row *row = NULL;
	struct nk_put_keyset put;

	if (k->text.count == 0)
		return 0;
	while (row_comes(k) && (row = &k->b->rows[k->row])->row < k->user)
		k->row++;
	if (row == NULL || row->row != k->user)
		return -EBADMSG;	/* keys of nobody */
	nk_keytext_set(&k->text, row->row, row->from, row->to, &put);
	return nk_mapwriter_put_keyset(k->map, &put);
}

static int
key_write(void *arg, const struct nk_key *key)
{
	struct nk_keymap *k = arg;
	int r;

	if (key->user_id != k->user) {
		if ((r = flush(k)) < 0)
			return r;
		nk_keytext_reset(&k->text);
		k->user = key->user_id;
	}
	return nk_keytext_add(&k->text, key);
}

static int
build(struct nk_keymap *k, struct nk_store *s)
{
	int r;

	if ((r = nk_key_each_mapped(s, key_write, k)) < 0 ||
	    (r = flush(k)) < 0)
		return r;
	return nk_mapwriter_finish(k->map);
}

static void *
run(void *arg)
{
	struct nk_keymap *k = arg;

	k->r = build(k, k->store);
	return NULL;
}

/*
 * Open the store once more, in the same state: under the one lock it cannot
 * become another, but in a transaction that is still to be committed this
 * handle would not see what that one does.
 */
static int
store_again(struct nk_keymap *k, int64_t seq)
{
	int64_t same;
	int r;

	if ((r = nk_store_open(&k->store, k->p->state->store,
	    NK_STORE_READ)) < 0 ||
	    (r = nk_store_read_begin(k->store)) < 0)
		goto out;
	if ((r = nk_store_seq(k->store, &same)) == 0 && same != seq)
		r = -EAGAIN;
	if (r < 0)
		nk_store_read_end(k->store);
 out:
	if (r < 0) {
		nk_store_close(k->store);
		k->store = NULL;
	}
	return r;
}

/* Signals are for the thread that was there before. */
static void
start(struct nk_keymap *k)
{
	sigset_t all, old;

	(void)sigfillset(&all);
	if (pthread_sigmask(SIG_SETMASK, &all, &old) != 0)
		return;
	k->running = pthread_create(&k->thread, NULL, run, k) == 0;
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
}

int
nk_keymap_begin(struct nk_keymap **kp, struct nk_publisher *p,
    const struct nk_rebuild *b, int64_t seq)
{
	struct nk_keymap *k;

	*kp = NULL;
	if ((k = calloc(1, sizeof(*k))) == NULL)
		return -ENOMEM;
	if (pthread_mutex_init(&k->shared.mutex, NULL) != 0) {
		free(k);
		return -ENOMEM;
	}
	if (pthread_cond_init(&k->shared.more, NULL) != 0) {
		(void)pthread_mutex_destroy(&k->shared.mutex);
		free(k);
		return -ENOMEM;
	}
	k->p = p;
	k->b = b;
	k->map = b->map[NK_PUB_KEYS];
	*kp = k;
	if (p->state->threads && store_again(k, seq) == 0)
		start(k);
	return 0;
}

static void
tell(struct nk_keymap *k, size_t rows, bool ended)
{
	(void)pthread_mutex_lock(&k->shared.mutex);
	k->shared.rows = rows;
	k->shared.ended = ended;
	(void)pthread_cond_signal(&k->shared.more);
	(void)pthread_mutex_unlock(&k->shared.mutex);
}

void
nk_keymap_rows(struct nk_keymap *k)
{
	tell(k, k->b->nrows, false);
}

int
nk_keymap_end(struct nk_keymap *k, bool cancel)
{
	int r = 0;

	if (k == NULL)
		return 0;
	tell(k, cancel ? 0 : k->b->nrows, true);
	if (k->running)
		r = pthread_join(k->thread, NULL) == 0 ? k->r : -EIO;
	else if (!cancel)
		r = build(k, k->p->store);
	if (k->store != NULL)
		nk_store_read_end(k->store);
	nk_store_close(k->store);
	(void)pthread_cond_destroy(&k->shared.more);
	(void)pthread_mutex_destroy(&k->shared.mutex);
	nk_keytext_clear(&k->text);
	free(k);
	return r;
}
