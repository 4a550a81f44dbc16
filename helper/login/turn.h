/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_LOGIN_TURN_H
#define NASKEYS_LOGIN_TURN_H

/*
 * A turn with PAM.  To hash a password takes 16 MiB and a processor, and
 * anybody who can connect can have it done: so many at a time do it, and the
 * others wait, in processes that take little.  A turn is a byte of a file that
 * is locked, which the kernel gives up for whoever ends.
 */

#include "lib/attr.h"

#define TURNS	16		/* at a time */

struct turn {
	int	fd;
	int	which;		/* from 0 */
};

/* 0 or -errno. */
int	turn_open(struct turn *t) NK_MUST_CHECK;
/* Wait for one.  0 or -errno. */
int	turn_take(struct turn *t) NK_MUST_CHECK;
/* Give it back: for as long as a person is waited for. */
int	turn_give(struct turn *t) NK_MUST_CHECK;

#endif /* NASKEYS_LOGIN_TURN_H */
