/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_GATEWAY_CONFINE_H
#define NASKEYS_GATEWAY_CONFINE_H

/*
 * What the gateway gives up once it has its sockets and its certificate: it
 * becomes the user naskeys-gateway for good (as root; anybody else stays who
 * he is), without capabilities and new privileges, can open no file, has no
 * other way out than sockets of this machine, and has limits.
 */

#include <stddef.h>

#include "lib/attr.h"

#define CONFINE_USER	"naskeys-gateway"

/* As many descriptors as may be had, up to that; 0 or -errno. */
int	confine_descriptors(unsigned int want, unsigned int *havep)
	    NK_MUST_CHECK;

/*
 * All the rest; "memory" bytes above what the process has.  0; -ENOENT, the
 * user is missing; -errno: then it must not go on.
 */
int	confine(size_t memory) NK_MUST_CHECK;

#endif /* NASKEYS_GATEWAY_CONFINE_H */
