/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdlib.h>

#include "lib/rpc/args.h"
#include "lib/rpc/filter.h"
#include "lib/rpc/select.h"

#define LIMIT_MAX	10000

static const struct nk_arg option_fields[] = {
	{ .name = "select", .type = NK_ARG_ARRAY },
	{ .name = "order_by", .type = NK_ARG_ARRAY },
	{ .name = "count", .type = NK_ARG_BOOL },
	{ .name = "get", .type = NK_ARG_BOOL },
	{ .name = "offset", .type = NK_ARG_INT, .max = INT64_MAX },
	{ .name = "limit", .type = NK_ARG_INT, .max = LIMIT_MAX },
	{ .name = "extra", .type = NK_ARG_OBJECT },
	{ .name = "force_sql_filters", .type = NK_ARG_BOOL },
	{ .name = NULL },
};

const struct nk_arg nk_query_args[] = {
	{ .name = "filters", .type = NK_ARG_ARRAY },
	{ .name = "options", .type = NK_ARG_OBJECT, .fields = option_fields },
	{ .name = NULL },
};

struct nk_query {
	struct nk_filter	*filter;
	struct nk_select	*select;
	struct nk_order		*order;
	bool			 count, get;
	uint64_t		 offset, limit;	/* limit 0: none */
	uint64_t		 matched;
	json_t			*rows;		/* kept ones */
};

/* What 25.10 refuses, and what could mean two things. */
static int
check_options(const struct nk_query *q, struct nk_error *e)
{
	if (!q->get || q->count)
		return 0;
	if (q->offset == 0 && q->limit <= 1)
		return 0;
	nk_error_add(e, "options", EINVAL, "\"get\" returns one row: leave "
	    "out \"offset\", and \"limit\" above 1");
	return -EINVAL;
}

static int
set_options(struct nk_query *q, const json_t *options, struct nk_error *e)
{
	int r;

	if ((r = nk_arg_check_one(&nk_query_args[1], options, e)) < 0)
		return r;
	q->count = json_is_true(json_object_get(options, "count"));
	q->get = json_is_true(json_object_get(options, "get"));
	q->offset = (uint64_t)json_integer_value(
	    json_object_get(options, "offset"));
	q->limit = (uint64_t)json_integer_value(
	    json_object_get(options, "limit"));
	if ((r = nk_select_new(&q->select,
	    json_object_get(options, "select"), e)) < 0 ||
	    (r = nk_order_new(&q->order,
	    json_object_get(options, "order_by"), e)) < 0)
		return r;
	return check_options(q, e);
}

int
nk_query_new(struct nk_query **qp, const json_t *filters,
    const json_t *options, struct nk_error *e)
{
	struct nk_query *q;
	int r, r2;

	*qp = NULL;
	if ((q = calloc(1, sizeof(*q))) == NULL ||
	    (q->rows = json_array()) == NULL) {
		nk_query_free(q);
		return -ENOMEM;
	}
	/* Both are looked at, so that all errors are told together. */
	r = nk_filter_new(&q->filter, filters, e);
	r2 = set_options(q, options, e);
	if (r == 0 || r2 == -ENOMEM)
		r = r2;
	if (r < 0) {
		nk_query_free(q);
		return r;
	}
	*qp = q;
	return 0;
}

void
nk_query_free(struct nk_query *q)
{
	if (q == NULL)
		return;
	nk_filter_free(q->filter);
	nk_select_free(q->select);
	nk_order_free(q->order);
	json_decref(q->rows);
	free(q);
}

bool
nk_query_wants_int(const struct nk_query *q, const char *field, int64_t *np)
{
	const json_t *v = nk_filter_wants(q->filter, field);

	if (!json_is_integer(v))
		return false;
	*np = json_integer_value(v);
	return true;
}

bool
nk_query_wants_above(const struct nk_query *q, const char *field,
    int64_t *np)
{
	const json_t *v = nk_filter_wants_above(q->filter, field);

	if (!json_is_integer(v))
		return false;
	*np = json_integer_value(v);
	return true;
}

bool
nk_query_wants_string(const struct nk_query *q, const char *field,
    const char **sp)
{
	const json_t *v = nk_filter_wants(q->filter, field);

	if (!json_is_string(v))
		return false;
	*sp = json_string_value(v);
	return true;
}

static bool
is_ordered(const struct nk_query *q)
{
	return nk_order_keys(q->order) > 0;
}

/* Without an order, what comes first is the result. */
static bool
is_full(const struct nk_query *q)
{
	size_t kept = json_array_size(q->rows);

	if (q->count || is_ordered(q))
		return false;
	return (q->get && kept > 0) || (q->limit > 0 && kept >= q->limit);
}

static int
keep(struct nk_query *q, json_t *row)
{
	json_t *selected;

	q->matched++;
	if (q->count || (!is_ordered(q) && q->matched <= q->offset))
		return 0;
	if ((selected = nk_select_apply(q->select, row)) == NULL ||
	    json_array_append_new(q->rows, selected) == -1)
		return -ENOMEM;
	return is_full(q) ? 1 : 0;
}

int
nk_query_offer(struct nk_query *q, json_t *row)
{
	int r = 1;

	if (row == NULL)
		return -ENOMEM;
	if (!is_full(q)) {
		r = nk_filter_match(q->filter, row);
		if (r == 1)
			r = keep(q, row);
	}
	json_decref(row);
	return r;
}

/* Rows in order, from offset on, as many as limit says. */
static json_t *
sort_and_cut(struct nk_query *q)
{
	json_t *sorted, *part;
	size_t i, n;

	if ((sorted = nk_order_sort(q->order, q->rows)) == NULL)
		return NULL;
	n = json_array_size(sorted);
	if (q->offset == 0 && (q->limit == 0 || q->limit >= n))
		return sorted;
	if ((part = json_array()) == NULL)
		goto out;
	for (i = q->offset; i < n && (q->limit == 0 ||
	    i - q->offset < q->limit); i++) {
		if (json_array_append(part, json_array_get(sorted, i)) == -1) {
			json_decref(part);
			part = NULL;
			goto out;
		}
	}
 out:
	json_decref(sorted);
	return part;
}

int
nk_query_finish(struct nk_query *q, json_t **resultp, struct nk_error *e)
{
	json_t *rows, *first;

	*resultp = NULL;
	if (q->count) {
		*resultp = json_integer((json_int_t)q->matched);
		return *resultp != NULL ? 0 : -ENOMEM;
	}
	rows = is_ordered(q) ? sort_and_cut(q) : json_incref(q->rows);
	if (rows == NULL)
		return -ENOMEM;
	if (!q->get) {
		*resultp = rows;
		return 0;
	}
	if ((first = json_array_get(rows, 0)) != NULL)
		*resultp = json_incref(first);
	json_decref(rows);
	if (*resultp != NULL)
		return 0;
	(void)nk_error_call(e, EINVAL, "MatchNotFound()");
	e->plain = true;
	return -EINVAL;
}
