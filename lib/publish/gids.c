/* SPDX-License-Identifier: ISC */
#include "lib/publish/gids.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/map/serve.h"

static int
add_served(struct nk_store *s, const struct nk_map_settings *served,
    const struct nk_ids *groups, gid_t *gids, size_t *np)
{
	struct nk_group *g;
	size_t i;
	int r;

	for (i = 0; i < groups->n; i++) {
		if ((r = nk_group_get(s, groups->v[i], &g)) < 0)
			return r;
		if (!g->builtin && nk_serves_id(g->gid, served))
			gids[(*np)++] = g->gid;
		nk_group_free(g);
	}
	return 0;
}

int
nk_served_gids(struct nk_store *s, const struct nk_conf *c,
    const struct nk_state *state, const struct nk_user *u,
    const struct nk_ids *groups, gid_t **gidsp, size_t *np)
{
	const struct nk_map_settings served = { .min_id = c->min_id };
	struct nk_ids own = { NULL, 0 };
	int r = 0;

	*gidsp = NULL;
	*np = 0;
	if (groups == NULL) {
		r = nk_groups_of_user(s, u->id, &own);
		groups = &own;
	}
	if (r == 0 &&
	    (*gidsp = calloc(groups->n + 1, sizeof(**gidsp))) == NULL)
		r = -ENOMEM;
	if (r == 0 && u->managed && nk_serves_id(u->uid, &served))
		r = add_served(s, &served, groups, *gidsp, np);
	if (r == 0 && (u->managed || u->in_managed_group) &&
	    state->managed_gid != 0)
		(*gidsp)[(*np)++] = state->managed_gid;
	nk_ids_clear(&own);
	return r;
}
