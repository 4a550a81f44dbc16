/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_STORE_SUDO_H
#define NASKEYS_STORE_SUDO_H

/*
 * Who may do what by sudo: users and groups with commands, and nobody else.
 * Results as in store.h.  Nothing here is in a map; the file that sudo reads
 * is made of it (lib/publish), and the revision tells whether it is current.
 */

#include <stdbool.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/store/store.h"

struct nk_sudo {
	bool		 is_group;
	bool		 locked;	/* a user's */
	uint32_t	 id;		/* uid or gid */
	int64_t		 expires_at;	/* a user's; INT64_MAX: never */
	const char	*name;
	const char	*commands;	/* a command a line, or "" */
	const char	*commands_nopasswd;
};

/* Groups, then users, in the order of row ids; not the store's own groups. */
int	nk_sudo_each(struct nk_store *s,
	    int (*fn)(void *arg, const struct nk_sudo *row), void *arg)
	    NK_MUST_CHECK;
/* Grows with each change of what nk_sudo_each() says; 0: never anybody. */
int	nk_sudo_revision(struct nk_store *s, int64_t *revisionp)
	    NK_MUST_CHECK;

#endif /* NASKEYS_STORE_SUDO_H */
