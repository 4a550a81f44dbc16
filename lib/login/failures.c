/* SPDX-License-Identifier: ISC */
#include "lib/login/failures.h"

#include <errno.h>
#include <inttypes.h>
#include <syslog.h>

#include "lib/rpc/user_password.h"
#include "lib/store/failures.h"

int
nk_login_may_try(struct nk_login *l, const struct nk_user *u)
{
	const struct nk_conf *conf = l->c->conf;
	struct nk_failures f;
	int r;

	if (nk_login_is_self(l))
		return nk_password_take_try(l->c, u->id);
	if (conf->lockout_failures == 0)
		return 0;
	if ((r = nk_failures_get(l->c->session, u->id, nk_session_now(),
	    &f)) < 0)
		return r;
	return f.locked_until != 0 ? -EAGAIN : 0;
}

int
nk_login_add_failure(struct nk_login *l, const struct nk_user *u,
    struct nk_login_answer *a, bool *outp)
{
	const struct nk_conf *conf = l->c->conf;
	const struct nk_lockout_rule rule = {
		.count = conf->lockout_failures,
		.window = conf->lockout_window,
		.seconds = conf->lockout_time,
	};
	struct nk_failures f;
	int r;

	*outp = false;
	if (nk_login_is_self(l))
		return 0;		/* its try was taken before */
	if ((r = nk_failures_add(l->c->session, u->id, &rule,
	    nk_session_now(), &f)) < 0 || f.locked_until == 0)
		return r;
	nk_login_note(a, LOG_NOTICE, "user %.100s: locked out for %" PRId64
	    " s after %u failures", u->name,
	    f.locked_until - nk_session_now(), f.count);
	*outp = true;
	return 0;
}

int
nk_login_count_failure(struct nk_login *l, const struct nk_user *u,
    struct nk_login_answer *a)
{
	bool out;
	int r;

	if ((r = nk_login_add_failure(l, u, a, &out)) < 0 || !out)
		return r;
	return nk_publisher_lock_out(l->c->publisher, l->c->session, u->id);
}

int
nk_login_forget_failures(struct nk_login *l, const struct nk_user *u)
{
	struct nk_failures was;
	int r;

	if ((r = nk_failures_get(l->c->session, u->id, nk_session_now(),
	    &was)) < 0 || was.last_at == 0)
		return r;
	if ((r = nk_failures_forget(l->c->session, u->id, nk_session_now(),
	    &was)) < 0 || was.locked_until == 0)
		return r;
	return nk_publisher_lock_out(l->c->publisher, l->c->session, u->id);
}

int
nk_login_failure(struct nk_login *l, const struct nk_user *u,
    const struct nk_frame *f, struct nk_login_answer *a)
{
	int r;

	(void)f;
	if ((r = nk_login_count_failure(l, u, a)) == 0)
		nk_login_say(a, NK_FRAME_OK, NULL);
	return r;
}

/* A lock-out that has come in between stands, until its end or an unlock. */
int
nk_login_success(struct nk_login *l, const struct nk_user *u,
    const struct nk_frame *f, struct nk_login_answer *a)
{
	int r;

	(void)f;
	if ((r = nk_login_may_try(l, u)) == 0)
		r = nk_login_forget_failures(l, u);
	if (r == 0 || r == -EAGAIN)
		nk_login_say(a, NK_FRAME_OK, NULL);
	return r == -EAGAIN ? 0 : r;
}
