/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_AGENT_CERTIFICATE_H
#define NASKEYS_AGENT_CERTIFICATE_H

/*
 * May a certificate that an agent offers stand for its key?  What its
 * authority's signature vouches for has been checked before
 * (lib/ssh/certificate.h), down to critical options that nobody knows.
 */

#include <stdbool.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/ssh/certificate.h"

/*
 * 0; -EACCES: it is no user's, not valid at now, names no principal, forces
 * a command, or rhost is none of its source addresses.
 */
int	nk_agent_certificate_check(const struct nk_certificate *c,
	    int64_t now, const char *rhost) NK_MUST_CHECK;

/* Has it this option, or extension?  The lists are those of *c. */
bool	nk_agent_certificate_has(struct nk_wire list, const char *name);

/*
 * Is one of the principals among names, which are separated by commas?
 * A malformed list has none.
 */
bool	nk_agent_certificate_names(struct nk_wire principals,
	    const char *names);

#endif /* NASKEYS_AGENT_CERTIFICATE_H */
