/* SPDX-License-Identifier: ISC */

#include <bsd/stdlib.h>
#include <bsd/string.h>
#include <pwd.h>
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

const struct ctl_option ctl_user_add_options[] = {
	{ "uid", "N", "uid; the next free one if not given" },
	{ "full-name", "S", "the person's name" },
	{ "group", "NAME", "primary group; one of the user's name if not "
	    "given" },
	{ "groups", "A,B", "supplementary groups" },
	{ "home", "DIR", "home directory; it need not exist" },
	{ "create-home", NULL, "make the home directory" },
	{ "shell", "PATH", "login shell" },
	{ "email", "S", "mail address" },
	{ "key", "FILE|-", "public keys of the user; may be repeated" },
	{ "password-stdin", NULL, "read a password from standard input" },
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
	{ "home", "DIR", "home directory" },
	{ "shell", "PATH", "login shell" },
	{ "email", "S", "mail address" },
	{ "expires", "TIME", "when the account ends, or never" },
	{ "admin", "yes|no", "is the user an administrator" },
	{ "password-login", "yes|no", "may the user log in by password" },
	{ "ssh-password", "yes|no", "also over SSH" },
	{ "accept-uid", NULL, "accept the uid that an external account has "
	    "now" },
	{ NULL, NULL, NULL },
};

const struct ctl_option ctl_user_passwd_options[] = {
	{ "stdin", NULL, "read the password from standard input" },
	{ NULL, NULL, NULL },
};

/* The texts of all --key files, one below the other. */
static int
add_keys(struct ctl *c, const struct ctl_args *a, json_t *to)
{
	size_t n, i, len, have = 0;
	const char *const *files = ctl_all(a, "key", &n);
	char *all = NULL, *text = NULL, *bigger;
	int r = CTL_DONE;

	for (i = 0; i < n; i++) {
		if ((r = read_text(c, files[i], &text)) != CTL_DONE)
			goto out;
		len = strlen(text);
		if ((bigger = realloc(all, have + len + 2)) == NULL) {
			r = ctl_fail(c, "out of memory");
			goto out;
		}
		all = bigger;
		memcpy(all + have, text, len);
		have += len;
		if (len > 0 && all[have - 1] != '\n')
			all[have++] = '\n';
		all[have] = '\0';
		freezero(text, len);
		text = NULL;
	}
	if (all != NULL && json_object_set_new(to, "sshpubkey",
	    json_string(all)) != 0)
		r = ctl_fail(c, "key: is no UTF-8 text");
 out:
	freezero(text, text != NULL ? strlen(text) : 0);
	freezero(all, have);
	return r;
}

/* --home with --create-home: the helper makes home/NAME. */
static int
add_home(struct ctl *c, const struct ctl_args *a, json_t *to)
{
	const char *home = ctl_get(a, "home"), *name = a->positional[0];
	const char *slash;
	json_t *parent;

	if (!ctl_has(a, "create-home"))
		return add_string(c, a, "home", to, "home");
	if (home == NULL)
		parent = json_string("/home");
	else {
		slash = strrchr(home, '/');
		if (slash == NULL || strcmp(slash + 1, name) != 0)
			return ctl_misuse(c, "--home with --create-home must "
			    "end in /%s", name);
		parent = slash == home ? json_string("/") :
		    json_stringn(home, (size_t)(slash - home));
	}
	if (json_object_set_new(to, "home", parent) != 0 ||
	    json_object_set_new(to, "home_create", json_true()) != 0)
		return ctl_fail(c, "--home: is no text");
	return CTL_DONE;
}

static int
add_groups(struct ctl *c, const struct ctl_args *a, json_t *to, bool create)
{
	const char *group = ctl_get(a, "group");
	const char *groups = ctl_get(a, "groups");
	json_t *ids;
	int64_t id;
	int r;

	if (group != NULL) {
		if ((r = ctl_find_id(c, "group", group, &id)) != CTL_DONE)
			return r;
		json_object_set_new(to, "group", json_integer(id));
	} else if (create)
		json_object_set_new(to, "group_create", json_true());
	if (groups == NULL)
		return CTL_DONE;
	if ((r = ctl_ids_of_names(c, "group", groups, &ids)) != CTL_DONE)
		return r;
	return json_object_set_new(to, "groups", ids) == 0 ? CTL_DONE :
	    ctl_fail(c, "out of memory");
}

