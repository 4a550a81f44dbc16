/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "lib/rpc/client.h"

/* The reason without the "[ERRNAME] " that call errors begin with. */
static const char *
bare_reason(const char *reason, int number)
{
	const char *name = nk_errno_name(number);
	size_t len = strlen(name);

	if (reason[0] == '[' && strncmp(reason + 1, name, len) == 0 &&
	    strncmp(reason + 1 + len, "] ", 2) == 0)
		return reason + len + 3;
	return reason;
}

static int
take_number(const json_t *v, int *np)
{
	json_int_t n = json_integer_value(v);

	if (!json_is_integer(v) || n < INT_MIN || n > INT_MAX)
		return -EBADMSG;
	*np = (int)n;
	return 0;
}

static int
take_triples(const json_t *extra, struct nk_error *e)
{
	const json_t *t, *attribute;
	const char *text;
	size_t i;
	int number;

	if (!json_is_array(extra) || json_array_size(extra) == 0)
		return -EBADMSG;
	for (i = 0; i < json_array_size(extra); i++) {
		t = json_array_get(extra, i);
		attribute = json_array_get(t, 0);
		text = json_string_value(json_array_get(t, 1));
		if (json_array_size(t) != 3 || text == NULL ||
		    (!json_is_string(attribute) && !json_is_null(attribute)) ||
		    take_number(json_array_get(t, 2), &number) < 0)
			return -EBADMSG;
		nk_error_add(e, json_string_value(attribute), number, "%s",
		    text);
	}
	return 0;
}

static int
take_call_error(json_t *data, struct nk_error *e)
{
	const char *reason;
	json_t *extra;
	int number;

	reason = json_string_value(json_object_get(data, "reason"));
	if (reason == NULL ||
	    take_number(json_object_get(data, "error"), &number) < 0)
		return -EBADMSG;
	(void)nk_error_call(e, number, "%s", bare_reason(reason, number));
	extra = json_object_get(data, "extra");
	if (extra != NULL && !json_is_null(extra))
		e->extra = json_incref(extra);
	return 0;
}

static int
take_error(const json_t *error, struct nk_error *e)
{
	const char *message;
	json_t *data = json_object_get(error, "data");
	int code, r;

	message = json_string_value(json_object_get(error, "message"));
	if (message == NULL ||
	    take_number(json_object_get(error, "code"), &code) < 0)
		return -EBADMSG;
	if (code == NK_RPC_INVALID_PARAMS)
		r = take_triples(json_object_get(data, "extra"), e);
	else if (code == NK_RPC_CALL_ERROR || code == NK_RPC_INTERNAL)
		r = take_call_error(data, e);
	else {
		(void)nk_error_call(e, EPROTO, "%s", message);
		r = 0;
	}
	if (r < 0) {
		nk_error_clear(e);
		return r;
	}
	if (e->code == NK_RPC_CALL_ERROR)
		e->code = code;
	return -EREMOTEIO;
}

static int
take_answer(const json_t *root, int64_t id, json_t **resultp,
    struct nk_error *e)
{
	const json_t *error = json_object_get(root, "error");
	const json_t *got = json_object_get(root, "id");
	const char *version;
	json_t *result = json_object_get(root, "result");

	version = json_string_value(json_object_get(root, "jsonrpc"));
	if (version == NULL || strcmp(version, "2.0") != 0)
		return -EBADMSG;
	if (json_object_get(root, "method") != NULL && got == NULL)
		return 1;
	if ((result == NULL) == (error == NULL) || got == NULL)
		return -EBADMSG;
	/* Who could not read the request does not know its id. */
	if (json_is_null(got) && error != NULL)
		return take_error(error, e);
	if (!json_is_integer(got) || json_integer_value(got) != id)
		return -EBADMSG;
	if (error != NULL)
		return take_error(error, e);
	*resultp = json_incref(result);
	return 0;
}

int
nk_client_decode(const char *line, size_t len, int64_t id, json_t **resultp,
    struct nk_error *e)
{
	json_error_t problem;
	json_t *root;
	int r;

	*resultp = NULL;
	root = json_loadb(line, len, JSON_REJECT_DUPLICATES, &problem);
	explicit_bzero(&problem, sizeof(problem));
	if (root == NULL)
		return -EBADMSG;
	r = take_answer(root, id, resultp, e);
	if (r == 1)
		*resultp = json_incref(root);
	json_decref(root);
	return r;
}
