/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_HOME_DIRJOB_H
#define NASKEYS_HOME_DIRJOB_H

/* The jobs of homedir.h, in the child that becomes the user. */

#include <sys/types.h>

#include <stdbool.h>

#include "lib/attr.h"
#include "lib/home/homefile.h"

struct nk_dirjob {
	const struct nk_homefile_who *who;
	enum {
		NK_DIRJOB_SET,
		NK_DIRJOB_COPY,
		NK_DIRJOB_EMPTY,
		NK_DIRJOB_REMOVE_SSH,
	}		 kind;
	unsigned int	 seconds;	/* of processor time */
	mode_t		 mode;		/* SET */
	const char	*skeleton;	/* SET; or NULL */
	const char	*to;		/* COPY */
	bool		 take_mode;	/* COPY */
};

/*
 * Become the user and do the job, a struct nk_dirjob.  For nk_child_watch():
 * 0, or 1 when it could not say how it ended.
 */
int	nk_dirjob_work(void *job, int fd);

/* The same in a process that is the user: write records of report.h to fd. */
int	nk_dirjob_do(const struct nk_dirjob *what, int fd) NK_MUST_CHECK;

#endif /* NASKEYS_HOME_DIRJOB_H */
