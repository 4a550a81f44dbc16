/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/rpc/select.h"
#include "lib/rpc/value.h"

enum nulls { NULLS_SMALLEST, NULLS_FIRST, NULLS_LAST };

struct key {
	struct nk_path	path;
	bool		descending;
	enum nulls	nulls;
};

struct nk_order {
	struct key	v[NK_ORDER_MAX];
	size_t		n;
};

/* A row with what it is sorted by. */
struct item {
	json_t	*row;
	size_t	 index;		/* before: sorts are stable */
	json_t	**values;	/* one for each key, NULL: absent */
};

static bool
take_prefix(const char **textp, const char *prefix)
{
	size_t len = strlen(prefix);

	if (strncmp(*textp, prefix, len) != 0)
		return false;
	*textp += len;
	return true;
}

static int
add_key(struct nk_order *o, const json_t *v, struct nk_error *e)
{
	struct key *k = &o->v[o->n];
	const char *text = json_string_value(v), *why = NULL;
	int r;

	if (text == NULL) {
		nk_error_add(e, "options.order_by", EINVAL,
		    "Each must be the name of a field");
		return -EINVAL;
	}
	if (take_prefix(&text, "nulls_first:"))
		k->nulls = NULLS_FIRST;
	else if (take_prefix(&text, "nulls_last:"))
		k->nulls = NULLS_LAST;
	k->descending = take_prefix(&text, "-");
	r = nk_path_init(&k->path, text, &why);
	if (r == 0) {
		o->n++;
		if (!k->path.any)
			return 0;
		why = "it has a \"*\"";
		r = -EINVAL;
	}
	if (r == -EINVAL)
		nk_error_add(e, "options.order_by", EINVAL,
		    "Invalid order: %s", why);
	return r;
}

int
nk_order_new(struct nk_order **op, const json_t *list, struct nk_error *e)
{
	struct nk_order *o;
	size_t i;
	int r = 0;

	*op = NULL;
	if (json_array_size(list) > NK_ORDER_MAX) {
		nk_error_add(e, "options.order_by", EINVAL,
		    "There are more than 16 names");
		return -EINVAL;
	}
	if ((o = calloc(1, sizeof(*o))) == NULL)
		return -ENOMEM;
	for (i = 0; i < json_array_size(list) && r == 0; i++)
		r = add_key(o, json_array_get(list, i), e);
	if (r < 0) {
		nk_order_free(o);
		return r;
	}
	*op = o;
	return 0;
}

void
nk_order_free(struct nk_order *o)
{
	size_t i;

	if (o == NULL)
		return;
	for (i = 0; i < o->n; i++)
		nk_path_clear(&o->v[i].path);
	free(o);
}

size_t
nk_order_keys(const struct nk_order *o)
{
	return o->n;
}

static int
compare_by(const struct key *k, const json_t *a, const json_t *b)
{
	bool a_null = a == NULL || json_is_null(a);
	bool b_null = b == NULL || json_is_null(b);
	int c;

	if (k->nulls != NULLS_SMALLEST && a_null != b_null)
		return a_null == (k->nulls == NULLS_FIRST) ? -1 : 1;
	c = nk_value_compare(a, b);
	return k->descending ? -c : c;
}

static int
compare_items(const void *pa, const void *pb, void *arg)
{
	const struct item *a = pa, *b = pb;
	const struct nk_order *o = arg;
	size_t i;
	int c;

	for (i = o->n; i > 0; i--) {
		c = compare_by(&o->v[i - 1], a->values[i - 1],
		    b->values[i - 1]);
		if (c != 0)
			return c;
	}
	return a->index < b->index ? -1 : 1;
}

static void
fill_items(const struct nk_order *o, const json_t *rows, struct item *items,
    json_t **values)
{
	size_t i, k;

	for (i = 0; i < json_array_size(rows); i++) {
		items[i].row = json_array_get(rows, i);
		items[i].index = i;
		items[i].values = values + i * o->n;
		for (k = 0; k < o->n; k++)
			items[i].values[k] = nk_path_get(&o->v[k].path,
			    items[i].row);
	}
}

json_t *
nk_order_sort(struct nk_order *o, const json_t *rows)
{
	size_t i, n = json_array_size(rows);
	struct item *items = NULL;
	json_t **values = NULL, *sorted = NULL;
	int r = -1;

	items = calloc(n + 1, sizeof(*items));
	values = calloc(n * o->n + 1, sizeof(*values));
	sorted = json_array();
	if (items == NULL || values == NULL || sorted == NULL)
		goto out;
	fill_items(o, rows, items, values);
	qsort_r(items, n, sizeof(*items), compare_items, o);
	for (i = 0; i < n; i++) {
		if (json_array_append(sorted, items[i].row) == -1)
			goto out;
	}
	r = 0;
 out:
	if (r < 0) {
		json_decref(sorted);
		sorted = NULL;
	}
	free(items);
	free(values);
	return sorted;
}
