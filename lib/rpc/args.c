/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "lib/rpc/args.h"

#define STRING_MAX	1024	/* characters, where nothing else is said */
#define PATH_MAX_LEN	512	/* of an attribute; more is cut */

const struct nk_arg nk_no_args[] = { { .name = NULL } };

const struct nk_arg nk_id_args[] = {
	{ .name = "id", .type = NK_ARG_INT, .flags = NK_ARG_REQUIRED },
	{ .name = NULL },
};

const struct nk_arg nk_instance_args[] = {
	{ .name = "id", .type = NK_ARG_INT, .flags = NK_ARG_REQUIRED },
	{ .name = "options", .type = NK_ARG_OBJECT },
	{ .name = NULL },
};

/* Where in the parameters we are, and where complaints go. */
struct cursor {
	struct nk_error	*e;
	bool		 failed;
	size_t		 len;
	char		 path[PATH_MAX_LEN];
};

static void check_value(struct cursor *c, const struct nk_arg *a,
    const json_t *v);

/* Step into a member; the result brings leave() back. */
static size_t
enter(struct cursor *c, const char *name)
{
	size_t before = c->len, room = sizeof(c->path) - c->len;
	int n;

	n = snprintf(c->path + before, room, "%s%s", before > 0 ? "." : "",
	    name);
	if (n > 0)
		c->len += (size_t)n < room ? (size_t)n : room - 1;
	return before;
}

static void
leave(struct cursor *c, size_t before)
{
	c->len = before;
	c->path[before] = '\0';
}

static void
refuse(struct cursor *c, const char *text)
{
	c->failed = true;
	nk_error_add(c->e, c->path, EINVAL, "%s", text);
}

static void
refuse_limit(struct cursor *c, const char *before, int64_t limit,
    const char *after)
{
	c->failed = true;
	nk_error_add(c->e, c->path, EINVAL, "%s %" PRId64 "%s", before, limit,
	    after);
}

/* jansson has made sure that it is UTF-8. */
static int64_t
count_characters(const char *s)
{
	int64_t n = 0;

	for (; *s != '\0'; s++) {
		if (((unsigned char)*s & 0xc0) != 0x80)
			n++;
	}
	return n;
}

static void
check_int(struct cursor *c, const struct nk_arg *a, const json_t *v)
{
	int64_t n;

	if (!json_is_integer(v)) {
		refuse(c, "Input should be a valid integer");
		return;
	}
	n = json_integer_value(v);
	if (a->min == 0 && a->max == 0)
		return;
	if (n < a->min)
		refuse_limit(c, "Input should be greater than or equal to",
		    a->min, "");
	else if (n > a->max)
		refuse_limit(c, "Input should be less than or equal to",
		    a->max, "");
}

static void
check_string(struct cursor *c, const struct nk_arg *a, const json_t *v)
{
	int64_t max = a->max != 0 ? a->max : STRING_MAX;
	const char *s = json_string_value(v);

	if (s == NULL) {
		refuse(c, "Input should be a valid string");
		return;
	}
	if ((a->flags & NK_ARG_NONEMPTY) != 0 && s[0] == '\0')
		refuse(c, "String should have at least 1 character");
	if ((a->flags & NK_ARG_LONG) != 0)
		max = INT_MAX;
	if (count_characters(s) > max)
		refuse_limit(c, "String should have at most", max,
		    " characters");
}

static void
check_array(struct cursor *c, const struct nk_arg *a, const json_t *v)
{
	size_t i, before;
	char name[24];

	if (!json_is_array(v)) {
		refuse(c, "Input should be a valid list");
		return;
	}
	if ((a->flags & NK_ARG_NONEMPTY) != 0 && json_array_size(v) == 0)
		refuse(c, "List should have at least 1 item");
	if (a->max > 0 && json_array_size(v) > (uint64_t)a->max) {
		refuse_limit(c, "List should have at most", a->max, " items");
		return;
	}
	if (a->fields == NULL)
		return;
	for (i = 0; i < json_array_size(v); i++) {
		(void)snprintf(name, sizeof(name), "%zu", i);
		before = enter(c, name);
		check_value(c, a->fields, json_array_get(v, i));
		leave(c, before);
	}
}

