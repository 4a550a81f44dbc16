/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_NET_PLACE_H
#define NASKEYS_NET_PLACE_H

/*
 * The user's ~/.ssh/authorized_keys on another machine, by SFTP or by a
 * shell.  Where the connection itself breaks, nothing returns (login.h).
 */

#include <stdbool.h>
#include <stddef.h>

#include "helper/net/session.h"

#define PLACE_FOLDER	".ssh"
#define PLACE_FILE	".ssh/authorized_keys"
#define PLACE_MAX	4194304u	/* bytes of the file */

struct place_text {
	char	*p;		/* the caller's to free */
	size_t	 len;
	bool	 present;	/* the file is there */
	bool	 folder;	/* and its folder */
};

struct place {
	struct session	*session;
	void		*state;
	/* Read the file: NULL, or why that fails. */
	const char	*(*read)(struct place *p, struct place_text *t);
	/*
	 * Append bytes to it; the file and its folder are made, for the user
	 * alone, if they are missing.  NULL, or why that fails: then any
	 * part may have been written.
	 */
	const char	*(*append)(struct place *p, const char *bytes,
			    size_t len, const struct place_text *before);
	/*
	 * Make it as it was: of that length, or gone, with its folder if
	 * that was made.  NULL, or why that fails.
	 */
	const char	*(*restore)(struct place *p,
			    const struct place_text *before);
};

/* Is there SFTP?  If so, *p is by it; if not, the session goes on. */
bool	place_sftp(struct place *p, struct session *s);
void	place_shell(struct place *p, struct session *s);

/* Make room for more bytes behind t->len.  False: it is too long. */
bool	place_grow(struct place_text *t, size_t *roomp, size_t more);

/* Does the text have a line with this key, byte for byte? */
bool	place_has_key(const struct place_text *t, const char *type,
	    const char *base64);

#endif /* NASKEYS_NET_PLACE_H */
