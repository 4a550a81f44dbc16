/* SPDX-License-Identifier: ISC */

/* The SSH service: naskeysctl service show, set, apply and confirm. */

#include <bsd/stdlib.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper/ctl/call.h"
#include "helper/ctl/value.h"
#include "helper/ctl/when.h"

const struct ctl_option ctl_service_apply_options[] = {
	{ "edit-main", NULL, "comment out lines of sshd_config that are in "
	    "the way" },
	{ "confirm-within", "SECONDS", "go back to what was, unless "
	    "confirmed" },
	{ "remove", NULL, "take the drop-in away, and bring back what "
	    "--edit-main commented out" },
	{ NULL, NULL, NULL },
};

enum kind {
	KIND_TEXT,
	KIND_WORD,		/* "" is null */
	KIND_NUMBER,
	KIND_BOOL,
	KIND_LIST,
};

static const struct setting {
	const char	*name;
	enum kind	 kind;
} settings[] = {
	{ "tcpport",			KIND_NUMBER },
	{ "bindiface",			KIND_LIST },
	{ "passwordauth",		KIND_BOOL },
	{ "password_login_groups",	KIND_LIST },
	{ "kerberosauth",		KIND_BOOL },
	{ "tcpfwd",			KIND_BOOL },
	{ "compression",		KIND_BOOL },
	{ "sftp_log_level",		KIND_TEXT },
	{ "sftp_log_facility",		KIND_TEXT },
	{ "weak_ciphers",		KIND_LIST },
	{ "key_files",			KIND_WORD },
	{ "revoked_keys",		KIND_BOOL },
	{ "host_key_types",		KIND_LIST },
	{ "host_certificates",		KIND_LIST },
	{ "options",			KIND_TEXT },
};
#define NSETTINGS	(sizeof(settings) / sizeof(settings[0]))

/* ---- show ---- */

static void
show_list(struct table *t, const json_t *list)
{
	const json_t *v;
	char *text = NULL;
	size_t i, len;
	FILE *f;

	if ((f = open_memstream(&text, &len)) == NULL) {
		t->failed = true;
		return;
	}
	json_array_foreach(list, i, v)
		fprintf(f, "%s%s", i > 0 ? "," : "", json_string_value(v));
	if (fclose(f) == EOF)
		t->failed = true;
	else
		table_add(t, len > 0 ? text : NULL);
	free(text);
}

static void
show_setting(struct table *t, const struct setting *s, const json_t *row)
{
	const char *text = row_string(row, s->name);

	table_add(t, s->name);
	switch (s->kind) {
	case KIND_NUMBER:
		table_addf(t, "%" JSON_INTEGER_FORMAT, row_int(row,
		    s->name));
		break;
	case KIND_BOOL:
		table_add(t, row_bool(row, s->name) ? "yes" : "no");
		break;
	case KIND_LIST:
		show_list(t, json_object_get(row, s->name));
		break;
	case KIND_WORD:
	case KIND_TEXT:
		table_add(t, text[0] != '\0' ? text : NULL);
		break;
	}
}

int
ctl_service_show(struct ctl *c, const struct ctl_args *a)
{
	static const char *const headings[] = { "SETTING", "VALUE" };
	struct table t;
	json_t *row;
	size_t i;
	int r;

	(void)a;
	if ((r = ctl_call(c, "ssh.config", json_array(), -1, &row)) !=
	    CTL_DONE)
		return r;
	if (c->json) {
		ctl_print_json(row);
		json_decref(row);
		return CTL_DONE;
	}
	table_init(&t, headings, sizeof(headings) / sizeof(headings[0]));
	for (i = 0; i < NSETTINGS; i++)
		show_setting(&t, &settings[i], row);
	show_setting(&t, &(const struct setting){ "chained_command",
	    KIND_TEXT }, row);
	if (table_print(&t) < 0)
		r = ctl_fail(c, "out of memory");
	table_clear(&t);
	json_decref(row);
	return r;
}

/* ---- set ---- */

/* "A,B" as an array. */
static json_t *
read_list(const char *text)
{
	json_t *list = json_array();
	size_t len;

	while (list != NULL && *text != '\0') {
		len = strcspn(text, ",");
		if (len > 0 && json_array_append_new(list,
		    json_stringn(text, len)) == -1) {
			json_decref(list);
			return NULL;
		}
		text += len + (text[len] == ',');
	}
	return list;
}

/* "@FILE" is what stands in the file. */
static int
put_text(const struct ctl *c, json_t *o, const char *name, const char *text)
{
	char *read;
	int r;

	if (text[0] != '@')
		return put(c, o, name, json_string(text), name);
	if ((r = read_text(c, text + 1, &read)) != CTL_DONE)
		return r;
	r = put(c, o, name, json_string(read), text + 1);
	free(read);
	return r;
}

