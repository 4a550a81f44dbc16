/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_HELPER_SOURCE_H
#define NASKEYS_HELPER_SOURCE_H

/*
 * Where request lines come from.  Never a byte behind a line's newline is
 * taken, whatever kind of file it is: what follows stays in the descriptor,
 * for the next line or for a method that reads it itself.
 *
 * Descriptors that come over a socket:
 *  1. One is kept only if it came with the first byte of a line, alone,
 *     whole, and is a regular file or a pipe that can be read, or a
 *     listening Unix stream socket.
 *  2. Every other one MUST be closed before anything else is done.
 *  3. Closing or looking at one MUST NOT take for ever: its file system may
 *     be the sender's own (FUSE).
 */

#include "helper/helper/framing.h"
#include "lib/attr.h"

enum source_kind {
	SOURCE_SOCKET,		/* recvmsg(2), looked at with MSG_PEEK */
	SOURCE_FILE,		/* pread(2) and lseek(2) */
	SOURCE_PIPE,		/* looked at with tee(2) */
	SOURCE_OTHER,		/* a byte at a time */
};

struct source {
	int			 fd;		/* not ours to close */
	enum source_kind	 kind;
	unsigned int		 seconds;	/* for a strange descriptor */
	int			 look[2];	/* what tee(2) copies to */
	int			 passed_fd;	/* with the line, or -1 */
};

/* Returns 0 or -errno; source_clear() in either case. */
int	source_init(struct source *s, int fd, unsigned int seconds)
	    NK_MUST_CHECK;
void	source_clear(struct source *s);

/*
 * Take what is there of the line at hand, and add it to *f.  Never waits.
 * Returns 0; -EAGAIN, nothing is there now; -ENODATA, the stream has ended;
 * what framing_add() says; or as the system call reports it.
 */
int	source_take(struct source *s, struct framing *f) NK_MUST_CHECK;

/* Close the descriptor that came with the line, if it is still here. */
void	source_drop_passed(struct source *s);

#endif /* NASKEYS_HELPER_SOURCE_H */
