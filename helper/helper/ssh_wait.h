/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_HELPER_SSH_WAIT_H
#define NASKEYS_HELPER_SSH_WAIT_H

/* New settings of sshd that nobody confirms (lib/sshservice/pending.h). */

#include "helper/helper/state.h"

/* --ssh-wait: until nothing is pending any more.  The exit status. */
int	ssh_wait_run(const struct state *s);

/* For --sync: put back what is due; where it is not, see that one waits. */
void	ssh_wait_settle(const struct state *s, const struct nk_conf *conf,
	    struct nk_publisher *p);

#endif /* NASKEYS_HELPER_SSH_WAIT_H */
