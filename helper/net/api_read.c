/* SPDX-License-Identifier: ISC */

/* What the other machine says, read: nothing here knows a connection. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper/net/api.h"

#define NO_METHOD	201		/* TrueNAS's errno for it */
#define RPC_NO_METHOD	(-32601)

const char *
api_text(const json_t *o, const char *member, const char *otherwise)
{
	const char *s = json_string_value(json_object_get(o, member));

	return s != NULL ? s : otherwise;
}

void
api_id(const struct api *a, char id[API_ID_SIZE])
{
	(void)snprintf(id, API_ID_SIZE, "naskeys-%u", a->calls);
}

/* ---- answers ---- */

/* A line of what it says; the parent sees to its characters. */
void
api_say(struct api *a, const char *words)
{
	size_t i, n = strlen(words);

	if (n > NK_REMOTE_WORDS_MAX)
		n = NK_REMOTE_WORDS_MAX;
	while (n > 0 && words[n - 1] == '\n')
		n--;
	for (i = 0; i < n; i++)
		a->words[i] = words[i] == '\n' ? ' ' : words[i];
	a->words[n] = '\0';
}

static enum api_outcome
refused(struct api *a, json_int_t number, const char *words)
{
	a->number = number > 0 && number < 4096 ? (int)number : EFAULT;
	api_say(a, words);
	return number == NO_METHOD ? API_NO_METHOD : API_REFUSED;
}

static enum api_outcome
read_legacy(struct api *a, const json_t *o, const char *id, json_t **resultp)
{
	const char *msg = api_text(o, "msg", "");
	const json_t *error = json_object_get(o, "error");

	if (strcmp(msg, "failed") == 0)
		return API_NONSENSE;
	if (strcmp(msg, "result") != 0 ||
	    strcmp(api_text(o, "id", ""), id) != 0)
		return API_OTHER;
	if (json_is_object(error))
		return refused(a, json_integer_value(json_object_get(error,
		    "error")), api_text(error, "reason", ""));
	if ((*resultp = json_incref(json_object_get(o, "result"))) == NULL)
		return API_NONSENSE;
	return API_RESULT;
}

static enum api_outcome
read_rpc(struct api *a, const json_t *o, const char *id, json_t **resultp)
{
	const json_t *error = json_object_get(o, "error"), *data;
	const char *message;

	if (json_object_get(o, "method") != NULL)
		return API_OTHER;
	/* what it could not read at all has no number */
	if (strcmp(api_text(o, "id", ""), id) != 0)
		return json_is_object(error) ? API_NONSENSE : API_OTHER;
	if (json_is_object(error)) {
		data = json_object_get(error, "data");
		message = api_text(error, "message", "");
		return refused(a, json_integer_value(json_object_get(error,
		    "code")) == RPC_NO_METHOD ? NO_METHOD :
		    json_integer_value(json_object_get(data, "error")),
		    api_text(data, "reason", message));
	}
	if ((*resultp = json_incref(json_object_get(o, "result"))) == NULL)
		return API_NONSENSE;
	return API_RESULT;
}

enum api_outcome
api_read(struct api *a, const char *text, size_t len, json_t **resultp)
{
	enum api_outcome r = API_NONSENSE;
	json_t *o = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	char id[API_ID_SIZE];

	*resultp = NULL;
	api_id(a, id);
	if (json_is_object(o))
		r = a->legacy ? read_legacy(a, o, id, resultp) :
		    read_rpc(a, o, id, resultp);
	json_decref(o);
	return r;
}

/* ---- accounts ---- */

void
api_account_clear(struct api_account *u)
{
	free(u->keys);
	json_decref(u->row);
	*u = (struct api_account){ .keys = NULL };
}

bool
api_is(const json_t *o, const char *text)
{
	const char *s = json_string_value(o);

	return s != NULL && strcmp(s, text) == 0;
}

static bool
has_text(const json_t *array, const char *text)
{
	const json_t *v;
	size_t i;

	json_array_foreach(array, i, v) {
		if (api_is(v, text))
			return true;
	}
	return false;
}

/* Null is what an account without keys has, and one that is not readable. */
static bool
read_keys(const json_t *row, struct api_account *u)
{
	const json_t *keys = json_object_get(row, "sshpubkey");

	if (keys == NULL)
		return true;
	if (json_is_null(keys))
		u->keys = strdup("");
	else if (json_is_string(keys))
		u->keys = strdup(json_string_value(keys));
	else
		return false;
	return u->keys != NULL;
}

bool
api_read_account(const json_t *rows, struct api_account *u)
{
	json_t *row = NULL;
	const json_t *id, *rules;
	size_t i;

	*u = (struct api_account){ .keys = NULL };
	for (i = 0; i < json_array_size(rows); i++) {
		row = json_array_get(rows, i);
		/* one of a directory service is not the machine's own */
		if (!json_is_false(json_object_get(row, "local")))
			break;
	}
	id = json_object_get(row, "id");
	if (i == json_array_size(rows) || !json_is_integer(id) ||
	    !read_keys(row, u))
		return false;
	u->row = json_incref(row);
	u->id = json_integer_value(id);
	rules = json_object_get(row, API_RULES);
	u->has_rules = json_is_array(rules);
	u->may_replicate = has_text(rules, "ALL") ||
	    has_text(rules, API_RULE);
	/* where there are no such rules (CORE), there is no such shell */
	u->no_shell = u->has_rules && api_is(json_object_get(row, "shell"),
	    API_NO_SHELL);
	u->our_shell = api_is(json_object_get(row, "shell"), API_SHELL);
	return true;
}
