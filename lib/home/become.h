/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_HOME_BECOME_H
#define NASKEYS_HOME_BECOME_H

/*
 * A process becomes a user, for good, to work in that user's home.  What it
 * must be afterwards:
 *
 *  1. Real, effective and saved ids and the groups MUST be the user's alone,
 *     and no way back may be left (setresuid(2) is tried).
 *  2. No capability MUST be left in any set, for root too: root's files need
 *     none, and a folder that is not root's is then out of reach.
 *  3. At no moment MUST the user be able to trace the process or to read its
 *     memory, which is a copy of the helper's: it is made undumpable while
 *     it still has capabilities that the user lacks (ptrace(2), "Ptrace
 *     access mode checking").
 *  4. It MUST end with its parent, execute no set-id program, make no other
 *     process, and have bounds on the files that it writes, its descriptors
 *     and its processor time.
 *  5. No environment, "/" as working directory, umask 077.
 *
 * The user may still signal it: stop, continue or kill.
 */

#include <sys/types.h>

#include <stddef.h>

#include "lib/attr.h"

#define NK_BECOME_GROUPS_MAX	65536	/* NGROUPS_MAX */
#define NK_BECOME_DESCRIPTORS	32

struct nk_become {
	uid_t		 uid;
	gid_t		 gid;
	const gid_t	*groups;	/* supplementary, or NULL */
	size_t		 n_groups;
	unsigned int	 seconds;	/* of processor time */
	size_t		 file_max;	/* bytes of a file that it writes;
					   SIZE_MAX: no bound */
	unsigned int	 descriptors;	/* 0: NK_BECOME_DESCRIPTORS */
};

/*
 * To be called in a child that does nothing else afterwards.  A process that
 * is not root may only be asked to be itself; its groups stay.  0; -EPERM
 * where the above cannot be had; -EINVAL; -errno.  After a failure the
 * process must end.
 */
int	nk_become(const struct nk_become *b) NK_MUST_CHECK;

#endif /* NASKEYS_HOME_BECOME_H */
