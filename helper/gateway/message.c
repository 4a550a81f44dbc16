/* SPDX-License-Identifier: ISC */
#include "helper/gateway/message.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- decoding ---- */

/* jansson itself descends further, and counts nothing. */
struct shape {
	size_t	depth, values;
};

static int
measure(const char *text, size_t len, struct shape *s)
{
	bool in_string = false;
	size_t i;

	*s = (struct shape){ .depth = 0, .values = 1 };
	for (i = 0; i < len; i++) {
		if (in_string) {
			if (text[i] == '\\')
				i++;
			else if (text[i] == '"')
				in_string = false;
			continue;
		}
		if (text[i] == '"')
			in_string = true;
		else if (text[i] == ',')
			s->values++;
		else if ((text[i] == '[' || text[i] == '{') &&
		    (s->values++, s->depth++ == MESSAGE_DEPTH_MAX))
			return -EBADMSG;
		else if ((text[i] == ']' || text[i] == '}') && s->depth > 0)
			s->depth--;
		if (s->values > MESSAGE_VALUES_MAX)
			return -EBADMSG;
	}
	return 0;
}

/*
 * What jansson says, without the piece of the text behind " near ": nobody
 * knows what stands there, and how it is cut.
 */
static void
explain(const json_error_t *error, char why[MESSAGE_WHY_SIZE])
{
	const char *near = strstr(error->text, " near ");
	int n = near == NULL ? (int)strlen(error->text) :
	    (int)(near - error->text);
	char *p;

	if (n > 48)
		n = 48;
	(void)snprintf(why, MESSAGE_WHY_SIZE, "%.*s: line %d column %d", n,
	    error->text, error->line, error->column);
	for (p = why; *p != '\0'; p++) {
		if (*p < ' ' || *p > '~')
			*p = '?';
	}
}

static int
decode(const char *text, size_t len, json_t **rootp,
    char why[MESSAGE_WHY_SIZE])
{
	struct shape shape;
	json_error_t error;

	why[0] = '\0';
	if (measure(text, len, &shape) < 0) {
		(void)snprintf(why, MESSAGE_WHY_SIZE, "%s",
		    shape.depth > MESSAGE_DEPTH_MAX ?
		    "too deeply nested" : "too many values");
		return -EBADMSG;
	}
	*rootp = json_loadb(text, len, JSON_REJECT_DUPLICATES |
	    JSON_DECODE_ANY, &error);
	if (*rootp != NULL)
		return 0;
	if (json_error_code(&error) == json_error_out_of_memory)
		return -ENOMEM;
	explain(&error, why);
	return -EBADMSG;
}

/* ---- JSON-RPC ---- */

static bool
is_bool_or_absent(const json_t *object, const char *name)
{
	const json_t *v = json_object_get(object, name);

	return v == NULL || json_is_boolean(v);
}

static bool
are_options(const json_t *params)
{
	const json_t *o = json_array_get(params, 0);

	return json_array_size(params) == 1 && json_is_object(o) &&
	    is_bool_or_absent(o, "legacy_jobs") &&
	    is_bool_or_absent(o, "private_methods") &&
	    is_bool_or_absent(o, "py_exceptions");
}

/* Whatever is odd about it is the helper's to word. */
static enum message_kind
find_rpc(const struct message *m)
{
	const char *version, *method;
	const json_t *params = json_object_get(m->root, "params");

	version = json_string_value(json_object_get(m->root, "jsonrpc"));
	method = json_string_value(json_object_get(m->root, "method"));
	if (m->id == NULL || version == NULL || method == NULL ||
	    strcmp(version, "2.0") != 0 ||
	    json_object_size(m->root) != (params == NULL ? 3 : 4) ||
	    (params != NULL && !json_is_array(params)))
		return MESSAGE_CALL;
	if (strcmp(method, "core.ping") == 0 && json_array_size(params) == 0)
		return MESSAGE_CORE_PING;
	if (strcmp(method, "core.set_options") == 0 && are_options(params))
		return MESSAGE_CORE_OPTIONS;
	return MESSAGE_CALL;
}

void
message_options(const struct message *m, struct message_options *o)
{
	const json_t *given = json_array_get(json_object_get(m->root,
	    "params"), 0), *v;

	if ((v = json_object_get(given, "legacy_jobs")) != NULL)
		o->legacy_jobs = json_is_true(v);
	if ((v = json_object_get(given, "private_methods")) != NULL)
		o->private_methods = json_is_true(v);
}

/* ---- the legacy protocol ---- */

static enum message_kind
find_legacy(const struct message *m)
{
	const char *msg, *version;

	if (!json_is_object(m->root))
		return MESSAGE_NO_OBJECT;
	msg = json_string_value(json_object_get(m->root, "msg"));
	if (msg == NULL)
		return MESSAGE_NOTHING;
	if (strcmp(msg, "connect") == 0) {
		version = json_string_value(json_object_get(m->root,
		    "version"));
		return version != NULL && strcmp(version, "1") == 0 ?
		    MESSAGE_CONNECT : MESSAGE_CONNECT_OTHER;
	}
	if (strcmp(msg, "ping") == 0)
		return MESSAGE_PING;
	if (strcmp(msg, "method") == 0 || strcmp(msg, "sub") == 0 ||
	    strcmp(msg, "unsub") == 0)
		return MESSAGE_CALL;
	return MESSAGE_NOTHING;
}

/* ---- both ---- */

static json_t *
find_id(const json_t *root, enum message_protocol protocol)
{
	json_t *id = json_object_get(root, "id");

	if (json_is_string(id) || json_is_integer(id) ||
	    (json_is_null(id) && protocol == MESSAGE_JSONRPC))
		return id;
	return NULL;
}

int
message_read(enum message_protocol protocol, const char *text, size_t len,
    struct message *m, char why[MESSAGE_WHY_SIZE])
{
	int r;

	*m = (struct message){ .kind = MESSAGE_CALL };
	if ((r = decode(text, len, &m->root, why)) < 0)
		return r;
	m->id = find_id(m->root, protocol);
	m->kind = protocol == MESSAGE_JSONRPC ? find_rpc(m) : find_legacy(m);
	return 0;
}

void
message_clear(struct message *m)
{
	json_decref(m->root);
	*m = (struct message){ .kind = MESSAGE_CALL };
}

static int
encode(const json_t *root, char **textp, size_t *lenp)
{
	*lenp = 0;
	*textp = json_dumps(root, JSON_COMPACT | JSON_ENCODE_ANY);
	if (*textp == NULL)
		return -ENOMEM;
	*lenp = strlen(*textp);
	return 0;
}

int
message_encode(const struct message *m, char **textp, size_t *lenp)
{
	return encode(m->root, textp, lenp);
}

void
message_free(char *text, size_t len)
{
	if (text != NULL)
		explicit_bzero(text, len);
	free(text);
}
