/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_CTL_VALUE_H
#define NASKEYS_CTL_VALUE_H

#include <jansson.h>
#include <stdint.h>

#include "helper/ctl/ctl.h"

/* Reading members of rows.  The strings are the row's; "" when not there. */
const char *row_string(const json_t *row, const char *field);
json_int_t row_int(const json_t *row, const char *field);
bool	row_bool(const json_t *row, const char *field);
/* {"$date": ms} as local time in buf; none when it is null. */
const char *row_date(const json_t *row, const char *field, const char *none,
	    char *buf, size_t len);

/*
 * Adding what a person gave to a request.  CTL_DONE; CTL_USAGE after a
 * message when the text is none of its kind.  An option that was not given
 * adds nothing.
 */
int	add_string(struct ctl *c, const struct ctl_args *a,
	    const char *option, json_t *to, const char *field);
int	add_number(struct ctl *c, const struct ctl_args *a,
	    const char *option, json_t *to, const char *field);
int	add_date(struct ctl *c, const struct ctl_args *a,
	    const char *option, json_t *to, const char *field);
/* yes or no */
int	add_bool(struct ctl *c, const struct ctl_args *a,
	    const char *option, json_t *to, const char *field);

/* A file of text ("-": standard input), NUL-terminated; caller wipes. */
int	read_text(struct ctl *c, const char *path, char **textp);
#define READ_TEXT_MAX	(6u * 1024u * 1024u)

#endif /* NASKEYS_CTL_VALUE_H */
