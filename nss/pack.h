/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_NSS_PACK_H
#define NASKEYS_NSS_PACK_H

/*
 * The caller's buffer: texts are laid down from its front, a list of
 * pointers grows from its back.  Each function returns 0, or -ERANGE when
 * what is left is too small.
 */

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "lib/attr.h"

struct nk_pack {
	char	*front;
	char	*back;		/* one past the last byte that is left */
};

static inline void
nk_pack_init(struct nk_pack *b, char *buf, size_t len)
{
	b->front = buf;
	b->back = buf + len;
}

static inline size_t
nk_pack_left(const struct nk_pack *b)
{
	return (size_t)(b->back - b->front);
}

/* Copy len bytes and a NUL; *out points at the copy. */
static inline NK_MUST_CHECK int
nk_pack_text(struct nk_pack *b, char **out, const char *text, size_t len)
{
	if (len >= nk_pack_left(b))
		return -ERANGE;
	memcpy(b->front, text, len);
	b->front[len] = '\0';
	*out = b->front;
	b->front += len + 1;
	return 0;
}

/*
 * Begin a list of pointers, which is its final NULL so far.  Between this
 * and the list's last use, *listp is its first element; it is aligned
 * whatever the buffer's own alignment.
 */
int	nk_pack_list(struct nk_pack *b, char ***listp) NK_MUST_CHECK;
/* Put one more element in front of the others. */
int	nk_pack_prepend(struct nk_pack *b, char ***listp, char *element)
	    NK_MUST_CHECK;

#endif /* NASKEYS_NSS_PACK_H */
