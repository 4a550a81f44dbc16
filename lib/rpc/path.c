/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/rpc/value.h"

#define INDEX_DIGITS_MAX	9

static void
init_segment(struct nk_segment *s, const char *key)
{
	size_t digits = strspn(key, "0123456789");

	*s = (struct nk_segment){ .key = key, .any = strcmp(key, "*") == 0 };
	if (digits > 0 && digits <= INDEX_DIGITS_MAX && key[digits] == '\0') {
		s->is_index = true;
		s->index = strtoul(key, NULL, 10);
	}
}

/* Cut p->text into its segments, in place. */
static int
split(struct nk_path *p, const char **whyp)
{
	char *r = p->text, *w = p->text, *start = p->text;
	bool end = false;

	for (; !end; r++) {
		end = *r == '\0';
		if (!end && *r != '.') {
			if (r[0] == '\\' && r[1] == '.')
				r++;
			*w++ = *r;
			continue;
		}
		if (w == start) {
			*whyp = "a field name is empty";
			return -EINVAL;
		}
		if (p->n == NK_PATH_SEGMENTS_MAX) {
			*whyp = "a field name has too many parts";
			return -EINVAL;
		}
		*w++ = '\0';
		init_segment(&p->v[p->n], start);
		if (p->v[p->n].any)
			p->any = true;
		p->n++;
		start = w;
	}
	return 0;
}

int
nk_path_init(struct nk_path *p, const char *text, const char **whyp)
{
	int r;

	p->n = 0;
	p->any = false;
	p->text = NULL;
	if (strlen(text) > NK_PATH_LEN_MAX) {
		*whyp = "a field name is too long";
		return -EINVAL;
	}
	if ((p->text = strdup(text)) == NULL)
		return -ENOMEM;
	if ((r = split(p, whyp)) < 0)
		nk_path_clear(p);
	return r;
}

void
nk_path_clear(struct nk_path *p)
{
	free(p->text);
	p->text = NULL;
	p->n = 0;
}

/* One step; NULL: there is nothing. */
static json_t *
step(const struct nk_segment *s, json_t *v)
{
	if (json_is_object(v))
		return json_object_get(v, s->key);
	if (json_is_array(v) && s->is_index)
		return json_array_get(v, s->index);
	return NULL;
}

json_t *
nk_path_get(const struct nk_path *p, json_t *row)
{
	json_t *v = row;
	size_t i;

	if (p->any)
		return NULL;
	for (i = 0; i < p->n && v != NULL; i++)
		v = step(&p->v[i], v);
	return v;
}

/* From segment i on; as deep as a path has segments. */
static int
each_from(const struct nk_path *p, size_t i, json_t *v,
    int (*fn)(void *arg, json_t *v), void *arg)
{
	size_t k;
	int r;

	for (; i < p->n && !(p->v[i].any && json_is_array(v)); i++) {
		if ((v = step(&p->v[i], v)) == NULL)
			return 0;
	}
	if (i == p->n)
		return fn(arg, v);
	for (k = 0; k < json_array_size(v); k++) {
		r = each_from(p, i + 1, json_array_get(v, k), fn, arg);
		if (r != 0)
			return r;
	}
	return 0;
}

int
nk_path_each(const struct nk_path *p, json_t *row,
    int (*fn)(void *arg, json_t *v), void *arg)
{
	return each_from(p, 0, row, fn, arg);
}
