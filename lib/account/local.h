/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_ACCOUNT_LOCAL_H
#define NASKEYS_ACCOUNT_LOCAL_H

/*
 * What stands in the machine's own group(5) and shadow(5).  The name services
 * are not asked.  A line that is none (passwdfile.h) is passed over.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/account/passwdfile.h"
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

/* An account of passwd(5), and what its lines in both files say. */
struct nk_local_account {
	uint32_t	uid;
	int32_t		expire;		/* day, -1: never */
	uint8_t		digest[32];	/* of both lines */
};

/*
 * Call fn for the user's line in this passwd(5); its result is returned.
 * -ENOENT: there is none; -errno of the file.
 */
int	nk_local_passwd(const char *path, const char *user,
	    int (*fn)(void *arg, const struct nk_passwd_line *p), void *arg)
	    NK_MUST_CHECK;

/* The first line with the name counts.  -ENOENT: passwd(5) has none. */
int	nk_local_account(const char *passwd, const char *shadow,
	    const char *name, struct nk_local_account *a) NK_MUST_CHECK;

#endif /* NASKEYS_ACCOUNT_LOCAL_H */
