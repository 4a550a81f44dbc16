/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_OTP_FIELDS_H
#define NASKEYS_RPC_OTP_FIELDS_H

/* What user.otp_enroll is asked for, as a row and a seed. */

#include <jansson.h>

#include "lib/attr.h"
#include "lib/rpc/rpc.h"
#include "lib/seal/secret.h"

extern const struct nk_arg nk_otp_enroll_fields[];

/*
 * data (may be NULL) was checked against nk_otp_enroll_fields.  *seed
 * (NK_SECRET_NONE) gets the seed that is given, or a new one where there is
 * no code either.  0; -EINVAL with *e set; -errno.
 */
int	nk_otp_fields_read(const json_t *data, struct nk_otp *o,
	    struct nk_secret *seed, struct nk_error *e) NK_MUST_CHECK;

/*
 * Is text a code that they give now?  Then it is used up: 0.  -EINVAL with *e
 * set; -errno.
 */
int	nk_otp_fields_confirm(struct nk_otp *o, const struct nk_secret *seed,
	    const char *text, struct nk_error *e) NK_MUST_CHECK;

#endif /* NASKEYS_RPC_OTP_FIELDS_H */
