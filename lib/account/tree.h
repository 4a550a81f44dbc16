/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_ACCOUNT_TREE_H
#define NASKEYS_ACCOUNT_TREE_H

/*
 * Folders within folders, by descriptors.  No link is followed, and no
 * mount point is crossed.
 */

#include "lib/attr.h"

#define NK_TREE_DEPTH	64	/* folders within folders */

/*
 * Open the folder "name" in dirfd.  A descriptor, or -errno: -ELOOP or
 * -ENOTDIR for what is none, -EXDEV for a mount point.
 */
int	nk_tree_open(int dirfd, const char *name) NK_MUST_CHECK;

/*
 * Remove everything in the folder fd, where folders may be as deep as
 * NK_TREE_DEPTH.  One of the caller's that the caller may not change is
 * opened for that.  "tell" (or NULL) is called for each entry.
 *
 * 0; -E2BIG; -EXDEV, something is mounted there; -errno.  After a failure
 * some of it may be gone.
 */
int	nk_tree_empty(int fd, void (*tell)(void *arg), void *arg)
	    NK_MUST_CHECK;

#endif /* NASKEYS_ACCOUNT_TREE_H */
