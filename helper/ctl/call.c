/* SPDX-License-Identifier: ISC */

#include <sys/stat.h>

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/ctl/call.h"
#include "helper/ctl/file.h"
#include "helper/ctl/progress.h"
#include "helper/ctl/text.h"
#include "helper/ctl/value.h"
#include "lib/rpc/client.h"

#define ROOT_SOCKET	NK_RUNSTATEDIR "/naskeys/root/helper.sock"
#define USER_SOCKET	NK_RUNSTATEDIR "/naskeys/helper.sock"
#define ANSWER_MAX	(1024u * 1024u * 1024u)
#define SETTING	"ssh_update."	/* before what service set has */
#define PAGE		1000

/* ---- what comes before an answer ---- */

static void
hear(void *arg, const char *method, const json_t *params)
{
	const struct ctl *c = arg;
	const char *text = json_string_value(json_object_get(params,
	    "text"));

	if (strcmp(method, "naskeys.warning") == 0 && text != NULL) {
		ctl_progress_end();
		ctl_warn(c, "%s", text);
	} else {
		ctl_progress(NULL, method, params);
	}
}

/* ---- reaching the helper ---- */

static int
spawn_helper(struct ctl *c, const struct nk_client_options *o)
{
	char key[PATH_MAX];
	const char *argv[6];
	int n = 0, r;

	argv[n++] = CTL_HELPER;
	if (c->state_dir != NULL) {
		argv[n++] = "--state-dir";
		argv[n++] = c->state_dir;
	}
	if (c->seal_key != NULL) {
		if ((r = file_absolute(c->seal_key, key)) < 0)
			return ctl_fail(c, "--seal-key %s: %s", c->seal_key,
			    strerror(-r));
		argv[n++] = "--seal-key";
		argv[n++] = key;
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
	    .answer_max = ANSWER_MAX, .notify = hear, .notify_arg = c };
	const char *path = geteuid() == 0 ? ROOT_SOCKET : USER_SOCKET;
	struct stat st;
	int r;

	if (c->client != NULL)
		return CTL_DONE;
	if (c->state_dir != NULL && stat(c->state_dir, &st) == -1)
		return ctl_fail(c, "--state-dir %s: %s", c->state_dir,
		    strerror(errno));
	if (c->state_dir != NULL || c->seal_key != NULL)
		return spawn_helper(c, &o);
	if ((r = nk_client_connect(&c->client, path, &o)) == 0)
		return CTL_DONE;
	if (geteuid() == 0 && (r == -ENOENT || r == -ECONNREFUSED))
		return spawn_helper(c, &o);
	if (r == -ENOENT || r == -ECONNREFUSED)
		return ctl_fail(c, "the helper does not answer at %s: is "
		    "naskeys-helper.socket started?", path);
	return ctl_fail(c, "%s: %s", path, strerror(-r));
}

/* ---- what it refuses ---- */

/* The schema in front of a field: "user_create.uid" is "uid". */
static const char *
field_of(const char *attribute, bool *editp)
{
	static const struct {
		const char	*schema;
		bool		 edit;
	} schemas[] = {
		{ "user_create.", false }, { "user_update.", true },
		{ "user_add_key.", false }, { "user.set_password.", false },
		{ "set_password_data.", false },
		{ "group_create.", false }, { "group_update.", true },
		{ "keychain_credential_create.attributes.", false },
		{ "keychain_credential_create.", false },
		{ "keychain_credentials_update.attributes.", true },
		{ "keychain_credentials_update.", true },
		{ "generate_ssh_key_pair.", false },
		{ "keychain_remote_ssh_host_key_scan.", false },
		{ "options.manual_setup.", false },
		{ "options.", false },
	};
	size_t i, n;

	*editp = false;
	for (i = 0; i < sizeof(schemas) / sizeof(schemas[0]); i++) {
		n = strlen(schemas[i].schema);
		if (strncmp(attribute, schemas[i].schema, n) != 0)
			continue;
		*editp = schemas[i].edit;
		return attribute + n;
	}
	return attribute;
}

