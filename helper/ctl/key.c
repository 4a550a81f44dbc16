/* SPDX-License-Identifier: ISC */

#include <bsd/stdlib.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/ctl/call.h"
#include "helper/ctl/explain.h"
#include "helper/ctl/value.h"
#include "helper/ctl/when.h"

#define EXPLAINED_MAX	4	/* of several keys */

const struct ctl_option ctl_key_add_options[] = {
	{ "expires", "TIME", "when the key ends" },
	{ "comment", "TEXT", "a comment in place of the key's own" },
	{ "explain", NULL, "also say whether sshd would let it in, as is "
	    "done at a terminal" },
	{ NULL, NULL, NULL },
};

const struct ctl_option ctl_key_revoke_options[] = {
	{ "terminate", NULL, "also end the sessions opened with it" },
	{ NULL, NULL, NULL },
};

static void
say_added(struct ctl *c, const char *user, json_t *key, bool explain)
{
	ctl_print_warnings(c, key);
	if (!c->json)
		ctl_say(row_bool(key, "added") ?
		    "Added the key %s to user %s" :
		    "The key %s stood there already for user %s",
		    row_string(key, "fingerprint"), user);
	if (explain)
		ctl_explain_key(c, user, key);
}

/* One key, or an array of several. */
static void
print_added(struct ctl *c, const char *user, json_t *result, bool explain)
{
	json_t *key;
	size_t i;

	if (json_is_object(result))
		say_added(c, user, result, explain);
	json_array_foreach(result, i, key)
		say_added(c, user, key, explain && i < EXPLAINED_MAX);
	if (c->json)
		ctl_print_json(result);
}

/*
 * Who looks on wants to know; a script may say so.  A trial's folder is none
 * that the machine's sshd knows of.
 */
static bool
wants_explanation(const struct ctl *c, const struct ctl_args *a)
{
	return ctl_has(a, "explain") || (c->state_dir == NULL && !c->json &&
	    isatty(STDOUT_FILENO));
}

int
ctl_key_add(struct ctl *c, const struct ctl_args *a)
{
	const char *user = a->positional[0];
	const char *file = a->npositional > 1 ? a->positional[1] : "-";
	json_t *o = json_object(), *result = NULL;
	char *text = NULL;
	int r;

	if ((r = add_date(c, a, "expires", o, "expires_at")) != CTL_DONE ||
	    (r = add_string(c, a, "comment", o, "comment")) != CTL_DONE ||
	    (r = read_text(c, file, &text)) != CTL_DONE ||
	    (r = put(c, o, "key", json_string(text), "key")) != CTL_DONE ||
	    (c->force && (r = put(c, o, "force", json_true(), "force")) !=
	    CTL_DONE))
		goto out;
	r = ctl_call(c, "user.add_key", json_pack("[s,O]", user, o), -1,
	    &result);
	if (r == CTL_DONE)
		print_added(c, user, result, wants_explanation(c, a));
 out:
	freezero(text, text != NULL ? strlen(text) : 0);
	json_decref(o);
	json_decref(result);
	return r;
}

static void
add_key_row(struct table *t, const json_t *key)
{
	char expires[WHEN_LEN], used[WHEN_LEN];

	table_add(t, row_string(key, "fingerprint"));
	table_add(t, row_string(key, "type"));
	table_addf(t, "%" JSON_INTEGER_FORMAT, row_int(key, "bits"));
	table_add(t, row_date(key, "expires_at", "never", expires,
	    sizeof(expires)));
	table_add(t, row_date(key, "last_used_at", "never", used,
	    sizeof(used)));
	table_add(t, row_string(key, "options"));
	table_add(t, row_string(key, "comment"));
}

static int
print_keys(const struct ctl *c, const json_t *keys)
{
	static const char *const headings[] = { "FINGERPRINT", "TYPE",
	    "BITS", "EXPIRES", "LAST USED", "OPTIONS", "COMMENT" };
	struct table t;
	json_t *key;
	size_t i;
	int r = CTL_DONE;

	table_init(&t, headings, sizeof(headings) / sizeof(headings[0]));
	json_array_foreach(keys, i, key)
		add_key_row(&t, key);
	if (table_print(&t) < 0)
		r = ctl_fail(c, "out of memory");
	table_clear(&t);
	return r;
}

int
ctl_key_list(struct ctl *c, const struct ctl_args *a)
{
	json_t *keys;
	int r;

	r = ctl_call(c, "user.keys", json_pack("[s]", a->positional[0]), -1,
	    &keys);
	if (r == CTL_DONE && c->json)
		ctl_print_json(keys);
	else if (r == CTL_DONE)
		r = print_keys(c, keys);
	json_decref(keys);
	return r;
}

int
ctl_key_remove(struct ctl *c, const struct ctl_args *a)
{
	json_t *result;
	json_int_t n;
	int r;

	r = ctl_call(c, "user.remove_key", json_pack("[s,s,{s:b}]",
	    a->positional[0], a->positional[1], "force", c->force ? 1 : 0),
	    -1, &result);
	if (r == CTL_DONE && c->json)
		ctl_print_json(result);
	else if (r == CTL_DONE) {
		n = row_int(result, "removed");
		ctl_say("Removed the key from user %s, %" JSON_INTEGER_FORMAT
		    " line%s", a->positional[0], n, n == 1 ? "" : "s");
		if (row_bool(result, "dead"))
			ctl_say("sshd accepts it from nowhere else.");
		else
			ctl_say("It may not be dead yet: %s",
			    row_string(result, "reason"));
	}
	json_decref(result);
	return r;
}

