/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_EXPLAIN_ACCOUNT_H
#define NASKEYS_EXPLAIN_ACCOUNT_H

/*
 * The account as sshd sees it: by all of the machine's name services, ours
 * among them, in a child with a time limit (lib/account/network.h).
 */

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/account/network.h"
#include "lib/attr.h"

#define NK_ACCOUNT_NAME_MAX	256	/* with its NUL */
#define NK_ACCOUNT_PATH_MAX	1024
#define NK_ACCOUNT_GROUPS_MAX	65536	/* bytes of all groups' names */
#define NK_ACCOUNT_GIDS_MAX	1024

enum nk_shadow_state {
	NK_SHADOW_NONE,		/* no line, or it may not be read */
	NK_SHADOW_OPEN,
	NK_SHADOW_LOCKED,	/* "!" begins the hash */
};

struct nk_seen_account {
	bool			found;
	uid_t			uid;
	gid_t			gid;
	enum nk_shadow_state	shadow;
	bool			expired;	/* by its shadow line */
	bool			must_change;	/* its password is 0 days old
						   or older than it may be */
	char			home[NK_ACCOUNT_PATH_MAX];
	char			shell[NK_ACCOUNT_PATH_MAX];
	/* Names of groups, each with a newline; a child's answer is long. */
	char			groups[NK_ACCOUNT_GROUPS_MAX];
	uint32_t		n_gids;
	gid_t			gids[NK_ACCOUNT_GIDS_MAX];
};

/*
 * Ask for the user "name"; today is in days since 1970.  0, also when it is
 * not found; -ENAMETOOLONG, -E2BIG: it is more than fits; -ETIMEDOUT; -EIO.
 */
int	nk_seen_account_ask(const char *name, int64_t today,
	    unsigned int seconds, struct nk_seen_account *a) NK_MUST_CHECK;

/* For nk_network_serve(). */
extern const struct nk_network_work nk_seen_account_work;

/* Is one of the groups' names as the pattern p[len] has it? */
bool	nk_seen_account_in(const struct nk_seen_account *a, const char *p,
	    size_t len);

/*
 * Become a user with all of its groups, for good, to see of its files what
 * sshd would see (lib/home/become.h).  For a child that ends soon.  A
 * process that is not root's keeps its rights, and root stays what it is.
 * 0, or as of nk_become().
 */
int	nk_seen_account_become(const struct nk_seen_account *a)
	    NK_MUST_CHECK;

#endif /* NASKEYS_EXPLAIN_ACCOUNT_H */