/* What a person gave for what is called otherwise elsewhere, or NULL. */
static const char *
argument_at(const char *attribute)
{
	static const char *const names[][2] = {
		{ "keychain_credential_create.attributes.username", "--user" },
		{ "keychain_credentials_update.attributes.username",
		  "--user" },
		{ "keychain_credentials_update.attributes.private_key",
		  "--keypair" },
		{ "setup_ssh_connection.private_key.existing_key_id",
		  "--keypair" },
		{ "setup_ssh_connection.private_key.name",
		  "--generate-keypair" },
		{ "setup_ssh_connection.connection_name", "NAME" },
		{ "keychain_remote_ssh_host_key_scan.host", "HOST" },
		{ "options.copy_key.password", "the password" },
		{ "options.copy_key.from", "--from" },
		{ "options.copy_key.command", "--command" },
		{ "options.copy_key", "--copy-key" },
		{ "options.confirm_within", "--confirm-within" },
	};
	size_t i, n = strlen(SETTING);

	if (strncmp(attribute, SETTING, n) == 0)
		return attribute + n;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(attribute, names[i][0]) == 0)
			return names[i][1];
	return NULL;
}

/*
 * What a person gave for this field; "" where that says nothing.  What
 * nobody gave is called as it is.
 */
static const char *
argument_of(const char *attribute)
{
	static const struct {
		const char	*field, *name, *in_edit;
	} names[] = {
		{ "username", "NAME", "--name" },
		{ "name", "NAME", "--name" },
		{ "private_key", "FILE", NULL },
		{ "public_key", "--public", NULL },
		{ "type", "--type", NULL }, { "bits", "--bits", NULL },
		{ "format", "--format", NULL },
		{ "full_name", "--full-name", NULL },
		{ "uid", "--uid", NULL }, { "gid", "--gid", NULL },
		{ "group", "--group", NULL },
		{ "group_create", "--group", NULL },
		{ "groups", "--groups", NULL },
		{ "home", "--home", NULL },
		{ "home_create", "--create-home", NULL },
		{ "home_mode", "--home-mode", NULL },
		{ "shell", "--shell", NULL }, { "email", "--email", NULL },
		{ "sshpubkey", "key", NULL }, { "key", "key", NULL },
		{ "comment", "--comment", NULL },
		{ "fingerprint", "FINGERPRINT", NULL },
		{ "old_password", "current password", NULL },
		{ "new_password", "password", NULL },
		{ "password_disabled", "--password-login", NULL },
		{ "ssh_password_enabled", "--ssh-password", NULL },
		{ "account_expires_at", "--expires", NULL },
		{ "expires_at", "--expires", NULL },
		{ "admin", "--admin", NULL }, { "locked", "", NULL },
		{ "accept_uid", "--accept-uid", NULL },
		{ "users", "--users", NULL },
		{ "min_uid", "--min-uid", NULL },
		{ "host", "--host", NULL }, { "port", "--port", NULL },
		{ "remote_host_key", "--host-key", NULL },
		{ "connect_timeout", "--timeout", NULL },
		{ "cascade", "--cascade", NULL },
	};
	bool edit;
	const char *field = field_of(attribute, &edit);
	const char *name = argument_at(attribute);
	size_t i, n = strcspn(field, ".");	/* "groups.0" */

	if (name != NULL)
		return name;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i].field) == n &&
		    memcmp(names[i].field, field, n) == 0)
			return edit && names[i].in_edit != NULL ?
			    names[i].in_edit : names[i].name;
	return attribute;
}

/* What to do about a refusal that is worded as the peer words it. */
static const char *
advice_for(const char *text)
{
	static const char *const advice[][2] = {
		{ "Encrypted private keys are not allowed",
		  "; take the passphrase off a copy, with \"ssh-keygen -p -N "
		  "'' -f COPY\" (PuTTY's: with puttygen), and import that" },
		{ "Private key and public key do not match",
		  ": --public is for the .pub file of the same key" },
		{ "This credential is used and no cascade option is "
		  "specified", "; used-by lists what this would delete or "
		  "release with it" },
		{ "Is already in use by another Keychain Credential",
		  "; keypairs and connections share their names" },
	};
	size_t i;

	for (i = 0; i < sizeof(advice) / sizeof(advice[0]); i++)
		if (strcmp(text, advice[i][0]) == 0)
			return advice[i][1];
	return "";
}

/* The same for a failure, which is one sentence. */
static const char *
advice_for_failure(const char *reason)
{
	return strstr(reason, "ITS HOST KEY HAS CHANGED") == NULL ? "" :
	    "; connection test says how it is accepted";
}