static const struct nk_arg *
find_field(const struct nk_arg *fields, const char *name)
{
	for (; fields->name != NULL; fields++) {
		if (strcmp(fields->name, name) == 0)
			return fields;
	}
	return NULL;
}

static void
check_fields(struct cursor *c, const struct nk_arg *fields, const json_t *v)
{
	const json_t *member;
	size_t before;

	for (; fields->name != NULL; fields++) {
		member = json_object_get(v, fields->name);
		if (member == NULL && (fields->flags & NK_ARG_REQUIRED) == 0)
			continue;
		before = enter(c, fields->name);
		if (member != NULL)
			check_value(c, fields, member);
		else
			refuse(c, "Field required");
		leave(c, before);
	}
}

static void
check_object(struct cursor *c, const struct nk_arg *a, const json_t *v)
{
	/* jansson's iterators write nothing, but are not declared so. */
	union {
		const json_t	*checked;
		json_t		*walked;
	} u = { .checked = v };
	const char *key;
	size_t before;
	void *it;

	if (!json_is_object(v)) {
		refuse(c, "Input should be a valid dictionary");
		return;
	}
	if (a->fields == NULL)
		return;
	check_fields(c, a->fields, v);
	if ((a->flags & NK_ARG_OPEN) != 0)
		return;
	for (it = json_object_iter(u.walked); it != NULL;
	    it = json_object_iter_next(u.walked, it)) {
		key = json_object_iter_key(it);
		if (find_field(a->fields, key) != NULL)
			continue;
		before = enter(c, key);
		refuse(c, "Extra inputs are not permitted");
		leave(c, before);
	}
}

static void
check_value(struct cursor *c, const struct nk_arg *a, const json_t *v)
{
	int64_t ms;

	if (json_is_null(v) && (a->flags & NK_ARG_NULL) != 0)
		return;
	switch (a->type) {
	case NK_ARG_BOOL:
		if (!json_is_boolean(v))
			refuse(c, "Input should be a valid boolean");
		return;
	case NK_ARG_INT:
		check_int(c, a, v);
		return;
	case NK_ARG_STRING:
		check_string(c, a, v);
		return;
	case NK_ARG_ARRAY:
		check_array(c, a, v);
		return;
	case NK_ARG_OBJECT:
		check_object(c, a, v);
		return;
	case NK_ARG_DATE:
		if (nk_json_date_get(v, &ms) < 0)
			refuse(c, "Input should be a valid datetime");
		return;
	case NK_ARG_ANY:
		return;
	}
	refuse(c, "Input should be of a known type");
}

int
nk_arg_check_one(const struct nk_arg *arg, const json_t *value,
    struct nk_error *e)
{
	struct cursor c = { .e = e };

	(void)enter(&c, arg->name);
	if (value != NULL)
		check_value(&c, arg, value);
	else if ((arg->flags & NK_ARG_REQUIRED) != 0)
		refuse(&c, "Field required");
	return c.failed ? -EINVAL : 0;
}

int
nk_args_check(const struct nk_arg *args, const json_t *params,
    struct nk_error *e)
{
	size_t n = 0, nparams = json_array_size(params);
	int r = 0;

	for (; args != NULL && args[n].name != NULL; n++) {
		if (nk_arg_check_one(&args[n], json_array_get(params, n),
		    e) < 0)
			r = -EINVAL;
	}
	if (nparams <= n)
		return r;
	nk_error_add(e, "", EINVAL,
	    "Too many arguments (expected %zu, found %zu)", n, nparams);
	return -EINVAL;
}
