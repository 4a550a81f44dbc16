/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_HOME_HOMEDIR_H
#define NASKEYS_HOME_HOMEDIR_H

/*
 * Work on a home as a whole, with the promises of homefile.h: each job is
 * one child process that has become the user for good, so that it can do
 * nothing that the user could not do; it is bounded; what it says is checked
 * (report.h) and decides about nobody else.  Both homes of a copy must be
 * the user's already, below folders that are root's alone (place.h): nothing
 * is ever given to a user here.  The caller holds the lock here, too.
 *
 * who->seconds is the longest time without a word from the child.  A copy
 * and nk_homedir_empty() may go on for NK_HOMEDIR_SECONDS as long as it
 * speaks, the others for who->seconds.
 */

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/home/homefile.h"
#include "lib/home/outcome.h"

#define NK_HOMEDIR_SECONDS	(6u * 3600)
#define NK_HOMEDIR_ENTRIES	20000000u
#define NK_HOMEDIR_BYTES	(UINT64_C(1) << 46)	/* 64 TiB */

/* What is told of a copy while it is made; the functions may be NULL. */
struct nk_homedir_watch {
	void	(*progress)(void *arg, uint64_t done, uint64_t total);
	/*
	 * An entry below the home cannot be copied, or was not: the first
	 * NK_HOMEREPORT_LOST_MAX of them.  The path may have any byte.
	 */
	void	(*lost)(void *arg, const char *path,
		    const struct nk_homefile_result *why);
	void	*arg;
};

struct nk_homedir_end {
	uint64_t	 entries;	/* that were looked at */
	uint64_t	 lost;		/* all of them */
	bool		 elsewhere;	/* *res is about "to" */
};

/*
 * Give the home this mode, and take its ACLs off; before that copy what it
 * does not have of the folder "skeleton" (NULL: nothing), as far as the user
 * may read that.  *oldp (or NULL) is the mode that it had.  0, or
 * -res->error: then the mode is the old one.
 */
int	nk_homedir_set(const struct nk_homefile_who *who, mode_t mode,
	    const char *skeleton, mode_t *oldp,
	    struct nk_homefile_result *res) NK_MUST_CHECK;

/*
 * Copy what is in the home to the home "to" (copy.h), which gets the mode
 * too if "mode" says so.  First all of it is looked at: where something
 * cannot be copied, nothing is.  What an earlier call has copied is not
 * copied again.  0: all is there, and on the disk; or -res->error, and what
 * was copied stays.
 */
int	nk_homedir_copy(const struct nk_homefile_who *who, const char *to,
	    bool mode, const struct nk_homedir_watch *watch,
	    struct nk_homedir_end *endp, struct nk_homefile_result *res)
	    NK_MUST_CHECK;

/* Remove everything in the home.  0, or -res->error. */
int	nk_homedir_empty(const struct nk_homefile_who *who,
	    struct nk_homefile_result *res) NK_MUST_CHECK;

/* Remove .ssh, whatever it is, with all in it.  0, or -res->error. */
int	nk_homedir_remove_ssh(const struct nk_homefile_who *who,
	    struct nk_homefile_result *res) NK_MUST_CHECK;

/* One sentence in English, static; what is said here of a whole home. */
const char *nk_homedir_sentence(const struct nk_homefile_result *res);

#endif /* NASKEYS_HOME_HOMEDIR_H */
