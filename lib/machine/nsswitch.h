/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_MACHINE_NSSWITCH_H
#define NASKEYS_MACHINE_NSSWITCH_H

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
int	nk_nsswitch_add(const char *text, char **outp, bool *changedp)
	    NK_MUST_CHECK;

enum nk_nsswitch_state {
	NK_NSSWITCH_GOOD,
	NK_NSSWITCH_MISSING,	/* the service, or the whole line */
	NK_NSSWITCH_BEFORE_FILES,
	NK_NSSWITCH_UNREACHED,	/* what stands before it ends the search */
	NK_NSSWITCH_ENDS,	/* initgroups: it ends the search itself, and
				   what others know is not found */
};

/*
 * How the database's first line stands, whose number is *linep (0: there is
 * none, which is good for initgroups alone).
 */
enum nk_nsswitch_state nk_nsswitch_judge(const char *text,
	    const char *database, unsigned int *linep);

#endif /* NASKEYS_MACHINE_NSSWITCH_H */
