/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_EXPLAIN_COMMAND_H
#define NASKEYS_EXPLAIN_COMMAND_H

/*
 * The sources of keys that sshd asks one after another, and why each of
 * them does not help; for lib/explain alone.
 */

#include <stddef.h>

#include "lib/attr.h"
#include "lib/explain/parts.h"

/* How much a refusal explains: the highest one ends the login. */
enum {
	NK_TELLS_NOTHING,
	NK_TELLS_CLOSED,		/* it may have the key */
	NK_TELLS_LINE,		/* it has it */
};

struct nk_refusals {
	struct nk_explaining	*e;
	unsigned int		 rank;	/* of the best one so far */
	size_t			 step;
};

/* Say it as a warning, and remember it. */
void	nk_refusals_add(struct nk_refusals *rs, unsigned int rank,
	    const char *id, const char *remedy, const char *fmt, ...)
	    NK_PRINTF(5, 6);

/* What the line text[len] is to the key.  0 or -ENOMEM. */
int	nk_judge_text(const struct nk_explaining *e,
	    const struct nk_examined *k, const char *text, size_t len,
	    struct nk_judgement *j) NK_MUST_CHECK;

/*
 * The same, said: "where" names the line, id its source.  1: it takes the
 * key; 0; -ENOMEM.
 */
int	nk_refusals_judge(struct nk_refusals *rs, const struct nk_examined *k,
	    const char *id, const char *where, const char *text, size_t len,
	    struct nk_judgement *j) NK_MUST_CHECK;

/* AuthorizedKeysCommand.  1: it gives the key out; 0; -ENOMEM. */
int	nk_explain_command(struct nk_refusals *rs,
	    const struct nk_examined *k, struct nk_judgement *j)
	    NK_MUST_CHECK;

#endif /* NASKEYS_EXPLAIN_COMMAND_H */
