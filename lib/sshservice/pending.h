/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SSHSERVICE_PENDING_H
#define NASKEYS_SSHSERVICE_PENDING_H

/*
 * New settings that go back by themselves.
 *
 *  1. What is to be put back MUST be in the store, durable, before a file is
 *     changed; it goes only when the new settings were confirmed, or sshd has
 *     come back with them and nobody asked for confirmation.
 *  2. Whoever finds it after another boot, or after its time, MUST put it
 *     back: a helper of its own that waits (--ssh-wait), and every --sync,
 *     at boot before sshd and whenever the acceptor starts.  Where that
 *     fails, the one who waits MUST try again until it has succeeded.
 *  3. One lock MUST span the look at it and what is done about it.
 *  4. sshd is started only where it ran before the change, in this boot.
 */

#include <stdbool.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/conf/conf.h"
#include "lib/publish/publish.h"
#include "lib/sshservice/plan.h"
#include "lib/store/ssh_service.h"

#define NK_PENDING_LOCK		NK_RUNSTATEDIR "/naskeys/ssh.lock"
#define NK_PENDING_LOCK_MS	5000u

int64_t	nk_pending_now(void);		/* s of CLOCK_BOOTTIME */

/* What the plan will replace, until then; to be cleared by the caller. */
int	nk_pending_make(const struct nk_sshplan *plan, int64_t until,
	    struct nk_ssh_pending *p) NK_MUST_CHECK;

/* Put the plan's texts in their places. */
int	nk_pending_install(const struct nk_sshplan *plan) NK_MUST_CHECK;

/*
 * Put back what p has, and let sshd read it; start it if "start" and it does
 * not run.  0 or -errno.
 */
int	nk_pending_restore(const struct nk_conf *conf,
	    const struct nk_ssh_pending *p, bool start) NK_MUST_CHECK;

/* Forget what is pending, as the caller holds the lock. */
int	nk_pending_forget(struct nk_publisher *p) NK_MUST_CHECK;

/*
 * See to what MUST 2 says.  0: nothing is pending; 1: it was put back; 2: it
 * is not time yet, *untilp; -EAGAIN, somebody else is at work on it.
 */
int	nk_pending_settle(struct nk_publisher *p, const struct nk_conf *conf,
	    int64_t *untilp) NK_MUST_CHECK;

/* Start the helper that waits; it outlives its starter. */
int	nk_pending_start_waiter(void) NK_MUST_CHECK;

#endif /* NASKEYS_SSHSERVICE_PENDING_H */
