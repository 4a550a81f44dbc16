/* SPDX-License-Identifier: ISC */

#include <bsd/stdlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper/ctl/call.h"
#include "helper/ctl/table.h"
#include "helper/ctl/text.h"
#include "helper/ctl/value.h"
#include "helper/ctl/when.h"

const struct ctl_option ctl_key_add_options[] = {
	{ "expires", "TIME", "when the keys end" },
	{ "comment", "TEXT", "a comment in place of the key's own" },
	{ NULL, NULL, NULL },
};

int
ctl_key_add(struct ctl *c, const struct ctl_args *a)
{
	const char *file = a->npositional > 1 ? a->positional[1] : "-";
	json_t *options = json_object(), *result = NULL, *w;
	char *text = NULL;
	size_t i;
	int r;

	if (options == NULL)
		return ctl_fail(c, "out of memory");
	if ((r = read_text(c, file, &text)) != CTL_DONE)
		goto out;
	if (json_object_set_new(options, "key", json_string(text)) != 0) {
		r = ctl_fail(c, "key: is no UTF-8 text");
		goto out;
	}
	if ((r = add_date(c, a, "expires", options, "expires_at")) != 0 ||
	    (r = add_string(c, a, "comment", options, "comment")) != 0)
		goto out;
	r = ctl_call(c, "user.add_key", json_pack("[s,O]",
	    a->positional[0], options), -1, &result);
	if (r != CTL_DONE)
		goto out;
	json_array_foreach(json_object_get(result, "warnings"), i, w) {
		char *safe = ctl_text_safe(json_is_string(w) ?
		    json_string_value(w) : "");

		fprintf(stderr, "naskeysctl: %s: warning: %s\n", c->where,
		    safe != NULL ? safe : "");
		free(safe);
	}
	if (c->json)
		ctl_print_json(result);
	else
		printf("Added to user %s\n", a->positional[0]);
 out:
	freezero(text, text != NULL ? strlen(text) : 0);
	json_decref(options);
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

int
ctl_key_list(struct ctl *c, const struct ctl_args *a)
{
	static const char *const headings[] = { "FINGERPRINT", "TYPE",
	    "BITS", "EXPIRES", "LAST USED", "OPTIONS", "COMMENT" };
	json_t *keys = NULL, *key;
	struct table t;
	size_t i;
	int r;

	r = ctl_call(c, "user.keys", json_pack("[s]", a->positional[0]), -1,
	    &keys);
	if (r != CTL_DONE)
		return r;
	if (c->json) {
		ctl_print_json(keys);
		json_decref(keys);
		return CTL_DONE;
	}
	table_init(&t, headings, 7);
	json_array_foreach(keys, i, key)
		add_key_row(&t, key);
	if (table_print(&t) < 0)
		r = ctl_fail(c, "out of memory");
	table_clear(&t);
	json_decref(keys);
	return r;
}

int
ctl_key_remove(struct ctl *c, const struct ctl_args *a)
{
	json_t *result = NULL;
	char *reason;
	int r;

	r = ctl_call(c, "user.remove_key", json_pack("[s,s]",
	    a->positional[0], a->positional[1]), -1, &result);
	if (r != CTL_DONE)
		return r;
	if (c->json)
		ctl_print_json(result);
	else {
		printf("Removed %" JSON_INTEGER_FORMAT " from user %s\n",
		    row_int(result, "removed"), a->positional[0]);
		reason = ctl_text_safe(row_string(result, "reason"));
		if (row_bool(result, "dead"))
			puts("sshd accepts it from nowhere else.");
		else
			printf("It may not be dead yet: %s\n",
			    reason != NULL ? reason : "");
		free(reason);
	}
	json_decref(result);
	return CTL_DONE;
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
	json_t *keys = NULL, *key;
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
	json_t *u = NULL, *row = NULL;
	char *text = NULL;
	size_t lost;
	int64_t id;
	int r;

	if ((r = read_text(c, a->positional[1], &text)) != CTL_DONE ||
	    (r = ctl_find_id(c, "user", name, &id)) != CTL_DONE ||
	    (r = count_lost(c, name, text, &lost)) != CTL_DONE)
		goto out;
	if (lost > 0 && (r = ctl_confirm(c, "%zu of the keys of %s will be "
	    "gone. Go on?", lost, name)) != CTL_DONE)
		goto out;
	if ((u = json_pack("[I,{s:s}]", (json_int_t)id, "sshpubkey",
	    text)) == NULL) {
		r = ctl_fail(c, "key: is no UTF-8 text");
		goto out;
	}
	r = ctl_call(c, "user.update", json_incref(u), -1, &row);
	if (r == CTL_DONE && c->json)
		ctl_print_json(row);
	else if (r == CTL_DONE)
		printf("Set the keys of user %s\n", name);
 out:
	freezero(text, text != NULL ? strlen(text) : 0);
	json_decref(u);
	json_decref(row);
	return r;
}
