/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SSHSERVICE_INTERFACES_H
#define NASKEYS_SSHSERVICE_INTERFACES_H

/* The machine's network interfaces, as sshd could listen on them. */

#include "lib/account/network.h"
#include "lib/attr.h"

/*
 * Call fn for each address of each interface; a link-local one has its
 * "%interface".  It stops with the first non-zero result, which is returned.
 * -errno of getifaddrs(3); others as of nk_network_run().
 */
int	nk_interfaces_each(int (*fn)(void *arg, const char *name,
	    const char *address), void *arg) NK_MUST_CHECK;

/* For nk_network_serve(). */
extern const struct nk_network_work nk_interfaces_work;

#endif /* NASKEYS_SSHSERVICE_INTERFACES_H */
