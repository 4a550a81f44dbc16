/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_PUBLISH_HOME_LINES_H
#define NASKEYS_PUBLISH_HOME_LINES_H

/* What naskeys has written into a file in a home, or may have. */

#include <stdbool.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/publish/filetext.h"
#include "lib/store/store.h"

/* 1: they are the lines of the text; 0: they are not; or -errno. */
int	nk_home_lines_are(struct nk_store *s, int64_t home_id,
	    const struct nk_filetext *t) NK_MUST_CHECK;

/*
 * The text may be written there from now on: MUST 2 and 3 of homes.h.
 * bound: -EDQUOT, and the caller rolls back, where lines come to be added
 * beyond the bounds.
 */
int	nk_home_lines_add(struct nk_store *s, int64_t home_id,
	    const struct nk_filetext *t, bool bound) NK_MUST_CHECK;

#endif /* NASKEYS_PUBLISH_HOME_LINES_H */
