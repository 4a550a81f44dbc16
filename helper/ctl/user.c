/* SPDX-License-Identifier: ISC */

#include <bsd/stdlib.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/ctl/call.h"
#include "helper/ctl/secret.h"
#include "helper/ctl/table.h"
#include "helper/ctl/text.h"
#include "helper/ctl/value.h"
#include "helper/ctl/when.h"

/* The group whose members are the administrators. */
#define ADMINS	"builtin_administrators"

const struct ctl_option ctl_user_add_options[] = {
	{ "uid", "N", "uid; the next free one if not given" },
	{ "full-name", "S", "the person's name" },
	{ "group", "NAME", "primary group; one of the user's name if not "
	    "given" },
	{ "groups", "A,B", "supplementary groups" },
	{ "home", "DIR", "home directory; it need not exist" },
	{ "create-home", NULL, "make the home directory" },
	{ "home-mode", "MODE", "its mode, 700 if not given" },
	{ "shell", "PATH", "login shell" },
	{ "email", "S", "mail address" },
	{ "key", "FILE|-", "public keys of the user; may be repeated" },
	{ "password-stdin", NULL, "the first line of standard input is the "
	    "password" },
	{ "expires", "TIME", "when the account ends" },
	{ "admin", NULL, "make the user an administrator" },
	{ "external", NULL, "the account lives elsewhere: hold its keys "
	    "only" },
	{ NULL, NULL, NULL },
};

const struct ctl_option ctl_user_edit_options[] = {
	{ "name", "NAME", "a new name" },
	{ "full-name", "S", "the person's name" },
	{ "group", "NAME", "primary group" },
	{ "groups", "A,B", "supplementary groups, in place of those there "
	    "are" },
	{ "home", "DIR", "home directory, into which the old one is "
	    "copied" },
	{ "create-home", NULL, "make the home directory if it is missing" },
	{ "home-mode", "MODE", "its mode" },
	{ "shell", "PATH", "login shell" },
	{ "email", "S", "mail address" },
	{ "expires", "TIME", "when the account ends, or never" },
	{ "admin", "yes|no", "is the user an administrator" },
	{ "password-login", "yes|no", "may the user log in by password" },
	{ "ssh-password", "yes|no", "also over SSH" },
	{ "sudo", "COMMAND|none", "what sudo lets the user do; may be "
	    "repeated" },
	{ "sudo-nopasswd", "COMMAND|none", "likewise, without a password" },
	{ "accept-uid", NULL, "accept the uid that an external account has "
	    "now" },
	{ NULL, NULL, NULL },
};

const struct ctl_option ctl_user_passwd_options[] = {
	{ "stdin", NULL, "read the password from standard input, behind "
	    "the current one if it is your own" },
	{ NULL, NULL, NULL },
};

/* The texts of all --key files, one below the other. */
static int
join_keys(const struct ctl *c, const char *const *files, size_t n,
    char **allp, size_t *lenp)
{
	char *all = NULL, *text, *bigger;
	size_t have = 0, len, i;
	int r = CTL_DONE;

	for (i = 0; i < n; i++) {
		if ((r = read_text(c, files[i], &text)) != CTL_DONE)
			break;
		len = strlen(text);
		if (len == 0) {
			free(text);
			r = ctl_fail(c, "--key %s: is empty", files[i]);
			break;
		}
		bigger = recallocarray(all, have, have + len + 1, 1);
		if (bigger == NULL) {
			freezero(text, len);
			r = ctl_fail(c, "out of memory");
			break;
		}
		all = bigger;
		memcpy(all + have, text, len);
		have += len;
		if (all[have - 1] != '\n')
			all[have++] = '\n';
		freezero(text, len);
	}
	*allp = all;
	*lenp = have;
	return r;
}

static int
add_keys(const struct ctl *c, const struct ctl_args *a, json_t *to)
{
	size_t n, len;
	const char *const *files = ctl_all(a, "key", &n);
	char *all;
	int r;

	if (n == 0)
		return CTL_DONE;
	if ((r = join_keys(c, files, n, &all, &len)) == CTL_DONE)
		r = put(c, to, "sshpubkey", json_stringn(all, len), "--key");
	freezero(all, len);
	return r;
}

/*
 * --home with --create-home: the helper makes home/NAME.  Without --home it
 * is made in "usual"; where that is NULL, it is the one that the user has.
 */
