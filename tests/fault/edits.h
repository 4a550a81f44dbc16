/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_TEST_EDITS_H
#define NASKEYS_TEST_EDITS_H

/* The model's edits on a real store, and what must be true after them. */

#include <stdbool.h>

#include "lib/publish/publish.h"
#include "tests/fault/model.h"

#define EDITS_MIN_ID	1000u

/* The files below one folder; the strings are the set's own. */
struct edits_place {
	char		store[MODEL_TEXT], session[MODEL_TEXT];
	char		maps[MODEL_TEXT], lock[MODEL_TEXT];
	char		revoked[MODEL_TEXT], central[MODEL_TEXT];
	struct nk_state	state;
	struct nk_conf	conf;
};
void	edits_place_init(struct edits_place *pl, const char *dir);

/* Make the store with what all edits rest on: 0 or -errno. */
int	edits_setup(struct nk_publisher *p);

/* One whole edit, from nk_edit_begin() to nk_edit_commit(). */
int	edits_do(struct nk_publisher *p, const struct model *m,
	    const struct op *op);

/* The store's part of it alone, inside an edit. */
int	edits_change(struct nk_store *s, const struct model *m,
	    const struct op *op);

/*
 * How many of the stream's edits the store says are in it, or -errno; and
 * whether it says exactly what the model does: 0, or -EBADMSG and a
 * sentence.
 */
int64_t	edits_count(struct nk_store *s);
int	edits_check_store(struct nk_store *s, const struct model *m,
	    char why[MODEL_TEXT]);

/* Compact all maps under the lock. */
int	edits_compact(struct nk_publisher *p);

#endif /* NASKEYS_TEST_EDITS_H */
