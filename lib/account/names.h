/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_ACCOUNT_NAMES_H
#define NASKEYS_ACCOUNT_NAMES_H

#include <stddef.h>

#include "lib/attr.h"

/* Bytes, without the NUL. */
#define NK_USERNAME_MAX		32	/* of managed users */
#define NK_GROUPNAME_MAX	120
#define NK_EXTERNAL_NAME_MAX	255	/* of accounts that live elsewhere */

#define NK_NAME_WHY_MAX		256	/* room for a sentence of these */

/*
 * May name[len] be the name of a user, or of a group, that naskeys owns?
 * Returns 0, or -EINVAL with a sentence in why.
 */
int	nk_username_check(const char *name, size_t len,
	    char why[NK_NAME_WHY_MAX]) NK_MUST_CHECK;
int	nk_groupname_check(const char *name, size_t len,
	    char why[NK_NAME_WHY_MAX]) NK_MUST_CHECK;

/*
 * May name[len] be the name of an account that another name service has?
 * Bytes, compared as they are: all but '/', ':', control characters and a
 * leading '-'.  Returns 0, or -EINVAL with a sentence in why.
 */
int	nk_external_name_check(const char *name, size_t len,
	    char why[NK_NAME_WHY_MAX]) NK_MUST_CHECK;

#endif /* NASKEYS_ACCOUNT_NAMES_H */
