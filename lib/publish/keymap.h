/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_PUBLISH_KEYMAP_H
#define NASKEYS_PUBLISH_KEYMAP_H

/*
 * keys.map of a rebuild.  It needs nothing of the other maps but which
 * generations each user has, and so a thread of its own can build it beside
 * them, with a store handle of its own.  Order of calls: begin, rows as often
 * as there are more, end.
 */

#include "lib/publish/internal.h"

struct nk_keymap;

/*
 * Build b->map[NK_PUB_KEYS], which has just been made, in the state of the
 * store that ends with the change seq.  b->rows has room for all users, and
 * does not move before the end.  A thread is used where p->state->threads
 * allows it and the store can be opened a second time; where not,
 * nk_keymap_end() does all of the work.  0 or -ENOMEM.
 */
int	nk_keymap_begin(struct nk_keymap **kp, struct nk_publisher *p,
	    const struct nk_rebuild *b, int64_t seq) NK_MUST_CHECK;

/* The first b->nrows of b->rows are there, and stay as they are. */
void	nk_keymap_rows(struct nk_keymap *k);

/*
 * There are no more rows: bring the map to its end and free k; NULL is fine.
 * cancel: what it comes to is of no interest.  Errors as of the store and of
 * the map's writer; -EBADMSG also where there are keys of nobody.
 */
int	nk_keymap_end(struct nk_keymap *k, bool cancel);

#endif /* NASKEYS_PUBLISH_KEYMAP_H */
