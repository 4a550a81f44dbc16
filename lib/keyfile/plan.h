/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_KEYFILE_PLAN_H
#define NASKEYS_KEYFILE_PLAN_H

/*
 * All that the store knows of one file in a home, and with whose rights it
 * is worked on, as of one moment.
 */

#include <stdbool.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/conf/conf.h"
#include "lib/home/homefile.h"
#include "lib/keyfile/merge.h"
#include "lib/publish/filetext.h"
#include "lib/publish/publish.h"
#include "lib/store/keyfiles.h"

struct nk_keyfile_plan {
	struct nk_keyfile_home	*row;
	struct nk_keyfile_lines	 written;
	struct nk_filetext	 text;		/* none: the user is gone */
	bool			 wanted;	/* in this home */
	char			*current;	/* the home where it is wanted
						   instead, or NULL */
	int64_t			 now;		/* for what has ended */
	const char		**alive;	/* fingerprints of text */
	size_t			 n_alive;
	gid_t			*groups;	/* lib/publish/gids.h */
	size_t			 n_groups;
};
#define NK_KEYFILE_PLAN_NONE	((struct nk_keyfile_plan){ .row = NULL })

/*
 * Read it, at best inside a transaction: of this user, who may be gone, and
 * this home.  *p is the caller's to clear on success.  -ENOENT: there is no
 * row; others as of lib/store.
 */
int	nk_keyfile_plan_read(struct nk_store *s, const struct nk_conf *c,
	    const struct nk_state *state, int64_t user_id, const char *home,
	    int64_t now, struct nk_keyfile_plan *p) NK_MUST_CHECK;
void	nk_keyfile_plan_clear(struct nk_keyfile_plan *p);

/* Do both come to the same, whatever the file says? */
bool	nk_keyfile_plan_is_same(const struct nk_keyfile_plan *a,
	    const struct nk_keyfile_plan *b);

/* How the file, or NULL, is merged with it; both are borrowed. */
struct nk_merge nk_keyfile_plan_merge(const struct nk_keyfile_plan *p,
	    const char *file, size_t len);

/* As whom; p is borrowed.  root, seconds and lock as in homefile.h. */
struct nk_homefile_who nk_keyfile_plan_who(const struct nk_keyfile_plan *p,
	    uid_t root, unsigned int seconds, const int *lock);

#endif /* NASKEYS_KEYFILE_PLAN_H */
