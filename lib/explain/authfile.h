/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_EXPLAIN_AUTHFILE_H
#define NASKEYS_EXPLAIN_AUTHFILE_H

/*
 * One file of AuthorizedKeysFile, as sshd would open it.
 *
 *  1. A child process MUST look and read, with the user's own rights and
 *     within a time (account.h): the home may be hostile, or away.
 *  2. What is no regular file MUST NOT be opened for reading.
 *  3. What the child writes MUST be held for anything at all.
 */

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/explain/account.h"
#include "lib/explain/modes.h"

#define NK_AUTHFILE_SIZE_MAX	(4u << 20)	/* of the file */
#define NK_AUTHFILE_ANSWER_MAX	(1u << 20)	/* of its lines that count */

struct nk_authfile_question {
	const struct nk_seen_account *account;
	const char	*path;
	bool		 strict;	/* StrictModes */
	bool		 lone_group;	/* see modes.h */
	/* Lines with this key; NULL: any, NK_AUTHLINES_MAX at most. */
	const uint8_t	*blob;
	size_t		 blob_len;
	unsigned int	 seconds;
	const int	*keep;		/* as in explain.h */
	bool		 hangs;
};

struct nk_authfile {
	struct nk_modes	 modes;
	char		*answer;	/* lines */
	size_t		 len, at;
	bool		 more;		/* some were left out */
};

/*
 * Read it; nk_authfile_clear() in every case.  0, with what stands in its
 * way in f->modes, and its lines even where sshd would not trust them;
 * -ETIMEDOUT; -EIO; -E2BIG; -ENOMEM; -errno.
 */
int	nk_authfile_read(const struct nk_authfile_question *q,
	    struct nk_authfile *f) NK_MUST_CHECK;

/* The next line with its number, from 1; false: there is none. */
bool	nk_authfile_next(struct nk_authfile *f, uint32_t *linep,
	    const char **textp, size_t *lenp);
void	nk_authfile_clear(struct nk_authfile *f);

#endif /* NASKEYS_EXPLAIN_AUTHFILE_H */
