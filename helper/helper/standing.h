/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_HELPER_STANDING_H
#define NASKEYS_HELPER_STANDING_H

/*
 * Who is it that connects, for when connections run short: whoever has
 * subordinate uids can come as thousands.  Rights are decided elsewhere
 * (lib/rpc/rights.h) and anew for each request.
 *
 *  1. No name service MUST be asked, and nothing that the peer sends.
 *  2. It MUST wait for nobody, and a file in doubt makes nobody more than a
 *     stranger.
 */

#include <sys/stat.h>
#include <sys/types.h>

#include <stdbool.h>

#include "helper/helper/state.h"

enum standing {
	STANDING_STRANGER,	/* no account that naskeys has */
	STANDING_ACCOUNT,	/* neither locked nor expired */
	STANDING_ADMIN,		/* with "admin", or in naskeys-admin */
};

/* The gid of naskeys-admin, read again when the file has changed. */
struct standing_groups {
	bool		known;
	struct stat	st;
	gid_t		gid;		/* 0: there is none */
};

/* Of the peer on socket fd, which is uid. */
enum standing standing_find(struct standing_groups *g,
	    const struct state *state, int fd, uid_t uid);

#endif /* NASKEYS_HELPER_STANDING_H */
