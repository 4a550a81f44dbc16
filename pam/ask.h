/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_PAM_ASK_H
#define NASKEYS_PAM_ASK_H

/* The helper, over pam.sock: root over a socket of its own. */

#include <stddef.h>

#include "lib/attr.h"
#include "lib/pamsock/client.h"
#include "pam/call.h"

#define NK_ASK_HOME_MS		10000	/* to make a home directory */

struct nk_question {
	enum nk_frame_op op;
	const char	*field[NK_FRAME_FIELDS_MAX];
	int		 ms;		/* 0: NK_PAMSOCK_MS */
};

/*
 * Ask it.  PAM_SUCCESS; what the answer's code stands for; PAM_SYSTEM_ERR
 * where there was no answer in time, which is logged.  The answer's text,
 * cut to fit room, is in text.
 */
int	nk_ask(const struct nk_call *c, const struct nk_question *q,
	    char *text, size_t room) NK_MUST_CHECK;

/* Say it, without waiting; what cannot be said is no fault. */
void	nk_tell(const struct nk_call *c, const struct nk_question *q);

/*
 * For a conversation of several questions: connect, and fill in a frame
 * whose texts are cut to what a frame takes.
 */
int	nk_ask_open(const struct nk_call *c, struct nk_pamsock *s)
	    NK_MUST_CHECK;
void	nk_ask_frame(struct nk_frame *f, const struct nk_question *q);

/* The result that the code of an answer stands for. */
int	nk_ask_result(enum nk_frame_code code);

#endif /* NASKEYS_PAM_ASK_H */
