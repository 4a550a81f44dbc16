/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_MAP_READERS_H
#define NASKEYS_RPC_MAP_READERS_H

/*
 * Who can read the published maps: everybody the accounts, the group of
 * the AuthorizedKeysCommand the keys, root alone the hashes.  Only owner,
 * group and mode of the files are looked at, not what is in them.
 */

#include "lib/attr.h"
#include "lib/publish/publish.h"

/*
 * A sentence through report (may be NULL) for each map that the wrong
 * people can read, or the right ones cannot.  One that is not there is no
 * affair of this.  0, -EBADMSG or -ENAMETOOLONG.
 */
int	nk_map_readers_check(const struct nk_state *s,
	    void (*report)(void *arg, const char *what), void *arg)
	    NK_MUST_CHECK;

#endif /* NASKEYS_RPC_MAP_READERS_H */
