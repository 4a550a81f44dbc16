/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_ACCOUNT_PASSWDFILE_H
#define NASKEYS_ACCOUNT_PASSWDFILE_H

/*
 * Lines of passwd(5), shadow(5), group(5) and gshadow(5), read strictly:
 * all fields, decimal numbers without sign or leading zeros, no control
 * characters.
 *
 * The parsers cut up line[], which is NUL-terminated and without newline;
 * what they return points into it.  Results: 0; -ENOENT, the line is blank,
 * a comment, or one for NIS ("+", "-"): no account; -EBADMSG.
 */

#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"

struct nk_passwd_line {
	const char	*name, *password, *gecos, *home, *shell;
	uint32_t	 uid, gid;
};

/* Days; -1: the field is empty. */
struct nk_shadow_line {
	const char	*name, *hash;
	int32_t		 last_change, min, max, warn, inactive, expire;
};

/* members is the list as it stands, with commas; also of gshadow(5). */
struct nk_group_line {
	const char	*name, *password, *members;
	uint32_t	 gid;		/* 0 for gshadow(5), which has none */
};

int	nk_passwd_line_parse(char *line, struct nk_passwd_line *p)
	    NK_MUST_CHECK;
int	nk_shadow_line_parse(char *line, struct nk_shadow_line *s)
	    NK_MUST_CHECK;
int	nk_group_line_parse(char *line, struct nk_group_line *g)
	    NK_MUST_CHECK;
int	nk_gshadow_line_parse(char *line, struct nk_group_line *g)
	    NK_MUST_CHECK;

/*
 * Call fn for each name in a list with commas, until it returns something
 * other than 0, which is the result.  Empty names are left out.
 */
int	nk_member_list_each(const char *members,
	    int (*fn)(void *arg, const char *name, size_t len), void *arg)
	    NK_MUST_CHECK;

#endif /* NASKEYS_ACCOUNT_PASSWDFILE_H */
