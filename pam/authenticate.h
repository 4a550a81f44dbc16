/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_PAM_AUTHENTICATE_H
#define NASKEYS_PAM_AUTHENTICATE_H

#include "lib/attr.h"
#include "pam/call.h"

/*
 * Is this the password of the account that l has found?  A result of
 * Linux-PAM; PAM_USER_UNKNOWN: the name is not ours.  A wrong one has been
 * counted; the second factor is not looked at.
 */
int	nk_verify_password(const struct nk_call *c, struct nk_lookup *l,
	    const char *password) NK_MUST_CHECK;

#endif /* NASKEYS_PAM_AUTHENTICATE_H */
