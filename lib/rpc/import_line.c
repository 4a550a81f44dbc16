/* SPDX-License-Identifier: ISC */
#include "lib/rpc/import_line.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/rpc/args.h"

#define SCHEMA	"user_import"

static const struct nk_arg object = {
	.name = SCHEMA, .type = NK_ARG_OBJECT, .flags = NK_ARG_REQUIRED,
	.fields = nk_user_import_fields,
};

/* ---- the quick look ---- */

/*
 * A million lines are right before one is wrong.  What this says "no" to
 * is looked at again, thoroughly, for what to say about it.
 */
static bool
is_plain(const struct nk_arg *a, const json_t *v)
{
	json_int_t n;

	switch (a->type) {
	case NK_ARG_BOOL:
		return json_is_boolean(v);
	case NK_ARG_INT:
		n = json_integer_value(v);
		return json_is_integer(v) && ((a->min == 0 && a->max == 0) ||
		    (n >= a->min && n <= a->max));
	case NK_ARG_STRING:
		return json_is_string(v) && json_string_length(v) > 0 &&
		    ((a->flags & NK_ARG_LONG) != 0 ||
		    json_string_length(v) <= 1024);
	case NK_ARG_ANY:
		return true;
	default:
		return false;
	}
}

static bool
is_plain_array(const struct nk_arg *a, const json_t *v)
{
	size_t n = json_array_size(v), i;

	if (!json_is_array(v) || (a->max > 0 && n > (size_t)a->max))
		return false;
	for (i = 0; i < n; i++) {
		if (!is_plain(a->fields, json_array_get(v, i)))
			return false;
	}
	return true;
}

static const struct nk_arg *
find_field(const char *name)
{
	const struct nk_arg *a;

	for (a = nk_user_import_fields; a->name != NULL; a++) {
		if (strcmp(a->name, name) == 0)
			return a;
	}
	return NULL;
}

static bool
is_right(json_t *fields)
{
	const struct nk_arg *a;
	const char *key;
	json_t *v;

	if (!json_is_object(fields) ||
	    json_object_get(fields, "username") == NULL)
		return false;
	json_object_foreach(fields, key, v) {
		a = find_field(key);
		if (a == NULL || (a->type == NK_ARG_ARRAY ?
		    !is_plain_array(a, v) : !is_plain(a, v)))
			return false;
	}
	return true;
}

/* ---- the line ---- */

/* What user.create can do and many at once cannot. */
static void
refuse_single(const struct nk_user_edit *ed, struct nk_error *e)
{
	if (ed->random_password)
		nk_user_edit_refuse(ed, e, "random_password", EINVAL,
		    "An import has nobody to tell a random password.");
	if (ed->home_create)
		nk_user_edit_refuse(ed, e, "home_create", EINVAL,
		    "An import does not make homes.");
}

/* The parser's own words would repeat what stands in the line. */
static int
parse(const char *line, size_t len, json_t **fieldsp, struct nk_error *e)
{
	json_error_t error;

	if (len > NK_IMPORT_LINE_MAX) {
		nk_error_add(e, SCHEMA, EINVAL, "The line is longer than "
		    "%u bytes.", NK_IMPORT_LINE_MAX);
		return -EINVAL;
	}
	*fieldsp = json_loadb(line, len, JSON_REJECT_DUPLICATES, &error);
	if (*fieldsp != NULL)
		return 0;
	if (json_error_code(&error) == json_error_out_of_memory)
		return -ENOMEM;
	nk_error_add(e, SCHEMA, EINVAL, "This is no JSON object: it goes "
	    "wrong at column %d.", error.column);
	return -EINVAL;
}

int
nk_import_line_read(const struct nk_user_rules *rules, const char *line,
    size_t len, json_t **fieldsp, struct nk_user_edit *ed, struct nk_error *e)
{
	int r;

	*fieldsp = NULL;
	memset(ed, 0, sizeof(*ed));
	if ((r = parse(line, len, fieldsp, e)) < 0 ||
	    (!is_right(*fieldsp) &&
	    (r = nk_arg_check_one(&object, *fieldsp, e)) < 0) ||
	    (r = nk_user_edit_read(ed, rules, SCHEMA, NULL, NULL, *fieldsp,
	    e)) < 0)
		return r;
	refuse_single(ed, e);
	return nk_user_rules_check(rules, ed, e);
}

void
nk_import_line_blame(struct nk_error *e, size_t line)
{
	const json_t *first = json_array_get(e->triples, 0);
	const char *field, *text;
	char *copy;
	int number;

	if (first == NULL)
		return;
	field = json_string_value(json_array_get(first, 0));
	text = json_string_value(json_array_get(first, 1));
	number = (int)json_integer_value(json_array_get(first, 2));
	if (field != NULL && strncmp(field, SCHEMA ".",
	    sizeof(SCHEMA)) == 0)
		field += sizeof(SCHEMA);
	else
		field = NULL;
	/* the call error takes the place of what this points into */
	copy = strdup(text != NULL ? text : "");
	if (field == NULL) {
		(void)nk_error_call(e, number, "line %zu: %s", line,
		    copy != NULL ? copy : "");
	} else {
		char name[64];

		(void)snprintf(name, sizeof(name), "%s", field);
		(void)nk_error_call(e, number, "line %zu: %s: %s", line,
		    name, copy != NULL ? copy : "");
	}
	free(copy);
}
