/* SPDX-License-Identifier: ISC */

/* From a decoded request to its result: right, rate, arguments, the call. */

#include <errno.h>

#include "lib/rpc/message.h"
#include "lib/rpc/rpc.h"

static int
check_right(const struct nk_method *m, enum nk_rank rank, struct nk_error *e)
{
	static const enum nk_rank least[] = {
		[NK_RIGHT_ANYBODY] = NK_RANK_NOBODY,
		[NK_RIGHT_USER] = NK_RANK_USER,
		[NK_RIGHT_ADMIN] = NK_RANK_ADMIN,
		[NK_RIGHT_ROOT] = NK_RANK_ROOT,
	};

	if (m->right >= NK_RIGHT_ANYBODY && m->right <= NK_RIGHT_ROOT &&
	    rank >= least[m->right])
		return 0;
	if (rank == NK_RANK_NOBODY)
		return nk_error_call(e, NK_ENOTAUTHENTICATED,
		    "Not authenticated");
	return nk_error_call(e, EACCES, "Not authorized");
}

static int
admit(const struct nk_rpc_hooks *hooks, struct nk_context *c,
    const struct nk_method *m, struct nk_error *e)
{
	int r;

	c->rights = hooks->rights;
	r = c->rights_known ? c->rights_result : hooks->rights(c);
	c->rights_known = false;
	if (r < 0) {
		/* A method for anybody works for nobody. */
		c->rank = NK_RANK_NOBODY;
		c->user_id = 0;
		if (m->right != NK_RIGHT_ANYBODY && r == -EKEYEXPIRED)
			return nk_error_call(e, EACCES, "Session is expired");
		if (m->right != NK_RIGHT_ANYBODY)
			return nk_error_call(e, -r, "%s",
			    nk_errno_sentence(-r));
	}
	if ((r = check_right(m, c->rank, e)) < 0)
		return r;
	if (c->rank == NK_RANK_NOBODY && hooks->anonymous != NULL)
		r = hooks->anonymous(c, m);
	else if (m->kind == NK_EDITS && c->rank < NK_RANK_ADMIN)
		r = hooks->rate(c);
	if (r == -EAGAIN)
		return nk_error_call(e, EBUSY, "Rate Limit Exceeded");
	if (r < 0)
		return nk_error_call(e, -r, "%s", nk_errno_sentence(-r));
	return 0;
}

static int
call(const struct nk_rpc_hooks *hooks, struct nk_context *c,
    const struct nk_method *m, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	int r;

	if ((c->ready != NULL &&
	    (r = c->ready(c->ready_arg, m->kind, e)) < 0) ||
	    (r = admit(hooks, c, m, e)) < 0 ||
	    (r = nk_args_check(m->args, params, e)) < 0)
		return r;
	r = hooks->call != NULL ? hooks->call(c, m, params, resultp, e) :
	    m->call(c, params, resultp, e);
	if (nk_error_is_set(e))
		return -EINVAL;
	if (r < 0)
		return nk_error_call(e, -r, "%s", nk_errno_sentence(-r));
	if (r > 0 || *resultp == NULL)
		return nk_error_call(e, EFAULT, "%s gave no result", m->name);
	return 0;
}

int
nk_rpc_call(const struct nk_rpc_hooks *hooks, struct nk_context *c,
    const struct nk_method *m, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	int r;

	*resultp = NULL;
	params = params != NULL ? json_incref(params) : json_array();
	if (params == NULL)
		return nk_error_call(e, ENOMEM, "%s",
		    nk_errno_sentence(ENOMEM));
	r = call(hooks, c, m, params, resultp, e);
	json_decref(params);
	return r;
}
