/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_ACCOUNT_LOCAL_H
#define NASKEYS_ACCOUNT_LOCAL_H

/*
 * What stands in the machine's own group(5) and shadow(5).  The name services
 * are not asked.  A line that is none (passwdfile.h) is passed over.
 */

#include <stdbool.h>
#include <stddef.h>

#include "lib/attr.h"

/*
 * Call fn for each member that the group's line in the file names, until it
 * returns something other than 0, which is the result.  0; -ENOENT, there
 * is no such line; -errno of the file; -ENOMEM.
 */
int	nk_local_members(const char *path, const char *group,
	    int (*fn)(void *arg, const char *name, size_t len), void *arg)
	    NK_MUST_CHECK;

/*
 * *hasp: the user has a password in this shadow(5), and it is not locked.
 * Results likewise.
 */
int	nk_local_has_password(const char *path, const char *user, bool *hasp)
	    NK_MUST_CHECK;

#endif /* NASKEYS_ACCOUNT_LOCAL_H */
