/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SSHSERVICE_CONFTEXT_H
#define NASKEYS_SSHSERVICE_CONFTEXT_H

/* The lines of sshd_config(5). */

#include <stdbool.h>
#include <stddef.h>

#include "lib/attr.h"

#define NK_CONFTEXT_LINE_MAX	1024	/* of a line; more is cut */
#define NK_CONFTEXT_MARK	"#naskeys# "	/* commented out by us */

/*
 * Copy the line that starts at *textp to line, without its end and the
 * blanks before it; *textp moves to the next one.  false: there is none.
 */
bool	nk_conftext_next(const char **textp, char *line, size_t len);

/*
 * The value of the line, if it is about this keyword (in ASCII, whole); else
 * NULL.
 */
const char *nk_conftext_value(const char *line, const char *keyword);

/* The keyword of a line; false: the line is empty or a comment. */
bool	nk_conftext_keyword(const char *line, char *keyword, size_t len);

/* Does the text have a line about it, wherever? */
bool	nk_conftext_has(const char *text, const char *keyword);

/*
 * A text, whose lines with the numbers lines[n] (from 1, ascending) are
 * marked, so that sshd does not read them.  *outp is the caller's to free.
 */
int	nk_conftext_mark(const char *text, const unsigned int *lines,
	    size_t n, char **outp) NK_MUST_CHECK;
/* Take the marks away, but for lines that are marked in "but" (or NULL). */
int	nk_conftext_unmark(const char *text, const char *but, char **outp)
	    NK_MUST_CHECK;

#endif /* NASKEYS_SSHSERVICE_CONFTEXT_H */
