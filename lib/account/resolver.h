/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_ACCOUNT_RESOLVER_H
#define NASKEYS_ACCOUNT_RESOLVER_H

/*
 * The single lookups of directory.h, several at once, by a child process
 * that is started with the first question and stays for the next ones.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/account/directory.h"
#include "lib/account/network.h"
#include "lib/attr.h"

#define NK_QUESTIONS_MAX	4

struct nk_question {
	bool				 group;	/* or a user */
	const char			*name;	/* NULL: by id */
	uint32_t			 id;
	struct nk_directory_entry	 entry;	/* the answer */
};

struct nk_resolver;

/*
 * Answer q[n].  *rp is NULL at first.  -ETIMEDOUT after "seconds" for all
 * of them; -EIO when a service failed; -E2BIG for more than
 * NK_QUESTIONS_MAX, or a name longer than 255 bytes; -ECONNREFUSED
 * (network.h).
 */
int	nk_resolver_ask(struct nk_resolver **rp, struct nk_question *q,
	    size_t n, unsigned int seconds) NK_MUST_CHECK;
void	nk_resolver_free(struct nk_resolver *r);	/* NULL is fine */

/* For nk_network_serve(). */
extern const struct nk_network_work nk_resolver_work;

#endif /* NASKEYS_ACCOUNT_RESOLVER_H */
