/* SPDX-License-Identifier: ISC */

#include <sys/stat.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/ctl/call.h"
#include "helper/ctl/progress.h"
#include "helper/ctl/text.h"
#include "lib/rpc/client.h"

#define ROOT_SOCKET	NK_RUNSTATEDIR "/naskeys/root/helper.sock"
#define USER_SOCKET	NK_RUNSTATEDIR "/naskeys/helper.sock"
#define ANSWER_MAX	(1024u * 1024u * 1024u)
#define PAGE		1000

static int
spawn_helper(struct ctl *c, const struct nk_client_options *o)
{
	const char *argv[6];
	int n = 0, r;

	argv[n++] = CTL_HELPER;
	if (c->state_dir != NULL) {
		argv[n++] = "--state-dir";
		argv[n++] = c->state_dir;
	}
	if (c->seal_key != NULL) {
		argv[n++] = "--seal-key";
		argv[n++] = c->seal_key;
	}
	argv[n] = NULL;
	if ((r = nk_client_spawn(&c->client, CTL_HELPER, argv, o)) < 0)
		return ctl_fail(c, "%s: %s", CTL_HELPER, strerror(-r));
	return CTL_DONE;
}

/*
 * As root the helper itself does where no socket answers; everybody else
 * needs the socket, by which the helper knows who asks.
 */
static int
open_client(struct ctl *c)
{
	struct nk_client_options o = { .owner = 0, .timeout = 0,
	    .answer_max = ANSWER_MAX, .notify = ctl_progress };
	const char *path = geteuid() == 0 ? ROOT_SOCKET : USER_SOCKET;
	struct stat st;
	int r;

	if (c->client != NULL)
		return CTL_DONE;
	if (c->state_dir != NULL || c->seal_key != NULL) {
		if (c->state_dir != NULL && stat(c->state_dir, &st) == 0)
			o.owner = st.st_uid;
		return spawn_helper(c, &o);
	}
	if ((r = nk_client_connect(&c->client, path, &o)) == 0)
		return CTL_DONE;
	if (geteuid() == 0 && (r == -ENOENT || r == -ECONNREFUSED))
		return spawn_helper(c, &o);
	if (r == -ENOENT || r == -ECONNREFUSED)
		return ctl_fail(c, "the helper does not answer at %s: is "
		    "naskeys-helper.socket started?", path);
	return ctl_fail(c, "%s: %s", path, strerror(-r));
}

/* user_create.uid is --uid to a person, and user_create.username NAME. */
static void
attribute_name(const char *attribute, char *out, size_t len)
{
	static const struct {
		const char	*field, *name;
	} names[] = {
		{ "username", "NAME" }, { "name", "NAME" },
		{ "full_name", "--full-name" }, { "uid", "--uid" },
		{ "gid", "--gid" }, { "group", "--group" },
		{ "groups", "--groups" }, { "home", "--home" },
		{ "home_create", "--create-home" }, { "shell", "--shell" },
		{ "sshpubkey", "key" }, { "key", "key" },
		{ "password", "password" }, { "email", "--email" },
		{ "account_expires_at", "--expires" },
		{ "expires_at", "--expires" }, { "users", "--users" },
	};
	const char *field = strchr(attribute, '.');
	size_t i, n;

	field = field != NULL ? field + 1 : attribute;
	n = strcspn(field, ".");
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i].field) == n &&
		    memcmp(names[i].field, field, n) == 0) {
			snprintf(out, len, "%s%s", names[i].name, field + n);
			return;
		}
	snprintf(out, len, "%s", field);
}

static void
print_triple(const struct ctl *c, json_t *triple)
{
	const char *attribute = json_string_value(json_array_get(triple, 0));
	const char *what = json_string_value(json_array_get(triple, 1));
	char *safe = ctl_text_safe(what != NULL ? what : "refused");
	char name[128], *safe_name = NULL;

	if (attribute == NULL || attribute[0] == '\0')
		ctl_fail(c, "%s", safe != NULL ? safe : "refused");
	else {
		attribute_name(attribute, name, sizeof(name));
		safe_name = ctl_text_safe(name);
		ctl_fail(c, "%s: %s", safe_name != NULL ? safe_name : "",
		    safe != NULL ? safe : "refused");
	}
	free(safe_name);
	free(safe);
}

static void
print_error(const struct ctl *c, const struct nk_error *e)
{
	json_t *triple;
	char *safe;
	size_t i;

	if (e->triples != NULL && json_array_size(e->triples) > 0) {
		json_array_foreach(e->triples, i, triple)
			print_triple(c, triple);
		return;
	}
	safe = ctl_text_safe(e->reason != NULL ? e->reason : "refused");
	ctl_fail(c, "%s", safe != NULL ? safe : "refused");
	free(safe);
}

