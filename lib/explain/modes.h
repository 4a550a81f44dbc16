/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_EXPLAIN_MODES_H
#define NASKEYS_EXPLAIN_MODES_H

/*
 * Would sshd trust a file?  It does when the file and the folders above it
 * belong to root or to the user, and nobody else can write to them: up to
 * the home for a file in it, and up to the root for another.
 */

#include <sys/types.h>

#include <limits.h>
#include <stdbool.h>

#include "lib/attr.h"

enum nk_modes_fault {
	NK_MODES_FINE,
	NK_MODES_ABSENT,
	NK_MODES_CLOSED,	/* it may not be looked at: errno in number */
	NK_MODES_NOT_REGULAR,
	NK_MODES_OWNER,
	NK_MODES_WRITABLE,	/* by its group, or by all */
};

struct nk_modes_check {
	const char	*path;		/* absolute */
	const char	*home;		/* where it ends; NULL: at the root */
	uid_t		 uid;		/* besides root */
	/*
	 * Debian's sshd lets a group write that has nobody but the owner of
	 * the file in it.
	 */
	bool		 lone_group;
};

struct nk_modes {
	enum nk_modes_fault	fault;
	int			number;
	mode_t			mode;
	uid_t			owner;
	char			path[PATH_MAX];	/* where the fault is */
};

/*
 * Look.  Links are followed, as sshd does: in a user's folders this is for
 * a child process with that user's rights.  It asks the name services when
 * a group may write.
 */
void	nk_modes_look(const struct nk_modes_check *c, struct nk_modes *m);

/*
 * A folder for chroot(2), as sshd wants it: it and all above it root's and
 * writable by nobody else; nothing is made of groups here.
 */
void	nk_modes_look_chroot(const char *path, struct nk_modes *m);

#endif /* NASKEYS_EXPLAIN_MODES_H */
