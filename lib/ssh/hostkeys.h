/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SSH_HOSTKEYS_H
#define NASKEYS_SSH_HOSTKEYS_H

/*
 * The host keys by which a remote is known: plain public keys, each once,
 * in the order in which they were given.  They are no secrets.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/ssh/keytype.h"

/* Characters of what nk_hostkeys_write() gives: those of TrueNAS's field. */
#define NK_HOSTKEYS_MAX		1024u
/* Bytes of a text to read: there may be names, comments, keys given twice. */
#define NK_HOSTKEYS_TEXT_MAX	65536u

struct nk_hostkey {
	const struct nk_keytype	*type;	/* never a certificate's */
	uint8_t			*blob;
	size_t			 len;
};

struct nk_hostkeys {
	struct nk_hostkey	*v;
	size_t			 n;
};

/*
 * Read text: lines "TYPE BASE64 [COMMENT]", each perhaps behind a list of
 * host names as in a known_hosts file or ssh-keyscan's output; blank lines
 * and those that begin with '#' say nothing.  Names and comments are
 * dropped.  Returns 0 with at least one key; -EBADMSG, a line or key is
 * malformed or there is no key; -EPERM, something else than a plain public
 * key of a type and size that is taken; -E2BIG; -ENOMEM.  On failure *hk is
 * empty and *whyp (may be NULL) is a static sentence that repeats nothing.
 */
int	nk_hostkeys_read(const char *text, struct nk_hostkeys *hk,
	    const char **whyp) NK_MUST_CHECK;

/*
 * Add a copy of the key in blob[len].  Returns 0, also when it is there;
 * -EBADMSG, -EPERM, -ENOMEM as above; -E2BIG, there is no room for it
 * within NK_HOSTKEYS_MAX.  On failure hk is unchanged.
 */
int	nk_hostkeys_add(struct nk_hostkeys *hk, const uint8_t *blob,
	    size_t len) NK_MUST_CHECK;

/* Is the key in blob[len], byte for byte, one of them? */
bool	nk_hostkeys_have(const struct nk_hostkeys *hk, const uint8_t *blob,
	    size_t len);

/*
 * The keys as "TYPE BASE64", joined by newlines, without one at the end; ""
 * for none.  *textp is the caller's to free.  Returns 0 or -ENOMEM; *textp
 * is then NULL.
 */
int	nk_hostkeys_write(const struct nk_hostkeys *hk, char **textp)
	    NK_MUST_CHECK;

/* Free what hk owns and make it empty. */
void	nk_hostkeys_clear(struct nk_hostkeys *hk);

#endif /* NASKEYS_SSH_HOSTKEYS_H */
