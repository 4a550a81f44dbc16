/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_HELPER_SINK_H
#define NASKEYS_HELPER_SINK_H

/* Where answers go: one a line, within a time. */

#include <stdbool.h>
#include <stddef.h>

#include "lib/attr.h"

struct sink {
	int		 fd;		/* not ours to close */
	bool		 is_socket;
	unsigned int	 seconds;
	/*
	 * Do the seconds run for each piece that the reader takes, or for the
	 * whole line?  Long answers to a slow administrator are worth waiting
	 * for; everybody else is not.
	 */
	bool		 patient;
};

int	sink_init(struct sink *s, int fd, unsigned int seconds)
	    NK_MUST_CHECK;

/*
 * Write the line and a newline, after the mark unless it is 0: to a socket
 * alone (-ENOTSOCK).  0, -ETIMEDOUT, or -errno (-EPIPE).
 */
int	sink_put(const struct sink *s, char mark, const char *line,
	    size_t len) NK_MUST_CHECK;

#endif /* NASKEYS_HELPER_SINK_H */
