/* SPDX-License-Identifier: ISC */
#include "lib/rpc/web_login.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/login/ask.h"
#include "lib/rpc/edit.h"
#include "lib/rpc/web_account.h"
#include "lib/rpc/web_attempt.h"

#define ASK_MS	60000		/* for what PAM does, without the person */

/* An attempt; between its parts it waits for a code. */
struct nk_web_pending {
	struct nk_ask		 ask;
	struct nk_guess		 guess;
	struct nk_web_account	 account;	/* as it was before PAM */
	bool			 known;		/* and there was one */
	bool			 code;		/* one was asked for */
};

const char *
nk_web_verdict_name(enum nk_web_verdict v)
{
	static const char *const names[] = {
		[NK_WEB_SUCCESS] = "SUCCESS",
		[NK_WEB_OTP_REQUIRED] = "OTP_REQUIRED",
		[NK_WEB_AUTH_ERR] = "AUTH_ERR",
		[NK_WEB_EXPIRED] = "EXPIRED",
		[NK_WEB_DENIED] = "DENIED",
	};

	return names[v];
}

/* ---- the attempt ---- */

void
nk_web_login_name(const struct nk_web *w, char name[NK_WEB_NAME_SIZE])
{
	name[0] = '\0';
	if (w->pending != NULL)
		memcpy(name, w->pending->account.name, NK_WEB_NAME_SIZE);
}

void
nk_web_login_abandon(struct nk_web *w)
{
	if (w->pending == NULL)
		return;
	nk_ask_end(&w->pending->ask);
	explicit_bzero(w->pending, sizeof(*w->pending));
	free(w->pending);
	w->pending = NULL;
}

static int
refuse(struct nk_context *c, const char *method,
    const struct nk_web_pending *p, enum nk_web_verdict v,
    enum nk_web_verdict *vp)
{
	const struct nk_web_means means = { method, NULL };

	return nk_web_attempt_refuse(c, &means, &p->guess,
	    p->known ? &p->account : NULL, v, vp);
}

/* PAM says yes, of the account that has this uid here. */
static int
accept_login(struct nk_context *c, const char *method,
    const struct nk_web_pending *p, uint32_t uid, enum nk_web_verdict *vp)
{
	const struct nk_web_means means = { method, NULL };
	struct nk_web_session w = { .account = p->account,
	    .kind = p->code ? NK_WEB_TWO_FACTORS : NK_WEB_PASSWORD };
	int r;

	w.first = w.kind;
	r = nk_guess_right(c, &p->guess);
	if (r < 0 && r != -EAGAIN)
		return r;
	if (r == -EAGAIN || !p->known || uid != p->account.uid)
		return refuse(c, method, p, NK_WEB_AUTH_ERR, vp);
	r = nk_web_attempt_let_in(c, &means, &w, vp);
	if (r == 0 && *vp == NK_WEB_SUCCESS)
		r = nk_guess_forget(c, &p->guess);
	return r;
}

/*
 * The password was right, though it lets nobody in yet.  Of guesses that were
 * made at once it is told as little as that one was let in.
 */
static int
tell_right(struct nk_context *c, const char *method,
    const struct nk_web_pending *p, enum nk_web_verdict v,
    enum nk_web_verdict *vp)
{
	const struct nk_web_means means = { method, NULL };
	int r = nk_guess_right(c, &p->guess);

	if (r == -EAGAIN)
		return refuse(c, method, p, NK_WEB_AUTH_ERR, vp);
	return r < 0 ? r : nk_web_attempt_conclude(c, &means,
	    p->known ? &p->account : NULL, v, vp);
}

static int
finish(struct nk_context *c, const char *method,
    const struct nk_web_pending *p, const struct nk_ask_answer *answer,
    enum nk_web_verdict *vp)
{
	switch (answer->result) {
	case NK_ASK_OK:
		return accept_login(c, method, p, answer->uid, vp);
	case NK_ASK_EXPIRED:
		return tell_right(c, method, p, NK_WEB_EXPIRED, vp);
	default:
		return refuse(c, method, p, NK_WEB_AUTH_ERR, vp);
	}
}

static int
want_code(struct nk_context *c, const char *method,
    const struct nk_web_pending *p, enum nk_web_verdict *vp)
{
	int r = tell_right(c, method, p, NK_WEB_OTP_REQUIRED, vp);

	if (r < 0 || *vp != NK_WEB_OTP_REQUIRED)
		nk_web_login_abandon(c->web);
	return r;
}

