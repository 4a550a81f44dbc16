/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_REMOTE_DIAL_H
#define NASKEYS_REMOTE_DIAL_H

/* Connections to a remote; for lib/remote alone. */

#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/remote/report.h"

/*
 * Up to n connections to the target, all to the same address.  0 with at
 * least one in fds, *np of them, the caller's to nk_sandbox_drop(); -EIO with
 * the fault set; -ENOMEM.
 */
int	nk_remote_dial(struct nk_remote_talk *talk,
	    const struct nk_sandbox *sb, int *fds, size_t n, size_t *np)
	    NK_MUST_CHECK;

/*
 * Is fd a TCP connection to that port, as the kernel says?  0, and its
 * address is in text[INET6_ADDRSTRLEN]; or -EIO.
 */
int	nk_remote_check_socket(int fd, uint16_t port, char *text)
	    NK_MUST_CHECK;

#endif /* NASKEYS_REMOTE_DIAL_H */
