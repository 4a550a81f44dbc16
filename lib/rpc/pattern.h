/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_PATTERN_H
#define NASKEYS_RPC_PATTERN_H

/*
 * Regular expressions that a user supplies: POSIX extended ones, matched
 * at the start of a text.  A pattern must not cost much time or memory,
 * however it is written.  The C library's matcher walks a text once, with
 * states that it makes on the way, unless a pattern has back-references:
 * those are refused.  It writes out what "+" and intervals such as {2,5}
 * repeat, also inside of each other, so the pattern's size after that is
 * bounded; and so are the states that are kept, and the text that is
 * looked at.
 */

#include "lib/attr.h"

#define NK_PATTERN_LEN_MAX	256	/* bytes */
#define NK_PATTERN_SIZE_MAX	512	/* atoms, written out */
#define NK_PATTERN_TEXT_MAX	2048	/* bytes of a text that are seen */

struct nk_pattern;

/* -EINVAL with a reason in *whyp (static), or -ENOMEM. */
int	nk_pattern_new(struct nk_pattern **pp, const char *text,
	    const char **whyp) NK_MUST_CHECK;
void	nk_pattern_free(struct nk_pattern *p);

/* 1: it matches; 0: it does not; -ENOMEM. */
int	nk_pattern_match(struct nk_pattern *p, const char *text)
	    NK_MUST_CHECK;

#endif /* NASKEYS_RPC_PATTERN_H */
