/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SSH_FROMMATCH_H
#define NASKEYS_SSH_FROMMATCH_H

/*
 * Does one of the lists of lib/ssh/fromlist.h admit an address?  As sshd
 * decides with UseDNS off, and where that would need a host's name, no.
 *
 *  1. Only an address can be admitted: not a host name, no zone, no "".
 *  2. An entry that excludes by host name excludes every address.
 *  3. An address of IPv4 within IPv6 is that of IPv4.
 */

#include <stdbool.h>
#include <stddef.h>

/* text[len] is the value of from=, without quotes and escapes. */
bool	nk_from_admits(const char *text, size_t len, const char *address);

/* Whom can the entries of a from= let in? */
enum nk_from_reach {
	NK_FROM_SOME,		/* somebody, as far as is seen here */
	NK_FROM_NAMES,		/* hosts by name alone: with UseDNS */
	NK_FROM_NOBODY,		/* each entry is excluded by another */
};
enum nk_from_reach nk_from_reach(char *const *entries, size_t n);

/* text[len] is the source-address of a certificate. */
bool	nk_cidrlist_admits(const char *text, size_t len,
	    const char *address);

#endif /* NASKEYS_SSH_FROMMATCH_H */
