/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_ADOPT_USER_H
#define NASKEYS_RPC_ADOPT_USER_H

/*
 * The keys in one user's file and what becomes of them.
 *
 *  1. The file MUST stay as it is, unless naskeys keeps it (mode HOME).
 *  2. What is there already MUST NOT be added again, nor a limit that
 *     naskeys has set to a key be lifted by what the file says: same key and
 *     options is the same, whatever comment and end it has here.
 *  3. A key that was revoked MUST NOT come back, nor one that was removed
 *     and stands in the file only because naskeys has not come to take it
 *     out yet (lib/keyfile).
 *  4. All of a user's keys are added, in one edit, or none.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/attr.h"
#include "lib/rpc/key_warn.h"
#include "lib/rpc/rpc.h"
#include "lib/store/store.h"

#define NK_ADOPT_ACTION		"user.adopt_keys"
#define NK_ADOPT_LINES_MAX	1000	/* of one user that are told */
#define NK_ADOPT_ALL_LINES_MAX	100000	/* of all of them */
#define NK_ADOPT_USERS_MAX	10000	/* that are told of */

/* Lines of files. */
struct nk_adopt_counts {
	size_t	adopted, known, refused, comments;
};

/* One call of the method. */
struct nk_adoption {
	struct nk_context	*c;
	bool			 dry_run;
	struct nk_key_warner	 warner;
	json_t			*users;		/* what is told of each */
	size_t			 told;		/* lines */
	size_t			 looked_at, without_file, failed;
	size_t			 more;		/* users that are not told */
	struct nk_adopt_counts	 counts;
};

/*
 * Adopt what is in this user's file, or only say what would be.  always: the
 * user is told of even where there is nothing to say.  0, also where the
 * file cannot be read; -errno, with *e set where that says more: the user's
 * keys are as they were.
 */
int	nk_adopt_user(struct nk_adoption *ad, const struct nk_user *u,
	    bool always, struct nk_error *e) NK_MUST_CHECK;

#endif /* NASKEYS_RPC_ADOPT_USER_H */