static int
add_home(const struct ctl *c, const struct ctl_args *a, const char *name,
    const char *usual, json_t *to)
{
	const char *home = ctl_get(a, "home");
	size_t len, tail = strlen(name);
	int r;

	if ((r = add_string(c, a, "home-mode", to, "home_mode")) != CTL_DONE)
		return r;
	if (!ctl_has(a, "create-home"))
		return add_string(c, a, "home", to, "home");
	if ((r = put(c, to, "home_create", json_true(), "")) != CTL_DONE)
		return r;
	if (home == NULL)
		return usual == NULL ? CTL_DONE :
		    put(c, to, "home", json_string(usual), "");
	for (len = strlen(home); len > 1 && home[len - 1] == '/'; len--)
		;
	if (len <= tail || home[len - tail - 1] != '/' ||
	    memcmp(home + len - tail, name, tail) != 0)
		return ctl_misuse(c, "--home with --create-home must end in "
		    "/%s", name);
	len -= tail;			/* with the slash */
	return put(c, to, "home", json_stringn(home, len > 1 ? len - 1 : 1),
	    "--home");
}

/*
 * In the API an administrator is a member of a group, so that a list of
 * groups without it takes the right away; here the right is an option of
 * its own, and the list leaves it alone.
 */
static int
keep_admins(struct ctl *c, json_t *ids, bool admin)
{
	json_t *v;
	int64_t id;
	size_t i;
	int r;

	if (!admin)
		return CTL_DONE;
	if ((r = ctl_find_id(c, "group", ADMINS, &id)) != CTL_DONE)
		return r;
	json_array_foreach(ids, i, v)
		if (json_integer_value(v) == id)
			return CTL_DONE;
	if (json_array_append_new(ids, json_integer(id)) != 0)
		return ctl_fail(c, "out of memory");
	return CTL_DONE;
}

/* admin: is the user one, when this is done? */
static int
add_groups(struct ctl *c, const struct ctl_args *a, json_t *to, bool admin)
{
	const char *group = ctl_get(a, "group");
	const char *groups = ctl_get(a, "groups");
	json_t *ids;
	int64_t id;
	int r;

	if (group != NULL &&
	    ((r = ctl_find_id(c, "group", group, &id)) != CTL_DONE ||
	    (r = put(c, to, "group", json_integer(id), "")) != CTL_DONE))
		return r;
	if (groups == NULL)
		return CTL_DONE;
	if ((r = ctl_ids_of_names(c, "group", groups, &ids)) != CTL_DONE)
		return r;
	if ((r = keep_admins(c, ids, admin)) != CTL_DONE) {
		json_decref(ids);
		return r;
	}
	return put(c, to, "groups", ids, "");
}

static int
add_password(const struct ctl *c, json_t *to, const char *field)
{
	char password[SECRET_MAX];
	int r;

	if ((r = secret_read_line(c, password, sizeof(password))) !=
	    CTL_DONE)
		return r;
	r = put(c, to, field, json_string(password), "the password");
	explicit_bzero(password, sizeof(password));
	return r;
}

/* The password first: --key - reads what is left of standard input. */
static int
add_login(const struct ctl *c, const struct ctl_args *a, json_t *to)
{
	bool external = ctl_has(a, "external");
	int r = CTL_DONE;

	if (ctl_has(a, "password-stdin"))
		r = add_password(c, to, "password");
	else if (!external)
		r = put(c, to, "password_disabled", json_true(), "");
	return r == CTL_DONE ? add_keys(c, a, to) : r;
}

static int
print_user(const struct ctl *c, const json_t *row, const char *did)
{
	ctl_print_warnings(c, row);
	return ctl_done(c, row, "%s user %s, uid %" JSON_INTEGER_FORMAT, did,
	    row_string(row, "username"), row_int(row, "uid"));
}

/* What needs no answer of the helper's comes first. */
static int
describe_new(struct ctl *c, const struct ctl_args *a, json_t *u)
{
	bool external = ctl_has(a, "external"), admin = ctl_has(a, "admin");
	int r;

	if ((r = put(c, u, "username", json_string(a->positional[0]),
	    "NAME")) != CTL_DONE ||
	    (external && (r = put(c, u, "managed", json_false(),
	    "")) != CTL_DONE) ||
	    (admin && (r = put(c, u, "admin", json_true(),
	    "")) != CTL_DONE) ||
	    (!external && !ctl_has(a, "group") && (r = put(c, u,
	    "group_create", json_true(), "")) != CTL_DONE) ||
	    (r = add_number(c, a, "uid", u, "uid")) != CTL_DONE ||
	    (r = add_string(c, a, "full-name", u, "full_name")) != 0 ||
	    (r = add_string(c, a, "shell", u, "shell")) != CTL_DONE ||
	    (r = add_string(c, a, "email", u, "email")) != CTL_DONE ||
	    (r = add_date(c, a, "expires", u, "account_expires_at")) != 0 ||
	    (r = add_home(c, a, a->positional[0], "/home", u)) != 0 ||
	    (r = add_login(c, a, u)) != CTL_DONE)
		return r;
	return add_groups(c, a, u, admin);
}

