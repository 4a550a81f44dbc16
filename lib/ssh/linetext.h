/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SSH_LINETEXT_H
#define NASKEYS_SSH_LINETEXT_H

#include <stddef.h>

#include "lib/attr.h"

/*
 * May text[len] stand in one line that people and terminals will see?  It
 * must be UTF-8 without control characters other than tab: no NUL, no line
 * end of any alphabet, nothing that turns the direction of writing.
 * Returns 0, or -EBADMSG with a static sentence in *whyp (may be NULL).
 */
int	nk_linetext_check(const char *text, size_t len, const char **whyp)
	    NK_MUST_CHECK;

#endif /* NASKEYS_SSH_LINETEXT_H */
