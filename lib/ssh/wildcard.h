/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SSH_WILDCARD_H
#define NASKEYS_SSH_WILDCARD_H

/* The patterns of ssh_config(5), PATTERNS, as sshd matches them. */

#include <stdbool.h>
#include <stddef.h>

/* Is text the pattern p[len]?  "*" stands for anything, "?" for one. */
bool	nk_wildcard_is(const char *p, size_t len, const char *text);

/* The same for text in lower case, whatever the case of the pattern. */
bool	nk_wildcard_is_lower(const char *p, size_t len, const char *text);

/*
 * A list with commas, in which "!" excludes: does one let text in, and none
 * exclude it?
 */
bool	nk_wildcard_list_has(const char *list, const char *text);

/*
 * One word of AllowUsers or DenyUsers: a pattern for the name, or
 * NAME@ADDRESSES.
 */
bool	nk_wildcard_is_user(const char *word, size_t len, const char *user,
	    const char *address);

#endif /* NASKEYS_SSH_WILDCARD_H */
