/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_USER_OTP_H
#define NASKEYS_RPC_USER_OTP_H

#include "lib/attr.h"
#include "lib/rpc/rpc.h"

/*
 * Second factors.
 *
 *  1. A factor MUST NOT be in force before one right code was given, so that
 *     nobody is locked out by a device that shows others.
 *  2. Who is no administrator MUST give a code of the factor at hand before
 *     it is removed or replaced, and MUST NOT have more tries at that than at
 *     a login.
 */

extern const struct nk_arg nk_otp_enroll_args[];
extern const struct nk_arg nk_otp_remove_args[];

int	nk_user_otp_enroll(struct nk_context *c, json_t *params,
	    json_t **resultp, struct nk_error *e);
int	nk_user_otp_remove(struct nk_context *c, json_t *params,
	    json_t **resultp, struct nk_error *e);

#endif /* NASKEYS_RPC_USER_OTP_H */
