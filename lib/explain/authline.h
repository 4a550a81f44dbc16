/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_EXPLAIN_AUTHLINE_H
#define NASKEYS_EXPLAIN_AUTHLINE_H

/*
 * A line of authorized_keys, cut up as loosely as sshd does: what is wrong
 * with it shall be told, so that it must be found first.
 */

#include <stddef.h>

#include "lib/attr.h"

#define NK_AUTHLINES_MAX	64u	/* keys of one file, all told */

/* The pointers go into the line. */
struct nk_authline {
	const char	*options;	/* NULL: none */
	size_t		 options_len;
	const char	*type, *base64;
	size_t		 type_len, base64_len;
};

/*
 * Cut up text[len].  0; -ENOENT, it is blank or a comment; -EBADMSG, there
 * is no type of key in it where sshd looks for one.
 */
int	nk_authline_split(const char *text, size_t len,
	    struct nk_authline *l) NK_MUST_CHECK;

#endif /* NASKEYS_EXPLAIN_AUTHLINE_H */
