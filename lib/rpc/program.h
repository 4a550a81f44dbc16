/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_PROGRAM_H
#define NASKEYS_RPC_PROGRAM_H

/* What lies between pattern.c, which compiles, and program.c, which runs. */

#include <stddef.h>
#include <stdint.h>

#include "lib/rpc/pattern.h"

#define NK_RANGES_MAX	512

/* Jumps are relative, so a piece of program can be moved and copied. */
enum nk_step_op {
	NK_STEP_CHAR,		/* x: the character */
	NK_STEP_ANY,
	NK_STEP_CLASS,		/* x: first range, y: how many */
	NK_STEP_NOT_CLASS,
	NK_STEP_START,
	NK_STEP_END,
	NK_STEP_JUMP,		/* to x */
	NK_STEP_SPLIT,		/* to x and to y */
	NK_STEP_MATCH,
};

struct nk_step {
	enum nk_step_op	 op;
	int32_t		 x, y;
};

struct nk_range {
	uint32_t	 lo, hi;
};

struct nk_pattern {
	struct nk_step	 steps[NK_PATTERN_SIZE_MAX];
	size_t		 n;
	struct nk_range	 ranges[NK_RANGES_MAX];
	size_t		 nranges;

	/* While it runs: the states now, the states next. */
	uint16_t	 states[2][NK_PATTERN_SIZE_MAX];
	size_t		 nstates[2];
	uint32_t	 seen[NK_PATTERN_SIZE_MAX];	/* in which round */
	uint32_t	 round;
	uint16_t	 stack[2 * NK_PATTERN_SIZE_MAX];
};

/* One character of UTF-8 at *pp, which is not at the end, and beyond it. */
uint32_t nk_utf8_next(const char **pp);

#endif /* NASKEYS_RPC_PROGRAM_H */