static int
add_password(struct ctl *c, json_t *to, const char *field)
{
	char password[SECRET_MAX];
	int r;

	if ((r = secret_read_line(c, password, sizeof(password))) !=
	    CTL_DONE)
		return r;
	if (json_object_set_new(to, field, json_string(password)) != 0)
		r = ctl_fail(c, "the password is no UTF-8 text");
	explicit_bzero(password, sizeof(password));
	return r;
}

static void
print_warnings(const struct ctl *c, const json_t *result)
{
	const json_t *warnings = json_object_get(result, "warnings");
	json_t *w;
	size_t i;

	json_array_foreach(warnings, i, w) {
		char *safe = ctl_text_safe(json_is_string(w) ?
		    json_string_value(w) : "");

		fprintf(stderr, "naskeysctl: %s: warning: %s\n", c->where,
		    safe != NULL ? safe : "");
		free(safe);
	}
}

/* "password" of the result is the one given: not to be shown again. */
static void
print_user(const struct ctl *c, json_t *row, const char *did)
{
	print_warnings(c, row);
	if (c->json) {
		ctl_print_json(row);
		return;
	}
	printf("%s user %s, uid %" JSON_INTEGER_FORMAT "\n", did,
	    row_string(row, "username"), row_int(row, "uid"));
}

int
ctl_user_add(struct ctl *c, const struct ctl_args *a)
{
	bool external = ctl_has(a, "external");
	json_t *u = json_object(), *row = NULL;
	int r;

	if (u == NULL || json_object_set_new(u, "username",
	    json_string(a->positional[0])) != 0) {
		json_decref(u);
		return ctl_fail(c, "NAME: is no UTF-8 text");
	}
	if (external)
		json_object_set_new(u, "managed", json_false());
	if (ctl_has(a, "admin"))
		json_object_set_new(u, "admin", json_true());
	if ((r = add_number(c, a, "uid", u, "uid")) != CTL_DONE ||
	    (r = add_string(c, a, "full-name", u, "full_name")) != 0 ||
	    (r = add_string(c, a, "shell", u, "shell")) != CTL_DONE ||
	    (r = add_string(c, a, "email", u, "email")) != CTL_DONE ||
	    (r = add_date(c, a, "expires", u, "account_expires_at")) != 0 ||
	    (r = add_home(c, a, u)) != CTL_DONE ||
	    (r = add_groups(c, a, u, !external)) != CTL_DONE ||
	    (r = add_keys(c, a, u)) != CTL_DONE)
		goto out;
	if (ctl_has(a, "password-stdin"))
		r = add_password(c, u, "password");
	else if (!external)
		json_object_set_new(u, "password_disabled", json_true());
	if (r != CTL_DONE)
		goto out;
	r = ctl_call(c, "user.create", json_pack("[O]", u), -1, &row);
	if (r == CTL_DONE)
		print_user(c, row, "Created");
 out:
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
	if (u == NULL)
		return ctl_fail(c, "out of memory");
	if ((r = ctl_find_id(c, "user", name, &id)) != CTL_DONE) {
		json_decref(u);
		return r;
	}
	return ctl_call(c, "user.update", json_pack("[I,o]", (json_int_t)id,
	    u), -1, rowp);
}

