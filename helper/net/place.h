/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_NET_PLACE_H
#define NASKEYS_NET_PLACE_H

/*
 * The user's ~/.ssh/authorized_keys on another machine, by SFTP or by a
 * shell.  Where the connection itself breaks, nothing returns (login.h).
 */

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>

#include "helper/net/session.h"

#define PLACE_FOLDER	".ssh"
#define PLACE_FILE	".ssh/authorized_keys"
/* what the name of a new file has behind the old one's */
#define PLACE_BESIDE	".naskeys-%08" PRIx32
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
	enum nk_remote_fault fault;	/* of a step that fails */
	uint32_t	 number;	/* of the new file's name */
	char		 words[NK_REMOTE_WORDS_MAX + 1];
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
	/*
	 * Make a new file of these bytes beside it (behind a symbolic link:
	 * where that leads), with its owner and mode.  NULL; or why there is
	 * none.
	 */
	const char	*(*beside)(struct place *p, const char *bytes,
			    size_t len);
	/*
	 * The new file takes its place, or goes.  NULL; or why not: then the
	 * new one is gone in either case, as far as it can be.
	 */
	const char	*(*settle)(struct place *p, bool take);
	/* Write over its first bytes.  NULL, or why that fails. */
	const char	*(*overwrite)(struct place *p, const char *bytes,
			    size_t len);
};

/*
 * By SFTP where there is some, else by a shell; fault is what a step that
 * fails comes to.
 */
void	place_open(struct place *p, struct session *s,
	    enum nk_remote_fault fault);

/* Is there SFTP?  If so, *p is by it; if not, the session goes on. */
bool	place_sftp(struct place *p, struct session *s);
void	place_shell(struct place *p, struct session *s);

/* Take the key's lines out of the file.  NULL, or why that fails. */
const char	*place_remove(struct place *p, const char *type,
		    const char *base64, bool *removedp);

/* "WHY", or "WHY; nothing was taken back: WORSE". */
const char	*place_worse(struct place *p, const char *why,
		    const char *worse);

/* Make room for more bytes behind t->len.  False: it is too long. */
bool	place_grow(struct place_text *t, size_t *roomp, size_t more);

/*
 * Does the text have a line with this key, byte for byte?  The key is what
 * sshd takes for it: the first two words, or those behind the options.
 */
bool	place_has_key(const struct place_text *t, const char *type,
	    const char *base64);

/*
 * The text without these lines, all else as it is; out->p is the caller's to
 * free.  False: no memory.
 */
bool	place_strip(const struct place_text *t, const char *type,
	    const char *base64, struct place_text *out);

/* The key options of a line, inside the text. */
struct place_options {
	const char	*p;
	size_t		 len;		/* 0: none */
};

/*
 * The options of the lines with this key, which are the same in all of them.
 * NULL; or why there are none to tell.
 */
const char	*place_options(const struct place_text *t, const char *type,
		    const char *base64, struct place_options *o);

#endif /* NASKEYS_NET_PLACE_H */
