/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_ACCOUNT_SUDO_H
#define NASKEYS_ACCOUNT_SUDO_H

#include <stddef.h>

#include "lib/attr.h"

/*
 * May these commands stand in a user's or group's list for sudo(8)?  "ALL"
 * alone, or lines of which the first word, as a shell would split it, is
 * the absolute, normalised path, perhaps with wildcards, of something that
 * exists: a program, or a folder when it ends in '/'.  report() gets the
 * index of each bad one and a sentence.  Returns 0 or -EINVAL; -ENOMEM.
 */
int	nk_sudo_check(const char *const *commands, size_t n,
	    void (*report)(void *arg, size_t index, const char *text),
	    void *arg) NK_MUST_CHECK;

#endif /* NASKEYS_ACCOUNT_SUDO_H */
