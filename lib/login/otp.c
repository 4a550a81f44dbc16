/* SPDX-License-Identifier: ISC */
/*
 * Is this the one-time password?  The code is taken in an edit, so that of
 * two who use the same one at once the later one finds it used, and the
 * answer comes after the commit.
 */
#include <errno.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "lib/login/failures.h"
#include "lib/otp/factor.h"
#include "lib/rpc/edit.h"

#define ACTION	"pam.otp"	/* in the audit log */

/* Why no code would do, or NULL. */
static const char *
find_refusal(const struct nk_user *u)
{
	if (u->locked)
		return "the account is locked";
	if (u->expires_at <= (int64_t)time(NULL))
		return "the account has expired";
	return NULL;
}

/* 0; -EAGAIN: too many failures; -errno. */
static int
may_try(struct nk_login *l, const struct nk_user *u)
{
	return nk_login_is_self(l) ?
	    nk_factor_may_try(l->c->session, l->c->conf, u->id) :
	    nk_login_may_try(l, u);
}

/* Inside the edit; a recovery code leaves an audit row. */
static int
take(struct nk_login *l, const struct nk_user *u, const char *text,
    struct nk_factor_use *use)
{
	const struct nk_subject subject = { "user", u->id, u->name };
	struct nk_keychain kc;
	int r;

	nk_keychain_init(&kc, nk_publisher_store(l->c->publisher),
	    l->c->state->seal_key);
	r = nk_factor_take(&kc, u->id, text, nk_now(), use);
	nk_keychain_clear(&kc);
	if (r == 0 && use->recovery)
		r = nk_audit_write(l->c, ACTION, &subject, NULL, NULL,
		    "Use recovery code of %s, %zu left", u->name, use->left);
	return r;
}

/*
 * Take the code, for good.  *verdictp: 0; -EACCES, it is wrong; -EAGAIN, too
 * many failures; -ENOKEY, -EBADMSG.  What is wrong with the edit itself is
 * returned.  A wrong one is counted before the lock is given back: guesses
 * that come at once are looked at one after the other, and none after the
 * last one that is allowed.
 */
static int
use_code(struct nk_login *l, const struct nk_user *u,
    const struct nk_frame_field *field, struct nk_factor_use *use,
    struct nk_login_answer *a, int *verdictp)
{
	char text[NK_FRAME_SECRET_MAX + 1];
	bool out = false;
	int r;

	if ((r = nk_login_text(field, text, sizeof(text))) < 0 ||
	    (r = nk_edit_begin(l->c->publisher)) < 0)
		goto out;
	*verdictp = nk_login_is_self(l) ? 0 : nk_login_may_try(l, u);
	if (*verdictp == 0)
		*verdictp = take(l, u, text, use);
	if (*verdictp == 0) {
		r = nk_edit_commit(l->c->publisher);
		goto out;
	}
	if (*verdictp == -EACCES)
		r = nk_login_add_failure(l, u, a, &out);
	nk_edit_abort(l->c->publisher);
	if (r == 0 && out)
		r = nk_publisher_lock_out(l->c->publisher, l->c->session,
		    u->id);
 out:
	explicit_bzero(text, sizeof(text));
	return r;
}

/* It cannot be opened: UNAVAILABLE, and the log says why. */
static int
cannot_open(struct nk_login *l, const struct nk_user *u, int r,
    struct nk_login_answer *a)
{
	nk_login_say(a, NK_FRAME_UNAVAILABLE, NULL);
	if (r == -ENOKEY)
		nk_login_note(a, LOG_ERR, "user %.100s: the second factor is "
		    "not sealed with the key in %s; put the right key file "
		    "back, nothing is lost", u->name, l->c->state->seal_key);
	else
		nk_login_note(a, LOG_ERR, "user %.100s: what is stored of "
		    "the second factor is damaged", u->name);
	return 0;
}

static int
refuse(const struct nk_user *u, const char *why, struct nk_login_answer *a)
{
	nk_login_say(a, NK_FRAME_AUTH_ERR, NULL);
	if (why != NULL)
		nk_login_note(a, LOG_NOTICE, "user %.100s: one-time password "
		    "refused: %s", u->name, why);
	return 0;
}

/* The code was right and is used up. */
static int
succeed(struct nk_login *l, const struct nk_user *u,
    const struct nk_factor_use *use, struct nk_login_answer *a)
{
	int r;

	if (use->recovery)
		nk_login_note(a, LOG_NOTICE, "user %.100s: a recovery code "
		    "was used, %zu left", u->name, use->left);
	if (nk_login_is_self(l)) {
		if ((r = nk_factor_forget_tries(l->c->session, u->id)) < 0)
			return r;
	} else {
		/* somebody's failure meanwhile may have been the last one */
		if ((r = nk_login_may_try(l, u)) == -EAGAIN)
			return refuse(u, "too many failures", a);
		if (r < 0 || (r = nk_login_forget_failures(l, u)) < 0)
			return r;
	}
	nk_login_say(a, NK_FRAME_OK, NULL);
	return 0;
}

int
nk_login_otp(struct nk_login *l, const struct nk_user *u,
    const struct nk_frame *f, struct nk_login_answer *a)
{
	const char *why = find_refusal(u);
	struct nk_factor_use use = { .recovery = false };
	struct nk_otp o;
	int verdict, r;

	r = nk_otp_get(nk_publisher_store(l->c->publisher), u->id, &o);
	if (r < 0 && r != -ENOENT)
		return r;
	if (why != NULL)
		return refuse(u, why, a);
	if (r == -ENOENT) {
		nk_login_say(a, NK_FRAME_OK, NULL);
		return 0;
	}
	if (f->field[1].len == 0)	/* asks whether there is one */
		return refuse(u, NULL, a);
	if ((verdict = may_try(l, u)) == 0 &&
	    (r = use_code(l, u, &f->field[1], &use, a, &verdict)) < 0)
		return r;
	switch (verdict) {
	case 0:
		return succeed(l, u, &use, a);
	case -EACCES:
		return refuse(u, NULL, a);	/* it is counted */
	case -EAGAIN:
		return refuse(u, "too many failures", a);
	case -ENOKEY:
	case -EBADMSG:
		return cannot_open(l, u, verdict, a);
	default:
		return verdict;
	}
}
