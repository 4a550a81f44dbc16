/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_PUBLISH_RENDER_H
#define NASKEYS_PUBLISH_RENDER_H

/*
 * From the store's rows to what is put into the maps.  What is rendered
 * borrows its strings from the row, which must outlive it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/mapwriter/mapwriter.h"
#include "lib/store/store.h"

/* Is nobody let in by this account any more, whatever its keys say? */
bool	nk_render_is_shut(const struct nk_user *u, int64_t now);

/* The account; its groups and gid are the caller's to set. */
void	nk_render_user(const struct nk_user *u, struct nk_put_user *put);

/*
 * The secret, valid for the account at u's generation alone; otp: u has a
 * second factor.
 */
void	nk_render_secret(const struct nk_user *u, bool otp,
	    struct nk_put_secret *put);

/*
 * The key lines of one user, as sshd from 9.1 on will read them.  A line
 * with an end of line or a NUL in it is left out: it would be two lines to
 * sshd.  A key that ends has its end among its options; one whose end cannot
 * be said there is left out.
 */
struct nk_keytext {
	struct nk_put_keyline	*lines;
	size_t			 count, room;
	char			*text;		/* of all lines */
	size_t			 len, size;
};

/* Returns 0, -E2BIG when a line or their number is too much, -ENOMEM. */
int	nk_keytext_add(struct nk_keytext *t, const struct nk_key *k)
	    NK_MUST_CHECK;
/* The set for generations from and to; t must outlive it. */
void	nk_keytext_set(struct nk_keytext *t, int64_t row, uint64_t from,
	    uint64_t to, struct nk_put_keyset *put);
/* Empty, but keep the memory for the next user. */
void	nk_keytext_reset(struct nk_keytext *t);
void	nk_keytext_clear(struct nk_keytext *t);

#endif /* NASKEYS_PUBLISH_RENDER_H */
