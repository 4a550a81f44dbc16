/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SSHSERVICE_INTERFACES_H
#define NASKEYS_SSHSERVICE_INTERFACES_H

/* The machine's network interfaces, as sshd could listen on them. */

#include "lib/attr.h"

/*
 * Call fn for each address of each interface; a link-local one has its
 * "%interface".  It stops with the first non-zero result, which is returned.
 * -errno of getifaddrs(3).
 */
int	nk_interfaces_each(int (*fn)(void *arg, const char *name,
	    const char *address), void *arg) NK_MUST_CHECK;

#endif /* NASKEYS_SSHSERVICE_INTERFACES_H */
