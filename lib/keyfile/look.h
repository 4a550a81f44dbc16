/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_KEYFILE_LOOK_H
#define NASKEYS_KEYFILE_LOOK_H

/* What is in a user's file besides what naskeys has written there. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/home/homefile.h"
#include "lib/keyfile/apply.h"
#include "lib/store/store.h"

/*
 * Call fn for each line of the file in u's home that is not ours, with its
 * number from 1; stops at the first non-zero result, which is returned.  0
 * also where naskeys has nothing to do with a file there, and where it
 * cannot be read: then *reasonp, else NULL, is a static sentence.  -errno.
 * Takes the lock of the home (homelock.h).
 */
int	nk_keyfile_each_foreign(const struct nk_keyfile_work *w,
	    const struct nk_user *u,
	    int (*fn)(void *arg, size_t number, const char *line, size_t len),
	    void *arg, const char **reasonp) NK_MUST_CHECK;

/*
 * Is the file that was seen in who's home the one in this home too?  Links
 * and mounts above it may give a home two names.  Only the user's own files
 * depend on it.
 */
bool	nk_keyfile_is_same(const struct nk_homefile_who *who,
	    const struct nk_homefile *seen, const char *home);

#endif /* NASKEYS_KEYFILE_LOOK_H */