static void
print_refusal(const struct ctl *c, const struct nk_error *e)
{
	const char *reason = e->reason != NULL ? e->reason :
	    "the helper refused, and did not say why";
	const char *attribute, *name, *text;
	json_t *triple;
	size_t i;

	if (json_array_size(e->triples) == 0)
		ctl_fail(c, "%s%s", reason, advice_for_failure(reason));
	json_array_foreach(e->triples, i, triple) {
		attribute = json_string_value(json_array_get(triple, 0));
		text = json_string_value(json_array_get(triple, 1));
		if (text == NULL)
			text = "refused";
		name = argument_of(attribute != NULL ? attribute : "");
		ctl_fail(c, "%s%s%s%s", name, name[0] != '\0' ? ": " : "",
		    text, advice_for(text));
	}
}

static void
print_breakdown(const struct ctl *c, int r)
{
	switch (r) {
	case -EINVAL:
		ctl_fail(c, "an argument is no UTF-8 text");
		break;
	case -ECONNRESET:
		ctl_fail(c, "the helper ended before it answered; it or the "
		    "system's log says why");
		break;
	case -EFBIG:
		ctl_fail(c, "the helper's answer is longer than %u bytes",
		    ANSWER_MAX);
		break;
	case -EBADMSG:
		ctl_fail(c, "the helper's answer cannot be understood; are "
		    "naskeysctl and the helper of one version?");
		break;
	default:
		ctl_fail(c, "talking to the helper: %s", strerror(-r));
		break;
	}
}

/* ---- calling ---- */

static int
call(struct ctl *c, const char *method, json_t *params, int fd,
    json_t **resultp, bool quiet)
{
	struct nk_error e;
	int r, status = CTL_FAILED;

	*resultp = NULL;
	nk_error_init(&e);
	if (params == NULL) {
		print_breakdown(c, -EINVAL);
		goto out;
	}
	if (open_client(c) != CTL_DONE)
		goto out;
	r = nk_client_call(c->client, method, params, fd, resultp, &e);
	ctl_progress_end();
	if (r == 0)
		status = CTL_DONE;
	else if (r == -EREMOTEIO && !quiet)
		print_refusal(c, &e);
	else if (r != -EREMOTEIO) {
		print_breakdown(c, r);
		nk_client_free(c->client);	/* of no more use */
		c->client = NULL;
	}
 out:
	nk_error_clear(&e);
	json_decref(params);
	return status;
}

int
ctl_call(struct ctl *c, const char *method, json_t *params, int fd,
    json_t **resultp)
{
	return call(c, method, params, fd, resultp, false);
}

int
ctl_try(struct ctl *c, const char *method, json_t *params, json_t **resultp)
{
	return call(c, method, params, -1, resultp, true);
}

/* ---- telling ---- */

static void
dump(const json_t *value)
{
	json_dumpf(value, stdout, JSON_COMPACT | JSON_ENCODE_ANY |
	    JSON_ENSURE_ASCII);
}

void
ctl_print_json(const json_t *result)
{
	dump(result);
	putchar('\n');
}

int
ctl_done(const struct ctl *c, const json_t *result, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;

	if (c->json) {
		ctl_print_json(result);
		return CTL_DONE;
	}
	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) == -1)
		text = NULL;
	va_end(ap);
	ctl_say("%s", text != NULL ? text : "Done");
	free(text);
	return CTL_DONE;
}

void
ctl_print_warnings(const struct ctl *c, const json_t *result)
{
	const json_t *warnings = json_object_get(result, "warnings");
	json_t *w;
	size_t i;

	if (c->json)
		return;		/* they stand in what is printed */
	json_array_foreach(warnings, i, w)
		if (json_is_string(w))
			ctl_warn(c, "%s", json_string_value(w));
}

void
ctl_hang_up(struct ctl *c)
{
	nk_client_free(c->client);
	c->client = NULL;
}

