/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SSH_FOUNDLINES_H
#define NASKEYS_SSH_FOUNDLINES_H

/*
 * An authorized_keys file as people and other programs have left it.
 *
 *  1. Each line MUST be judged by itself, as sshd does: what is wrong with
 *     one is no reason to leave out another.
 *  2. What sshd takes for no key in such a file MUST be none here either,
 *     though nk_keylines_parse() would make one of it: a key behind a byte
 *     order mark, and one of several lines.
 *  3. Every line MUST be accounted for: a key, a comment, a blank line, or
 *     one that is not taken and why.
 *  4. Nothing of a private key, or of a line that is not taken, may be kept
 *     or repeated.
 */

#include <stdbool.h>
#include <stddef.h>

#include "lib/attr.h"
#include "lib/ssh/keyline.h"

enum nk_found {
	NK_FOUND_KEY,
	NK_FOUND_INVALID,	/* no public key that is taken */
	NK_FOUND_PRIVATE,	/* of a private key */
};

struct nk_found_line {
	enum nk_found		 found;
	/* Numbers from 1: lines in a row with one fault are told as one. */
	size_t			 first, last;
	const char		*why;	/* static; NULL for a key */
	struct nk_keyline	 key;
};

struct nk_found_lines {
	struct nk_found_line	*v;
	size_t			 n;
	size_t			 comments, blanks;	/* lines */
	/*
	 * There is a private key in the text, perhaps in a form of which no
	 * single line tells; what to do then, static.  NULL: none.
	 */
	const char		*private_key;
};

/*
 * Read text[len]; *f is the caller's to clear.  0; -E2BIG, it is longer
 * than NK_KEYTEXT_MAX; -ENOMEM.  On failure *f is empty.  policy->lines_max
 * does not count here.
 */
int	nk_found_lines_read(const char *text, size_t len,
	    const struct nk_keypolicy *policy, struct nk_found_lines *f)
	    NK_MUST_CHECK;

/* How many lines of the file v stands for. */
size_t	nk_found_line_count(const struct nk_found_line *v);

/* Free what f owns and make it empty. */
void	nk_found_lines_clear(struct nk_found_lines *f);

#endif /* NASKEYS_SSH_FOUNDLINES_H */
