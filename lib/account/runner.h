/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_ACCOUNT_RUNNER_H
#define NASKEYS_ACCOUNT_RUNNER_H

/*
 * What an external program says: sshd of its settings, ssh-keygen of a list
 * of revoked keys.  It runs in a child with a time and size limit, without
 * environment, with /dev/null as its input.
 */

#include <stdbool.h>
#include <stddef.h>

#include "lib/account/network.h"
#include "lib/attr.h"

#define NK_RUNNER_ARGS_MAX	8
#define NK_RUNNER_INPUT		"/dev/fd/4"	/* where it finds its input */

struct nk_runner {
	const char	*path;		/* absolute */
	const char	*args[NK_RUNNER_ARGS_MAX + 1];	/* behind argv[0] */
	const void	*input;		/* for NK_RUNNER_INPUT, or NULL */
	size_t		 input_len;
	unsigned int	 seconds;
	size_t		 max;		/* bytes of output */
	/*
	 * It may ask for names of users or hosts, connect, or start what does:
	 * it runs where the network is (network.h).
	 */
	bool		 network;
};

/* For nk_network_serve(). */
extern const struct nk_network_work nk_runner_work;

/*
 * Run it; *textp is its output with its messages, NUL-terminated, the
 * caller's to free.  0; -EIO, its status was not 0: then too there is text.
 * Otherwise *textp is NULL: -ENOENT, it cannot be run; -ETIMEDOUT; -E2BIG;
 * -ENOMEM; -ECONNREFUSED (network.h); -errno.
 */
int	nk_runner_run(const struct nk_runner *p, char **textp, size_t *lenp)
	    NK_MUST_CHECK;

/* The first line of text, cut off in place; what sshd says of a fault. */
const char *nk_runner_line(char *text);

#endif /* NASKEYS_ACCOUNT_RUNNER_H */
