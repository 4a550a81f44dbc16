/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_GATEWAY_ADDRESSES_H
#define NASKEYS_GATEWAY_ADDRESSES_H

/*
 * How much each address does: its connections, and its calls of what needs
 * no login.  Of IPv6, the network of 64 bits is the address, since a host
 * has all of it.  An address is forgotten when it has no connection and its
 * window is over; of those without one, at most ADDRESSES_IDLE_MAX are kept.
 */

#include <stdbool.h>
#include <stdint.h>

#include "lib/attr.h"

#define ADDRESSES_IDLE_MAX	4096u
#define ADDRESSES_WINDOW_MS	60000

struct addresses;
struct address;

/* 16 bytes, as of struct in6_addr; IPv4 as ::ffff:a.b.c.d. */
struct address_key {
	uint8_t	bytes[16];
};

/*
 * "per_address" connections of one, "calls" in a window; the salt is random.
 * 0 or -ENOMEM.
 */
int	addresses_new(struct addresses **ap, unsigned int per_address,
	    unsigned int calls, const uint64_t salt[2]) NK_MUST_CHECK;
/* Every connection has left. */
void	addresses_free(struct addresses *a);

/*
 * One more connection of that address.  0; -EUSERS, it has as many as it
 * may; -ENOMEM.
 */
int	addresses_enter(struct addresses *a, const struct address_key *k,
	    int64_t now_ms, struct address **ep) NK_MUST_CHECK;
/* NULL is fine. */
void	addresses_leave(struct addresses *a, struct address *e,
	    int64_t now_ms);

/* May it call once more?  Then that is counted. */
bool	addresses_may_call(const struct addresses *a, struct address *e,
	    int64_t now_ms);

#endif /* NASKEYS_GATEWAY_ADDRESSES_H */
