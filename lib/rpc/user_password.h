/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_USER_PASSWORD_H
#define NASKEYS_RPC_USER_PASSWORD_H

/*
 * Changing a password, whoever asks for it: a method, or passwd(1) through
 * PAM.
 *
 *  1. Who is no administrator MUST know the old one, and has only so
 *     many tries in a time, the right ones among them.
 *  2. Who changes a password with the old one is held to its minimum age and
 *     to its history; an administrator who sets one is not.
 */

#include "lib/attr.h"
#include "lib/rpc/rpc.h"
#include "lib/store/store.h"

struct nk_password_change {
	const char	*old_password;	/* NULL: not known */
	const char	*new_password;	/* NULL: only look whether it may be
					   changed */
};

/*
 * Change u's password.  Errors are those of user.set_password.
 * 0, -EINVAL with *e set, or -errno.
 */
int	nk_password_change(struct nk_context *c, const struct nk_user *u,
	    const struct nk_password_change *change, struct nk_error *e)
	    NK_MUST_CHECK;

/* One try of a user's own process: 0; -EAGAIN, none is left; -errno. */
int	nk_password_take_try(struct nk_context *c, int64_t user_id)
	    NK_MUST_CHECK;

#endif /* NASKEYS_RPC_USER_PASSWORD_H */
