/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SSH_TARGET_H
#define NASKEYS_SSH_TARGET_H

/*
 * Where a connection goes, as text that ends up in arguments of ssh and
 * rsync, in an ssh_config and in a known_hosts file.  What is taken here
 * MUST mean itself in all of them, without any quoting.
 */

#include "lib/attr.h"

#define NK_TARGET_HOST_MAX	253	/* characters */
#define NK_TARGET_USER_MAX	64

/*
 * Is it a host name, an IPv4 or an IPv6 address (also with "%" and the name
 * of an interface)?  0; -EINVAL with a static sentence in *whyp (may be
 * NULL).
 */
int	nk_target_check_host(const char *host, const char **whyp)
	    NK_MUST_CHECK;

/* Likewise: the name of an account, of a domain ("D\user", "u@d") too. */
int	nk_target_check_user(const char *user, const char **whyp)
	    NK_MUST_CHECK;

#endif /* NASKEYS_SSH_TARGET_H */
