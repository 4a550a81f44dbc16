/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "helper/helper/fault.h"
#include "lib/rpc/legacy.h"
#include "lib/rpc/message.h"
#include "lib/rpc/rpc.h"

/* Takes the reference to error.  id may be NULL: null. */
static int
encode(bool legacy, json_t *error, json_t *id, char **answerp, size_t *lenp)
{
	json_t *answer;
	char *text;

	if (error == NULL)
		return -ENOMEM;
	answer = json_pack("{s:s, s:o, s:O?}", legacy ? "msg" : "jsonrpc",
	    legacy ? "result" : "2.0", "error", error, "id", id);
	if (answer == NULL)
		return -ENOMEM;
	text = json_dumps(answer, JSON_COMPACT);
	json_decref(answer);
	if (text == NULL)
		return -ENOMEM;
	*answerp = text;
	*lenp = strlen(text);
	return 0;
}

int
fault_too_long(size_t max, char **answerp, size_t *lenp)
{
	char text[96];

	*answerp = NULL;
	*lenp = 0;
	(void)snprintf(text, sizeof(text),
	    "The request is longer than %zu bytes", max);
	return encode(false, json_pack("{s:i, s:s}", "code",
	    NK_RPC_INVALID_REQUEST, "message", text), NULL, answerp, lenp);
}

/* What may be echoed of the id; *wantedp: is there to be an answer? */
static json_t *
find_id(bool legacy, const json_t *request, bool *wantedp)
{
	const char *msg;
	json_t *id;

	*wantedp = !legacy;
	if (!json_is_object(request))
		return NULL;
	id = json_object_get(request, "id");
	msg = json_string_value(json_object_get(request, "msg"));
	*wantedp = legacy ? msg != NULL && strcmp(msg, "method") == 0 :
	    id != NULL;
	if (json_is_string(id) || json_is_integer(id))
		return id;
	return NULL;
}

int
fault_call(bool legacy, const char *line, size_t len, int number,
    const char *sentence, char **answerp, size_t *lenp)
{
	json_t *id, *request = NULL;
	const char *why;
	struct nk_error e;
	bool wanted;
	int r = 0;

	*answerp = NULL;
	*lenp = 0;
	if (nk_json_scan(line, len, &why) == 0)
		request = json_loadb(line, len, JSON_DECODE_ANY, NULL);
	id = find_id(legacy, request, &wanted);
	nk_error_init(&e);
	(void)nk_error_call(&e, number, "%s", sentence);
	if (wanted)
		r = encode(legacy, legacy ? nk_legacy_error(&e) :
		    nk_error_json(&e), id, answerp, lenp);
	nk_error_clear(&e);
	json_decref(request);
	return r;
}
