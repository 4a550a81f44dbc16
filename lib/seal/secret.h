/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SECRET_H
#define NASKEYS_SECRET_H

/*
 * The one type that private bytes live in.  Its memory is pages of its own
 * that stand in no core file (MADV_DONTDUMP), are empty in a child
 * (MADV_WIPEONFORK), stay out of the swap where the limits allow it
 * (mlock(2), best effort), and are wiped before they are given back.
 */

#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"

#define NK_SECRET_MAX	(1u << 20)	/* bytes of one secret */

struct nk_secret {
	uint8_t	*p;		/* NULL: none yet */
	size_t	 len;		/* bytes in use */
	size_t	 room;		/* bytes that p has, whole pages */
};

#define NK_SECRET_NONE	((struct nk_secret){ NULL, 0, 0 })

/*
 * Append bytes[n]; what has to move is wiped where it was.  There is always
 * a NUL behind the bytes, which len does not count.  Returns 0; -E2BIG above
 * NK_SECRET_MAX; -ENOMEM: then s is as it was.
 */
int	nk_secret_append(struct nk_secret *s, const void *bytes, size_t n)
	    NK_MUST_CHECK;
/* Make room for n bytes in all, so that p does not move until then. */
int	nk_secret_reserve(struct nk_secret *s, size_t n) NK_MUST_CHECK;
/* Wipe and give back; s is NK_SECRET_NONE afterwards.  NULL is fine. */
void	nk_secret_clear(struct nk_secret *s);

#endif /* NASKEYS_SECRET_H */
