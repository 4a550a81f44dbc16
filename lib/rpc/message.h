/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_MESSAGE_H
#define NASKEYS_RPC_MESSAGE_H

/*
 * What nk_rpc_handle() needs of the rest of the program, as parameters: so
 * messages can be handled without a store and without the real methods.
 */

#include "lib/attr.h"
#include "lib/rpc/rpc.h"

struct nk_rpc_hooks {
	/* NULL: no such method. */
	const struct nk_method	*(*find)(const char *name);
	/* Sets rank, user_id and actor of *c, also when it fails. */
	int			 (*rights)(struct nk_context *c);
	/* Takes one edit from the caller's rate; -EAGAIN: none is left. */
	int			 (*rate)(struct nk_context *c);
	/*
	 * Takes one call of a method that is for anybody from what somebody
	 * without a login may ask; likewise.  NULL: that is not limited.
	 */
	int			 (*anonymous)(struct nk_context *c,
				    const struct nk_method *m);
	/* Calls the method in its place.  NULL: it is just called. */
	int			 (*call)(struct nk_context *c,
				    const struct nk_method *m,
				    json_t *params, json_t **resultp,
				    struct nk_error *e);
};

/* nk_rpc_handle() with these hooks. */
int	nk_rpc_handle_with(const struct nk_rpc_hooks *hooks,
	    struct nk_context *c, const char *line, size_t len,
	    char **answerp, size_t *lenp) NK_MUST_CHECK;

/*
 * Right, rate, arguments, call.  params may be NULL: none.  0 and a new
 * reference in *resultp, or -errno with *e set.
 */
int	nk_rpc_call(const struct nk_rpc_hooks *hooks, struct nk_context *c,
	    const struct nk_method *m, json_t *params, json_t **resultp,
	    struct nk_error *e) NK_MUST_CHECK;

/*
 * A message of any JSON.  NULL with *why set: it is none; NULL with *why
 * empty: no memory.
 */
json_t	*nk_rpc_decode(const char *line, size_t len, char *why, size_t size);

/* Its text for nk_rpc_free(), without newline.  0 or -ENOMEM. */
int	nk_rpc_encode(const json_t *message, char **answerp, size_t *lenp)
	    NK_MUST_CHECK;

/*
 * Is text worth the JSON library's time?  Not when it nests deeper than
 * NK_JSON_DEPTH_MAX or holds more than NK_JSON_VALUES_MAX values: -E2BIG,
 * with the reason in *whyp.
 */
int	nk_json_scan(const char *text, size_t len, const char **whyp)
	    NK_MUST_CHECK;

/*
 * The "error" member of an answer: code, message and data with all of its
 * keys.  NULL: no memory.
 */
json_t	*nk_error_json(const struct nk_error *e);

/* The sentence for an errno that store, publisher or system gave. */
const char *nk_errno_sentence(int number);

#endif /* NASKEYS_RPC_MESSAGE_H */
