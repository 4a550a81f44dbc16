/* SPDX-License-Identifier: ISC */
#include "lib/otp/factor.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/otp/otp.h"
#include "lib/otp/recovery.h"

#define SUBJECT_ROOM	32

/* -EACCES must mean one thing: the code is wrong. */
static int
open_part(struct nk_keychain *kc, enum nk_sealed part, int64_t user_id,
    struct nk_secret *out)
{
	int r = nk_keychain_get(kc, part, user_id, out);

	if (r == -ENOENT)		/* a row that we did not write */
		return -EBADMSG;
	return r == -EACCES ? -ENOKEY : r;
}

static int
take_digits(struct nk_keychain *kc, const struct nk_otp *o, const char *code,
    int64_t now)
{
	struct nk_secret seed = NK_SECRET_NONE;
	int64_t factor = 0;
	int r;

	r = open_part(kc, NK_SEALED_OTP_SEED, o->user_id, &seed);
	if (r == 0)
		r = nk_otp_verify(o, &seed, code, now, &factor);
	nk_secret_clear(&seed);
	if (r < 0)
		return r == -EINVAL ? -EBADMSG : r;
	return nk_otp_set_used(kc->store, o->user_id, factor + 1, now);
}

static int
take_recovery(struct nk_keychain *kc, const struct nk_otp *o,
    const char *code, int64_t now, size_t *leftp)
{
	struct nk_secret set = NK_SECRET_NONE;
	int r;

	r = open_part(kc, NK_SEALED_OTP_RECOVERY, o->user_id, &set);
	if (r == 0 && (r = nk_recovery_take(&set, code, leftp)) == 0)
		r = nk_keychain_put(kc, NK_SEALED_OTP_RECOVERY, o->user_id,
		    set.p, set.len);
	nk_secret_clear(&set);
	if (r < 0)
		return r;
	return nk_otp_set_used(kc->store, o->user_id, o->next, now);
}

int
nk_factor_take(struct nk_keychain *kc, int64_t user_id, const char *text,
    int64_t now, struct nk_factor_use *use)
{
	char code[NK_OTP_TEXT_MAX + 1];
	struct nk_otp o;
	int r;

	*use = (struct nk_factor_use){ .recovery = false };
	if ((r = nk_otp_get(kc->store, user_id, &o)) < 0)
		return r;
	switch (nk_otp_text_parse(text, code)) {
	case NK_OTP_TEXT_DIGITS:
		r = take_digits(kc, &o, code, now);
		break;
	case NK_OTP_TEXT_RECOVERY:
		use->recovery = true;
		r = take_recovery(kc, &o, code, now, &use->left);
		break;
	case NK_OTP_TEXT_NONE:
	default:
		r = -EACCES;
		break;
	}
	explicit_bzero(code, sizeof(code));
	return r;
}

int
nk_factor_set(struct nk_keychain *kc, const struct nk_otp *o,
    const struct nk_secret *seed, const struct nk_secret *recovery)
{
	int r;

	if ((r = nk_otp_put(kc->store, o)) < 0 ||
	    (r = nk_keychain_put(kc, NK_SEALED_OTP_SEED, o->user_id, seed->p,
	    seed->len)) < 0)
		return r;
	return nk_keychain_put(kc, NK_SEALED_OTP_RECOVERY, o->user_id,
	    recovery->p, recovery->len);
}

static void
subject_of(int64_t user_id, char subject[SUBJECT_ROOM])
{
	(void)snprintf(subject, SUBJECT_ROOM, "otp:%" PRId64, user_id);
}

int
nk_factor_may_try(struct nk_session *s, const struct nk_conf *conf,
    int64_t user_id)
{
	char subject[SUBJECT_ROOM];

	if (conf->lockout_failures == 0)
		return 0;
	subject_of(user_id, subject);
	return nk_session_rate(s, subject, conf->lockout_failures,
	    conf->lockout_time, nk_session_now());
}

int
nk_factor_forget_tries(struct nk_session *s, int64_t user_id)
{
	char subject[SUBJECT_ROOM];

	subject_of(user_id, subject);
	return nk_session_rate_forget(s, subject);
}
