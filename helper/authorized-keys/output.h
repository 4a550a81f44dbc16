/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_AKC_OUTPUT_H
#define NASKEYS_AKC_OUTPUT_H

/*
 * What will be printed, collected whole.  There is one: it begins in memory
 * that the program has anyway, and asks the kernel for more only when a
 * user has more keys than fit there.
 */

#include <stddef.h>

#include "lib/attr.h"

struct nk_output {
	char	*buf;
	size_t	 len;
	size_t	 cap;
};

void	nk_output_init(struct nk_output *o);

/* What is behind the text: *placep is aligned for any type. */
size_t	nk_output_left(const struct nk_output *o, char **placep);

/*
 * Make room for need bytes there.  Returns 0, -EFBIG or -ENOMEM.
 */
int	nk_output_room(struct nk_output *o, size_t need, char **placep)
	    NK_MUST_CHECK;

/*
 * Append len bytes, which may lie in the room last made; there must be room
 * for them.
 */
void	nk_output_append(struct nk_output *o, const char *text, size_t len);

/*
 * Write everything to fd.  A reader that has gone away has seen what it
 * wanted: that is no error.  SIGPIPE must be ignored.
 */
int	nk_output_write(const struct nk_output *o, int fd) NK_MUST_CHECK;

#endif /* NASKEYS_AKC_OUTPUT_H */
