/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SANDBOX_SPAWN_H
#define NASKEYS_SANDBOX_SPAWN_H

/* How the sandbox's children are started and ended; for lib/sandbox alone. */

#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/sandbox/message.h"
#include "lib/sandbox/sandbox.h"

#define NK_SANDBOX_NAME_SIZE	32	/* of a work's name, with its NUL */
#define NK_SANDBOX_DIGITS_SIZE	11	/* of a uint32's digits, likewise */

/* All that the child is started with, made before the fork. */
struct nk_sandbox_args {
	const char	*program;
	char		 option[NK_SANDBOX_NAME_SIZE];
	char		 work[NK_SANDBOX_NAME_SIZE];
	char		 numbers[NK_SANDBOX_NUMBERS][NK_SANDBOX_DIGITS_SIZE];
	char		*argv[NK_SANDBOX_ARGS + 1];
	const int	*fds;		/* of a task, or NULL */
	size_t		 n_fds;
};

/*
 * Fill in *a, without descriptors; it must not be moved then.  0 or
 * -ENOSYS, a name is too long.
 */
int	nk_sandbox_args(struct nk_sandbox_args *a,
	    const struct nk_sandbox *sb, const char *option,
	    const char *work, uint32_t last) NK_MUST_CHECK;

/*
 * Start it with one end of a socket pair of this type as descriptor 0;
 * nk_sandbox_end() ends it.  0 or -errno.
 */
int	nk_sandbox_spawn(const struct nk_sandbox_args *a, int type,
	    struct nk_sandbox_child *c) NK_MUST_CHECK;

/* In the child: leave it fd and a->fds, and execute the program. */
_Noreturn void	nk_sandbox_become(const struct nk_sandbox_args *a, int fd);

#endif /* NASKEYS_SANDBOX_SPAWN_H */
