/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_OBJECT_H
#define NASKEYS_RPC_OBJECT_H

/* JSON objects that are put together member by member. */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"

#define NK_WANTED_MAX	32

/* The members that somebody will look at; the names are borrowed. */
struct nk_wanted {
	bool		 all;
	const char	*but;		/* all but this one, or NULL */
	size_t		 n;
	struct {
		const char	*p;
		size_t		 len;
	} names[NK_WANTED_MAX];
};

/* Which top-level members can these filters and options of *.query need? */
void	nk_wanted_init(struct nk_wanted *w, const json_t *filters,
	    const json_t *options);
/* One more, "a" or "a.b"; when there is no room for it, all of them. */
void	nk_wanted_add(struct nk_wanted *w, const char *path);
/* w NULL: all. */
bool	nk_wants(const struct nk_wanted *w, const char *name);

struct nk_object {
	json_t			*o;
	const struct nk_wanted	*wanted;	/* NULL: all */
	bool			 failed;	/* no memory, or no UTF-8 */
};

void	nk_object_init(struct nk_object *b, const struct nk_wanted *wanted);
/*
 * Each puts a member, if it is wanted.  A failure is remembered.  put takes
 * the reference v; its NULL is a failure.
 */
void	nk_object_put(struct nk_object *b, const char *key, json_t *v);
void	nk_object_text(struct nk_object *b, const char *key,
	    const char *text);			/* NULL: null */
void	nk_object_int(struct nk_object *b, const char *key, int64_t n);
void	nk_object_bool(struct nk_object *b, const char *key, bool v);
/* Seconds; "none" (0 or INT64_MAX) is null. */
void	nk_object_date(struct nk_object *b, const char *key, int64_t seconds,
	    int64_t none);
void	nk_object_null(struct nk_object *b, const char *key);
/* *op is a new reference, or NULL and -ENOMEM. */
int	nk_object_finish(struct nk_object *b, json_t **op) NK_MUST_CHECK;

/* An array of the lines of text ("" is none); NULL: no memory. */
json_t	*nk_json_lines(const char *text);

#endif /* NASKEYS_RPC_OBJECT_H */
