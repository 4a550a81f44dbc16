/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_REMOTE_FOUND_H
#define NASKEYS_REMOTE_FOUND_H

/*
 * The host keys that a scan has found so far: which types have an answer, and
 * what to ask in the next round; for lib/remote alone.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/remote/message.h"
#include "lib/remote/remote.h"
#include "lib/ssh/hostkeys.h"

#define NK_REMOTE_TYPES	5u	/* of host keys, a socket for each */

struct nk_remote_found {
	struct nk_hostkeys	 keys[NK_REMOTE_TYPES];	/* one each, or none */
	bool			 answered[NK_REMOTE_TYPES];
	size_t			 asked[NK_REMOTE_TYPES]; /* which, by socket */
	size_t			 n;	/* sockets of this round */
	bool			 said[NK_REMOTE_TYPES];	/* by socket */
	struct {				/* why there is none */
		enum nk_remote_fault	 fault;
		uint8_t			 words[NK_REMOTE_WORDS_MAX];
		size_t			 len;
	} why[NK_REMOTE_TYPES];
};

/* The algorithms that may prove a key of a type: "A,B". */
const char *nk_remote_found_algorithms(size_t type);

/*
 * A round begins: it asks for the types that have no answer, in their order.
 * Returns how many; f->n, how many sockets there are, is the caller's to set.
 */
size_t	nk_remote_found_begin(struct nk_remote_found *f);

/*
 * Take one answer, a key or that there is none.  0; -EIO: it is neither, or
 * for no socket of this round, or a second one; -ENOMEM.
 */
int	nk_remote_found_take(struct nk_remote_found *f, uint32_t type,
	    const void *p, size_t len) NK_MUST_CHECK;

/* How many types have their answer. */
size_t	nk_remote_found_count(const struct nk_remote_found *f);

/*
 * Add all keys, in the order of the types, as far as there is room.  0 or
 * -ENOMEM.
 */
int	nk_remote_found_collect(const struct nk_remote_found *f,
	    struct nk_hostkeys *hk) NK_MUST_CHECK;

/*
 * Why there are none: the words are f's.  That there is no key of one type
 * says less than anything else.
 */
enum nk_remote_fault nk_remote_found_why(const struct nk_remote_found *f,
	    const void **wordsp, size_t *lenp);

void	nk_remote_found_clear(struct nk_remote_found *f);

#endif /* NASKEYS_REMOTE_FOUND_H */
