/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_PAM_AGENT_H
#define NASKEYS_PAM_AGENT_H

#include "lib/attr.h"
#include "pam/call.h"

#define NK_AGENT_MS		30000	/* a key may want to be touched */
#define NK_AGENT_ROUNDS		32

/*
 * Authenticate the user by its ssh-agent, at SSH_AUTH_SOCK.
 *
 *  1. The agent's socket is connected to with the user's own effective uid,
 *     and its other end MUST be that uid's.
 *  2. Nothing that agent and helper say to each other is looked at here but
 *     its length.
 *  3. What is only the user's, its agent, can cost no more than NK_AGENT_MS.
 *
 * PAM_SUCCESS; PAM_AUTH_ERR: not in this way.
 */
int	nk_agent(const struct nk_call *c, const struct nk_account *a)
	    NK_MUST_CHECK;

#endif /* NASKEYS_PAM_AGENT_H */
