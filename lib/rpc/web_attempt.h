/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_WEB_ATTEMPT_H
#define NASKEYS_RPC_WEB_ATTEMPT_H

/*
 * What the ways to log in through the gateway share: see the rules of
 * lib/rpc/web_login.h.
 */

#include "lib/attr.h"
#include "lib/rpc/web_guess.h"
#include "lib/rpc/web_login.h"

/* For the audit log. */
struct nk_web_means {
	const char	*method;
	const char	*key;	/* the name of an API key, or NULL */
};

/* As nk_guess_begin(), but *e is set. */
int	nk_web_attempt_begin(struct nk_context *c,
	    const struct nk_web_means *m, const char *name,
	    struct nk_guess *g, struct nk_error *e) NK_MUST_CHECK;

/* It comes to v, of this account (NULL: unknown): rule 3. */
int	nk_web_attempt_conclude(struct nk_context *c,
	    const struct nk_web_means *m,
	    const struct nk_web_account *account, enum nk_web_verdict v,
	    enum nk_web_verdict *vp) NK_MUST_CHECK;

/* It was wrong, and comes to v. */
int	nk_web_attempt_refuse(struct nk_context *c,
	    const struct nk_web_means *m, const struct nk_guess *g,
	    const struct nk_web_account *account, enum nk_web_verdict v,
	    enum nk_web_verdict *vp) NK_MUST_CHECK;

/*
 * It is who it says: log it in, if the account is what it was and may.  The
 * rest of *w is filled in.
 */
int	nk_web_attempt_let_in(struct nk_context *c,
	    const struct nk_web_means *m, struct nk_web_session *w,
	    enum nk_web_verdict *vp) NK_MUST_CHECK;

#endif /* NASKEYS_RPC_WEB_ATTEMPT_H */
