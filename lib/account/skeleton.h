/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_ACCOUNT_SKELETON_H
#define NASKEYS_ACCOUNT_SKELETON_H

#include <sys/types.h>

#include "lib/attr.h"

/*
 * Copy the content of the folder "from" (followed, as root's
 * configuration names it) into the empty directory dirfd: folders, regular
 * files and symbolic links, each given to uid and gid, with its mode
 * without set-id bits.  Within the limits of home.h: -E2BIG.  A "from"
 * that is not there, or "", is an empty one.
 */
int	nk_skeleton_copy(const char *from, int dirfd, uid_t uid, gid_t gid)
	    NK_MUST_CHECK;

#endif /* NASKEYS_ACCOUNT_SKELETON_H */
