/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SSH_ARMOR_H
#define NASKEYS_SSH_ARMOR_H

/*
 * Public keys that stand between a BEGIN and an END line: RFC 4716, and PEM
 * (SubjectPublicKeyInfo or PKCS#1).
 */

#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"

/* The lines of a text that are still to be read; it is borrowed. */
struct nk_textlines {
	const char	*p;
	size_t		 left;
	size_t		 number;	/* of the line taken last, from 1 */
};

/*
 * Take one line; *linep[*lenp] is without its LF or CRLF.  What follows the
 * last LF is a line unless it is empty.  Returns 0, or -ENOENT: no more.
 */
int	nk_textlines_get(struct nk_textlines *t, const char **linep,
	    size_t *lenp) NK_MUST_CHECK;

enum nk_armor_kind {
	NK_ARMOR_NONE,		/* an ordinary line */
	NK_ARMOR_RFC4716,
	NK_ARMOR_SPKI,
	NK_ARMOR_PKCS1,
	NK_ARMOR_STRANGE,	/* a BEGIN line, but not of a public key */
};

/* Which form does line[len] begin? */
enum nk_armor_kind	nk_armor_find(const char *line, size_t len);

/* A key out of such a form.  Both are the owner's to free. */
struct nk_armored {
	uint8_t	*blob;
	size_t	 blob_len;
	char	*comment;		/* NULL: none */
};

/*
 * Read the rest of a key whose first line has been taken off t and is of
 * that kind (not NONE), to its END line.  The blob is not checked.  Returns
 * 0; -EBADMSG; -E2BIG, more than max bytes of base64 or comment; -EPERM, a
 * kind of key that is not taken; -ENOMEM.  On failure *a is empty, *whyp
 * (may be NULL) is a static sentence and t->number is the bad line's.
 */
int	nk_armor_get(struct nk_textlines *t, enum nk_armor_kind kind,
	    size_t max, struct nk_armored *a, const char **whyp)
	    NK_MUST_CHECK;

/* Free what a owns and make it empty. */
void	nk_armored_clear(struct nk_armored *a);

#endif /* NASKEYS_SSH_ARMOR_H */
