/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_ACCOUNT_SHELLWORD_H
#define NASKEYS_ACCOUNT_SHELLWORD_H

/* A command split as a shell would split it, with nothing in it expanded. */

#include "lib/attr.h"

struct nk_shellword {
	char	*text;		/* its quotes taken off */
	char	*pattern;	/* for fnmatch(3): what was quoted there means
				   itself */
};
#define NK_SHELLWORD_NONE	((struct nk_shellword){ .text = NULL })

/*
 * Take the next word of *sp; *w, which holds none, is the caller's to clear.
 * 1; 0, there is none; -EINVAL, a quote or a backslash is open, *whyp says
 * which; -ENOMEM.
 */
int	nk_shellword_next(const char **sp, struct nk_shellword *w,
	    const char **whyp) NK_MUST_CHECK;
void	nk_shellword_clear(struct nk_shellword *w);

#endif /* NASKEYS_ACCOUNT_SHELLWORD_H */
