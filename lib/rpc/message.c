/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/rpc/message.h"
#include "lib/rpc/rpc.h"

#define ANSWER_START	512	/* first size of an answer's buffer */

/* A decoded request; what it points at belongs to root. */
struct request {
	json_t			*root;
	json_t			*id;		/* NULL: a notification */
	const char		*name;
	json_t			*params;	/* may be NULL */
};

struct buffer {
	char	*p;
	size_t	 len, size;
};

/* ---- encoding ---- */

void
nk_rpc_free(char *answer, size_t len)
{
	if (answer == NULL)
		return;
	explicit_bzero(answer, len);
	free(answer);
}

/* json_dump_callback_t; an old block is wiped when it is left. */
static int
append(const char *text, size_t len, void *arg)
{
	struct buffer *b = arg;
	size_t size = b->size > 0 ? b->size : ANSWER_START;
	char *p;

	if (len > SIZE_MAX / 4 - b->len)
		return -1;
	while (size < b->len + len + 1)
		size *= 2;
	if (size != b->size) {
		if ((p = malloc(size)) == NULL)
			return -1;
		if (b->len > 0)
			memcpy(p, b->p, b->len);
		nk_rpc_free(b->p, b->len);
		b->p = p;
		b->size = size;
	}
	memcpy(b->p + b->len, text, len);
	b->len += len;
	b->p[b->len] = '\0';
	return 0;
}

int
nk_rpc_encode(const json_t *message, char **answerp, size_t *lenp)
{
	struct buffer b = { .p = NULL };

	if (json_dump_callback(message, append, &b, JSON_COMPACT) == -1) {
		nk_rpc_free(b.p, b.len);
		return -ENOMEM;
	}
	*answerp = b.p;
	*lenp = b.len;
	return 0;
}

/* {"jsonrpc": "2.0", member: value, "id": id} as text. */
static int
encode(const char *member, json_t *value, json_t *id, char **answerp,
    size_t *lenp)
{
	json_t *o;
	int r = -ENOMEM;

	if ((o = json_object()) == NULL)
		return -ENOMEM;
	if (json_object_set_new(o, "jsonrpc", json_string("2.0")) == -1 ||
	    json_object_set(o, member, value) == -1 ||
	    json_object_set(o, "id", id != NULL ? id : json_null()) == -1)
		goto out;
	r = nk_rpc_encode(o, answerp, lenp);
 out:
	json_decref(o);
	return r;
}

static int
answer_error(const struct nk_error *e, json_t *id, char **answerp,
    size_t *lenp)
{
	json_t *error;
	int r;

	if ((error = nk_error_json(e)) == NULL)
		return -ENOMEM;
	r = encode("error", error, id, answerp, lenp);
	json_decref(error);
	return r;
}

/* An error of the protocol, which has no data. */
static int
answer_refusal(int code, const char *text, json_t *id, char **answerp,
    size_t *lenp)
{
	json_t *error;
	int r = -ENOMEM;

	if ((error = json_object()) == NULL)
		return -ENOMEM;
	if (json_object_set_new(error, "code", json_integer(code)) == 0 &&
	    json_object_set_new(error, "message", json_string(text)) == 0)
		r = encode("error", error, id, answerp, lenp);
	json_decref(error);
	return r;
}

static int
answer_result(json_t *result, json_t *id, char **answerp, size_t *lenp)
{
	struct nk_error e;
	int r;

	if ((r = encode("result", result, id, answerp, lenp)) == 0)
		return 0;
	nk_error_init(&e);
	(void)nk_error_call(&e, EINVAL, "%s",
	    "The result cannot be written as JSON");
	e.code = NK_RPC_INTERNAL;
	r = answer_error(&e, id, answerp, lenp);
	nk_error_clear(&e);
	return r;
}

/* ---- decoding ---- */

/* How deep, and how many; strings are stepped over. */
int
nk_json_scan(const char *text, size_t len, const char **whyp)
{
	size_t i, depth = 0, values = 1;
	bool in_string = false;

	for (i = 0; i < len; i++) {
		if (in_string) {
			if (text[i] == '\\')
				i++;
			else if (text[i] == '"')
				in_string = false;
			continue;
		}
		switch (text[i]) {
		case '"':
			in_string = true;
			break;
		case '[':
		case '{':
			if (++depth > NK_JSON_DEPTH_MAX) {
				*whyp = "Message is nested too deeply";
				return -E2BIG;
			}
			values++;
			break;
		case ']':
		case '}':
			depth -= depth > 0 ? 1 : 0;
			break;
		case ',':
			values++;
			break;
		default:
			break;
		}
		if (values > NK_JSON_VALUES_MAX) {
			*whyp = "Message has too many values";
			return -E2BIG;
		}
	}
	return 0;
}

