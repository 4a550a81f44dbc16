/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SSHSERVICE_CONTROL_H
#define NASKEYS_SSHSERVICE_CONTROL_H

/*
 * sshd as a service: through the program of naskeys.conf's ssh_control, or
 * systemd where it runs, or else /etc/init.d/ssh.
 */

#include <sys/types.h>

#include <stdbool.h>

#include "lib/account/network.h"
#include "lib/account/sshdsettings.h"
#include "lib/attr.h"
#include "lib/conf/conf.h"

/*
 * "start", "stop", "restart", "reload", "status", "enable", "disable" or
 * "is-enabled".  0; -EIO, its status was not 0 ("status": sshd does not run;
 * "is-enabled": it is not started at boot); others as of nk_runner_run().
 */
int	nk_control_run(const struct nk_conf *conf, const char *verb)
	    NK_MUST_CHECK;
/*
 * "status" or "is-enabled": *yesp is true where its status was 0.  0; -errno:
 * it could not be asked, and nobody knows.
 */
int	nk_control_look(const struct nk_conf *conf, const char *verb,
	    bool *yesp) NK_MUST_CHECK;

/* The number in sshd's pid file; 0: there is none, or it is no sshd's. */
pid_t	nk_control_pid(const struct nk_settings *s);

/* What tells an sshd from the one that it was before its reload. */
struct nk_control_mark {
	char			path[256];	/* of its pid file, or "" */
	unsigned long long	inode;
	long long		seconds;
	long			nanoseconds;
};
void	nk_control_mark(const struct nk_settings *s,
	    struct nk_control_mark *m);

/*
 * Wait until the sshd that was told to reload is another one than the mark's
 * and answers where s says.  0, or -ETIMEDOUT.
 */
int	nk_control_wait(const struct nk_settings *s,
	    const struct nk_control_mark *m, unsigned int seconds)
	    NK_MUST_CHECK;

/* For nk_network_serve(). */
extern const struct nk_network_work nk_control_work;

#endif /* NASKEYS_SSHSERVICE_CONTROL_H */
