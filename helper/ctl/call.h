/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_CTL_CALL_H
#define NASKEYS_CTL_CALL_H

#include <jansson.h>
#include <stdint.h>

#include "helper/ctl/ctl.h"

/*
 * Call a method of the helper; the reference to params is taken.  fd goes
 * along, or -1.  Returns CTL_DONE and a new reference in *resultp, or
 * CTL_FAILED after a sentence on standard error.
 */
int	ctl_call(struct ctl *c, const char *method, json_t *params, int fd,
	    json_t **resultp) NK_MUST_CHECK;

/* Print a result as JSON, with a newline. */
void	ctl_print_json(const json_t *result);

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

/*
 * All rows of a query, page by page in the order of their ids.  fn returns
 * CTL_DONE to go on.
 */
int	ctl_each(struct ctl *c, const char *method,
	    int (*fn)(void *arg, json_t *page), void *arg) NK_MUST_CHECK;

/* Ask on the terminal; without one --force is wanted.  CTL_DONE: yes. */
int	ctl_confirm(const struct ctl *c, const char *fmt, ...)
	    NK_PRINTF(2, 3);

/* The helper program, and its arguments for this command's state. */
#define CTL_HELPER	NK_LIBEXECDIR "/naskeys/naskeys-helper"

#endif /* NASKEYS_CTL_CALL_H */
