/* SPDX-License-Identifier: ISC */
/*
 * Is this the password?  For a screen locker, which may not read the hash,
 * and for whoever changes a password.  One hash is computed whatever the
 * answer, and nothing but the answer is told.
 */
#include <errno.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "lib/account/password.h"
#include "lib/login/failures.h"

/* Why a right password would not do, or NULL. */
static const char *
find_refusal(const struct nk_user *u)
{
	if (u->locked)
		return "the account is locked";
	if (u->expires_at <= (int64_t)time(NULL))
		return "the account has expired";
	if (u->password_disabled)
		return "the account has no password login";
	return NULL;
}

/* 0; -EACCES: no; -errno. */
static int
compare(const struct nk_user *u, const struct nk_frame_field *password)
{
	char text[NK_FRAME_SECRET_MAX + 1];
	int r;

	if ((r = nk_login_text(password, text, sizeof(text))) == 0)
		r = nk_password_verify(text, u->hash);
	explicit_bzero(text, sizeof(text));
	return r;
}

/*
 * Who has a second factor has not succeeded yet: with the failures forgotten
 * here, whoever knows the password could try codes for ever.
 */
static int
forget_failures(struct nk_login *l, const struct nk_user *u)
{
	struct nk_otp o;
	int r;

	r = nk_otp_get(nk_publisher_store(l->c->publisher), u->id, &o);
	return r == -ENOENT ? nk_login_forget_failures(l, u) : r;
}

int
nk_login_verify(struct nk_login *l, const struct nk_user *u,
    const struct nk_frame *f, struct nk_login_answer *a)
{
	const char *why = find_refusal(u);
	int r, may;

	if ((may = nk_login_may_try(l, u)) < 0 && may != -EAGAIN)
		return may;
	if (may == -EAGAIN) {
		nk_login_pause();
		why = "too many failures";
		r = -EACCES;
	} else if ((r = compare(u, &f->field[1])) < 0 && r != -EACCES) {
		return r;
	}
	nk_login_say(a, NK_FRAME_AUTH_ERR, NULL);
	if (why != NULL) {
		nk_login_note(a, LOG_NOTICE, "user %.100s: refused: %s",
		    u->name, why);
		return 0;
	}
	if (r == -EACCES)
		return nk_login_count_failure(l, u, a);
	if (!nk_login_is_self(l)) {
		/* somebody's failure meanwhile may have been the last one */
		if ((r = nk_login_may_try(l, u)) < 0)
			return r == -EAGAIN ? 0 : r;
		if ((r = forget_failures(l, u)) < 0)
			return r;
	}
	nk_login_say(a, NK_FRAME_OK, NULL);
	return 0;
}
