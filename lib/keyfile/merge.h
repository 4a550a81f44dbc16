/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_KEYFILE_MERGE_H
#define NASKEYS_KEYFILE_MERGE_H

/*
 * What the authorized_keys file in a home shall say, out of what it says
 * now, what naskeys has written there and what it wants there.  Nothing is
 * read or written here.
 *
 *  1. What is wanted MUST stand first, as it is.
 *  2. A line that naskeys has written MUST go, unless it is wanted.
 *  3. A line with a dead key MUST go, whatever its options and comment say:
 *     whoever has changed a copy of our line has not made the key his.  Of a
 *     buried key (lib/store/keyfiles.h) every line goes but one that is
 *     wanted: it was dead once, and nobody knows all that was written of it.
 *  4. Every other line is foreign and MUST stay as it is, to the last byte,
 *     in its order: other keys, comments, blank lines, and what is no line
 *     of such a file at all.
 *
 * A line's key is sought as sshd and others may find it and not by parsing
 * the line: a word of it, if it is no comment, that is the base64 of a key.
 * Only where all agree on what the options are, and another key stands behind
 * them, are words within their quotes passed over.
 */

#include <stddef.h>

#include "lib/attr.h"
#include "lib/store/keyfiles.h"

struct nk_merge {
	const char	*file;		/* as it is now; NULL: there is none */
	size_t		 file_len;
	const char	*wanted;	/* whole lines, or NULL */
	size_t		 wanted_len;
	/* Naskeys has written these, or may have; not in any order. */
	const struct nk_keyfile_line *written;
	size_t		 n_written;
	/*
	 * Fingerprints that are not dead.  A key is dead that is one of
	 * those written and none of these, or is buried there.
	 */
	const char *const *alive;
	size_t		 n_alive;
};

/*
 * *textp: what it shall say, not NUL-terminated, and the caller's to free;
 * NULL where it shall be empty.  0, -ENOMEM or -ENOTSUP (no SHA-256).
 */
int	nk_merge_text(const struct nk_merge *m, char **textp, size_t *lenp)
	    NK_MUST_CHECK;

/*
 * Call fn for each foreign line, without its newline, with its number in
 * the file as it is, from 1; stops at the first non-zero result, which is
 * returned.  Others as above.
 */
int	nk_merge_foreign(const struct nk_merge *m,
	    int (*fn)(void *arg, size_t number, const char *line, size_t len),
	    void *arg) NK_MUST_CHECK;

/*
 * Does the line, as above, have the key with this fingerprint?  1, and
 * *wordp is its base64; 0; or -errno.
 */
int	nk_line_find_key(const char *line, size_t len,
	    const char *fingerprint, const char **wordp, size_t *word_lenp)
	    NK_MUST_CHECK;

#endif /* NASKEYS_KEYFILE_MERGE_H */
