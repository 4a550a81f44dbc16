/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_NSS_MAPPING_H
#define NASKEYS_NSS_MAPPING_H

/*
 * This process's view of accounts.map, shared by all its threads.  Takes no
 * lock and keeps no descriptor, so a fork at any moment leaves the child
 * able to look up, and closing all descriptors does not disturb us.
 */

#include <stdint.h>

#include "lib/attr.h"
#include "lib/map/reader.h"

#define NK_MAPS_DIR	NK_RUNSTATEDIR "/naskeys/maps/"

struct nk_mapping {
	struct nk_view	*view;
	int		 slot;		/* -1: the view is our own */
	struct nk_view	 own;
};

/*
 * Get the map that the path names now, with a reference that the caller
 * gives back by nk_mapping_put().  Returns 0, -NK_NO_MAP (nss/result.h)
 * when there is none, -EIO when it is not to be used, or what open(2) said;
 * nothing is then to be put.
 */
int	nk_mapping_get(struct nk_mapping *m) NK_MUST_CHECK;
void	nk_mapping_put(struct nk_mapping *m);

/* The view turned out stale: nobody gets it again.  It still is to be put. */
void	nk_mapping_drop(struct nk_mapping *m);

/*
 * Call look(view, settings, arg) with a current view, again with a new one
 * while it answers -ESTALE, a bounded number of times.  Returns what look
 * or nk_mapping_get() returned, never -ESTALE.
 */
typedef int nk_look_fn(const struct nk_view *v,
    const struct nk_map_settings *s, void *arg);
int	nk_mapping_look(nk_look_fn *look, void *arg) NK_MUST_CHECK;

/*
 * An enumeration.  All zero is one that has not begun; it holds its mapping
 * from the first nk_enumeration_next() to nk_enumeration_end().  glibc
 * calls set*ent, get*ent and end*ent of a database under one lock of its
 * own; so these do not guard themselves.
 */
struct nk_enumeration {
	struct nk_mapping m;
	struct nk_map_settings settings;
	uint64_t	 pos;
	uint32_t	 damaged;	/* entries that had to be left out */
	int		 begun;
};

typedef int nk_next_fn(const struct nk_view *v,
    const struct nk_map_settings *s, uint64_t *posp, void *arg);

/*
 * Call next() until it answers anything but -EIO or -EAGAIN ("not this
 * one").  A damaged entry is left out: were it reported where it stands,
 * glibc would take that for the end and hide every entry behind it.  The
 * end is -EIO, not -ENOENT, when something was left out, so that nobody
 * takes the list for complete.
 */
int	nk_enumeration_next(struct nk_enumeration *e, nk_next_fn *next,
	    void *arg) NK_MUST_CHECK;

/* Has it begun, in a view that is mapped, so that lib/map/quick.h may go on? */
int	nk_enumeration_is_quick(const struct nk_enumeration *e) NK_MUST_CHECK;
void	nk_enumeration_end(struct nk_enumeration *e);

#endif /* NASKEYS_NSS_MAPPING_H */
