/* SPDX-License-Identifier: ISC */

/* An account on another NAS: what it is, and what pairing changes of it. */

#include <stdlib.h>
#include <string.h>

#include "helper/net/api.h"
#include "helper/net/say.h"

/* What TrueNAS's own pairing replaces and adds (22.12 and later). */
#define NO_SHELL	"/usr/sbin/nologin"
#define SHELL		"/usr/bin/bash"
#define RULE		"/usr/sbin/zfs"
#define EVERYTHING	"ALL"
#define RULES		"sudo_commands_nopasswd"

/* ---- looking ---- */

void
api_account_clear(struct api_account *u)
{
	free(u->keys);
	json_decref(u->row);
	*u = (struct api_account){ .keys = NULL };
}

static bool
is_text(const json_t *o, const char *text)
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
		if (is_text(v, text))
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
	rules = json_object_get(row, RULES);
	u->has_rules = json_is_array(rules);
	u->may_replicate = has_text(rules, EVERYTHING) ||
	    has_text(rules, RULE);
	/* where there are no such rules (CORE), there is no such shell */
	u->no_shell = u->has_rules && is_text(json_object_get(row, "shell"),
	    NO_SHELL);
	u->our_shell = is_text(json_object_get(row, "shell"), SHELL);
	return true;
}

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

	json_array_foreach(json_object_get(u->row, RULES), i, v) {
		if (r == 0 && !is_text(v, RULE))
			r = json_array_append(rules, v);
	}
	if (r == 0 && !back)
		r = json_array_append_new(rules, json_string(RULE));
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
	    json_string(back ? NO_SHELL : SHELL)) == -1) ||
	    (change->sudo && json_object_set_new(update, RULES,
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
