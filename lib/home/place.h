/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_HOME_PLACE_H
#define NASKEYS_HOME_PLACE_H

/*
 * The home and its .ssh, held by descriptor.  For a process that has become
 * the user (become.h).
 *
 * Above the home only folders are walked that nobody but root can change,
 * and only root's links are followed there (lib/account/rootpath.h).  From
 * the home down no link of any owner is followed and no mount point is
 * crossed (lib/account/beneath.h).  What is checked is what was opened.
 */

#include <sys/types.h>
#include <sys/stat.h>

#include <stdbool.h>

#include "lib/attr.h"
#include "lib/home/outcome.h"

#define NK_PLACE_SSH	".ssh"

struct nk_place {
	uid_t	uid;		/* the owner of all that is opened */
	int	home;		/* descriptors, or -1 */
	int	ssh;		/* -1 also: there is none */
};
#define NK_PLACE_NONE	((struct nk_place){ .home = -1, .ssh = -1 })

/*
 * Open the home, and .ssh where there is one.  "root" as in rootpath.h.
 * 0, or -res->error.
 */
int	nk_place_open(struct nk_place *p, const char *home, uid_t uid,
	    uid_t root, struct nk_homefile_result *res) NK_MUST_CHECK;
/* The home alone: p->ssh stays -1.  Likewise. */
int	nk_place_open_home(struct nk_place *p, const char *home, uid_t uid,
	    uid_t root, struct nk_homefile_result *res) NK_MUST_CHECK;
void	nk_place_close(struct nk_place *p);

/*
 * Make .ssh where there is none; give it the mode 0700 and take off its
 * ACLs.  *wrotep is set where any of it had to be done.  0, or -res->error.
 */
int	nk_place_prepare(struct nk_place *p, bool *wrotep,
	    struct nk_homefile_result *res) NK_MUST_CHECK;

/*
 * Give fd, which is the user's, exactly this mode and no POSIX ACL, unless
 * it is so already; *wrotep is set when it was not.  Linux keeps these
 * ACLs in the extended attributes system.posix_acl_access and
 * system.posix_acl_default (xattr(7), acl(5)).  0 or -errno.
 */
int	nk_place_set_mode(int fd, mode_t mode, bool *wrotep) NK_MUST_CHECK;

/* Have a folder's names on the disk, where its file system can.  -errno. */
int	nk_place_sync(int fd) NK_MUST_CHECK;

/*
 * Open "name" in the folder dirfd without crossing a mount point or
 * following a link.  A descriptor, or -errno: -ELOOP also for a link,
 * -EXDEV for a mount point.
 */
int	nk_place_openat(int dirfd, const char *name, int flags)
	    NK_MUST_CHECK;

#endif /* NASKEYS_HOME_PLACE_H */
