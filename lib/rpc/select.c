/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/rpc/select.h"
#include "lib/rpc/value.h"

struct field {
	struct nk_path	 path;
	char		*rename;	/* NULL: as the path says */
};

struct nk_select {
	struct field	 v[NK_SELECT_MAX];
	size_t		 n;
};

static int
refuse(struct nk_error *e, const char *text)
{
	nk_error_add(e, "options.select", EINVAL, "%s", text);
	return -EINVAL;
}

static int
add_field(struct nk_select *s, const json_t *name, const json_t *rename,
    struct nk_error *e)
{
	struct field *f = &s->v[s->n];
	const char *why = NULL;
	int r;

	if (!json_is_string(name) || (rename != NULL &&
	    !json_is_string(rename)))
		return refuse(e, "Each must be a name or [name, new name]");
	r = nk_path_init(&f->path, json_string_value(name), &why);
	if (r == -EINVAL)
		nk_error_add(e, "options.select", EINVAL,
		    "Invalid selection: %s", why);
	if (r < 0)
		return r;
	s->n++;
	if (f->path.any)
		return refuse(e, "A selected name has no \"*\"");
	if (rename == NULL)
		return 0;
	f->rename = strdup(json_string_value(rename));
	return f->rename != NULL ? 0 : -ENOMEM;
}

int
nk_select_new(struct nk_select **sp, const json_t *list, struct nk_error *e)
{
	struct nk_select *s;
	const json_t *v;
	size_t i;
	int r = 0;

	*sp = NULL;
	if (json_array_size(list) > NK_SELECT_MAX)
		return refuse(e, "There are more than 256 names");
	if ((s = calloc(1, sizeof(*s))) == NULL)
		return -ENOMEM;
	for (i = 0; i < json_array_size(list) && r == 0; i++) {
		v = json_array_get(list, i);
		if (json_is_array(v) && json_array_size(v) == 2)
			r = add_field(s, json_array_get(v, 0),
			    json_array_get(v, 1), e);
		else
			r = add_field(s, v, NULL, e);
	}
	if (r < 0) {
		nk_select_free(s);
		return r;
	}
	*sp = s;
	return 0;
}

void
nk_select_free(struct nk_select *s)
{
	size_t i;

	if (s == NULL)
		return;
	for (i = 0; i < s->n; i++) {
		nk_path_clear(&s->v[i].path);
		free(s->v[i].rename);
	}
	free(s);
}

/*
 * The object that is o's member "key", to be written to: one that is there
 * may be shared with the row, so it is replaced by a copy.
 */
static json_t *
open_member(json_t *o, const char *key)
{
	json_t *old = json_object_get(o, key), *inner;

	inner = json_is_object(old) ? json_copy(old) : json_object();
	return json_object_set_new(o, key, inner) == 0 ? inner : NULL;
}

static int
put_nested(json_t *o, const struct nk_path *p, json_t *value)
{
	size_t i;

	for (i = 0; i + 1 < p->n; i++) {
		if ((o = open_member(o, p->v[i].key)) == NULL)
			return -ENOMEM;
	}
	return json_object_set(o, p->v[i].key, value) == 0 ? 0 : -ENOMEM;
}

json_t *
nk_select_apply(const struct nk_select *s, json_t *row)
{
	json_t *o, *value;
	size_t i;
	int r = 0;

	if (s->n == 0)
		return json_incref(row);
	if ((o = json_object()) == NULL)
		return NULL;
	for (i = 0; i < s->n && r == 0; i++) {
		if ((value = nk_path_get(&s->v[i].path, row)) == NULL)
			continue;
		if (s->v[i].rename != NULL)
			r = json_object_set(o, s->v[i].rename, value);
		else
			r = put_nested(o, &s->v[i].path, value);
	}
	if (r != 0) {
		json_decref(o);
		return NULL;
	}
	return o;
}
