/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_LOGIN_H
#define NASKEYS_LOGIN_H

/*
 * What the helper does for the PAM module: the operations of pam.sock
 * (lib/pamsock/frame.h), each in a file of its own.
 *
 *  1. root, and the owner of a state of one's own, may ask everything.
 *     Everybody else may ask what a row of the table says, for the own
 *     account.
 *  2. For any other name an asker who is not root MUST get the answer of a
 *     wrong password, after the time of one.
 *  3. Who asks is lib/rpc's caller with its rank and row, computed anew for
 *     each frame.
 *  4. No fault MUST ever be answered with NK_FRAME_OK.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/pamsock/frame.h"
#include "lib/rpc/rpc.h"
#include "lib/store/store.h"

#define NK_LOGIN_NOTE_MAX	512

/* What an operation says: to the module, and to the log. */
struct nk_login_answer {
	enum nk_frame_code code;
	size_t		 len;
	uint8_t		 text[NK_FRAME_AGENT_MAX];
	int		 priority;	/* of the note: LOG_ERR, ... */
	char		 note[NK_LOGIN_NOTE_MAX];	/* "": none */
};

struct nk_login_agent;		/* lib/login/agent.h */

/* A connection to pam.sock. */
struct nk_login {
	struct nk_context	*c;
	struct nk_login_agent	*agent;	/* between its frames, or NULL */
};

/*
 * Handle a whole frame.  Never fails: what goes wrong is
 * NK_FRAME_UNAVAILABLE with a note.  For an operation that is not answered
 * the note is all there is.
 */
void	nk_login_handle(struct nk_login *l, const struct nk_frame *f,
	    struct nk_login_answer *a);
void	nk_login_clear(struct nk_login *l);

/* ---- for the operations ---- */

/* The code, with a sentence for the user, or NULL. */
void	nk_login_say(struct nk_login_answer *a, enum nk_frame_code code,
	    const char *text);
void	nk_login_note(struct nk_login_answer *a, int priority,
	    const char *fmt, ...) NK_PRINTF(3, 4);

/*
 * Does somebody ask who may not have everything?  Such an asker's u is its
 * own account.
 */
bool	nk_login_is_self(const struct nk_login *l);

/* Wait about as long as a hash takes, in place of one. */
void	nk_login_pause(void);

/* Copy a text field; -EMSGSIZE: it does not fit with its NUL. */
int	nk_login_text(const struct nk_frame_field *f, char *buf, size_t room)
	    NK_MUST_CHECK;

/*
 * An operation: u is the managed account that the frame names, NULL for
 * AGENT_VERIFY.  0 with *a set, or -errno: unavailable.
 */
typedef int nk_login_fn(struct nk_login *l, const struct nk_user *u,
    const struct nk_frame *f, struct nk_login_answer *a);

nk_login_fn	nk_login_verify;		/* verify.c */
nk_login_fn	nk_login_failure, nk_login_success;	/* failures.c */
nk_login_fn	nk_login_otp;			/* otp.c */
nk_login_fn	nk_login_session_open, nk_login_session_close; /* session.c */
nk_login_fn	nk_login_chauthtok;		/* change.c */
nk_login_fn	nk_login_mkhome;		/* mkhome.c */
nk_login_fn	nk_login_agent_challenge, nk_login_agent_verify; /* agent.c */

#endif /* NASKEYS_LOGIN_H */