/* Is this key line one of the lines of text? */
static bool
is_in(const char *line, const char *text)
{
	size_t n = strlen(line);
	const char *at = text;

	while ((at = strstr(at, line)) != NULL) {
		if ((at == text || at[-1] == '\n') && (at[n] == '\0' ||
		    at[n] == '\n' || at[n] == '\r'))
			return true;
		at++;
	}
	return false;
}

/* How many of the user's lines would be gone. */
static int
count_lost(struct ctl *c, const char *name, const char *text, size_t *np)
{
	json_t *keys, *key;
	size_t i;
	int r;

	*np = 0;
	r = ctl_call(c, "user.keys", json_pack("[s]", name), -1, &keys);
	if (r != CTL_DONE)
		return r;
	json_array_foreach(keys, i, key)
		if (!is_in(row_string(key, "line"), text))
			(*np)++;
	json_decref(keys);
	return CTL_DONE;
}

int
ctl_key_set(struct ctl *c, const struct ctl_args *a)
{
	const char *name = a->positional[0];
	json_t *u = json_object(), *row = NULL;
	char *text = NULL;
	size_t lost;
	int64_t id;
	int r;

	if ((r = read_text(c, a->positional[1], &text)) != CTL_DONE ||
	    (r = put(c, u, "sshpubkey", json_string(text), "key")) !=
	    CTL_DONE ||
	    (c->force && (r = put(c, u, "force", json_true(), "force")) !=
	    CTL_DONE) ||
	    (r = ctl_find_id(c, "user", name, &id)) != CTL_DONE ||
	    (r = count_lost(c, name, text, &lost)) != CTL_DONE)
		goto out;
	if (lost > 0 && (r = ctl_confirm(c, "%zu of the keys of %s will be "
	    "gone. Go on?", lost, name)) != CTL_DONE)
		goto out;
	r = ctl_call(c, "user.update", json_pack("[I,O]", (json_int_t)id, u),
	    -1, &row);
	if (r != CTL_DONE)
		goto out;
	ctl_print_warnings(c, row);
	r = ctl_done(c, row, "Set the keys of user %s", name);
 out:
	freezero(text, text != NULL ? strlen(text) : 0);
	json_decref(u);
	json_decref(row);
	return r;
}

/* ---- revocation ---- */

static void
say_users(const json_t *result)
{
	const json_t *users = json_object_get(result, "users"), *name;
	json_int_t n = row_int(result, "removed");
	size_t i;

	json_array_foreach(users, i, name)
		ctl_say("Removed from user %s", json_string_value(name));
	if (json_array_size(users) == 0)
		ctl_say("No user had it.");
	else
		ctl_say("%" JSON_INTEGER_FORMAT " line%s in all", n,
		    n == 1 ? "" : "s");
}

static void
say_whether_dead(const json_t *result)
{
	const json_t *place;
	size_t i;

	if (row_bool(result, "dead")) {
		ctl_say("sshd refuses it wherever it stands.");
		return;
	}
	ctl_say("It may not be dead yet: %s", row_string(result, "reason"));
	json_array_foreach(json_object_get(result, "places"), i, place)
		ctl_say("%s", json_string_value(place));
}

static int
say_sessions(const struct ctl *c, const json_t *sessions)
{
	const json_t *s;
	size_t i;
	int r = CTL_DONE;

	json_array_foreach(sessions, i, s) {
		if (row_bool(s, "ended"))
			ctl_say("Ended session %" JSON_INTEGER_FORMAT
			    " of user %s", row_int(s, "pid"),
			    row_string(s, "username"));
		else
			r = ctl_fail(c, "session %" JSON_INTEGER_FORMAT
			    " of user %s could not be ended",
			    row_int(s, "pid"), row_string(s, "username"));
	}
	if (json_array_size(sessions) == 0)
		ctl_say("No session was open with it.");
	return r;
}

static int
say_revoked(const struct ctl *c, const json_t *result, bool terminate)
{
	const json_t *fp;
	size_t i;

	json_array_foreach(json_object_get(result, "fingerprints"), i, fp)
		ctl_say("Revoked the key %s", json_string_value(fp));
	say_users(result);
	say_whether_dead(result);
	return terminate ? say_sessions(c, json_object_get(result,
	    "sessions")) : CTL_DONE;
}

/* A fingerprint is one key; a name may be many. */
static int
confirm_all(struct ctl *c, const char *name)
{
	json_t *keys;
	size_t n;
	int r;

	r = ctl_call(c, "user.keys", json_pack("[s]", name), -1, &keys);
	if (r != CTL_DONE)
		return r;
	n = json_array_size(keys);
	json_decref(keys);
	return n == 0 ? CTL_DONE : ctl_confirm(c, "%zu key%s of %s will be "
	    "revoked, for every user. Go on?", n, n == 1 ? "" : "s", name);
}

int
ctl_key_revoke(struct ctl *c, const struct ctl_args *a)
{
	bool terminate = ctl_has(a, "terminate");
	const char *what = a->positional[0];
	json_t *result;
	int r;

	if (strncmp(what, "SHA256:", 7) != 0 &&
	    (r = confirm_all(c, what)) != CTL_DONE)
		return r;
	r = ctl_call(c, "user.revoke_key", json_pack("[s,{s:b,s:b}]", what,
	    "terminate", terminate ? 1 : 0, "force", c->force ? 1 : 0), -1,
	    &result);
	if (r == CTL_DONE && c->json)
		ctl_print_json(result);
	else if (r == CTL_DONE)
		r = say_revoked(c, result, terminate);
	json_decref(result);
	return r;
}
