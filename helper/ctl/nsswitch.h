/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_CTL_NSSWITCH_H
#define NASKEYS_CTL_NSSWITCH_H

#include <stdbool.h>

#include "lib/attr.h"

/*
 * The text of nsswitch.conf(5) with the service "naskeys" on the lines
 * passwd, group and shadow (and initgroups, where there is one): behind
 * "files" or "compat" and what is bound to it, at the end where neither
 * stands there.  A line that has it already, and everything else, stays
 * byte for byte; a database without a line gets "files naskeys".
 * malloc'd; *changedp tells whether anything is new.  0 or -ENOMEM.
 */
int	nsswitch_add(const char *text, char **outp, bool *changedp)
	    NK_MUST_CHECK;

/* Do the lines passwd, group and shadow all have the service? */
bool	nsswitch_has(const char *text);

#endif /* NASKEYS_CTL_NSSWITCH_H */
