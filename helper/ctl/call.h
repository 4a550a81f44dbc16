/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_CTL_CALL_H
#define NASKEYS_CTL_CALL_H

#include <jansson.h>
#include <stdint.h>

#include "helper/ctl/ctl.h"
#include "helper/ctl/table.h"

/* The helper program. */
#define CTL_HELPER	NK_LIBEXECDIR "/naskeys/naskeys-helper"

/*
 * Call a method of the helper; the reference to params is taken (NULL: they
 * could not be made).  fd goes along, or -1.  Returns CTL_DONE and a new
 * reference in *resultp, or CTL_FAILED after a sentence on standard error.
 */
int	ctl_call(struct ctl *c, const char *method, json_t *params, int fd,
	    json_t **resultp) NK_MUST_CHECK;

/* The same for what may be refused: then nothing is said. */
int	ctl_try(struct ctl *c, const char *method, json_t *params,
	    json_t **resultp) NK_MUST_CHECK;

/* A result as JSON, with a newline. */
void	ctl_print_json(const json_t *result);

/* What was done: the result with --json, else the sentence.  CTL_DONE. */
int	ctl_done(const struct ctl *c, const json_t *result, const char *fmt,
	    ...) NK_PRINTF(3, 4);

/* The "warnings" of a result, on standard error; not with --json. */
void	ctl_print_warnings(const struct ctl *c, const json_t *result);

/* Does the account NAME belong to the caller, who is not root? */
bool	ctl_is_own(const struct ctl *c, const char *name);

/*
 * The row with this name, as *.query shows it (a new reference).  "kind" is
 * "user" or "group".
 */
int	ctl_find(struct ctl *c, const char *kind, const char *name,
	    json_t **rowp) NK_MUST_CHECK;
int	ctl_find_id(struct ctl *c, const char *kind, const char *name,
	    int64_t *idp) NK_MUST_CHECK;

/* "A,B" as an array of the groups' (users') row ids. */
int	ctl_ids_of_names(struct ctl *c, const char *kind, const char *list,
	    json_t **idsp) NK_MUST_CHECK;

/* The rows of a query, page by page in the order of their ids. */
struct ctl_pages {
	const char		*method;
	json_t			*filters;	/* borrowed; NULL: none */
	const char *const	*fields;	/* "id" and others, NULL at the
						   end; NULL: all */
	json_int_t		 last;		/* id of the last row so far */
};

/*
 * All rows behind p->last, until there is none for now.  fn returns CTL_DONE
 * to go on; its page is an array that is not empty.
 */
int	ctl_each(struct ctl *c, struct ctl_pages *p,
	    int (*fn)(void *arg, const json_t *page), void *arg)
	    NK_MUST_CHECK;

/*
 * All rows of a query: a table, to which fill() adds the cells of a row; or
 * with --json one array of all that the method shows.
 */
struct ctl_list {
	const char		*method;
	const char *const	*fields;	/* that fill() looks at */
	const char *const	*headings;
	size_t			 columns;
	void			(*fill)(struct table *t, const json_t *row);
	bool			 fields_always;	/* no more with --json either */
	const char		*type;		/* these rows; NULL: all */
};
int	ctl_list(struct ctl *c, const struct ctl_list *l) NK_MUST_CHECK;

/* Close the connection; the next call opens another. */
void	ctl_hang_up(struct ctl *c);

/*
 * Ask on the terminal; without one --force is wanted.  CTL_DONE: yes.  The
 * connection is closed first, since the helper waits for nobody who thinks;
 * the next call opens another.
 */
int	ctl_confirm(struct ctl *c, const char *fmt, ...)
	    NK_PRINTF(2, 3) NK_MUST_CHECK;

#endif /* NASKEYS_CTL_CALL_H */
