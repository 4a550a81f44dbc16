/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_TEST_HOMES_TURN_H
#define NASKEYS_TEST_HOMES_TURN_H

/*
 * A run of homes_job or homes_dir in which something happens at one of its
 * system calls.
 */

#include "lib/attr.h"
#include "tests/fault/tracer.h"

struct homes_turn {
	const char	*what;		/* the job, and its fault in words */
	const char	*fault;
	int		 turn;		/* at which call; 0: at none */
	long		 nr;		/* which it was, -1: not reached */
	/* what then happens */
	void		(*happen)(struct tracer *tr, const void *arg);
	const void	*arg;
};

/* Say so and exit. */
void	turn_fail(const struct homes_turn *t, const char *fmt, ...)
	    NK_PRINTF(2, 3) __attribute__((noreturn));

/*
 * The calls between its two getpgid(2), or from its only one, are counted,
 * but for those in which a file system has no say.  The exit status, which
 * is an outcome, or -1: there is no such call any more.
 */
int	turn_run(struct homes_turn *t, char *const argv[]);

#endif /* NASKEYS_TEST_HOMES_TURN_H */
