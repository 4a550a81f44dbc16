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
 *  3. inherit no secret of its parent (nk_secret is wiped by fork);
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
typedef int	(*nk_sandbox_work)(const uint8_t *request, size_t len,
		    struct nk_secret *answer);

struct nk_sandbox {
	uid_t		uid;		/* of NK_SANDBOX_USER; (uid_t)-1: stay
					   who we are, which we must not be as
					   root */
	gid_t		gid;
	unsigned int	seconds;
};

/*
 * Fill in uid and gid from /etc/passwd (never from our own name service),
 * and a time limit.  As another user than root, the child stays that user.
 * Returns 0; -ENOENT, the user is missing ("naskeysctl init" makes it);
 * -EPERM, it is root's; -errno.
 */
int	nk_sandbox_init(struct nk_sandbox *sb, const char *passwd_path)
	    NK_MUST_CHECK;

/*
 * Run work on request[len] in such a child.  *answer (NK_SECRET_NONE) is at
 * most max bytes.  Returns what work returned; -E2BIG, the request or the
 * answer is too long; -EPERM, the child would have stayed or become root, or
 * could get back; -ETIMEDOUT; -EIO, the child was ended or said something
 * else than one answer; -errno.  The child is gone when this returns, and on
 * failure *answer is NK_SECRET_NONE.
 */
int	nk_sandbox_run(const struct nk_sandbox *sb, nk_sandbox_work work,
	    const void *request, size_t len, size_t max,
	    struct nk_secret *answer) NK_MUST_CHECK;

#endif /* NASKEYS_SANDBOX_H */