static int
put_setting(const struct ctl *c, json_t *o, const struct setting *s,
    const char *value)
{
	const char *why = NULL;
	long long n;

	switch (s->kind) {
	case KIND_NUMBER:
		n = strtonum(value, LLONG_MIN, LLONG_MAX, &why);
		if (why != NULL)
			return ctl_misuse(c, "%s: \"%s\" is no number",
			    s->name, value);
		return put(c, o, s->name, json_integer(n), "");
	case KIND_BOOL:
		if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
			return ctl_misuse(c, "%s: say yes or no", s->name);
		return put(c, o, s->name, json_boolean(strcmp(value,
		    "yes") == 0), "");
	case KIND_LIST:
		return put(c, o, s->name, read_list(value), s->name);
	case KIND_WORD:
		return put(c, o, s->name, value[0] == '\0' ? json_null() :
		    json_string(value), s->name);
	case KIND_TEXT:
		break;
	}
	return put_text(c, o, s->name, value);
}

static int
read_setting(const struct ctl *c, json_t *o, const char *word)
{
	size_t i, len = strcspn(word, "=");

	if (word[len] != '=')
		return ctl_misuse(c, "\"%s\" is not of the form KEY=VALUE",
		    word);
	for (i = 0; i < NSETTINGS; i++)
		if (strlen(settings[i].name) == len &&
		    strncmp(settings[i].name, word, len) == 0)
			return put_setting(c, o, &settings[i],
			    word + len + 1);
	return ctl_misuse(c, "\"%.*s\" is no setting: \"naskeysctl service "
	    "show\" lists them", (int)len, word);
}

int
ctl_service_set(struct ctl *c, const struct ctl_args *a)
{
	json_t *o = json_object(), *result = NULL;
	int i, r = CTL_DONE;

	if (o == NULL)
		return ctl_fail(c, "out of memory");
	for (i = 0; i < a->npositional && r == CTL_DONE; i++)
		r = read_setting(c, o, a->positional[i]);
	if (r == CTL_DONE)
		r = ctl_call(c, "ssh.update", json_pack("[O]", o), -1,
		    &result);
	if (r == CTL_DONE)
		r = ctl_done(c, result, "Saved; \"naskeysctl service apply\" "
		    "puts the settings in force");
	json_decref(o);
	json_decref(result);
	return r;
}

/* ---- apply and confirm ---- */

static int
show_applied(const struct ctl *c, const struct ctl_args *a,
    const json_t *result)
{
	const char *done = ctl_has(a, "remove") ? "sshd has its "
	    "configuration without naskeys" : "The settings are in force";
	const char *text = row_string(result, "difference");
	char when[WHEN_LEN];
	size_t len;

	for (; *text != '\0'; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		ctl_say("sshd_config: %.*s", (int)len, text);
	}
	ctl_print_warnings(c, result);
	if (!row_bool(result, "changed"))
		return ctl_done(c, result, ctl_has(a, "remove") ?
		    "There is nothing to remove" : "The settings are in "
		    "sshd's configuration already");
	if (!row_bool(result, "reloaded"))
		done = ctl_has(a, "remove") ? "Removed; sshd does not run" :
		    "The settings count when sshd is started: it does not "
		    "run";
	if (json_is_object(json_object_get(result, "confirm_before")))
		return ctl_done(c, result, "%s; it goes back at %s unless "
		    "\"naskeysctl service confirm\" is said before", done,
		    row_date(result, "confirm_before", "", when,
		    sizeof(when)));
	return ctl_done(c, result, "%s", done);
}

int
ctl_service_apply(struct ctl *c, const struct ctl_args *a)
{
	json_t *o, *result = NULL;
	int r;

	o = json_pack("{s:b,s:b}", "edit_main", ctl_has(a, "edit-main"),
	    "remove", ctl_has(a, "remove"));
	if (o == NULL)
		return ctl_fail(c, "out of memory");
	r = add_number(c, a, "confirm-within", o, "confirm_within");
	if (r == CTL_DONE)
		r = ctl_call(c, "ssh.apply", json_pack("[O]", o), -1,
		    &result);
	if (r == CTL_DONE && c->json)
		ctl_print_json(result);
	else if (r == CTL_DONE)
		r = show_applied(c, a, result);
	json_decref(o);
	json_decref(result);
	return r;
}

int
ctl_service_confirm(struct ctl *c, const struct ctl_args *a)
{
	json_t *result = NULL;
	int r;

	(void)a;
	r = ctl_call(c, "ssh.confirm", json_array(), -1, &result);
	if (r == CTL_DONE)
		r = ctl_done(c, result, "Confirmed: the settings stay");
	json_decref(result);
	return r;
}
