/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_ACCOUNT_NETWORK_H
#define NASKEYS_ACCOUNT_NETWORK_H

/*
 * Work that needs the machine's network: name services that speak over it
 * in the process that asks, PAM's modules, sshd's own word about names of
 * hosts, connections to other machines.  It is done in a child (child.h) of
 * this process, or, where this process has no network (naskeys-helper in its
 * unit), of one that has: that is asked over a socket for root alone.
 *
 *  1. Where a socket is set, no work MUST be done without it: a name service
 *     that nobody can reach has not said that a name is free.
 *  2. The other side MUST answer nobody but root, or who it runs as.
 *  3. A child there MUST end with the process that has asked for it.
 */

#include <stddef.h>
#include <stdint.h>

#include "lib/account/child.h"
#include "lib/attr.h"

/* What a child is given: flat bytes, followed by a NUL. */
struct nk_network_arg {
	void	*bytes;
	size_t	 len;
};

/* As for nk_child_run(); arg is a struct nk_network_arg. */
struct nk_network_work {
	const char	*name;
	int		(*run)(void *arg, int fd);
};

#define NK_NETWORK_NAME_SIZE	32		/* with its NUL */
#define NK_NETWORK_BYTES_MAX	(4u << 20)

/* Ask over the socket of this path from here on, which is kept; NULL: no. */
void	nk_network_use(const char *path);
const char *nk_network_path(void);

/*
 * nk_child_run(), nk_child_ask() and nk_child_start() for such work.  The
 * same errors, and -ECONNREFUSED: nobody serves the socket, or who did has
 * not said how the child ended; -E2BIG.
 */
int	nk_network_run(const struct nk_network_work *w, const void *bytes,
	    size_t len, unsigned int seconds,
	    int (*take)(void *take_arg, const void *bytes, size_t len),
	    void *take_arg) NK_MUST_CHECK;
int	nk_network_ask(const struct nk_network_work *w, const void *bytes,
	    size_t len, unsigned int seconds, void *answer,
	    size_t answer_len) NK_MUST_CHECK;
int	nk_network_child(const struct nk_network_work *w, const void *bytes,
	    size_t len, struct nk_child *ch) NK_MUST_CHECK;

/*
 * Have a child started at the other end of the socket, with a copy of fd.
 * *controlp is what stands for it: it is the caller's, for nk_network_end().
 */
int	nk_network_start(const struct nk_network_work *w, const void *bytes,
	    size_t len, int fd, int *controlp) NK_MUST_CHECK;

/*
 * End that child, whatever it does, and close control; -1 is fine.  It is
 * gone when this returns, but for what child.h says.
 */
void	nk_network_end(int control);

/*
 * The other side: do one work of the table (the last is NULL) for whoever is
 * at the other end of fd, and return when it has ended.  0 or -errno; -EPERM:
 * that was not for him to ask.
 */
int	nk_network_serve(int fd, const struct nk_network_work *const *works)
	    NK_MUST_CHECK;

/* In front of a request; for the two sides alone. */
struct nk_network_head {
	char		version[NK_NETWORK_NAME_SIZE];
	char		work[NK_NETWORK_NAME_SIZE];
	uint32_t	len;		/* of the bytes that follow */
};

#endif /* NASKEYS_ACCOUNT_NETWORK_H */