int
ctl_user_edit(struct ctl *c, const struct ctl_args *a)
{
	json_t *u = json_object(), *row = NULL;
	const char *login = ctl_get(a, "password-login");
	int r;

	if (u == NULL)
		return ctl_fail(c, "out of memory");
	if ((r = add_string(c, a, "name", u, "username")) != CTL_DONE ||
	    (r = add_string(c, a, "full-name", u, "full_name")) != 0 ||
	    (r = add_string(c, a, "home", u, "home")) != CTL_DONE ||
	    (r = add_string(c, a, "shell", u, "shell")) != CTL_DONE ||
	    (r = add_string(c, a, "email", u, "email")) != CTL_DONE ||
	    (r = add_date(c, a, "expires", u, "account_expires_at")) != 0 ||
	    (r = add_bool(c, a, "admin", u, "admin")) != CTL_DONE ||
	    (r = add_bool(c, a, "password-login", u,
	    "password_disabled")) != CTL_DONE ||
	    (r = add_bool(c, a, "ssh-password", u,
	    "ssh_password_enabled")) != CTL_DONE ||
	    (r = add_groups(c, a, u, false)) != CTL_DONE)
		goto out;
	if (login != NULL)	/* yes is: not disabled */
		json_object_set_new(u, "password_disabled",
		    json_boolean(login[0] == 'n'));
	if (ctl_has(a, "accept-uid"))
		json_object_set_new(u, "accept_uid", json_true());
	if (json_object_size(u) == 0) {
		r = ctl_misuse(c, "nothing to change was given");
		goto out;
	}
	r = update(c, a->positional[0], json_incref(u), &row);
	if (r == CTL_DONE)
		print_user(c, row, "Changed");
 out:
	json_decref(u);
	json_decref(row);
	return r;
}

static int
set_locked(struct ctl *c, const char *name, bool locked)
{
	json_t *row;
	int r;

	r = update(c, name, json_pack("{s:b}", "locked", locked ? 1 : 0),
	    &row);
	if (r == CTL_DONE)
		print_user(c, row, locked ? "Locked" : "Unlocked");
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
	r = ctl_call(c, "user.delete", json_pack("[I]", (json_int_t)id), -1,
	    &result);
	if (r == CTL_DONE && c->json)
		ctl_print_json(result);
	else if (r == CTL_DONE)
		printf("Deleted user %s\n", name);
	json_decref(result);
	return r;
}

/* Does NAME belong to the caller, who is not root? */
static bool
is_own(const char *name)
{
	struct passwd *pw = geteuid() != 0 ? getpwuid(geteuid()) : NULL;

	return pw != NULL && strcmp(pw->pw_name, name) == 0;
}

int
ctl_user_passwd(struct ctl *c, const struct ctl_args *a)
{
	const char *name = a->positional[0];
	char old[SECRET_MAX] = "", new[SECRET_MAX] = "";
	bool own = is_own(name), standard = ctl_has(a, "stdin");
	json_t *p = NULL, *result = NULL;
	int r = CTL_DONE;

	if (own && standard)
		r = secret_read_line(c, old, sizeof(old));
	else if (own)
		r = secret_ask(c, "Current password: ", old, sizeof(old));
	if (r == CTL_DONE && standard)
		r = secret_read_line(c, new, sizeof(new));
	else if (r == CTL_DONE)
		r = secret_ask_new(c, new, sizeof(new));
	if (r != CTL_DONE)
		goto out;
	p = json_pack("[{s:s,s:s}]", "username", name, "new_password", new);
	if (p == NULL || (own && json_object_set_new(json_array_get(p, 0),
	    "old_password", json_string(old)) != 0)) {
		r = ctl_fail(c, "the password is no UTF-8 text");
		goto out;
	}
	r = ctl_call(c, "user.set_password", json_incref(p), -1, &result);
	if (r == CTL_DONE && c->json)
		ctl_print_json(result);
	else if (r == CTL_DONE)
		printf("Changed the password of %s\n", name);
 out:
	explicit_bzero(old, sizeof(old));
	explicit_bzero(new, sizeof(new));
	json_decref(p);
	json_decref(result);
	return r;
}

static const char *
state_of(const json_t *row)
{
	json_int_t ms = json_integer_value(json_object_get(json_object_get(
	    row, "account_expires_at"), "$date"));

	if (row_bool(row, "locked"))
		return "locked";
	if (ms != 0 && ms / 1000 <= (json_int_t)time(NULL))
		return "expired";
	return row_bool(row, "managed") ? "active" : "external";
}

struct list {
	struct ctl	*c;
	struct table	 t;
	bool		 comma;
};

