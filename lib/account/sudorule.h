/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_ACCOUNT_SUDORULE_H
#define NASKEYS_ACCOUNT_SUDORULE_H

#include "lib/attr.h"

/*
 * A command of a user's or group's list as sudoers(5) has it: "ALL", or a
 * path with its arguments.  Wildcards that are not quoted are sudo's, all
 * else means itself.  *rulep is the caller's to free.  -EINVAL: sudoers cannot
 * say it, and *whyp says why; -ENOMEM.
 */
int	nk_sudorule_format(const char *command, char **rulep,
	    const char **whyp) NK_MUST_CHECK;

#endif /* NASKEYS_ACCOUNT_SUDORULE_H */
