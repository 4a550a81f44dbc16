/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SSH_KEYLINE_H
#define NASKEYS_SSH_KEYLINE_H

/*
 * Lines of an authorized_keys file, read as sshd(8) reads them, and more
 * strictly: what is taken here, sshd takes.
 *
 * Results of the parsers: 0; -EBADMSG, it is malformed; -EPERM, it is well
 * formed but refused (a private key, a type or size that is not taken, an
 * option that this sshd does not know); -E2BIG, over a limit; -ENOMEM.
 * On failure *whyp is a static sentence without any byte of the input, which
 * says what is wrong and what to do; it may go to a log and to the user.
 * whyp may be NULL.  A private key is found before anything else is looked
 * at, and everything that was copied out of it is wiped.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/ssh/keypolicy.h"

/* Bytes of a text of several lines, and its lines that hold no key. */
#define NK_KEYTEXT_MAX		(4U << 20)
#define NK_KEYLINES_OTHER_MAX	4096

enum nk_keyline_kind {
	NK_LINE_KEY,
	NK_LINE_COMMENT,	/* '#', perhaps after white space */
	NK_LINE_BLANK,
};

/* One line.  The strings are the line's own; they contain no newline. */
struct nk_keyline {
	enum nk_keyline_kind	 kind;
	char			*options;	/* as written; NULL: none */
	char			*type;
	uint8_t			*blob;
	size_t			 blob_len;
	char			*base64;	/* of the blob, canonical */
	char			*comment;	/* NULL: none; the whole line
						   for NK_LINE_COMMENT */
	unsigned int		 bits;		/* as ssh-keygen -l says */
	bool			 cert_authority; /* the option is set */
	bool			 certificate;	/* the blob is one */
};

/* Several, in their order. */
struct nk_keylines {
	struct nk_keyline	*v;
	size_t			 n;
};

/*
 * Read line[len], one line without its newline, into *l.  White space before
 * the first word and after the last is dropped.  On failure *l is cleared
 * and needs no clear.
 */
int	nk_keyline_parse(const char *line, size_t len,
	    const struct nk_keypolicy *policy, struct nk_keyline *l,
	    const char **whyp) NK_MUST_CHECK;

/*
 * The authorized_keys line of l, without newline.  *textp is the caller's
 * to free and ends with NUL, which *lenp does not count.  What
 * nk_keyline_parse() gave comes back as an equal line when it is read again.
 * Returns 0 or -ENOMEM; *textp is then NULL.
 */
int	nk_keyline_format(const struct nk_keyline *l, char **textp,
	    size_t *lenp) NK_MUST_CHECK;

/* Do a and b agree in kind, options, type, blob and comment? */
bool	nk_keyline_equal(const struct nk_keyline *a,
	    const struct nk_keyline *b);

/* Free what l owns and make it empty.  l may be NULL. */
void	nk_keyline_clear(struct nk_keyline *l);

/*
 * Read a whole text: authorized_keys lines ended by LF or CRLF (a byte order
 * mark at the start is dropped), and among them public keys in the forms of
 * RFC 4716 and PEM ("PUBLIC KEY", "RSA PUBLIC KEY"), each of which becomes
 * one line.  All or nothing: on failure *ls is empty, *linep is the number
 * of the bad line, counted from 1 (0: no single line is to blame).
 * linep may be NULL.
 */
int	nk_keylines_parse(const char *text, size_t len,
	    const struct nk_keypolicy *policy, struct nk_keylines *ls,
	    size_t *linep, const char **whyp) NK_MUST_CHECK;

/* Free what ls owns and make it empty.  ls may be NULL. */
void	nk_keylines_clear(struct nk_keylines *ls);

#endif /* NASKEYS_SSH_KEYLINE_H */
