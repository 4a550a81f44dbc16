/* SPDX-License-Identifier: ISC */
#include "lib/rpc/object.h"

#include <errno.h>
#include <string.h>

#include "lib/rpc/rpc.h"

#define DEPTH_MAX	8	/* of filters in filters; B.1 allows 3 */

/* ---- what is wanted ---- */

void
nk_wanted_add(struct nk_wanted *w, const char *path)
{
	size_t len = 0;

	/* A key with a dot in it is none of ours. */
	while (path[len] != '\0' && path[len] != '.' && path[len] != '\\')
		len++;
	if (path[len] == '\\' || w->n == NK_WANTED_MAX) {
		w->all = true;
		return;
	}
	w->names[w->n].p = path;
	w->names[w->n].len = len;
	w->n++;
}

static void
want_filters(struct nk_wanted *w, const json_t *list, unsigned int depth)
{
	const json_t *first;
	const char *word;
	size_t i;

	if (depth == DEPTH_MAX) {
		w->all = true;
		return;
	}
	word = json_string_value(json_array_get(list, 0));
	if (word != NULL) {
		if (strcmp(word, "OR") == 0 && json_array_size(list) == 2)
			want_filters(w, json_array_get(list, 1), depth + 1);
		else
			nk_wanted_add(w, word);
		return;
	}
	for (i = 0; i < json_array_size(list); i++) {
		first = json_array_get(list, i);
		if (json_is_array(first))
			want_filters(w, first, depth + 1);
		else
			w->all = true;	/* nk_query_new() will refuse it */
	}
}

/* "-name", "nulls_first:name" and so on. */
static void
want_order(struct nk_wanted *w, const char *name)
{
	static const char first[] = "nulls_first:", last[] = "nulls_last:";

	if (strncmp(name, first, sizeof(first) - 1) == 0)
		name += sizeof(first) - 1;
	else if (strncmp(name, last, sizeof(last) - 1) == 0)
		name += sizeof(last) - 1;
	nk_wanted_add(w, name[0] == '-' ? name + 1 : name);
}

void
nk_wanted_init(struct nk_wanted *w, const json_t *filters,
    const json_t *options)
{
	const json_t *select = json_object_get(options, "select");
	const json_t *order = json_object_get(options, "order_by"), *v;
	bool count = json_is_true(json_object_get(options, "count"));
	size_t i;

	w->all = json_array_size(select) == 0 && !count;
	w->but = NULL;
	w->n = 0;
	want_filters(w, filters, 0);
	for (i = 0; i < json_array_size(select); i++) {
		v = json_array_get(select, i);
		if (json_is_array(v))
			v = json_array_get(v, 0);
		if (json_is_string(v))
			nk_wanted_add(w, json_string_value(v));
	}
	for (i = 0; i < json_array_size(order); i++) {
		v = json_array_get(order, i);
		if (json_is_string(v))
			want_order(w, json_string_value(v));
	}
}

bool
nk_wants(const struct nk_wanted *w, const char *name)
{
	size_t len, i;

	if (w == NULL || w->all)
		return w == NULL || w->but == NULL ||
		    strcmp(w->but, name) != 0;
	len = strlen(name);
	for (i = 0; i < w->n; i++) {
		if ((w->names[i].len == len &&
		    memcmp(w->names[i].p, name, len) == 0) ||
		    (w->names[i].len == 1 && w->names[i].p[0] == '*'))
			return true;
	}
	return false;
}

/* ---- objects ---- */

void
nk_object_init(struct nk_object *b, const struct nk_wanted *wanted)
{
	b->o = json_object();
	b->wanted = wanted;
	b->failed = b->o == NULL;
}

void
nk_object_put(struct nk_object *b, const char *key, json_t *v)
{
	if (!nk_wants(b->wanted, key)) {
		json_decref(v);
		return;
	}
	if (b->failed) {
		json_decref(v);
		return;
	}
	if (v == NULL || json_object_set_new_nocheck(b->o, key, v) == -1)
		b->failed = true;
}

void
nk_object_text(struct nk_object *b, const char *key, const char *text)
{
	if (nk_wants(b->wanted, key))
		nk_object_put(b, key,
		    text == NULL ? json_null() : json_string(text));
}

void
nk_object_int(struct nk_object *b, const char *key, int64_t n)
{
	if (nk_wants(b->wanted, key))
		nk_object_put(b, key, json_integer(n));
}

void
nk_object_bool(struct nk_object *b, const char *key, bool v)
{
	nk_object_put(b, key, json_boolean(v));
}

void
nk_object_date(struct nk_object *b, const char *key, int64_t seconds,
    int64_t none)
{
	if (nk_wants(b->wanted, key))
		nk_object_put(b, key, seconds == none ? json_null() :
		    nk_json_date_new(seconds));
}

void
nk_object_null(struct nk_object *b, const char *key)
{
	nk_object_put(b, key, json_null());
}

int
nk_object_finish(struct nk_object *b, json_t **op)
{
	*op = NULL;
	if (b->failed) {
		json_decref(b->o);
		b->o = NULL;
		return -ENOMEM;
	}
	*op = b->o;
	b->o = NULL;
	return 0;
}

json_t *
nk_json_lines(const char *text)
{
	json_t *a = json_array();
	size_t len;

	while (a != NULL && *text != '\0') {
		len = strcspn(text, "\n");
		if (json_array_append_new(a, json_stringn(text, len)) == -1) {
			json_decref(a);
			return NULL;
		}
		text += len;
		if (*text == '\n')
			text++;
	}
	return a;
}
