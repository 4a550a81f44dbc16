/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_ACCOUNT_SHELLS_H
#define NASKEYS_ACCOUNT_SHELLS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/attr.h"

#define NK_SHELLS_FILE	"/etc/shells"
#define NK_NOLOGIN	"/usr/sbin/nologin"

#define NK_SHELL_MAX		255	/* bytes of a path */
#define NK_SHELLS_FILE_MAX	65536

struct nk_shells {
	char	**v;		/* absolute paths, NK_NOLOGIN first */
	size_t	  n;
};

/*
 * Read shells(5) at path: each line that is an absolute path, once, and
 * nologin.  A file that is not there is an empty one.  -EFBIG above
 * NK_SHELLS_FILE_MAX.
 */
int	nk_shells_load(struct nk_shells *s, const char *path) NK_MUST_CHECK;
void	nk_shells_clear(struct nk_shells *s);
bool	nk_shells_has(const struct nk_shells *s, const char *shell);

/* Is it nologin or false, at whatever path: a shell that ends at once? */
bool	nk_shell_is_nologin(const char *shell);

#endif /* NASKEYS_ACCOUNT_SHELLS_H */
