/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_LOGIN_AGENT_H
#define NASKEYS_LOGIN_AGENT_H

/*
 * Authentication by an ssh-agent that the user has here, as a rule forwarded
 * by its own machine.  We write what the agent is asked, and read what it
 * answers; the PAM module only carries it.
 *
 *  1. What may authorise (the account, its lines) MUST be read anew for each
 *     answer, so that what is taken away meanwhile does not.
 *  2. Each question MUST be asked once: whatever the answer, the next
 *     question is another one.
 *  3. All of it MUST be over NK_LOGIN_AGENT_SECONDS after the first
 *     question, and with the connection.
 *  4. Whether a password is locked out or disabled says nothing here.
 */

#include "lib/login/login.h"

#define NK_LOGIN_AGENT_SECONDS	60
#define NK_LOGIN_AGENT_TRIES	8	/* signatures that are asked for */

/* NULL is fine. */
void	nk_login_agent_free(struct nk_login_agent *g);

#endif /* NASKEYS_LOGIN_AGENT_H */
