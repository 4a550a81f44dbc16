/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_FILTER_H
#define NASKEYS_RPC_FILTER_H

/*
 * Filters of *.query: [field, op, value] and ["OR", [branch, ...]], where a
 * branch is one filter or a list of them.  Lists are AND-ed.  A filter whose
 * path is absent from a row never matches it.
 */

#include <jansson.h>
#include <stdbool.h>

#include "lib/attr.h"
#include "lib/rpc/rpc.h"

#define NK_FILTERS_MAX		1000	/* in one query */
#define NK_FILTERS_PATTERNS_MAX	8	/* of them with "~" */
#define NK_FILTERS_DEPTH_MAX	3	/* OR in OR in OR */

struct nk_filter;

/*
 * filters NULL: all rows match.  -EINVAL: an error about "filters" was
 * added to *e; or -ENOMEM.
 */
int	nk_filter_new(struct nk_filter **fp, const json_t *filters,
	    struct nk_error *e) NK_MUST_CHECK;
void	nk_filter_free(struct nk_filter *f);

/* 1: the row matches; 0: it does not; -ENOMEM. */
int	nk_filter_match(struct nk_filter *f, json_t *row) NK_MUST_CHECK;

/* The value that "field" must equal (case too), borrowed, or NULL. */
const json_t *nk_filter_wants(const struct nk_filter *f, const char *field);

/* The same for a filter "field > value". */
const json_t *nk_filter_wants_above(const struct nk_filter *f,
	    const char *field);

#endif /* NASKEYS_RPC_FILTER_H */
