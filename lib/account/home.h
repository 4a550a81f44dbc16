/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_ACCOUNT_HOME_H
#define NASKEYS_ACCOUNT_HOME_H

/*
 * Home directories.
 *
 * 1. A home MUST be made only in a folder that root owns, as is every
 *    folder above it, and that nobody else can write to.
 * 2. Symbolic links above the home are followed only where root owns the
 *    link and 1 holds for the folder that the link is in.
 * 3. Nothing in a directory that exists is read, written, moved or removed,
 *    and neither its owner nor its mode is changed: for that there is
 *    lib/home/homedir.h, which works as the owner.
 * 4. What is copied into a new home is copied before the user owns it.
 */

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>

#include "lib/attr.h"

#define NK_HOME_MAX		1023	/* bytes of a path */
#define NK_HOME_LINKS_MAX	16	/* symbolic links in a path */
#define NK_SKELETON_DEPTH	16	/* folders within folders */
#define NK_SKELETON_FILES	4096
#define NK_SKELETON_BYTES	(64u << 20)

/*
 * Is this the path of a home, by its shape?  0, or -EINVAL with a static
 * sentence in *whyp.
 */
int	nk_home_check(const char *home, const char **whyp) NK_MUST_CHECK;

enum nk_home_state {
	NK_HOME_ABSENT,
	NK_HOME_DIRECTORY,
	NK_HOME_OTHER,		/* something that is no directory */
	NK_HOME_UNKNOWN,	/* it could not be looked at */
};

/* What stands at the path now (links followed). */
enum nk_home_state nk_home_look(const char *home);

/* A new home, until it is kept. */
struct nk_home {
	int	 parent;	/* descriptor, or -1 */
	bool	 made;		/* by us, just now */
	char	 name[256];
};
#define NK_HOME_NONE	((struct nk_home){ .parent = -1 })

/*
 * Make the directory "path" for the user, with the mode, unless there is a
 * directory already, which is left as it is (then h->made is false).
 * skeleton is a folder whose content is copied into the new one; "" or one
 * that is not there: nothing.  "root" is the uid that counts as root.
 *
 * Returns 0; -ENOENT, the parent is not there; -EPERM, the parent may not
 * be used (1 and 2 above); -EEXIST, something that is no directory is in
 * the way; -ELOOP; -E2BIG, the skeleton is beyond the limits above; -ENOSPC
 * and others as the system says.  After a failure nothing new is there.
 */
int	nk_home_make(struct nk_home *h, const char *path, uid_t uid,
	    gid_t gid, mode_t mode, const char *skeleton, uid_t root)
	    NK_MUST_CHECK;

/*
 * Remove what nk_home_make() made, and forget it.  For the home of a user
 * who is not there yet: nobody else has put anything into it.
 */
void	nk_home_undo(struct nk_home *h);

/* The same for any user, if there is nothing in it (any more). */
void	nk_home_undo_empty(struct nk_home *h);

/* Leave it where it is, and forget it. */
void	nk_home_keep(struct nk_home *h);

#endif /* NASKEYS_ACCOUNT_HOME_H */
