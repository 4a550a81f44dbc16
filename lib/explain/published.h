/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_EXPLAIN_PUBLISHED_H
#define NASKEYS_EXPLAIN_PUBLISHED_H

/*
 * What naskeys-authorized-keys finds in the published maps for a user, with
 * what it leaves out, and why.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"

enum nk_published_state {
	NK_PUBLISHED_NOBODY,	/* naskeys does not know the name */
	NK_PUBLISHED_LOCKED,
	NK_PUBLISHED_EXPIRED,
	NK_PUBLISHED_UID_CHANGED, /* of an account that lives elsewhere */
	NK_PUBLISHED_UID_OTHER,	/* it is not the one that sshd would log in */
	NK_PUBLISHED_KEYS,	/* perhaps none */
};

struct nk_published_line {
	char	*text;		/* without newline */
	size_t	 len;
	int64_t	 expires_at;	/* INT64_MAX: never */
};

struct nk_published {
	enum nk_published_state	 state;
	bool			 managed;
	uint32_t		 uid;
	int64_t			 expires_at;	/* the account */
	struct nk_published_line *v;
	size_t			 n;
};

/*
 * Ask the maps in the folder "maps" for the user, whom sshd would log in
 * with uid.  0; -EIO, -EACCES, -ENOENT: a map cannot be read or trusted;
 * -ENOMEM.  On failure *p is empty and needs no clear.
 */
int	nk_published_read(const char *maps, const char *user, uint32_t uid,
	    int64_t now, struct nk_published *p) NK_MUST_CHECK;
void	nk_published_clear(struct nk_published *p);

#endif /* NASKEYS_EXPLAIN_PUBLISHED_H */
