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

/* text[len] is the source-address of a certificate. */
bool	nk_cidrlist_admits(const char *text, size_t len,
	    const char *address);

#endif /* NASKEYS_SSH_FROMMATCH_H */