int
ctl_user_add(struct ctl *c, const struct ctl_args *a)
{
	json_t *u = json_object(), *row = NULL;
	int r;

	if ((r = describe_new(c, a, u)) == CTL_DONE)
		r = ctl_call(c, "user.create", json_pack("[O]", u), -1, &row);
	if (r == CTL_DONE)
		r = print_user(c, row, "Created");
	json_decref(u);
	json_decref(row);
	return r;
}

/* Call user.update for the user NAME; u is taken. */
static int
update(struct ctl *c, const char *name, json_t *u, json_t **rowp)
{
	int64_t id;
	int r;

	*rowp = NULL;
	if (c->force && json_object_set_new(u, "force", json_true()) == -1) {
		json_decref(u);
		return ctl_fail(c, "%s", strerror(ENOMEM));
	}
	if ((r = ctl_find_id(c, "user", name, &id)) != CTL_DONE) {
		json_decref(u);
		return r;
	}
	return ctl_call(c, "user.update", json_pack("[I,o]", (json_int_t)id,
	    u), -1, rowp);
}

static int
describe_change(const struct ctl *c, const struct ctl_args *a, json_t *u)
{
	const char *name = ctl_get(a, "name");
	int r;

	if (name == NULL)
		name = a->positional[0];
	if ((r = add_string(c, a, "name", u, "username")) != CTL_DONE ||
	    (r = add_string(c, a, "full-name", u, "full_name")) != 0 ||
	    (r = add_home(c, a, name, NULL, u)) != CTL_DONE ||
	    (r = add_string(c, a, "shell", u, "shell")) != CTL_DONE ||
	    (r = add_string(c, a, "email", u, "email")) != CTL_DONE ||
	    (r = add_date(c, a, "expires", u, "account_expires_at")) != 0 ||
	    (r = add_bool(c, a, "admin", "yes", u, "admin")) != CTL_DONE ||
	    (r = add_bool(c, a, "password-login", "no", u,
	    "password_disabled")) != CTL_DONE ||
	    (r = add_bool(c, a, "ssh-password", "yes", u,
	    "ssh_password_enabled")) != CTL_DONE ||
	    (r = add_list(c, a, "sudo", u, "sudo_commands")) != CTL_DONE ||
	    (r = add_list(c, a, "sudo-nopasswd", u,
	    "sudo_commands_nopasswd")) != CTL_DONE)
		return r;
	if (ctl_has(a, "accept-uid") && (r = put(c, u, "accept_uid",
	    json_true(), "")) != CTL_DONE)
		return r;
	if (json_object_size(u) == 0 && !ctl_has(a, "group") &&
	    !ctl_has(a, "groups"))
		return ctl_misuse(c, "nothing to change was given");
	return CTL_DONE;
}

int
ctl_user_edit(struct ctl *c, const struct ctl_args *a)
{
	json_t *u = json_object(), *old = NULL, *row = NULL;
	bool admin;
	int r;

	if ((r = describe_change(c, a, u)) != CTL_DONE ||
	    (r = ctl_find(c, "user", a->positional[0], &old)) != CTL_DONE)
		goto out;
	admin = row_bool(json_object_get(u, "admin") != NULL ? u : old,
	    "admin");
	if ((r = add_groups(c, a, u, admin)) != CTL_DONE)
		goto out;
	if (c->force && json_object_set_new(u, "force", json_true()) == -1) {
		r = ctl_fail(c, "%s", strerror(ENOMEM));
		goto out;
	}
	r = ctl_call(c, "user.update", json_pack("[I,O]", row_int(old, "id"),
	    u), -1, &row);
	if (r == CTL_DONE)
		r = print_user(c, row, "Changed");
 out:
	json_decref(u);
	json_decref(old);
	json_decref(row);
	return r;
}

