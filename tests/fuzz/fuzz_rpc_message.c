/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/rpc/message.h"
#include "lib/rpc/rpc.h"

/*
 * Any bytes as a request: the answer is none, or one line of JSON that has
 * the shape of an answer; and who may not, does not.
 */

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool may;		/* a method above NK_RANK_USER was called */

static int
echo(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	(void)c;
	(void)e;
	*resultp = json_incref(params);
	return 0;
}

static int
forbidden(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	may = true;
	return echo(c, params, resultp, e);
}

static int
query(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	struct nk_query *q = NULL;
	int r;

	(void)c;
	if ((r = nk_query_new(&q, json_array_get(params, 0),
	    json_array_get(params, 1), e)) == 0 &&
	    (r = nk_query_offer(q, json_incref(params))) >= 0)
		r = nk_query_finish(q, resultp, e);
	nk_query_free(q);
	return r;
}

static const struct nk_arg fields[] = {
	{ .name = "name", .type = NK_ARG_STRING, .max = 8,
	    .flags = NK_ARG_REQUIRED | NK_ARG_NONEMPTY },
	{ .name = "n", .type = NK_ARG_INT, .max = 100 },
	{ .name = "date", .type = NK_ARG_DATE, .flags = NK_ARG_NULL },
	{ .name = NULL },
};

static const struct nk_arg echo_args[] = {
	{ .name = "a", .type = NK_ARG_OBJECT, .flags = NK_ARG_REQUIRED,
	    .fields = fields },
	{ .name = "b", .type = NK_ARG_ANY },
	{ .name = NULL },
};

static const struct nk_method methods[] = {
	{ "echo", NK_RIGHT_ANYBODY, NK_EDITS, echo_args, echo },
	{ "query", NK_RIGHT_USER, NK_READS, nk_query_args, query },
	{ "admin", NK_RIGHT_ADMIN, NK_READS, echo_args, forbidden },
	{ "root", NK_RIGHT_ROOT, NK_READS, echo_args, forbidden },
};

static const struct nk_method *
find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		if (strcmp(methods[i].name, name) == 0)
			return &methods[i];
	}
	return NULL;
}

static int
rights(struct nk_context *c)
{
	c->rank = NK_RANK_USER;
	return 0;
}

static int
rate(struct nk_context *c)
{
	(void)c;
	return 0;
}

static void
need(bool condition)
{
	if (!condition)
		abort();
}

static void
check_data(const json_t *data, bool validation)
{
	const json_t *extra = json_object_get(data, "extra");

	need(json_is_object(data) && json_object_size(data) == 5);
	need(json_integer_value(json_object_get(data, "error")) != 0);
	need(json_is_string(json_object_get(data, "errname")));
	need(json_is_string(json_object_get(data, "reason")));
	need(json_is_null(json_object_get(data, "trace")));
	need(extra != NULL);
	if (validation)
		need(json_array_size(extra) > 0 &&
		    json_array_size(extra) <= NK_ERRORS_MAX);
}

static void
check_error(const json_t *error)
{
	const json_t *data = json_object_get(error, "data");

	need(json_is_string(json_object_get(error, "message")));
	switch (json_integer_value(json_object_get(error, "code"))) {
	case NK_RPC_PARSE_ERROR:
	case NK_RPC_INVALID_REQUEST:
	case NK_RPC_NO_METHOD:
		need(data == NULL);
		break;
	case NK_RPC_INVALID_PARAMS:
		check_data(data, true);
		break;
	case NK_RPC_CALL_ERROR:
		check_data(data, false);
		break;
	default:
		abort();	/* the methods' results can be encoded */
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct nk_rpc_hooks hooks = {
		.find = find, .rights = rights, .rate = rate,
	};
	struct nk_context c = { .passed_fd = -1 };
	const json_t *id, *error;
	json_t *root;
	char *answer;
	size_t len;

	nk_json_wipe_memory();
	need(nk_rpc_handle_with(&hooks, &c, (const char *)data, size, &answer,
	    &len) == 0);
	need(!may);
	if (answer == NULL)
		return 0;
	need(strlen(answer) == len && strchr(answer, '\n') == NULL);
	root = json_loadb(answer, len, JSON_REJECT_DUPLICATES, NULL);
	need(root != NULL && json_object_size(root) == 3);
	need(json_is_string(json_object_get(root, "jsonrpc")));
	id = json_object_get(root, "id");
	need(json_is_null(id) || json_is_integer(id) || json_is_string(id));
	if ((error = json_object_get(root, "error")) != NULL)
		check_error(error);
	else
		need(json_object_get(root, "result") != NULL);
	json_decref(root);
	nk_rpc_free(answer, len);
	return 0;
}