int
ctl_call(struct ctl *c, const char *method, json_t *params, int fd,
    json_t **resultp)
{
	struct nk_error e;
	int r;

	*resultp = NULL;
	nk_error_init(&e);
	if (params == NULL) {
		r = ctl_fail(c, "out of memory");
		goto out;
	}
	if ((r = open_client(c)) != CTL_DONE)
		goto out;
	r = nk_client_call(c->client, method, params, fd, resultp, &e);
	ctl_progress_end();
	if (r == -EREMOTEIO) {
		print_error(c, &e);
		r = CTL_FAILED;
	} else if (r == -ECONNRESET)
		r = ctl_fail(c, "the helper hung up before it answered; "
		    "its reason stands in the system's log");
	else if (r < 0)
		r = ctl_fail(c, "talking to the helper: %s", strerror(-r));
 out:
	nk_error_clear(&e);
	json_decref(params);
	return r;
}

void
ctl_print_json(const json_t *result)
{
	json_dumpf(result, stdout, JSON_COMPACT | JSON_ENCODE_ANY |
	    JSON_ENSURE_ASCII);
	fputc('\n', stdout);
}

int
ctl_find(struct ctl *c, const char *kind, const char *name, json_t **rowp)
{
	char method[32];
	json_t *rows = NULL;
	int r;

	*rowp = NULL;
	snprintf(method, sizeof(method), "%s.query", kind);
	r = ctl_call(c, method, json_pack("[[[s,s,s]]]",
	    strcmp(kind, "user") == 0 ? "username" : "name", "=", name), -1,
	    &rows);
	if (r != CTL_DONE)
		return r;
	*rowp = json_incref(json_array_get(rows, 0));
	json_decref(rows);
	if (*rowp == NULL) {
		char *safe = ctl_text_safe(name);

		r = ctl_fail(c, "there is no %s \"%s\"", kind,
		    safe != NULL ? safe : "");
		free(safe);
	}
	return r;
}

int
ctl_find_id(struct ctl *c, const char *kind, const char *name, int64_t *idp)
{
	json_t *row = NULL;
	int r;

	if ((r = ctl_find(c, kind, name, &row)) == CTL_DONE)
		*idp = json_integer_value(json_object_get(row, "id"));
	json_decref(row);
	return r;
}

int
ctl_ids_of_names(struct ctl *c, const char *kind, const char *list,
    json_t **idsp)
{
	char *copy = strdup(list), *rest = copy, *name;
	json_t *ids = json_array();
	int64_t id;
	int r = CTL_DONE;

	*idsp = NULL;
	if (copy == NULL || ids == NULL) {
		r = ctl_fail(c, "out of memory");
		goto out;
	}
	while ((name = strsep(&rest, ",")) != NULL) {
		if (name[0] == '\0')
			continue;
		if ((r = ctl_find_id(c, kind, name, &id)) != CTL_DONE)
			goto out;
		if (json_array_append_new(ids, json_integer(id)) != 0) {
			r = ctl_fail(c, "out of memory");
			goto out;
		}
	}
	*idsp = ids;
	ids = NULL;
 out:
	json_decref(ids);
	free(copy);
	return r;
}

int
ctl_each(struct ctl *c, const char *method,
    int (*fn)(void *arg, json_t *page), void *arg)
{
	json_int_t last = 0;
	json_t *page;
	size_t n;
	int r;

	do {
		r = ctl_call(c, method, json_pack("[[[s,s,I]],{s:i}]", "id",
		    ">", last, "limit", PAGE), -1, &page);
		if (r != CTL_DONE)
			return r;
		n = json_array_size(page);
		if (n > 0)
			last = json_integer_value(json_object_get(
			    json_array_get(page, n - 1), "id"));
		r = n > 0 ? fn(arg, page) : CTL_DONE;
		json_decref(page);
	} while (r == CTL_DONE && n == PAGE);
	return r;
}

int
ctl_confirm(const struct ctl *c, const char *fmt, ...)
{
	char answer[16];
	va_list ap;

	if (c->force)
		return CTL_DONE;
	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
		return ctl_fail(c, "this asks on a terminal; "
		    "without one it wants --force");
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputs(" [y/N] ", stderr);
	if (fgets(answer, sizeof(answer), stdin) != NULL &&
	    (answer[0] == 'y' || answer[0] == 'Y'))
		return CTL_DONE;
	return ctl_fail(c, "nothing was changed");
}