static int
list_page(void *arg, json_t *page)
{
	struct list *l = arg;
	json_t *row;
	size_t i;

	json_array_foreach(page, i, row) {
		if (l->c->json) {
			fputs(l->comma ? ",\n" : "[", stdout);
			json_dumpf(row, stdout, JSON_COMPACT |
			    JSON_ENSURE_ASCII);
			l->comma = true;
			continue;
		}
		table_add(&l->t, row_string(row, "username"));
		table_addf(&l->t, "%" JSON_INTEGER_FORMAT,
		    row_int(row, "uid"));
		table_add(&l->t, row_string(json_object_get(row, "group"),
		    "bsdgrp_group"));
		table_add(&l->t, state_of(row));
		table_add(&l->t, row_bool(row, "admin") ? "yes" : "no");
		table_add(&l->t, row_string(row, "home"));
		table_add(&l->t, row_string(row, "full_name"));
	}
	if (!l->c->json && table_print(&l->t) < 0)
		return ctl_fail(l->c, "out of memory");
	return CTL_DONE;
}

int
ctl_user_list(struct ctl *c, const struct ctl_args *a)
{
	static const char *const headings[] = { "NAME", "UID", "GROUP",
	    "STATE", "ADMIN", "HOME", "FULL NAME" };
	struct list l = { .c = c };
	int r;

	(void)a;
	table_init(&l.t, headings, 7);
	r = ctl_each(c, "user.query", list_page, &l);
	if (r == CTL_DONE && c->json)
		puts(l.comma ? "]" : "[]");
	table_clear(&l.t);
	return r;
}

static void
show_line(const char *name, const char *value)
{
	char *safe = ctl_text_safe(value);

	printf("%-16s %s\n", name, safe != NULL && safe[0] != '\0' ?
	    safe : "-");
	free(safe);
}

/* The names of the groups whose row ids stand in "groups". */
static int
show_groups(struct ctl *c, const json_t *row)
{
	json_t *groups = NULL, *g;
	size_t i;
	int r;

	r = ctl_call(c, "group.query", json_pack("[[[s,s,O]]]", "id", "in",
	    json_object_get(row, "groups")), -1, &groups);
	if (r != CTL_DONE)
		return r;
	printf("%-16s", "Groups");
	json_array_foreach(groups, i, g)
		printf(" %s", row_string(g, "name"));
	puts(json_array_size(groups) == 0 ? " -" : "");
	json_decref(groups);
	return CTL_DONE;
}

int
ctl_user_show(struct ctl *c, const struct ctl_args *a)
{
	char buf[WHEN_LEN], number[24];
	json_t *row = NULL, *keys = NULL;
	int r;

	if ((r = ctl_find(c, "user", a->positional[0], &row)) != CTL_DONE)
		return r;
	if (c->json) {
		ctl_print_json(row);
		goto out;
	}
	r = ctl_call(c, "user.keys", json_pack("[s]", a->positional[0]), -1,
	    &keys);
	if (r != CTL_DONE)
		goto out;
	show_line("Name", row_string(row, "username"));
	snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT,
	    row_int(row, "uid"));
	show_line("Uid", number);
	show_line("Full name", row_string(row, "full_name"));
	show_line("State", state_of(row));
	show_line("Administrator", row_bool(row, "admin") ? "yes" : "no");
	show_line("Primary group", row_string(json_object_get(row, "group"),
	    "bsdgrp_group"));
	r = show_groups(c, row);
	show_line("Home", row_string(row, "home"));
	show_line("Shell", row_string(row, "shell"));
	show_line("Email", row_string(row, "email"));
	show_line("Password", row_bool(row, "password_disabled") ?
	    "disabled" : row_bool(row, "ssh_password_enabled") ?
	    "enabled, also over SSH" : "enabled, not over SSH");
	show_line("Expires", row_date(row, "account_expires_at", "never",
	    buf, sizeof(buf)));
	show_line("Last login", row_date(row, "last_login_at", "never", buf,
	    sizeof(buf)));
	show_line("Key files", row_string(row, "authorized_keys_file"));
	snprintf(number, sizeof(number), "%zu", json_array_size(keys));
	show_line("Keys", number);
 out:
	json_decref(keys);
	json_decref(row);
	return r;
}
