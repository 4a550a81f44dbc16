/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_CTL_PRIVATEDIR_H
#define NASKEYS_CTL_PRIVATEDIR_H

/*
 * A folder that nobody else enters, for as long as a command runs.  Its
 * path means itself in an ssh_config and in rsync's arguments.  What was
 * left behind by one that was killed (it holds no secret) is removed by the
 * next: a lock on the folder says whether it is still in use.
 */

#include "helper/ctl/ctl.h"

#define PRIVATEDIR_MAX	96	/* bytes of its path: a socket fits below it */

struct privatedir {
	char	path[PRIVATEDIR_MAX];
	int	fd;		/* of the folder, which is locked; -1: none */
};

/*
 * Make one in $XDG_RUNTIME_DIR, in /run (as root) or in /tmp.  CTL_DONE, or
 * CTL_FAILED after a sentence; then there is none.
 */
int	privatedir_make(struct privatedir *d, const struct ctl *c)
	    NK_MUST_CHECK;
/* With what it holds, which must not be folders.  None is fine. */
void	privatedir_remove(struct privatedir *d);

/*
 * Write the new file name, mode 0600.  CTL_DONE, or CTL_FAILED after a
 * sentence.
 */
int	privatedir_write(const struct privatedir *d, const struct ctl *c,
	    const char *name, const char *text) NK_MUST_CHECK;

#endif /* NASKEYS_CTL_PRIVATEDIR_H */
