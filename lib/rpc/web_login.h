/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_WEB_LOGIN_H
#define NASKEYS_RPC_WEB_LOGIN_H

/*
 * Logging in through the gateway.
 *
 *  1. Nobody MUST be logged in but by PAM's word, by a token that somebody
 *     made who was, or by an API key that an administrator made.
 *  2. An unknown name and a wrong password MUST have the same answer, after
 *     the same work and time, and count alike.
 *  3. What an attempt comes to MUST be in the audit log before it is told.
 *  4. Whether a login still holds MUST be looked up for each request.
 *  5. Only administrators have what the gateway serves.
 */

#include <stdint.h>

#include "lib/attr.h"
#include "lib/rpc/rpc.h"
#include "lib/rpc/web.h"

enum nk_web_verdict {
	NK_WEB_SUCCESS,
	NK_WEB_OTP_REQUIRED,
	NK_WEB_AUTH_ERR,
	NK_WEB_EXPIRED,
	NK_WEB_DENIED,
};

/* "AUTH_ERR", as it is answered. */
const char *nk_web_verdict_name(enum nk_web_verdict v);

/*
 * One attempt, for a method of that name.  code NULL: none yet.  A login that
 * waits for its code is given up by any other attempt but _code().  0 with
 * *vp, or -errno with *e set: it was not looked at.
 */
int	nk_web_login_password(struct nk_context *c, const char *method,
	    const char *name, const char *password, const char *code,
	    enum nk_web_verdict *vp, struct nk_error *e) NK_MUST_CHECK;
int	nk_web_login_code(struct nk_context *c, const char *method,
	    const char *code, enum nk_web_verdict *vp, struct nk_error *e)
	    NK_MUST_CHECK;
int	nk_web_login_token(struct nk_context *c, const char *method,
	    const char *token, enum nk_web_verdict *vp, struct nk_error *e)
	    NK_MUST_CHECK;

/* name: whose key it must be; NULL: whoever's it is. */
int	nk_web_login_api_key(struct nk_context *c, const char *method,
	    const char *name, const char *key, enum nk_web_verdict *vp,
	    struct nk_error *e) NK_MUST_CHECK;

/* Who waits for a code; "" where it is nobody that is known. */
void	nk_web_login_name(const struct nk_web *w,
	    char name[NK_WEB_NAME_SIZE]);
/* Somebody waits for a code no longer. */
void	nk_web_login_abandon(struct nk_web *w);

/*
 * The login is over, also where session.db does not learn of it (-errno).
 * kill: with all that was made of it.  0 also when there was none.
 */
int	nk_web_logout(struct nk_context *c, bool kill) NK_MUST_CHECK;

/* For nk_rights_compute(): of who is logged in, if anybody is. */
int	nk_web_rights(struct nk_context *c, int64_t now) NK_MUST_CHECK;

/* A token as it is given out; 48 random bytes. */
#define NK_WEB_TOKEN_SIZE	65
struct nk_web_token_options {
	int64_t	ttl;		/* s */
	bool	login;		/* it is good for one */
	bool	match_origin;	/* only from the same address */
	bool	once;
};
int	nk_web_token_make(struct nk_context *c,
	    const struct nk_web_token_options *o,
	    char token[NK_WEB_TOKEN_SIZE]) NK_MUST_CHECK;

#endif /* NASKEYS_RPC_WEB_LOGIN_H */
