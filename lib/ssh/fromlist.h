/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SSH_FROMLIST_H
#define NASKEYS_SSH_FROMLIST_H

/*
 * Lists of those who may come: the value of from= and the source-address of
 * a certificate.  Stricter than sshd: an entry that could never match, or
 * would match another address than the one meant, is refused.
 * Both return 0, or -EBADMSG and a static sentence in *whyp (may be NULL).
 */

#include <stddef.h>

#include "lib/attr.h"

#define NK_FROM_ENTRY_MAX	255	/* bytes of one entry */

/*
 * text[len] must be a list, separated by commas, of addresses, networks in
 * CIDR form, host names and patterns with * and ?; a leading ! excludes.
 * One entry at least must let somebody in.
 */
int	nk_fromlist_check(const char *text, size_t len, const char **whyp)
	    NK_MUST_CHECK;

/* text[len] must be a list of addresses and networks, nothing else. */
int	nk_cidrlist_check(const char *text, size_t len, const char **whyp)
	    NK_MUST_CHECK;

#endif /* NASKEYS_SSH_FROMLIST_H */
