/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_PAMSOCK_CLIENT_H
#define NASKEYS_PAMSOCK_CLIENT_H

/*
 * The module's side of pam.sock.  It runs inside sshd, sudo and login: libc
 * only, no signal, no thread, no allocation, and never longer than the
 * deadline it was given.
 */

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/pamsock/frame.h"

#define NK_PAMSOCK_MS		3000	/* how long to wait for the helper */

struct nk_pamsock {
	int	fd;			/* or -1 */
	int64_t	deadline;		/* CLOCK_MONOTONIC, milliseconds */
};
#define NK_PAMSOCK_NONE		((struct nk_pamsock){ .fd = -1 })

/*
 * Connect to path, whose listener must run as owner (root: 0), and let
 * everything on *s end within ms milliseconds.  0; -ENOENT or -ECONNREFUSED,
 * nobody is there; -EPERM, somebody else is; -EAGAIN, too many wait;
 * -errno.  nk_pamsock_close() in any case.
 */
int	nk_pamsock_open(struct nk_pamsock *s, const char *path, uid_t owner,
	    int ms) NK_MUST_CHECK;
void	nk_pamsock_close(struct nk_pamsock *s);

/* A person was asked in between: begin the time anew. */
int	nk_pamsock_extend(struct nk_pamsock *s, int ms) NK_MUST_CHECK;

/*
 * Send a request that is answered, and take the answer: its code, and its
 * text with a NUL behind it in text, cut to fit room (an agent's message
 * that does not fit is -EMSGSIZE).  0; -ETIMEDOUT; -EPIPE, the other side
 * has hung up; -EBADMSG; as nk_frame_write(); -errno.  After a failure *s is
 * only to be closed.  What was sent is wiped from the stack.
 */
int	nk_pamsock_ask(struct nk_pamsock *s, const struct nk_frame *f,
	    enum nk_frame_code *codep, char *text, size_t room,
	    size_t *lenp) NK_MUST_CHECK;

/*
 * Send a request that is not answered, without waiting for anything.  0;
 * -EAGAIN, it cannot be taken now and is lost; as above.
 */
int	nk_pamsock_tell(struct nk_pamsock *s, const struct nk_frame *f)
	    NK_MUST_CHECK;

/*
 * Bytes as they are, all of them: to and from an ssh-agent.  0; -ETIMEDOUT;
 * -EPIPE, the other side has hung up; -errno.
 */
int	nk_pamsock_put(const struct nk_pamsock *s, const uint8_t *p,
	    size_t left) NK_MUST_CHECK;
int	nk_pamsock_get(const struct nk_pamsock *s, uint8_t *p, size_t left)
	    NK_MUST_CHECK;

#endif /* NASKEYS_PAMSOCK_CLIENT_H */
