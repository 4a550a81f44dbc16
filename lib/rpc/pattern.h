/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_PATTERN_H
#define NASKEYS_RPC_PATTERN_H

/*
 * Regular expressions that a user supplies, matched at the start of a text.
 * A pattern must not cost much time or memory, however it is written; the
 * C library's regcomp(3) and regexec(3) take exponential time and space for
 * some.  So a pattern becomes a program of bounded length that walks the
 * text once with the set of all states it could be in: the time is at most
 * the text's length times the program's, and memory is what the pattern
 * was made with.  That excludes back-references.
 *
 * What POSIX extended expressions and Python's have in common: characters,
 * . [abc] [^a-z] ( ) | ^ $ * + ? {n} {n,} {n,m}, a \ before punctuation;
 * and of Python's: \d \D \s \S \w \W (of ASCII), (?:...), and a ? behind a
 * repetition, which changes nothing here.  Characters are Unicode's; a dot
 * is any but newline; $ is also before a newline that ends the text.
 */

#include <stdbool.h>

#include "lib/attr.h"

#define NK_PATTERN_LEN_MAX	256	/* bytes */
#define NK_PATTERN_SIZE_MAX	1024	/* steps of a program */
#define NK_PATTERN_DEPTH_MAX	32	/* groups in groups */
#define NK_PATTERN_TEXT_MAX	65536	/* bytes of a text that are seen */

struct nk_pattern;

/* -EINVAL with a reason in *whyp (static), or -ENOMEM. */
int	nk_pattern_new(struct nk_pattern **pp, const char *text,
	    const char **whyp) NK_MUST_CHECK;
void	nk_pattern_free(struct nk_pattern *p);

/* text is UTF-8. */
bool	nk_pattern_match(struct nk_pattern *p, const char *text);

#endif /* NASKEYS_RPC_PATTERN_H */
