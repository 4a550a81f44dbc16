/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_AGENT_WORK_H
#define NASKEYS_AGENT_WORK_H

/*
 * What is done in the sandbox for lib/agent/checker.h: requests and answers.
 * Nothing but the sandbox and tests may call these.
 */

#include "lib/sandbox/sandbox.h"

/*
 * Request:	the policy; uint64 now; string rhost; the agent's message.
 * Answer:	uint32 0 or errno, 0 otherwise;
 *		uint32 how many follow;
 *		each	uint32 1 for RSA, otherwise 0
 *			string key or certificate
 *			string the certificate's authority, empty for a key
 *			string principals, strings themselves
 */
#define NK_AGENT_WORK_LIST	"agent-list"
int	nk_agent_work_list(const uint8_t *request, size_t len,
	    struct nk_secret *answer);

/*
 * Request:	the policy; uint64 now; string rhost; string key or
 *		certificate; string authority; string names; string what is
 *		signed; the agent's message.
 * Answer:	uint32 0 or errno, then
 *		uint32 NK_AGENT_... that are shown, 0 with an errno.
 */
#define NK_AGENT_WORK_CHECK	"agent-check"
int	nk_agent_work_check(const uint8_t *request, size_t len,
	    struct nk_secret *answer);

#endif /* NASKEYS_AGENT_WORK_H */
