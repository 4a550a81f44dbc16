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
 * Put a member into a request; the reference to value is taken.  CTL_DONE,
 * or CTL_FAILED after a message: "what" is no UTF-8 text; or, where "what"
 * is "" since it is none of somebody else's, memory is out.
 */
int	put(const struct ctl *c, json_t *to, const char *field, json_t *value,
	    const char *what) NK_MUST_CHECK;

/*
 * Put what a person gave as an option.  CTL_DONE, also when it was not
 * given; CTL_USAGE after a message when the text is none of its kind.
 */
int	add_string(const struct ctl *c, const struct ctl_args *a,
	    const char *option, json_t *to, const char *field) NK_MUST_CHECK;
int	add_number(const struct ctl *c, const struct ctl_args *a,
	    const char *option, json_t *to, const char *field) NK_MUST_CHECK;
int	add_date(const struct ctl *c, const struct ctl_args *a,
	    const char *option, json_t *to, const char *field) NK_MUST_CHECK;
/* yes or no; "when" is the one that is true */
int	add_bool(const struct ctl *c, const struct ctl_args *a,
	    const char *option, const char *when, json_t *to,
	    const char *field) NK_MUST_CHECK;

/*
 * The values of an option that is given once for each, as an array; "none",
 * alone, is an empty one.
 */
int	add_list(const struct ctl *c, const struct ctl_args *a,
	    const char *option, json_t *to, const char *field) NK_MUST_CHECK;

/*
 * A file of text ("-": what is left of standard input), NUL-terminated.
 * The caller wipes and frees it.
 */
int	read_text(const struct ctl *c, const char *path, char **textp)
	    NK_MUST_CHECK;
#define READ_TEXT_MAX	(6u * 1024u * 1024u)

/*
 * Make a file, mode 0600, that must not exist; it is gone again when it
 * cannot be written whole.
 */
int	write_new_file(const struct ctl *c, const char *path,
	    const char *text) NK_MUST_CHECK;

#endif /* NASKEYS_CTL_VALUE_H */
