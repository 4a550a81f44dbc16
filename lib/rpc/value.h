/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_VALUE_H
#define NASKEYS_RPC_VALUE_H

/* JSON values as queries see them: compared, case-folded, found by path. */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/attr.h"

/*
 * A total order over scalars: null, then booleans and numbers together (as
 * 0, 1 and by value), then strings by their bytes, then {"$date": ms}, then
 * the rest, which is all alike.  NULL counts as null.
 */
int	nk_value_compare(const json_t *a, const json_t *b);
/* May the two be ordered: both numbers, both strings, or both dates? */
bool	nk_value_is_comparable(const json_t *a, const json_t *b);
/* Equal in that order, or the same arrays or objects. */
bool	nk_value_is_equal(const json_t *a, const json_t *b);
/* Neither an array nor an object other than a date. */
bool	nk_value_is_scalar(const json_t *v);

/*
 * A new reference to v without difference of case: strings, and strings
 * in an array, with their ASCII, Latin, Greek and Cyrillic letters small
 * (and a sharp s as ss); anything else is v itself.  NULL: no memory.
 */
json_t	*nk_value_fold(json_t *v);

/* ---- paths ---- */

#define NK_PATH_SEGMENTS_MAX	16
#define NK_PATH_LEN_MAX		512	/* bytes */

struct nk_segment {
	const char	*key;
	bool		 any;		/* "*" */
	bool		 is_index;	/* and a key, of an object */
	size_t		 index;
};

/* "a.b", "a\.b", "a.0.b", "a.*.b"; owns its text. */
struct nk_path {
	struct nk_segment	 v[NK_PATH_SEGMENTS_MAX];
	size_t			 n;
	bool			 any;	/* one of them is "*" */
	char			*text;
};

/* -EINVAL: empty, too long or too deep, with *whyp; or -ENOMEM. */
int	nk_path_init(struct nk_path *p, const char *text, const char **whyp)
	    NK_MUST_CHECK;
void	nk_path_clear(struct nk_path *p);

/* What stands there, borrowed; NULL: the path is absent, or has a "*". */
json_t	*nk_path_get(const struct nk_path *p, json_t *row);

/*
 * Call fn for each value there, until it returns something other than 0,
 * which is the result.
 */
int	nk_path_each(const struct nk_path *p, json_t *row,
	    int (*fn)(void *arg, json_t *v), void *arg) NK_MUST_CHECK;

#endif /* NASKEYS_RPC_VALUE_H */
