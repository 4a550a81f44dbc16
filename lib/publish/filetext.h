/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_PUBLISH_FILETEXT_H
#define NASKEYS_PUBLISH_FILETEXT_H

/*
 * The text of a user's authorized_keys file, in a home or in the central
 * folder: the key lines that the maps have (render.h), one a line, in the
 * store's order.  Comments and blank lines of the store are not written.
 *
 * A program that reads such a file knows neither locks nor accounts that
 * end: a locked account has no lines, and the account's end is among each
 * line's options where the key's own is not sooner.  A key that has ended is
 * left out: not every program understands expiry-time.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/store/store.h"

struct nk_filetext_line {
	char	*line;			/* without its newline */
	char	*fingerprint;		/* SHA256:... */
	bool	 ended;			/* in the past: not in the text */
};

struct nk_filetext {
	struct nk_filetext_line	*lines;
	size_t			 n;
	char			*text;	/* of the lines that have not ended */
	size_t			 len;
};
#define NK_FILETEXT_NONE	((struct nk_filetext){ .lines = NULL })

/*
 * The text that u's file should have at "now".  *t is the caller's to clear
 * on success.  -E2BIG: more than a map can show of one user; -ENOMEM;
 * others as of lib/store.
 */
int	nk_filetext_make(struct nk_store *s, const struct nk_user *u,
	    int64_t now, struct nk_filetext *t) NK_MUST_CHECK;
void	nk_filetext_clear(struct nk_filetext *t);

/*
 * Could file[len] have been the text at some time up to then?  A line that
 * has ended since it was written may still stand there.
 */
bool	nk_filetext_fits(const struct nk_filetext *t, const char *file,
	    size_t len);

#endif /* NASKEYS_PUBLISH_FILETEXT_H */
