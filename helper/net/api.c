/* SPDX-License-Identifier: ISC */

/* The two protocols, and how one logs in. */

#include "helper/net/api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/net/say.h"
#include "lib/rpc/json_memory.h"

#define OTHERS_MAX	1000u		/* messages that are no answer */

/* ---- calling ---- */

/* The reference to o is taken; the text has secrets in it. */
static void
send_json(struct api *a, json_t *o)
{
	char *text = o == NULL ? NULL : json_dumps(o, JSON_COMPACT);

	if (text == NULL)
		_exit(1);
	json_decref(o);
	ws_send(a->ws, text, strlen(text));
	explicit_bzero(text, strlen(text));
	free(text);
}

void
api_prepare(void)
{
	nk_json_wipe_memory();
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
	if (strcmp(api_text(o, "msg", ""), "connected") != 0)
		say_fault(NK_REMOTE_NO_API, NULL);
	json_decref(o);
}

enum api_outcome
api_call(struct api *a, const char *method, json_t *params, json_t **resultp)
{
	enum api_outcome r = API_OTHER;
	unsigned int others;
	const char *text;
	char id[API_ID_SIZE];
	size_t len;

	a->calls++;
	api_id(a, id);
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
	const char *type = api_text(result, "response_type", "");
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
