/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_PUBLISH_GIDS_H
#define NASKEYS_PUBLISH_GIDS_H

/* The supplementary groups with which NSS lets a user's processes work. */

#include <sys/types.h>

#include "lib/attr.h"
#include "lib/conf/conf.h"
#include "lib/publish/publish.h"

/*
 * The gids of u's groups, as far as NSS serves them (lib/map/serve.h), for
 * an account that it serves; and naskeys-managed, last, for who is in it.
 * groups: those that u is to be in, or NULL: is in.  *gidsp is the caller's
 * to free, also on failure.  0 or -errno.
 */
int	nk_served_gids(struct nk_store *s, const struct nk_conf *c,
	    const struct nk_state *state, const struct nk_user *u,
	    const struct nk_ids *groups, gid_t **gidsp, size_t *np)
	    NK_MUST_CHECK;

#endif /* NASKEYS_PUBLISH_GIDS_H */
