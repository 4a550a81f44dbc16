/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_EXPLAIN_ALLKEYS_H
#define NASKEYS_EXPLAIN_ALLKEYS_H

#include "lib/attr.h"
#include "lib/explain/parts.h"

#define NK_ALL_KEYS_MAX	32	/* that are looked at */

/*
 * Which of the user's keys could log in: those in naskeys and those in the
 * files that sshd reads, a step for each.  As the parts of parts.h.
 */
int	nk_explain_all_keys(struct nk_explaining *e) NK_MUST_CHECK;

#endif /* NASKEYS_EXPLAIN_ALLKEYS_H */
