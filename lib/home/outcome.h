/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_HOME_OUTCOME_H
#define NASKEYS_HOME_OUTCOME_H

/* How a job in a home ended, and the sentence that says it. */

#include <stdbool.h>

#include "lib/attr.h"

enum nk_homefile_outcome {
	NK_HOMEFILE_DONE,
	NK_HOMEFILE_CHANGED,		/* the file is not the one seen */
	/* the path */
	NK_HOMEFILE_NO_HOME,		/* it is not there */
	NK_HOMEFILE_ABOVE,		/* others may change what is above */
	NK_HOMEFILE_HOME_LINK,
	NK_HOMEFILE_HOME_KIND,		/* no folder */
	NK_HOMEFILE_HOME_FOREIGN,	/* another owner */
	NK_HOMEFILE_HOME_OPEN,		/* root's, and others may write */
	NK_HOMEFILE_SSH_LINK,
	NK_HOMEFILE_SSH_KIND,
	NK_HOMEFILE_SSH_FOREIGN,
	NK_HOMEFILE_SSH_MOUNT,		/* another file system is on it */
	NK_HOMEFILE_FILE_LINK,
	NK_HOMEFILE_FILE_KIND,		/* folder, pipe, socket, device */
	NK_HOMEFILE_FILE_FOREIGN,
	NK_HOMEFILE_FILE_MOUNT,
	NK_HOMEFILE_FILE_LINKED,	/* it has several names */
	NK_HOMEFILE_FILE_SIZE,
	/* the system */
	NK_HOMEFILE_DENIED,		/* EACCES */
	NK_HOMEFILE_IMMUTABLE,		/* EPERM */
	NK_HOMEFILE_READ_ONLY,		/* EROFS */
	NK_HOMEFILE_FULL,		/* ENOSPC */
	NK_HOMEFILE_QUOTA,		/* EDQUOT */
	NK_HOMEFILE_STALE,		/* ESTALE of a file server */
	NK_HOMEFILE_IO,			/* EIO */
	NK_HOMEFILE_TIMEOUT,
	NK_HOMEFILE_KILLED,		/* the child gave no whole answer */
	NK_HOMEFILE_FAILED,		/* any other errno */
	NK_HOMEFILE_OUTCOMES
};

struct nk_homefile_result {
	enum nk_homefile_outcome outcome;
	int	error;	/* positive errno; 0 exactly with DONE.  ESTALE
			   exactly with CHANGED: a file server's is EIO. */
};

/* One sentence in English, static.  For DONE too; never NULL. */
const char *nk_homefile_sentence(enum nk_homefile_outcome outcome);

/*
 * May the same job succeed later, without anybody changing what is in the
 * home: a home that is away, a disk that is full or failing?  A change is
 * then kept as pending.
 */
bool	nk_homefile_may_pass(enum nk_homefile_outcome outcome);

/*
 * Set *res for a positive errno or, below, for an outcome that has one of
 * its own.  Both return -res->error.
 */
int	nk_homefile_errno(struct nk_homefile_result *res, int error)
	    NK_MUST_CHECK;
int	nk_homefile_set(struct nk_homefile_result *res,
	    enum nk_homefile_outcome outcome) NK_MUST_CHECK;

/* Is this a pair that the two above make? */
bool	nk_homefile_is_sound(const struct nk_homefile_result *res);

#endif /* NASKEYS_HOME_OUTCOME_H */
