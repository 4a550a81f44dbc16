/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_OTP_RECOVERY_H
#define NASKEYS_OTP_RECOVERY_H

/*
 * Recovery codes: each is good once, in the place of a one-time password,
 * for who has lost the device.  A code is 10 characters of 5 bits each, of
 * which none looks like another one; it is shown as two groups of five.  A
 * set is the codes that are left, one behind the other.
 */

#include <stdbool.h>
#include <stddef.h>

#include "lib/attr.h"
#include "lib/seal/secret.h"

#define NK_RECOVERY_LEN		10	/* characters: 50 bits */
#define NK_RECOVERY_CODES	10	/* of a new set */
#define NK_RECOVERY_SHOWN	(NK_RECOVERY_LEN + 1)

/* *set (NK_SECRET_NONE) gets new codes.  0, -EIO, -ENOMEM. */
int	nk_recovery_new(struct nk_secret *set) NK_MUST_CHECK;

/*
 * Make what somebody typed, NK_RECOVERY_LEN characters without gaps, such as
 * it stands in a set; false: no code can be that.
 */
bool	nk_recovery_fold(char *code);

/*
 * Take a folded code out of the set.  0 and how many are left; -EACCES: it
 * is not there; -EBADMSG: the set is none.
 */
int	nk_recovery_take(struct nk_secret *set, const char *code,
	    size_t *leftp) NK_MUST_CHECK;

size_t	nk_recovery_count(const struct nk_secret *set);
/* Code i as it is shown, "abcde-fghjk". */
void	nk_recovery_show(const struct nk_secret *set, size_t i,
	    char out[NK_RECOVERY_SHOWN + 1]);

#endif /* NASKEYS_OTP_RECOVERY_H */
