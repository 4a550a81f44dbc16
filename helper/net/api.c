/* SPDX-License-Identifier: ISC */

/* The two protocols, and how one logs in. */

#include "helper/net/api.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/net/say.h"

#define NO_METHOD	201		/* TrueNAS's errno for it */
#define RPC_NO_METHOD	(-32601)
#define OTHERS_MAX	1000u		/* messages that are no answer */

/* ---- reading ---- */

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

static const char *
text_or(const json_t *o, const char *member, const char *otherwise)
{
	const char *s = json_string_value(json_object_get(o, member));

	return s != NULL ? s : otherwise;
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
	const char *msg = text_or(o, "msg", "");
	const json_t *error = json_object_get(o, "error");

	if (strcmp(msg, "failed") == 0)
		return API_NONSENSE;
	if (strcmp(msg, "result") != 0 ||
	    strcmp(text_or(o, "id", ""), id) != 0)
		return API_OTHER;
	if (json_is_object(error))
		return refused(a, json_integer_value(json_object_get(error,
		    "error")), text_or(error, "reason", ""));
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
	if (strcmp(text_or(o, "id", ""), id) != 0)
		return json_is_object(error) ? API_NONSENSE : API_OTHER;
	if (json_is_object(error)) {
		data = json_object_get(error, "data");
		message = text_or(error, "message", "");
		return refused(a, json_integer_value(json_object_get(error,
		    "code")) == RPC_NO_METHOD ? NO_METHOD :
		    json_integer_value(json_object_get(data, "error")),
		    text_or(data, "reason", message));
	}
	if ((*resultp = json_incref(json_object_get(o, "result"))) == NULL)
		return API_NONSENSE;
	return API_RESULT;
}

static void
write_id(const struct api *a, char *id, size_t room)
{
	(void)snprintf(id, room, "naskeys-%u", a->calls);
}

enum api_outcome
api_read(struct api *a, const char *text, size_t len, json_t **resultp)
{
	enum api_outcome r = API_NONSENSE;
	json_t *o = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	char id[32];

	*resultp = NULL;
	write_id(a, id, sizeof(id));
	if (json_is_object(o))
		r = a->legacy ? read_legacy(a, o, id, resultp) :
		    read_rpc(a, o, id, resultp);
	json_decref(o);
	return r;
}

/* ---- calling ---- */

/* The reference to o is taken; the text has secrets in it. */
static void
send_json(struct api *a, json_t *o)
{
	char *text = o == NULL ? NULL : json_dumps(o, JSON_COMPACT);

	if (text == NULL)
		say_fault(NK_REMOTE_FAILED, NULL);
	json_decref(o);
	ws_send(a->ws, text, strlen(text));
	explicit_bzero(text, strlen(text));
	free(text);
}

void
api_begin(struct api *a, struct ws *ws, bool legacy)
{
	const char *text;
	size_t len;
	json_t *o;

	*a = (struct api){ .ws = ws, .legacy = legacy };
	if (!legacy)
		return;
	send_json(a, json_pack("{s:s,s:s,s:[s],s:[]}", "msg", "connect",
	    "version", "1", "support", "1", "features"));
	text = ws_receive(ws, &len);
	o = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	if (strcmp(text_or(o, "msg", ""), "connected") != 0)
		say_fault(NK_REMOTE_NO_API, NULL);
	json_decref(o);
}

enum api_outcome
api_call(struct api *a, const char *method, json_t *params, json_t **resultp)
{
	enum api_outcome r = API_OTHER;
	unsigned int others;
	const char *text;
	char id[32];
	size_t len;

	a->calls++;
	write_id(a, id, sizeof(id));
	send_json(a, json_pack("{s:s,s:s,s:s,s:o}",
	    a->legacy ? "msg" : "jsonrpc", a->legacy ? "method" : "2.0",
	    "id", id, "method", method, "params", params));
	for (others = 0; r == API_OTHER && others < OTHERS_MAX; others++) {
		text = ws_receive(a->ws, &len);
		r = api_read(a, text, len, resultp);
	}
	if (r == API_OTHER || r == API_NONSENSE)
		say_fault(NK_REMOTE_BROKEN, method);
	return r;
}

/* ---- logging in ---- */

/* Is the result true?  Its reference is taken. */
static bool
is_true(json_t *result)
{
	bool yes = json_is_true(result);

	json_decref(result);
	return yes;
}

static bool
enter_by_token(struct api *a, const char *token)
{
	json_t *result = NULL;
	enum api_outcome r;

	r = api_call(a, "auth.login_with_token", json_pack("[s]", token),
	    &result);
	if (r == API_NO_METHOD)
		r = api_call(a, "auth.token", json_pack("[s]", token),
		    &result);
	if (r != API_RESULT)
		return false;
	api_say(a, "Invalid token");
	return is_true(result);
}

static bool
enter_old(struct api *a, const struct api_who *who)
{
	json_t *result = NULL;

	if (api_call(a, "auth.login", who->otp[0] == '\0' ?
	    json_pack("[s,s]", who->admin, who->password) :
	    json_pack("[s,s,s]", who->admin, who->password, who->otp),
	    &result) != API_RESULT)
		return false;
	api_say(a, "Invalid username or password");
	return is_true(result);
}

/* What else than success and a second question it may answer. */
static bool
not_entered(struct api *a, const char *type, const json_t *result)
{
	const char *url = json_string_value(json_array_get(json_object_get(
	    result, "urls"), 0));
	char words[NK_REMOTE_WORDS_MAX + 1];

	if (strcmp(type, "EXPIRED") == 0) {
		api_say(a, "Account credentials have expired");
	} else if (strcmp(type, "DENIED") == 0) {
		api_say(a, "Account does not have API access");
	} else if (strcmp(type, "REDIRECT") == 0) {
		(void)snprintf(words, sizeof(words), "it stands by for "
		    "another machine: pair with %s", url != NULL ? url :
		    "that");
		api_say(a, words);
	} else {
		api_say(a, "Invalid username or password");
	}
	return false;
}

/* 1: a one-time password is wanted; 0: in; -1: not. */
static int
evaluate(struct api *a, json_t *result)
{
	const char *type = text_or(result, "response_type", "");
	int r = 0;

	if (strcmp(type, "OTP_REQUIRED") == 0)
		r = 1;
	else if (strcmp(type, "SUCCESS") != 0 &&
	    !not_entered(a, type, result))
		r = -1;
	json_decref(result);
	return r;
}

static bool
enter_by_otp(struct api *a, const char *otp)
{
	json_t *result = NULL;
	int r;

	if (otp[0] == '\0') {
		api_say(a, "it wants a one-time password, too");
		return false;
	}
	if (api_call(a, "auth.login_ex_continue", json_pack("[{s:s,s:s}]",
	    "mechanism", "OTP_TOKEN", "otp_token", otp), &result) !=
	    API_RESULT)
		return false;
	if ((r = evaluate(a, result)) == 1)
		api_say(a, "Invalid one-time password");
	return r == 0;
}

bool
api_enter(struct api *a, const struct api_who *who)
{
	json_t *result = NULL;
	enum api_outcome r;
	int entered;

	if (who->token[0] != '\0')
		return enter_by_token(a, who->token);
	r = api_call(a, "auth.login_ex", json_pack("[{s:s,s:s,s:s}]",
	    "mechanism", "PASSWORD_PLAIN", "username", who->admin,
	    "password", who->password), &result);
	if (r == API_NO_METHOD)
		return enter_old(a, who);
	if (r != API_RESULT)
		return false;
	entered = evaluate(a, result);
	return entered == 1 ? enter_by_otp(a, who->otp) : entered == 0;
}
