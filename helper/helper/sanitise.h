/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_HELPER_SANITISE_H
#define NASKEYS_HELPER_SANITISE_H

/*
 * The first thing that the program does: to have of what its starter left
 * behind nothing but the arguments and standard input, output and error.
 */

#include "lib/attr.h"

#define SANITISE_FDS_MAX	64	/* handed over by a service manager */

/* What a service manager hands over (sd_listen_fds(3), sd_notify(3)). */
struct handover {
	int	 nfds;		/* descriptors 3, 4, ... */
	char	 notify[108];	/* its socket, as the variable has it, or "" */
};

/*
 * Environment, descriptors, umask, signals, limits on time and on the size
 * of files, core files.  Returns 0 or -errno: then nothing may be done but
 * to exit.
 */
int	sanitise(struct handover *h) NK_MUST_CHECK;

/* Were we given privilege that our starter does not have? */
int	sanitise_is_raised(void) NK_MUST_CHECK;

#endif /* NASKEYS_HELPER_SANITISE_H */
