/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SANDBOX_CONFINE_H
#define NASKEYS_SANDBOX_CONFINE_H

/*
 * What a child gives up, for good, in this order.  Each returns 0 or -errno,
 * and a child that cannot give up all of it must not go on.
 */

#include "lib/attr.h"
#include "lib/sandbox/sandbox.h"

#define NK_CONFINE_FD		0	/* the one descriptor */
#define NK_CONFINE_SOCKET	3	/* the first of others */
#define NK_CONFINE_MEMORY	(64u << 20)	/* bytes above what it has */

/* Leave it fd alone, as NK_CONFINE_FD. */
int	nk_confine_descriptors(int fd) NK_MUST_CHECK;

/*
 * Leave it fd as NK_CONFINE_FD, the n sockets from NK_CONFINE_SOCKET on, in
 * this order, and /dev/null between them.
 */
int	nk_confine_sockets(int fd, const int *fds, size_t n) NK_MUST_CHECK;

/* How large the process is, for nk_confine_limits(). */
int	nk_confine_measure(size_t *sizep) NK_MUST_CHECK;

/*
 * Become the user, without groups and capabilities, and try to get back:
 * -EPERM where that works, or where the user would be root.
 */
int	nk_confine_identity(const struct nk_sandbox *sb) NK_MUST_CHECK;

/*
 * Two steps of it, for a process that becomes somebody else in another way.
 * The bounding set holds for programs that are executed, which is refused
 * anyway: where the right to change it is missing, it stays.
 */
void	nk_confine_bounding_set(void);

/* No capability in any set; -EPERM where one is left. */
int	nk_confine_capabilities(void) NK_MUST_CHECK;

/*
 * Limits of memory, processor time, files and processes, and of the
 * descriptors that it may still open (which poll(2) counts, too).
 */
int	nk_confine_limits(size_t size, unsigned int seconds,
	    unsigned int descriptors) NK_MUST_CHECK;

/* The system calls that are left to this kind of work (calls.c). */
int	nk_confine_calls(enum nk_sandbox_kind kind) NK_MUST_CHECK;

#endif /* NASKEYS_SANDBOX_CONFINE_H */
