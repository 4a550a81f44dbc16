/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_HOME_HOMEFILE_H
#define NASKEYS_HOME_HOMEFILE_H

/*
 * ~/.ssh/authorized_keys, in homes whose owners are hostile.  The format of
 * the file is of no concern here (sshd(8), AUTHORIZED_KEYS FILE FORMAT): it
 * is bytes, at most NK_PRESENT_MAX of them.
 *
 * Each job is one child process, which becomes the user for good (become.h),
 * works with descriptors that it has checked (place.h, present.h), replaces
 * by exchange (temp.h), answers, and ends.  A process for each job, since
 * what has become a user cannot come back, and must not.
 *
 *  1. The owner of a home MUST get nothing done that he could not do
 *     himself: nothing is opened, read, written or removed with other rights
 *     than his.  Where the user is root, nothing outlives the loss of
 *     capabilities but the ownership of root's files; there every folder
 *     above the home, and the home, must be root's alone.
 *  2. The parent MUST believe the child nothing that matters.  The user may
 *     stop and kill it (not trace it, or read the memory that it has of the
 *     helper's), and a home's file server may say what it likes.  So an
 *     answer has a fixed shape and bounded length, and is checked against
 *     what was asked; the hash of a text is computed here.  A lie can only
 *     be one about the user's own file, that is: what he could have written
 *     there.  Nothing that a child says may decide about anybody else.
 *  3. A job MUST end: after who->seconds the child is killed, and the answer
 *     is NK_HOMEFILE_TIMEOUT.  One that cannot even be killed, since a
 *     server that is away or a file system in user space holds it, is left
 *     behind after two more seconds (lib/account/child.h).
 *  4. After a failure the old file MUST be there with its old text, and no
 *     new one beside it (temp.h names the exceptions).
 *
 * One job at a time for one home: the caller holds a lock of its own, and
 * the child holds it too until it is gone (child.h), so that one that is
 * left behind keeps others from following it.  Other
 * programs, and other machines on the same server, may write meanwhile:
 * then the answer is NK_HOMEFILE_CHANGED, and their text stays.
 */

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/home/job.h"
#include "lib/home/outcome.h"
#include "lib/home/present.h"

#define NK_HOMEFILE_SECONDS_MAX	120	/* well below NK_TEMP_AGE */

/* In whose home. */
struct nk_homefile_who {
	uid_t		 uid;
	gid_t		 gid;
	const gid_t	*groups;	/* supplementary, or NULL: none */
	size_t		 n_groups;
	const char	*home;		/* of the shape of nk_home_check() */
	uid_t		 root;		/* counts as root above the home */
	unsigned int	 seconds;	/* 1 to NK_HOMEFILE_SECONDS_MAX */
	const int	*lock;		/* of these homes, or NULL: none */
};

/*
 * A file that was seen there, or that there was none: then file.present is
 * false and the rest 0.  Only file.present and hash decide whether a file is
 * still the same one.
 */
struct nk_homefile {
	struct nk_homejob_file	file;
	uint8_t			hash[NK_PRESENT_HASH];	/* SHA-256 */
};

/*
 * Read it.  *textp is NUL-terminated (and may have other NULs), has
 * seen->file.size bytes and is the caller's to free; NULL where there is no
 * file.  0; or -res->error, and seen is all 0.  *res says how it went in any
 * case; NK_HOMEFILE_FAILED is ENOTSUP where no process could become the
 * user, EINVAL for a who that is none, EBADMSG for an answer that is none.
 */
int	nk_homefile_read(const struct nk_homefile_who *who,
	    struct nk_homefile *seen, char **textp,
	    struct nk_homefile_result *res) NK_MUST_CHECK;

/*
 * Let it have this text, the mode 0600 and no ACL, in a .ssh of mode 0700
 * without one, unless its text is neither this nor the one that was seen:
 * then -ESTALE.  What is right already is not written.  *now is the file
 * afterwards, and *wrotep whether anything was done.  0, or -res->error and
 * *now is all 0.
 */
int	nk_homefile_replace(const struct nk_homefile_who *who,
	    const struct nk_homefile *seen, const char *text, size_t len,
	    struct nk_homefile *now, bool *wrotep,
	    struct nk_homefile_result *res) NK_MUST_CHECK;

/*
 * Remove it, unless it is another than was seen: then -ESTALE.  One that is
 * not there is removed.  0, or -res->error.
 */
int	nk_homefile_remove(const struct nk_homefile_who *who,
	    const struct nk_homefile *seen,
	    struct nk_homefile_result *res) NK_MUST_CHECK;

#endif /* NASKEYS_HOME_HOMEFILE_H */
