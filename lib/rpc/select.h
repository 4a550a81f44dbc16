/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_SELECT_H
#define NASKEYS_RPC_SELECT_H

/* The options "select" and "order_by" of *.query. */

#include <jansson.h>
#include <stddef.h>

#include "lib/attr.h"
#include "lib/rpc/rpc.h"

#define NK_SELECT_MAX	256	/* fields */
#define NK_ORDER_MAX	16	/* keys */

/*
 * "name", "a.b" (stays nested) or ["name", "newname"] (a member of that
 * name, dots and all).
 */
struct nk_select;

/* list NULL or empty: whole rows.  -EINVAL with *e, or -ENOMEM. */
int	nk_select_new(struct nk_select **sp, const json_t *list,
	    struct nk_error *e) NK_MUST_CHECK;
void	nk_select_free(struct nk_select *s);
/*
 * The selected part of row as a new reference, which shares values with
 * row and changes none of them.  NULL: no memory.
 */
json_t	*nk_select_apply(const struct nk_select *s, json_t *row);

/*
 * "name", "-name", with "nulls_first:" or "nulls_last:" before it; nulls
 * are otherwise the smallest.  Sorts are stable and made from left to
 * right, so the last key is the primary one.
 */
struct nk_order;

int	nk_order_new(struct nk_order **op, const json_t *list,
	    struct nk_error *e) NK_MUST_CHECK;
void	nk_order_free(struct nk_order *o);
size_t	nk_order_keys(const struct nk_order *o);
/* A new array with the elements of rows in order; NULL: no memory. */
json_t	*nk_order_sort(struct nk_order *o, const json_t *rows);

#endif /* NASKEYS_RPC_SELECT_H */
