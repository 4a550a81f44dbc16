/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_TEST_TREE_H
#define NASKEYS_TEST_TREE_H

/* A process and all that it starts, held by ptrace(2): see tracer.h. */

#include "tests/fault/tracer.h"

#define TREE_MAX	64	/* processes in all */

struct tree {
	struct tracer	 all[TREE_MAX];	/* [0] is the first */
	size_t		 n;
	struct tracer	*now;		/* it has stopped; NULL: none */
};

/* As tracer_start(). */
int	tree_start(struct tree *t, char *const argv[]);
/*
 * Let all of them run until one stops at a call, which t->now is then;
 * TRACER_GONE: there is none any more.
 */
enum tracer_stop tree_next(struct tree *t);
/* kill -9 for the one that has stopped; the others go on. */
void	tree_kill(struct tree *t);

#endif /* NASKEYS_TEST_TREE_H */
