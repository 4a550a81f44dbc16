/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_CTL_FEED_H
#define NASKEYS_CTL_FEED_H

/*
 * Bytes for the helper.  It takes the descriptor of a regular file or of a
 * pipe and no other; what comes by a socket, as standard input does under
 * sshd, is copied into a pipe by a child.
 */

#include <sys/types.h>

#include "helper/ctl/ctl.h"

struct feed {
	int	fd;		/* for the helper */
	int	own;		/* the pipe's end that is to be closed, or -1 */
	pid_t	child;		/* 0: none */
};

/*
 * CTL_DONE, or CTL_FAILED with a sentence that names fd as "name"; *f is
 * good for feed_close() either way.  fd stays the caller's.
 */
int	feed_open(struct feed *f, const struct ctl *c, int fd,
	    const char *name) NK_MUST_CHECK;
void	feed_close(struct feed *f);

#endif /* NASKEYS_CTL_FEED_H */