/*
 * PAM has not decided, for this error.  It was a guess all the same: who
 * hangs up before each answer must not be able to go on for ever.
 */
static int
give_up(struct nk_context *c, int error, struct nk_error *e)
{
	int r = nk_guess_wrong(c, &c->web->pending->guess);

	nk_web_login_abandon(c->web);
	if (r < 0 || error == -EPIPE)
		return r < 0 ? r : error;
	return nk_error_call(e, EFAULT,
	    "Nobody can log in now: PAM does not answer");
}

/* Until PAM has decided, or a code is wanted that is not here. */
static int
proceed(struct nk_context *c, const char *method, const char *code,
    enum nk_web_verdict *vp, struct nk_error *e)
{
	struct nk_web_pending *p = c->web->pending;
	struct nk_ask_answer answer;
	int r;

	while ((r = nk_ask_wait(&p->ask, c->web->client, ASK_MS,
	    &answer)) == 0) {
		if (answer.what == NK_ASK_RESULT) {
			r = finish(c, method, p, &answer, vp);
			nk_web_login_abandon(c->web);
			return r;
		}
		p->code = true;
		if (answer.what == NK_ASK_WRONG)
			return refuse(c, method, p, NK_WEB_OTP_REQUIRED, vp);
		if (code == NULL)
			return want_code(c, method, p, vp);
		if ((r = nk_ask_code(&p->ask, code)) < 0)
			break;
		code = NULL;
	}
	return give_up(c, r, e);
}

static int
look_up(struct nk_context *c, const char *name, struct nk_web_pending *p)
{
	struct nk_web_standing standing;
	int r;

	r = nk_web_account_find(c, name, nk_now(), &p->account, &standing);
	p->known = r == 0;
	return r == -ENOENT ? 0 : r;
}

/* What cannot be right costs what a wrong one costs: rule 2. */
static int
start(struct nk_context *c, const char *name, const char *password,
    struct nk_web_pending *p)
{
	if (!p->known && (name[0] == '\0' || name[0] == '-' ||
	    strlen(name) > NK_ASK_NAME_MAX || strpbrk(name, "/:\n") != NULL))
		name = "-";
	if (strlen(password) > NK_ASK_SECRET_MAX)
		password = "";
	return nk_ask_start(&p->ask, c->web->ask_program, name, password,
	    c->web->address);
}

int
nk_web_login_password(struct nk_context *c, const char *method,
    const char *name, const char *password, const char *code,
    enum nk_web_verdict *vp, struct nk_error *e)
{
	const struct nk_web_means means = { method, NULL };
	struct nk_web *web = c->web;
	int r;

	nk_web_login_abandon(web);
	if (!c->state->system)
		return nk_error_call(e, EOPNOTSUPP, "PAM knows this "
		    "machine's own accounts alone: nobody can log in here");
	if ((web->pending = calloc(1, sizeof(*web->pending))) == NULL)
		return -ENOMEM;
	web->pending->ask = NK_ASK_NONE;
	if ((r = nk_web_attempt_begin(c, &means, name,
	    &web->pending->guess, e)) == 0 &&
	    (r = look_up(c, name, web->pending)) == 0 &&
	    (r = start(c, name, password, web->pending)) == 0)
		return proceed(c, method, code, vp, e);
	nk_web_login_abandon(web);
	return r;
}

int
nk_web_login_code(struct nk_context *c, const char *method,
    const char *code, enum nk_web_verdict *vp, struct nk_error *e)
{
	static const char none[] = "OTP_TOKEN: no authentication in progress";
	const struct nk_web_means means = { method, NULL };
	struct nk_web_pending *p = c->web->pending;
	int r;

	if (p == NULL)
		return nk_error_call(e, EINVAL, "%s", none);
	if (strlen(code) > NK_ASK_SECRET_MAX)
		code = "";
	if ((r = nk_web_attempt_begin(c, &means,
	    p->known ? p->account.name : NULL, &p->guess, e)) < 0)
		return r;
	if (nk_ask_code(&p->ask, code) == 0)
		return proceed(c, method, NULL, vp, e);
	nk_web_login_abandon(c->web);	/* its time was over */
	return nk_error_call(e, EINVAL, "%s", none);
}
