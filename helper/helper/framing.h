/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_HELPER_FRAMING_H
#define NASKEYS_HELPER_FRAMING_H

/*
 * One request a line, out of a stream of bytes.  Pure: it reads nothing.
 *
 * Bytes behind the newline are not ours to take: another descriptor may
 * arrive with the next one, or a method may want to read them itself.  So
 * the caller asks framing_share() how many of the bytes that it can see
 * belong to the line, takes exactly these, and adds them.
 */

#include <stdbool.h>
#include <stddef.h>

#include "lib/attr.h"

struct framing {
	char	*buf;		/* wiped before it is freed */
	size_t	 len;		/* of the line, without its newline */
	size_t	 size;		/* allocated */
	size_t	 max;		/* the longest line */
	bool	 begun;		/* a byte of the line has come */
	bool	 complete;	/* the newline has come */
};

void	framing_init(struct framing *f, size_t max);
void	framing_clear(struct framing *f);	/* wipes */

/*
 * How many of len bytes at p belong to the line at hand, its newline
 * included: all, when there is no newline among them.
 */
size_t	framing_share(const char *p, size_t len);

/*
 * Add bytes of the line at hand; len is what framing_share() said, or
 * less.  Returns 0; -EMSGSIZE, the line is longer than max; -ENOMEM; or
 * -EINVAL, the line is complete already or bytes follow its newline.  On
 * failure *f is unchanged.
 */
int	framing_add(struct framing *f, const char *p, size_t len)
	    NK_MUST_CHECK;

/* Wipe the line and wait for the next one. */
void	framing_next(struct framing *f);

#endif /* NASKEYS_HELPER_FRAMING_H */