int
ctl_confirm(struct ctl *c, const char *fmt, ...)
{
	char *text = NULL, *safe = NULL, answer[16];
	va_list ap;

	if (c->force)
		return CTL_DONE;
	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
		return ctl_fail(c, "this asks on a terminal; "
		    "without one it wants --force");
	ctl_hang_up(c);
	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) == -1)
		text = NULL;
	va_end(ap);
	if (text != NULL)
		safe = ctl_text_safe(text);
	free(text);
	if (safe == NULL)
		return ctl_fail(c, "out of memory");
	fprintf(stderr, "%s [y/N] ", safe);
	free(safe);
	if (fgets(answer, sizeof(answer), stdin) != NULL &&
	    (answer[0] == 'y' || answer[0] == 'Y'))
		return CTL_DONE;
	return ctl_fail(c, "nothing was changed");
}

/* ---- rows by name ---- */

bool
ctl_is_own(const struct ctl *c, const char *name)
{
	struct passwd *pw = geteuid() != 0 && c->state_dir == NULL ?
	    getpwuid(geteuid()) : NULL;

	return pw != NULL && strcmp(pw->pw_name, name) == 0;
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
	if (*rowp == NULL)
		return ctl_fail(c, "there is no %s \"%s\"", kind, name);
	return CTL_DONE;
}

int
ctl_find_id(struct ctl *c, const char *kind, const char *name, int64_t *idp)
{
	json_t *row;
	int r;

	if ((r = ctl_find(c, kind, name, &row)) == CTL_DONE)
		*idp = row_int(row, "id");
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

/* ---- many rows ---- */

/* [[filters and id > last], {limit, select}] */
static json_t *
page_params(const struct ctl_pages *p)
{
	json_t *filters = json_array(), *options, *select = NULL;
	const char *const *f;
	int r = 0;

	if (p->filters != NULL)
		r = json_array_extend(filters, p->filters);
	r |= json_array_append_new(filters, json_pack("[s,s,I]", "id", ">",
	    p->last));
	options = json_pack("{s:i}", "limit", PAGE);
	if (p->fields != NULL) {
		select = json_array();
		for (f = p->fields; *f != NULL; f++)
			r |= json_array_append_new(select, json_string(*f));
		r |= json_object_set_new(options, "select", select);
	}
	if (r != 0) {
		json_decref(filters);
		json_decref(options);
		return NULL;
	}
	return json_pack("[o,o]", filters, options);
}

int
ctl_each(struct ctl *c, struct ctl_pages *p,
    int (*fn)(void *arg, const json_t *page), void *arg)
{
	json_t *page = NULL;
	json_int_t last;
	size_t n;
	int r;

	do {
		r = ctl_call(c, p->method, page_params(p), -1, &page);
		if (r != CTL_DONE)
			return r;
		if ((n = json_array_size(page)) > 0) {
			last = row_int(json_array_get(page, n - 1), "id");
			r = last > p->last ? fn(arg, page) :
			    ctl_fail(c, "the rows that the helper sends are "
			    "not in the order of their ids");
			p->last = last;
		}
		json_decref(page);
	} while (r == CTL_DONE && n == PAGE && !ferror(stdout));
	return r;
}

struct listing {
	struct ctl		*c;
	const struct ctl_list	*l;
	struct table		 t;
	bool			 comma;
};

static int
list_page(void *arg, const json_t *page)
{
	struct listing *g = arg;
	json_t *row;
	size_t i;

	json_array_foreach(page, i, row) {
		if (!g->c->json) {
			g->l->fill(&g->t, row);
			continue;
		}
		fputs(g->comma ? ",\n" : "[", stdout);
		dump(row);
		g->comma = true;
	}
	if (!g->c->json && table_print(&g->t) < 0)
		return ctl_fail(g->c, "out of memory");
	return CTL_DONE;
}

int
ctl_list(struct ctl *c, const struct ctl_list *l)
{
	struct ctl_pages pages = { .method = l->method,
	    .fields = c->json && !l->fields_always ? NULL :
	    l->fields };
	struct listing g = { .c = c, .l = l };
	int r;

	if (l->type != NULL && (pages.filters = json_pack("[[s,s,s]]",
	    "type", "=", l->type)) == NULL)
		return ctl_fail(c, "out of memory");
	table_init(&g.t, l->headings, l->columns);
	r = ctl_each(c, &pages, list_page, &g);
	if (r == CTL_DONE && c->json)
		puts(g.comma ? "]" : "[]");
	else if (r == CTL_DONE && table_print(&g.t) < 0)
		r = ctl_fail(c, "out of memory");
	table_clear(&g.t);
	json_decref(pages.filters);
	return r;
}
