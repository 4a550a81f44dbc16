/* SPDX-License-Identifier: ISC */
#include "lib/rpc/remote_copy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/rpc/connection_open.h"
#include "lib/rpc/edit.h"
#include "lib/rpc/remote_push.h"

#define SCHEMA	"keychain_copy_key"

const struct nk_arg nk_remote_copy_args[] = {
	{ .name = "id", .type = NK_ARG_INT, .flags = NK_ARG_REQUIRED },
	{ .name = SCHEMA, .type = NK_ARG_OBJECT, .flags = NK_ARG_REQUIRED,
	    .fields = nk_push_fields },
	{ .name = NULL },
};

static int
read_push(struct nk_context *c, const json_t *o,
    const struct nk_connection_opened *opened, struct nk_push *p,
    struct nk_error *e)
{
	char *line;
	int r;

	p->action = "keychaincredential.copy_key";
	p->name = opened->name;
	p->conn = &opened->row;
	if ((r = nk_privatekey_public_line(&opened->key, &line)) < 0)
		return r;
	r = nk_push_read(c, o, SCHEMA, line, p, e);
	free(line);
	return r;
}

static int
audit(struct nk_context *c, void *arg, struct nk_error *e)
{
	const struct nk_push *p = arg;

	(void)e;
	return nk_push_audit(c, p, p->conn->id);
}

/* A copy that nobody could know of is taken back. */
static int
record(struct nk_context *c, struct nk_push *p, struct nk_error *e)
{
	int r = nk_edit_run(c, audit, p, e);

	/* -EINPROGRESS: it is committed, and only publishing is not done */
	if (r == 0 || r == -EINPROGRESS)
		return r;
	if (!nk_error_is_set(e))
		r = nk_error_call(e, -r, "The audit log cannot be written "
		    "(%s), and without it no key is copied", strerror(-r));
	return nk_push_undo(c, p, r, e);
}

int
nk_remote_copy_method(struct nk_context *c, json_t *params,
    json_t **resultp, struct nk_error *e)
{
	struct nk_push p = NK_PUSH_NONE;
	struct nk_connection_opened opened;
	int r;

	if ((r = nk_connection_open(c, json_integer_value(json_array_get(
	    params, 0)), &opened, e)) < 0)
		return r;
	if ((r = read_push(c, json_array_get(params, 1), &opened, &p, e)) ==
	    0 && (r = nk_push_make(c, &p, e)) == 0 && p.added)
		r = record(c, &p, e);
	if (r == 0 && (*resultp = json_pack("{s:b}", "added", p.added ? 1 :
	    0)) == NULL)
		r = -ENOMEM;
	nk_push_clear(&p);
	nk_connection_opened_clear(&opened);
	return r;
}
