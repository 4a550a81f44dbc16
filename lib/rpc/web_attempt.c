/* SPDX-License-Identifier: ISC */
#include "lib/rpc/web_attempt.h"

#include <errno.h>

#include "lib/rpc/edit.h"
#include "lib/rpc/web_account.h"
#include "lib/rpc/web_session.h"

/* ---- the audit log ---- */

struct record {
	struct nk_context		*c;
	const struct nk_web_means	*means;
	const struct nk_web_account	*account;	/* NULL: unknown */
	const char			*what;
	bool				 success;
};

/*
 * A name that nobody has is not told: it may be a password that was typed
 * into the wrong field.
 */
static int
write_record(struct nk_store *s, void *arg)
{
	const struct record *rec = arg;
	const struct nk_web_account *a = rec->account;
	const char *key = rec->means->key;
	const struct nk_subject subject = { "user", a != NULL ? a->user_id :
	    0, a != NULL ? a->name : "" };
	char origin[NK_WEB_ORIGIN_SIZE];
	int r = 0;

	if (rec->success && a->user_id != 0)
		r = nk_user_set_last_login(s, a->user_id, nk_now());
	if (r < 0)
		return r;
	nk_web_origin(rec->c->web, origin);
	return nk_audit_write(rec->c, rec->means->method, &subject, NULL,
	    NULL, "Log in %s from %s%s%s%s: %s", a != NULL ? a->name :
	    "an unknown user", origin, rec->c->web->tls ? " over TLS" : "",
	    key != NULL ? " with API key " : "", key != NULL ? key : "",
	    rec->what);
}

static int
tell_audit(struct nk_context *c, const struct nk_web_means *m,
    const struct nk_web_account *account, const char *what, bool success)
{
	struct record rec = { c, m, account, what, success };

	return nk_publisher_record(c->publisher, write_record, &rec);
}

int
nk_web_attempt_conclude(struct nk_context *c, const struct nk_web_means *m,
    const struct nk_web_account *account, enum nk_web_verdict v,
    enum nk_web_verdict *vp)
{
	*vp = v;
	return tell_audit(c, m, account, nk_web_verdict_name(v),
	    v == NK_WEB_SUCCESS);
}

/* ---- the attempt ---- */

int
nk_web_attempt_begin(struct nk_context *c, const struct nk_web_means *m,
    const char *name, struct nk_guess *g, struct nk_error *e)
{
	bool first;
	int r, told = 0;

	if ((r = nk_guess_begin(c, name, g, &first)) != -EAGAIN)
		return r;
	if (first)
		told = tell_audit(c, m, NULL, "too many failures", false);
	return told < 0 ? told : nk_error_call(e, EBUSY,
	    "Rate Limit Exceeded");
}

int
nk_web_attempt_refuse(struct nk_context *c, const struct nk_web_means *m,
    const struct nk_guess *g, const struct nk_web_account *account,
    enum nk_web_verdict v, enum nk_web_verdict *vp)
{
	int r = nk_guess_wrong(c, g);

	return r < 0 ? r : nk_web_attempt_conclude(c, m, account, v, vp);
}

/* What the account is now, after it was found to be who it says. */
static int
judge(struct nk_context *c, const struct nk_web_account *then,
    enum nk_web_verdict *vp)
{
	struct nk_web_standing standing;
	struct nk_web_account now;
	int r;

	*vp = NK_WEB_AUTH_ERR;
	r = nk_web_account_find(c, then->name, nk_now(), &now, &standing);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (!nk_web_account_equals(&now, then) || standing.locked)
		return 0;
	*vp = standing.expired ? NK_WEB_EXPIRED : !standing.admin ?
	    NK_WEB_DENIED : NK_WEB_SUCCESS;
	return 0;
}

/* The row is in the audit log before the session is there. */
int
nk_web_attempt_let_in(struct nk_context *c, const struct nk_web_means *m,
    struct nk_web_session *w, enum nk_web_verdict *vp)
{
	int r;

	if ((r = judge(c, &w->account, vp)) < 0 ||
	    (r = nk_web_attempt_conclude(c, m, &w->account, *vp, vp)) < 0 ||
	    *vp != NK_WEB_SUCCESS)
		return r;
	return nk_web_session_open(c, w);
}
