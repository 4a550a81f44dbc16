/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_EXPLAIN_REPORT_H
#define NASKEYS_EXPLAIN_REPORT_H

/* What an explanation says: steps in the order in which sshd decides. */

#include <stdbool.h>
#include <stddef.h>

#include "lib/attr.h"

#define NK_EXPLAIN_STEPS_MAX	160
#define NK_EXPLAIN_TEXT_MAX	2048	/* of a sentence, with its NUL */

enum nk_explain_state {
	NK_EXPLAIN_OK,
	NK_EXPLAIN_STOP,	/* the login ends here */
	NK_EXPLAIN_WARN,	/* it goes on, but not as somebody may think */
	NK_EXPLAIN_INFO,
};

enum nk_explain_verdict {
	NK_EXPLAIN_YES,
	NK_EXPLAIN_NO,
	NK_EXPLAIN_UNKNOWN,	/* something that decides cannot be known */
};

struct nk_explain_step {
	const char		*id;	/* static */
	enum nk_explain_state	 state;
	char			*text;
	const char		*remedy; /* static; NULL: none */
};

struct nk_explain {
	struct nk_explain_step	 steps[NK_EXPLAIN_STEPS_MAX];
	size_t			 n;
	bool			 unknown;
	bool			 failed;	/* memory was out */
};

/*
 * Add a step.  What was said is kept as a copy in which bytes that are no
 * UTF-8, or that steer a terminal, have become "?".  A step too many, or
 * one without memory, is remembered as a failure.
 */
void	nk_explain_say(struct nk_explain *x, const char *id,
	    enum nk_explain_state state, const char *remedy,
	    const char *fmt, ...) NK_PRINTF(5, 6);

/* The same for what nobody can say: a warning, and no verdict but "no". */
void	nk_explain_doubt(struct nk_explain *x, const char *id,
	    const char *remedy, const char *fmt, ...) NK_PRINTF(4, 5);

/* The step that ends the login, or NULL. */
const struct nk_explain_step *nk_explain_stopped(const struct nk_explain *x);
enum nk_explain_verdict nk_explain_verdict(const struct nk_explain *x);

/* "ok", "stop", "warn" or "info". */
const char *nk_explain_state_name(enum nk_explain_state state);

/* Free the steps and make it empty. */
void	nk_explain_clear(struct nk_explain *x);

#endif /* NASKEYS_EXPLAIN_REPORT_H */
