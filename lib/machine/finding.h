/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_MACHINE_FINDING_H
#define NASKEYS_MACHINE_FINDING_H

/* What is found about the machine: a code for programs, a text for people. */

#include <stdbool.h>

#include "lib/attr.h"

#define NK_FINDING_MAX	1536	/* bytes of a text; more is cut */

struct nk_finding {
	const char	*code;		/* a word that stays the same */
	bool		 note;		/* no fault, but worth to be known */
	const char	*text;		/* one line: what it is, what to do */
};

struct nk_findings {
	void	(*report)(void *arg, const struct nk_finding *f);
	void	*arg;
	bool	 bad;		/* one was a fault */
};

void	nk_finding_fault(struct nk_findings *f, const char *code,
	    const char *fmt, ...) NK_PRINTF(3, 4);
void	nk_finding_note(struct nk_findings *f, const char *code,
	    const char *fmt, ...) NK_PRINTF(3, 4);

#endif /* NASKEYS_MACHINE_FINDING_H */
