/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SANDBOX_H
#define NASKEYS_SANDBOX_H

/*
 * Bytes from outside the machine never meet root: what parses them is a
 * child that has become the user naskeys-net for good, has no descriptor but
 * one socket, no files, no network, no further processes (seccomp(2): an
 * allow-list; anything else ends it), little memory, and an end in time.
 *
 * The child MUST
 *  1. have lost every group, uid and capability of its parent, and have
 *     tried to get them back, before it reads the first byte;
 *  2. have no_new_privs and its seccomp filter set before that, too;
 *  3. have nothing of its parent's memory: it is the program started afresh,
 *     with an empty environment;
 *  4. say nothing but one answer of a type and a length that its parent
 *     checks.
 */

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/seal/secret.h"

#define NK_SANDBOX_USER	"naskeys-net"

/*
 * What a piece of work looks like: it reads the request, appends its answer
 * and returns 0, or -errno, which reaches the parent as the result (and the
 * answer does not).  It may use memory, randomness and libcrypto without
 * files (no provider but the built-in ones), and the request is followed by
 * a NUL.
 */
typedef int	(*nk_sandbox_function)(const uint8_t *request, size_t len,
		    struct nk_secret *answer);

struct nk_sandbox_work {
	const char		*name;		/* NULL: the last row */
	nk_sandbox_function	 run;
};

struct nk_sandbox {
	uid_t		 uid;		/* of NK_SANDBOX_USER; (uid_t)-1: stay
					   who we are, which we must not be as
					   root */
	gid_t		 gid;
	unsigned int	 seconds;
	const char	*program;	/* its main() has nk_sandbox_serve() */
};

/*
 * Fill in uid and gid from /etc/passwd (never from our own name service), a
 * time limit, and the program that is running.  As another user than root,
 * the child stays that user.  Returns 0; -ENOENT, the user is missing
 * ("naskeysctl init" makes it); -EPERM, it is root's; -errno.
 */
int	nk_sandbox_init(struct nk_sandbox *sb, const char *passwd_path)
	    NK_MUST_CHECK;

/*
 * Have the work of that name done on request[len] in such a child.  *answer
 * (NK_SECRET_NONE) is at most max bytes.  Returns what the work returned;
 * -E2BIG, the request or the answer is too long; -ENOSYS, the program has no
 * such work; -EPERM, the child would have stayed or become root, or could
 * get back; -ETIMEDOUT; -EIO, the child was ended or said something else
 * than one answer; -errno.  The child is gone when this returns, and on
 * failure *answer is NK_SECRET_NONE.
 */
int	nk_sandbox_run(const struct nk_sandbox *sb, const char *work,
	    const void *request, size_t len, size_t max,
	    struct nk_secret *answer) NK_MUST_CHECK;

/*
 * The first thing in main(): when nk_sandbox_run() has started the program,
 * give up everything, do the work that stands in one of the tables (the last
 * one is NULL), and do not return.  Otherwise (also when
 * the arguments only look alike) nothing is done.
 */
void	nk_sandbox_serve(int argc, char *const *argv,
	    const struct nk_sandbox_work *const *tables);

#endif /* NASKEYS_SANDBOX_H */
