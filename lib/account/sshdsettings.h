/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_ACCOUNT_SSHDSETTINGS_H
#define NASKEYS_ACCOUNT_SSHDSETTINGS_H

/* What sshd's configuration comes to for a user: sshd -T -C. */

#include <stddef.h>

#include "lib/attr.h"

#define NK_SSHD_SETTINGS_MAX	65536

struct nk_sshd_settings {
	char	text[NK_SSHD_SETTINGS_MAX + 1];
	size_t	len;
};

/*
 * Ask the program "sshd" (NULL: nobody can be asked).  0; -EINVAL, for this
 * name it cannot be asked; -ENOENT; others as of nk_child_run().
 */
int	nk_sshd_settings_ask(struct nk_sshd_settings *s, const char *sshd,
	    const char *user, unsigned int seconds) NK_MUST_CHECK;

/*
 * The value that it prints for a keyword (in lower case), up to the end of
 * its line, *lenp; NULL: it prints none.
 */
const char *nk_sshd_settings_find(const struct nk_sshd_settings *s,
	    const char *keyword, size_t *lenp);

#endif /* NASKEYS_ACCOUNT_SSHDSETTINGS_H */
