/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_OTP_H
#define NASKEYS_OTP_H

/*
 * One-time passwords: HOTP (RFC 4226) and TOTP (RFC 6238), computed by
 * liboath.  A code belongs to a moving factor: a counter, or the number of a
 * period since the epoch.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/seal/secret.h"
#include "lib/store/store.h"

#define NK_OTP_SEED_SIZE	20	/* bytes of a new one */
#define NK_OTP_SEED_MIN		16	/* RFC 4226, section 4: 128 bits */
#define NK_OTP_SEED_MAX		64
#define NK_OTP_PERIOD		30	/* s, by default */
#define NK_OTP_PERIOD_MIN	15
#define NK_OTP_PERIOD_MAX	300
#define NK_OTP_TOTP_WINDOW	1	/* periods before and after now */
#define NK_OTP_TOTP_WINDOW_MAX	4
#define NK_OTP_HOTP_WINDOW	10	/* counters ahead */
#define NK_OTP_HOTP_WINDOW_MAX	50

/* What somebody typed, without blanks and '-'. */
enum nk_otp_text {
	NK_OTP_TEXT_NONE,	/* neither of these */
	NK_OTP_TEXT_DIGITS,	/* 6 or 8 digits */
	NK_OTP_TEXT_RECOVERY,	/* a recovery code (recovery.h), in lower
				   case, and o, i and l are digits */
};

#define NK_OTP_TEXT_MAX	10	/* characters */

/* What is it?  The result stands in out, "" for none. */
enum nk_otp_text nk_otp_text_parse(const char *text,
	    char out[NK_OTP_TEXT_MAX + 1]);

/* Are kind, hash, digits, period and window such as we make? */
bool	nk_otp_is_valid(const struct nk_otp *o);

/* *out (NK_SECRET_NONE) gets a random seed.  0, -EIO, -ENOMEM. */
int	nk_otp_seed_new(struct nk_secret *out) NK_MUST_CHECK;

/*
 * Is code[] one that the seed gives at a moving factor from o->next on,
 * within the window?  now: seconds since the epoch.  0 and the moving factor;
 * -EACCES: it is not; -EINVAL: not a seed or rule of ours; -EIO: liboath.
 * All moving factors of the window are tried, whatever the code.
 */
int	nk_otp_verify(const struct nk_otp *o, const struct nk_secret *seed,
	    const char *code, int64_t now, int64_t *factorp) NK_MUST_CHECK;

/* Compare n bytes in a time that does not depend on them. */
bool	nk_otp_is_equal(const void *a, const void *b, size_t n);

#endif /* NASKEYS_OTP_H */
