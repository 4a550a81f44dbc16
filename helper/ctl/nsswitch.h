/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_CTL_NSSWITCH_H
#define NASKEYS_CTL_NSSWITCH_H

#include <stdbool.h>

#include "lib/attr.h"

/*
 * The text of nsswitch.conf(5) with the service "naskeys" on the lines
 * passwd, group and shadow, and on initgroups where there is such a line.
 *
 * On the first three it stands behind "files" (or "compat") and the action
 * bound to it; before that action, if it ends the search for what files
 * does not have; and at the end where files is not there.  A database
 * without a line gets "files naskeys".
 *
 * On initgroups the first service that answers ends the search, unless an
 * action says otherwise: so ours comes first, with [SUCCESS=continue], and
 * what stands there goes on as it did.
 *
 * A line that has the service already, and everything else, stays byte for
 * byte.  malloc'd; *changedp tells whether anything is new.  0 or -ENOMEM.
 */
int	nsswitch_add(const char *text, char **outp, bool *changedp)
	    NK_MUST_CHECK;

/* Does nothing have to be added? */
bool	nsswitch_has(const char *text);

#endif /* NASKEYS_CTL_NSSWITCH_H */
