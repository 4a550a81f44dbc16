/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_MAP_SERVE_H
#define NASKEYS_MAP_SERVE_H

/*
 * Whom NSS serves, and PAM takes for ours, whatever the map says:
 *
 *  1. never uid 0 or gid 0, nor the id that means "none";
 *  2. no uid and no gid below the configured minimum;
 *  3. no user whose account lives elsewhere.
 */

#include <stdbool.h>
#include <stdint.h>

#include "lib/map/reader.h"

static inline bool
nk_serves_id(uint32_t id, const struct nk_map_settings *s)
{
	return id != 0 && id != UINT32_MAX && id >= s->min_id;
}

static inline bool
nk_serves_account(uint32_t flags, uint32_t uid, uint32_t gid,
    const struct nk_map_settings *s)
{
	return (flags & NK_USER_MANAGED) != 0 && nk_serves_id(uid, s) &&
	    nk_serves_id(gid, s);
}

static inline bool
nk_serves_user(const struct nk_map_user *u, const struct nk_map_settings *s)
{
	return nk_serves_account(u->flags, u->uid, u->gid, s);
}

#endif /* NASKEYS_MAP_SERVE_H */
