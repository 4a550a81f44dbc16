/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_HELPER_SPAWN_H
#define NASKEYS_HELPER_SPAWN_H

/* This program again, in a process of its own. */

#include <sys/types.h>

#include "helper/helper/options.h"
#include "helper/helper/state.h"
#include "lib/attr.h"

struct spawn {
	char			 self[STATE_PATH_MAX];	/* the program */
	const struct options	*options;
	const struct state	*state;
};

int	spawn_init(struct spawn *s, const struct options *o,
	    const struct state *state) NK_MUST_CHECK;

/*
 * Serve the connection fd.  Only what the acceptor itself was started with
 * is passed on.  Returns 0 with the child's pid, or -errno; fd stays the
 * caller's.
 */
int	spawn_helper(const struct spawn *s, int fd, enum protocol protocol,
	    pid_t *pidp) NK_MUST_CHECK;

/* Start --sync and do not wait for it.  0 with the child's pid, or -errno. */
int	spawn_repair(const struct spawn *s, pid_t *pidp) NK_MUST_CHECK;

/* Run --sync and wait for it.  0, or -EIO when it failed. */
int	spawn_sync(const struct spawn *s) NK_MUST_CHECK;

#endif /* NASKEYS_HELPER_SPAWN_H */
