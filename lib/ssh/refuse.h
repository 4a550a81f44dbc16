/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SSH_REFUSE_H
#define NASKEYS_SSH_REFUSE_H

#include <stddef.h>

/* What the sentence for -ENOMEM is everywhere. */
#define NK_WHY_NOMEM	"out of memory: try again later"

/* Give the reason why, a static sentence, where it is wanted; returns r. */
static inline int
nk_refuse(const char **whyp, int r, const char *why)
{
	if (whyp != NULL)
		*whyp = why;
	return r;
}

#endif /* NASKEYS_SSH_REFUSE_H */
