/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_OTP_FACTOR_H
#define NASKEYS_OTP_FACTOR_H

/*
 * A user's second factor: the row, its sealed seed and recovery codes.
 *
 *  1. A code that was taken MUST NOT be taken again, whoever asks at the same
 *     time, whatever the clock says and whatever is killed: the answer comes
 *     after the commit in which the row says so.
 *  2. What cannot be opened MUST stay as it is.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/conf/conf.h"
#include "lib/keychain/keychain.h"
#include "lib/store/session.h"

struct nk_factor_use {
	bool	recovery;	/* it was a recovery code */
	size_t	left;		/* of them */
};

/*
 * Inside an edit: if text is the user's one-time password now, or one of its
 * recovery codes, note that it was used.  Good only when the edit commits.
 * 0; -EACCES: it is none, or was used before; -ENOENT: the user has no second
 * factor; -ENOKEY, -EBADMSG as of lib/keychain; -errno.
 */
int	nk_factor_take(struct nk_keychain *kc, int64_t user_id,
	    const char *text, int64_t now, struct nk_factor_use *use)
	    NK_MUST_CHECK;

/*
 * Inside an edit: this is the user's second factor from now on, with these
 * recovery codes, in the place of one that was there.  -ENOKEY, -errno.
 */
int	nk_factor_set(struct nk_keychain *kc, const struct nk_otp *o,
	    const struct nk_secret *seed, const struct nk_secret *recovery)
	    NK_MUST_CHECK;

/*
 * Take one of the tries that the user's own processes have.  0; -EAGAIN: none
 * is left; -errno.
 */
int	nk_factor_may_try(struct nk_session *s, const struct nk_conf *conf,
	    int64_t user_id) NK_MUST_CHECK;
/* A code was right: all tries are there again. */
int	nk_factor_forget_tries(struct nk_session *s, int64_t user_id)
	    NK_MUST_CHECK;

#endif /* NASKEYS_OTP_FACTOR_H */