static int
set_locked(struct ctl *c, const char *name, bool locked)
{
	json_t *row, *forgotten = NULL;
	int r;

	if (!locked && (r = ctl_call(c, "user.unlock", json_pack("[s]",
	    name), -1, &forgotten)) != CTL_DONE)
		return r;
	json_decref(forgotten);
	r = update(c, name, json_pack("{s:b}", "locked", locked ? 1 : 0),
	    &row);
	if (r == CTL_DONE)
		r = print_user(c, row, locked ? "Locked" : "Unlocked");
	json_decref(row);
	return r;
}

int
ctl_user_lock(struct ctl *c, const struct ctl_args *a)
{
	return set_locked(c, a->positional[0], true);
}

int
ctl_user_unlock(struct ctl *c, const struct ctl_args *a)
{
	return set_locked(c, a->positional[0], false);
}

int
ctl_user_delete(struct ctl *c, const struct ctl_args *a)
{
	const char *name = a->positional[0];
	json_t *result = NULL;
	int64_t id;
	int r;

	if ((r = ctl_find_id(c, "user", name, &id)) != CTL_DONE ||
	    (r = ctl_confirm(c, "Delete the user %s with all keys?",
	    name)) != CTL_DONE)
		return r;
	r = ctl_call(c, "user.delete", json_pack("[I,{s:b}]", (json_int_t)id,
	    "force", c->force ? 1 : 0), -1, &result);
	if (r == CTL_DONE)
		r = ctl_done(c, result, "Deleted user %s", name);
	json_decref(result);
	return r;
}

/* ---- passwords ---- */

static int
set_password(struct ctl *c, const char *name, const char *old,
    const char *new)
{
	json_t *p = json_object(), *result = NULL;
	int r;

	if ((r = put(c, p, "username", json_string(name), "NAME")) !=
	    CTL_DONE ||
	    (r = put(c, p, "new_password", json_string(new),
	    "the password")) != CTL_DONE ||
	    (old != NULL && (r = put(c, p, "old_password", json_string(old),
	    "the current password")) != CTL_DONE))
		goto out;
	r = ctl_call(c, "user.set_password", json_pack("[O]", p), -1,
	    &result);
	if (r == CTL_DONE)
		r = ctl_done(c, result, "Changed the password of %s", name);
 out:
	json_decref(p);
	json_decref(result);
	return r;
}

int
ctl_user_passwd(struct ctl *c, const struct ctl_args *a)
{
	const char *name = a->positional[0];
	char old[SECRET_MAX] = "", new[SECRET_MAX] = "";
	bool own = ctl_is_own(c, name), standard = ctl_has(a, "stdin");
	int r = CTL_DONE;

	if (own && standard)
		r = secret_read_line(c, old, sizeof(old));
	else if (own)
		r = secret_ask(c, "Current password: ", old, sizeof(old));
	if (r == CTL_DONE && standard)
		r = secret_read_line(c, new, sizeof(new));
	else if (r == CTL_DONE)
		r = secret_ask_new(c, new, sizeof(new));
	if (r == CTL_DONE)
		r = set_password(c, name, own ? old : NULL, new);
	explicit_bzero(old, sizeof(old));
	explicit_bzero(new, sizeof(new));
	return r;
}

/* ---- list and show ---- */

static const char *
state_of(const json_t *row)
{
	const json_t *ms = json_object_get(json_object_get(row,
	    "account_expires_at"), "$date");

	if (row_bool(row, "locked"))
		return "locked";
	if (json_is_integer(ms) &&
	    json_integer_value(ms) / 1000 <= (json_int_t)time(NULL))
		return "expired";
	return row_bool(row, "managed") ? "active" : "external";
}

static void
fill_user(struct table *t, const json_t *row)
{
	table_add(t, row_string(row, "username"));
	table_addf(t, "%" JSON_INTEGER_FORMAT, row_int(row, "uid"));
	table_add(t, row_string(json_object_get(row, "group"),
	    "bsdgrp_group"));
	table_add(t, state_of(row));
	table_add(t, row_bool(row, "admin") ? "yes" : "no");
	table_add(t, row_string(row, "home"));
	table_add(t, row_string(row, "full_name"));
}

int
ctl_user_list(struct ctl *c, const struct ctl_args *a)
{
	static const char *const headings[] = { "NAME", "UID", "GROUP",
	    "STATE", "ADMIN", "HOME", "FULL NAME" };
	static const char *const fields[] = { "id", "username", "uid",
	    "group", "locked", "managed", "account_expires_at", "admin",
	    "home", "full_name", NULL };
	static const struct ctl_list list = {
		.method = "user.query", .fields = fields,
		.headings = headings,
		.columns = sizeof(headings) / sizeof(headings[0]),
		.fill = fill_user,
	};

	(void)a;
	return ctl_list(c, &list);
}