/* jansson's own words quote the message, and with it what is secret. */
static const char *
parse_problem(const json_error_t *error)
{
	switch (json_error_code(error)) {
	case json_error_invalid_utf8:
		return "invalid UTF-8";
	case json_error_premature_end_of_input:
		return "the message is cut off";
	case json_error_end_of_input_expected:
		return "more follows after the message";
	case json_error_null_character:
	case json_error_null_byte_in_key:
		return "U+0000 is not allowed";
	case json_error_duplicate_key:
		return "a member stands twice in an object";
	case json_error_numeric_overflow:
		return "a number is too large";
	default:
		return "a syntax error";
	}
}

json_t *
nk_rpc_decode(const char *line, size_t len, char *why, size_t size)
{
	const char *reason = NULL;
	json_error_t error;
	json_t *root;

	why[0] = '\0';
	if (nk_json_scan(line, len, &reason) < 0) {
		(void)snprintf(why, size, "%s", reason);
		return NULL;
	}
	root = json_loadb(line, len,
	    JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &error);
	/* Where memory lacks, jansson may also say nothing. */
	if (root == NULL && error.text[0] != '\0' &&
	    json_error_code(&error) != json_error_out_of_memory)
		(void)snprintf(why, size,
		    "Message is not valid JSON: %s at byte %d",
		    parse_problem(&error), error.position);
	explicit_bzero(&error, sizeof(error));
	return root;
}

/* NULL: a request.  Else the text of NK_RPC_INVALID_REQUEST. */
static const char *
request_problem(struct request *q)
{
	const json_t *version, *method;
	bool odd_id;

	version = json_object_get(q->root, "jsonrpc");
	q->id = json_object_get(q->root, "id");
	method = json_object_get(q->root, "method");
	q->params = json_object_get(q->root, "params");
	q->name = json_string_value(method);
	odd_id = q->id != NULL && !json_is_null(q->id) &&
	    !json_is_integer(q->id) && !json_is_string(q->id);
	if (odd_id)
		q->id = json_null();	/* which is what is echoed */
	if (version == NULL)
		return "Missing 'jsonrpc' member";
	if (!json_is_string(version) ||
	    strcmp(json_string_value(version), "2.0") != 0)
		return "'jsonrpc' member must be of type string and must be "
		    "exactly '2.0'";
	if (odd_id)
		return "'id' member must be of type null, string or number";
	if (method == NULL)
		return "Missing 'method' member";
	if (q->name == NULL || q->name[0] == '\0')
		return "'method' member must be of type string";
	if (q->params != NULL && !json_is_array(q->params))
		return "'params' member must be of type array";
	return NULL;
}

/* ---- calling ---- */

static int
handle_call(const struct nk_rpc_hooks *hooks, struct nk_context *c,
    const struct request *q, char **answerp, size_t *lenp)
{
	const struct nk_method *m;
	json_t *result = NULL;
	struct nk_error e;
	int r;

	if ((m = hooks->find(q->name)) == NULL) {
		if (q->id == NULL)
			return 0;
		return answer_refusal(NK_RPC_NO_METHOD,
		    "Method does not exist", q->id, answerp, lenp);
	}
	nk_error_init(&e);
	c->message_id = q->id;
	r = nk_rpc_call(hooks, c, m, q->params, &result, &e);
	c->message_id = NULL;
	if (q->id == NULL)
		r = 0;
	else if (r < 0)
		r = answer_error(&e, q->id, answerp, lenp);
	else
		r = answer_result(result, q->id, answerp, lenp);
	nk_error_clear(&e);
	json_decref(result);
	return r;
}

int
nk_rpc_handle_with(const struct nk_rpc_hooks *hooks, struct nk_context *c,
    const char *line, size_t len, char **answerp, size_t *lenp)
{
	struct request q = { .root = NULL };
	const char *problem;
	char why[128];
	int r = 0;

	*answerp = NULL;
	*lenp = 0;
	if ((q.root = nk_rpc_decode(line, len, why, sizeof(why))) == NULL) {
		if (why[0] == '\0')
			return -ENOMEM;
		return answer_refusal(NK_RPC_PARSE_ERROR, why, NULL, answerp,
		    lenp);
	}
	if (!json_is_object(q.root))
		r = answer_refusal(NK_RPC_PARSE_ERROR, json_is_array(q.root) ?
		    "Batch messages are not supported at this time" :
		    "Invalid Message Format", NULL, answerp, lenp);
	else if ((problem = request_problem(&q)) == NULL)
		r = handle_call(hooks, c, &q, answerp, lenp);
	else if (q.id != NULL)
		r = answer_refusal(NK_RPC_INVALID_REQUEST, problem, q.id,
		    answerp, lenp);
	json_decref(q.root);
	return r;
}
