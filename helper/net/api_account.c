/* SPDX-License-Identifier: ISC */

/* An account on another NAS: what it is, and what pairing changes of it. */

#include <stdlib.h>
#include <string.h>

#include "helper/net/api.h"
#include "helper/net/say.h"

/* ---- looking ---- */

bool
api_look(struct api *a, const char *user, struct api_account *u)
{
	json_t *rows = NULL;
	bool ok;

	*u = (struct api_account){ .keys = NULL };
	if (api_call(a, "user.query", json_pack("[[[s,s,s]]]", "username",
	    "=", user), &rows) != API_RESULT)
		return false;
	ok = api_read_account(rows, u);
	json_decref(rows);
	if (!ok)
		api_say(a, "it has no account of its own with this name");
	return ok;
}

/* ---- pairing ---- */

static bool
read_paired(struct api *a, const json_t *result, const char *port_name,
    const char *keys_name, uint16_t *portp, char **textp)
{
	const char *text = json_string_value(json_object_get(result,
	    keys_name));
	json_int_t port = json_integer_value(json_object_get(result,
	    port_name));

	if (text == NULL || port < 1 || port > UINT16_MAX) {
		api_say(a, "it says neither its SSH port nor its host keys");
		return false;
	}
	*portp = (uint16_t)port;
	if ((*textp = strdup(text)) == NULL)
		say_fault(NK_REMOTE_FAILED, NULL);
	return true;
}

bool
api_pair(struct api *a, const char *user, const char *line, uint16_t *portp,
    char **textp)
{
	json_t *result = NULL;
	enum api_outcome r;
	bool ok, old;

	r = api_call(a, "keychaincredential.ssh_pair",
	    json_pack("[{s:s,s:s,s:s}]", "remote_hostname", "any-host",
	    "username", user, "public_key", line), &result);
	if ((old = r == API_NO_METHOD))
		r = api_call(a, "replication.pair",
		    json_pack("[{s:s,s:s,s:s}]", "hostname", "any-host",
		    "user", user, "public-key", line), &result);
	if (r != API_RESULT)
		return false;
	ok = read_paired(a, result, old ? "ssh_port" : "port",
	    old ? "ssh_hostkey" : "host_key", portp, textp);
	json_decref(result);
	return ok;
}

/* ---- changing ---- */

/* The rules with ours, or without it. */
static json_t *
make_rules(const struct api_account *u, bool back)
{
	json_t *rules = json_array(), *v;
	int r = rules == NULL ? -1 : 0;
	size_t i;

	json_array_foreach(json_object_get(u->row, API_RULES), i, v) {
		if (r == 0 && !api_is(v, API_RULE))
			r = json_array_append(rules, v);
	}
	if (r == 0 && !back)
		r = json_array_append_new(rules, json_string(API_RULE));
	if (r == -1)
		say_fault(NK_REMOTE_FAILED, NULL);
	return rules;
}

bool
api_change(struct api *a, const struct api_account *u,
    const struct api_change *change, bool back)
{
	json_t *update = json_object(), *result = NULL;
	bool ok;

	if (update == NULL || (change->keys != NULL && json_object_set_new(
	    update, "sshpubkey", json_string(change->keys)) == -1) ||
	    (change->shell && json_object_set_new(update, "shell",
	    json_string(back ? API_NO_SHELL : API_SHELL)) == -1) ||
	    (change->sudo && json_object_set_new(update, API_RULES,
	    make_rules(u, back)) == -1))
		say_fault(NK_REMOTE_FAILED, NULL);
	ok = api_call(a, "user.update", json_pack("[I,o]", u->id, update),
	    &result) == API_RESULT;
	json_decref(result);
	return ok;
}

/* It may be gone already, or this be no naskeys: what is there is looked at. */
void
api_remove_key(struct api *a, const char *user, const char *fingerprint)
{
	json_t *result = NULL;

	(void)api_call(a, "user.remove_key", json_pack("[s,s]", user,
	    fingerprint), &result);
	json_decref(result);
}