static void
show_line(const char *name, const char *value)
{
	ctl_say("%-16s %s", name, value[0] != '\0' ? value : "-");
}

static void
show_number(const char *name, json_int_t n)
{
	ctl_say("%-16s %" JSON_INTEGER_FORMAT, name, n);
}

/* Names of groups are for administrators; others see how many there are. */
static void
show_groups(struct ctl *c, const json_t *row)
{
	json_t *ids = json_object_get(row, "groups"), *groups = NULL, *g;
	const char *name;
	char *names = NULL, *more;
	size_t i;

	if (json_array_size(ids) > 0 && ctl_try(c, "group.query",
	    json_pack("[[[s,s,O]],{s:[s]}]", "id", "in", ids, "select",
	    "name"), &groups) != CTL_DONE) {
		show_number("Groups", (json_int_t)json_array_size(ids));
		return;
	}
	json_array_foreach(groups, i, g) {
		name = row_string(g, "name");
		if (asprintf(&more, "%s%s%s", names != NULL ? names : "",
		    names != NULL ? " " : "", name) == -1)
			break;
		free(names);
		names = more;
	}
	show_line("Groups", names != NULL ? names : "");
	free(names);
	json_decref(groups);
}

/* Failed logins, and who is logged in now. */
static void
show_logins(const json_t *logins)
{
	const json_t *sessions = json_object_get(logins, "sessions");
	const json_int_t failures = row_int(logins, "failures");
	const json_t *s;
	char buf[WHEN_LEN];
	size_t i;

	if (failures > 0)
		show_number("Failed logins", failures);
	if (json_is_object(json_object_get(logins, "locked_out_until")))
		show_line("Locked out", row_date(logins, "locked_out_until",
		    "", buf, sizeof(buf)));
	json_array_foreach(sessions, i, s)
		ctl_say("%-16s %s by %s from %s", i == 0 ? "Sessions" : "",
		    row_date(s, "since", "", buf, sizeof(buf)),
		    row_string(s, "service"), row_string(s, "from")[0] !=
		    '\0' ? row_string(s, "from") : "here");
}

static void
show_user(struct ctl *c, const json_t *row, size_t keys)
{
	char buf[WHEN_LEN];

	show_line("Name", row_string(row, "username"));
	show_number("Uid", row_int(row, "uid"));
	show_line("Full name", row_string(row, "full_name"));
	show_line("State", state_of(row));
	show_line("Administrator", row_bool(row, "admin") ? "yes" : "no");
	show_line("Primary group", row_string(json_object_get(row, "group"),
	    "bsdgrp_group"));
	show_groups(c, row);
	show_line("Home", row_string(row, "home"));
	show_line("Shell", row_string(row, "shell"));
	show_line("Email", row_string(row, "email"));
	show_line("Password", !row_bool(row, "managed") ? "" :
	    row_bool(row, "password_disabled") ? "disabled" :
	    row_bool(row, "ssh_password_enabled") ?
	    "enabled, also over SSH" : "enabled, not over SSH");
	show_line("Second factor", row_bool(row,
	    "twofactor_auth_configured") ? "yes" : "no");
	show_line("Expires", row_date(row, "account_expires_at", "never",
	    buf, sizeof(buf)));
	show_line("Last login", row_date(row, "last_login_at", "never", buf,
	    sizeof(buf)));
	show_line("Key files", row_string(row, "authorized_keys_file"));
	show_number("Keys", (json_int_t)keys);
}

int
ctl_user_show(struct ctl *c, const struct ctl_args *a)
{
	json_t *row = NULL, *keys = NULL, *logins = NULL;
	const char *name = a->positional[0];
	int r;

	if ((r = ctl_find(c, "user", name, &row)) != CTL_DONE)
		return r;
	if (c->json) {
		ctl_print_json(row);
	} else if ((r = ctl_call(c, "user.keys", json_pack("[s]", name), -1,
	    &keys)) == CTL_DONE && (r = ctl_call(c, "user.logins",
	    json_pack("[s]", name), -1, &logins)) == CTL_DONE) {
		show_user(c, row, json_array_size(keys));
		show_logins(logins);
	}
	json_decref(logins);
	json_decref(keys);
	json_decref(row);
	return r;
}
