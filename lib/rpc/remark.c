/* SPDX-License-Identifier: ISC */
#include "lib/rpc/remark.h"

#include <jansson.h>

struct remark {
	const char		*action, *text;
	const struct nk_subject	*subject;
};

static int
write_remark(struct nk_context *c, void *arg, struct nk_error *e)
{
	const struct remark *m = arg;

	(void)e;
	return nk_audit_write(c, m->action, m->subject, NULL, NULL, "%s",
	    m->text);
}

int
nk_remark_audit(struct nk_context *c, const char *action,
    const struct nk_subject *subject, const char *text)
{
	struct remark m = { action, text, subject };
	struct nk_error e;
	int r;

	nk_error_init(&e);
	r = nk_edit_run(c, write_remark, &m, &e);
	nk_error_clear(&e);
	return r;
}

void
nk_remark(struct nk_context *c, const char *action,
    const struct nk_subject *subject, const char *text)
{
	json_t *params = json_pack("{s:s}", "text", text);
	int r;

	if (c->notify != NULL && params != NULL)
		c->notify(c->notify_arg, "naskeys.warning", params);
	else
		json_decref(params);
	r = nk_remark_audit(c, action, subject, text);
	(void)r;
}
