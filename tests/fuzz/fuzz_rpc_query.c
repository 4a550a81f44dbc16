/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/rpc/rpc.h"
#include "lib/rpc/value.h"

/*
 * [filters, options] over fixed rows.  A count is the length of what is
 * found; offset and limit cut a part out of it; an order only rearranges
 * it; what is found with A and B is found with A alone.
 */

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char rows_text[] = "["
    "{\"a\":1,\"b\":\"x\",\"c\":[1,2,3],\"d\":{\"$date\":1000},\"e\":true},"
    "{\"a\":2,\"b\":\"X\",\"c\":[],\"d\":null,\"e\":{\"a\":{\"b\":[1]}}},"
    "{\"a\":1.5,\"b\":\"\xc3\x84\",\"c\":[[1],{\"a\":2}],\"e\":null},"
    "{\"a\":null,\"b\":\"aaab\",\"c\":\"abc\",\"d\":{\"$date\":5000}},"
    "{\"a\":-1,\"b\":null,\"c\":{\"0\":1},\"d\":\"text\",\"e\":[{\"a\":1}]},"
    "{\"a\":2,\"b\":\"yz\",\"c\":[3],\"d\":{\"$date\":0},\"e\":false}"
    "]";

static void
need(bool condition)
{
	if (!condition)
		abort();
}

/* The result, or NULL when the query is refused or get finds nothing. */
static json_t *
run(const json_t *rows, const json_t *filters, const json_t *options)
{
	json_t *result = NULL;
	struct nk_query *q;
	struct nk_error e;
	size_t i;
	int r;

	nk_error_init(&e);
	r = nk_query_new(&q, filters, options, &e);
	for (i = 0; r >= 0 && i < json_array_size(rows); i++)
		r = nk_query_offer(q, json_incref(json_array_get(rows, i)));
	if (r >= 0)
		r = nk_query_finish(q, &result, &e);
	need(r == 0 || r == -EINVAL);
	need((r == 0) == (result != NULL) && (r == 0) != nk_error_is_set(&e));
	nk_error_clear(&e);
	nk_query_free(q);
	return result;
}

/* options without what cuts or counts, and perhaps without an order. */
static json_t *
whole(const json_t *options, bool ordered)
{
	json_t *o = json_object(), *v;

	if ((v = json_object_get(options, "select")) != NULL)
		need(json_object_set(o, "select", v) == 0);
	v = json_object_get(options, "order_by");
	if (ordered && v != NULL)
		need(json_object_set(o, "order_by", v) == 0);
	return o;
}

static void
check_part(const json_t *result, const json_t *all, const json_t *options)
{
	size_t offset, limit, i, want, n = json_array_size(all);

	offset = (size_t)json_integer_value(json_object_get(options,
	    "offset"));
	limit = (size_t)json_integer_value(json_object_get(options, "limit"));
	want = offset < n ? n - offset : 0;
	if (limit > 0 && want > limit)
		want = limit;
	need(json_array_size(result) == want);
	for (i = 0; i < want; i++)
		need(json_equal(json_array_get(result, i),
		    json_array_get(all, offset + i)) == 1);
}

/* The same elements, as often. */
static void
check_same(const json_t *a, const json_t *b)
{
	size_t i, j, n = json_array_size(a), here, there;

	need(json_array_size(b) == n);
	for (i = 0; i < n; i++) {
		for (here = there = j = 0; j < n; j++) {
			here += (size_t)json_equal(json_array_get(a, i),
			    json_array_get(a, j));
			there += (size_t)json_equal(json_array_get(a, i),
			    json_array_get(b, j));
		}
		need(here == there);
	}
}

/* By one plain key: is each not above the next? */
static void
check_order(const json_t *all, const json_t *options)
{
	const json_t *order = json_object_get(options, "order_by");
	const char *key = json_string_value(json_array_get(order, 0));
	const json_t *a, *b;
	size_t i;

	if (json_array_size(order) != 1 || key == NULL ||
	    strpbrk(key, "-:.\\") != NULL)
		return;
	for (i = 1; i < json_array_size(all); i++) {
		a = json_object_get(json_array_get(all, i - 1), key);
		b = json_object_get(json_array_get(all, i), key);
		need(nk_value_compare(a, b) <= 0);
	}
}

static void
check(const json_t *rows, const json_t *filters, const json_t *options,
    json_t *result)
{
	json_t *o = whole(options, true), *plain = whole(options, false);
	json_t *all = run(rows, filters, o), *found;

	found = run(rows, filters, plain);
	need(all != NULL && found != NULL);
	check_same(all, found);
	check_order(all, options);
	if (json_is_true(json_object_get(options, "count")))
		need(json_integer_value(result) ==
		    (json_int_t)json_array_size(all));
	else if (json_is_true(json_object_get(options, "get"))) {
		need(json_equal(json_array_get(all, 0), result) == 1);
	} else
		check_part(result, all, options);
	json_decref(o);
	json_decref(plain);
	json_decref(all);
	json_decref(found);
}

/* Each filter of the AND alone finds no less than all of them. */
static void
check_narrowing(const json_t *rows, const json_t *filters)
{
	json_t *all = run(rows, filters, NULL), *one, *list;
	size_t i;

	for (i = 0; i < json_array_size(filters) && i < 8; i++) {
		list = json_array();
		need(json_array_append(list, json_array_get(filters, i)) == 0);
		one = run(rows, list, NULL);
		need(json_array_size(one) >= json_array_size(all));
		json_decref(one);
		json_decref(list);
	}
	json_decref(all);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *params, *rows, *result, *filters, *options;

	params = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES,
	    NULL);
	if (params == NULL)
		return 0;
	rows = json_loads(rows_text, 0, NULL);
	need(rows != NULL);
	filters = json_array_get(params, 0);
	options = json_array_get(params, 1);
	result = run(rows, filters, options);
	if (result != NULL) {
		check(rows, filters, options, result);
		check_narrowing(rows, filters);
	}
	json_decref(result);
	json_decref(rows);
	json_decref(params);
	return 0;
}
