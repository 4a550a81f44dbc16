/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_PUBLISH_COMPARE_H
#define NASKEYS_PUBLISH_COMPARE_H

/*
 * What the store says about one user or group, held against what readers
 * find in the maps.
 */

#include <stddef.h>
#include <stdint.h>

#include "lib/map/reader.h"
#include "lib/publish/internal.h"

/* The maps as readers have them open, and room for a key line. */
struct nk_compare {
	struct nk_view	view[NK_PUB_MAPS];
	uint8_t		line[NK_RECORD_MAX];
};

/*
 * u is rendered, account and keys.  Returns NULL when the maps say the
 * same, or what is wrong.
 */
const char *nk_compare_user(struct nk_compare *c,
	    const struct nk_plan_user *u);
/* members: how many the store has, those by primary group left out. */
const char *nk_compare_group(struct nk_compare *c, const struct nk_group *g,
	    size_t members);

#endif /* NASKEYS_PUBLISH_COMPARE_H */
