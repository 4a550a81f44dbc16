/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_ACCOUNT_CHILD_H
#define NASKEYS_ACCOUNT_CHILD_H

/*
 * Work that may hang or crash (name services, files in a home) in a child
 * process with a time limit.
 */

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"

/*
 * Fork; in the child, with every descriptor closed but /dev/null as 0 to 2,
 * fd, and *keep unless keep is NULL, call work(arg, fd), which writes its
 * answer to fd and whose result, 0 to 99, is the exit status.  In the parent
 * give what comes to take(take_arg, bytes, len) in order; it returns 0, or
 * -errno to end.  After "seconds" the child is killed, and with it what it
 * has started in its process group, which is its own.
 *
 * Returns 0 when the child has ended with status 0; -ETIMEDOUT; -EIO when
 * it ended otherwise; what take() returned; -errno of pipe(2) and fork(2).
 * The child is gone when this returns, unless a system call that no signal
 * ends holds it two seconds after it was killed: then it is left behind, to
 * be reaped by whoever is the parent when the call ends.  *keep stays open
 * until it is really gone: a lock that is held by it keeps others from
 * leaving more of them behind at the same place.
 */
int	nk_child_run(int (*work)(void *arg, int fd), void *arg,
	    const int *keep, unsigned int seconds,
	    int (*take)(void *take_arg, const void *bytes, size_t len),
	    void *take_arg) NK_MUST_CHECK;

/*
 * The same, and the child is killed too (-ETIMEDOUT) when nothing has come
 * from it for "silence" seconds.
 */
int	nk_child_watch(int (*work)(void *arg, int fd), void *arg,
	    const int *keep, unsigned int seconds, unsigned int silence,
	    int (*take)(void *take_arg, const void *bytes, size_t len),
	    void *take_arg) NK_MUST_CHECK;

/* The same for one answer of exactly len bytes; -EIO if it is not that. */
int	nk_child_ask(int (*work)(void *arg, int fd), void *arg,
	    const int *keep, unsigned int seconds, void *answer, size_t len)
	    NK_MUST_CHECK;

/* ---- a child that stays, for one question after another ---- */

struct nk_child {
	pid_t	pid;
	int	fd;		/* a socket of packets, or -1 */
	int	control;	/* of a child elsewhere (network.h), or -1 */
};
#define NK_CHILD_NONE \
	((struct nk_child){ .pid = 0, .fd = -1, .control = -1 })

/*
 * Start it: in the child, as above, work(arg, fd) answers each packet that
 * comes on fd and ends when the other side is closed.  It ends with its
 * parent at the latest.
 */
int	nk_child_start(struct nk_child *ch, int (*work)(void *arg, int fd),
	    void *arg) NK_MUST_CHECK;

/*
 * Send a packet, and *keep with it unless keep is NULL, and wait for one of
 * exactly answer_len bytes.  -ETIMEDOUT after "seconds", -EIO, or -errno:
 * then it must be stopped.
 */
int	nk_child_exchange(const struct nk_child *ch, const void *question,
	    size_t len, const int *keep, unsigned int seconds, void *answer,
	    size_t answer_len) NK_MUST_CHECK;

/*
 * In the child: wait for the next packet.  *keptp is what came with it, the
 * caller's to close, or -1.  The length, 0 at the end, or -errno.
 */
ssize_t	nk_child_hear(int fd, void *question, size_t len, int *keptp)
	    NK_MUST_CHECK;
void	nk_child_stop(struct nk_child *ch);

/* ---- the parts of it, for network.h ---- */

/* Fork such a child; *pidp is the caller's to end or wait for. */
int	nk_child_fork(int (*work)(void *arg, int fd), void *arg, int fd,
	    const int *keep, pid_t *pidp) NK_MUST_CHECK;
/*
 * Read until the child closes its end, until the moment "end" of
 * nk_monotonic_ms(), or until nothing has come for "silence" ms.  0 or
 * -errno.
 */
int	nk_child_collect(int fd, int64_t end, int64_t silence,
	    int (*take)(void *take_arg, const void *bytes, size_t len),
	    void *take_arg) NK_MUST_CHECK;
/* Kill it and what is in its process group; as far as it goes, reap it. */
void	nk_child_end(pid_t pid);
/* One sendmsg(2), without waiting, with *keep unless keep is NULL. */
int	nk_child_tell(int fd, const void *question, size_t len,
	    const int *keep) NK_MUST_CHECK;

/* A take() for one answer of a known length. */
struct nk_child_answer {
	void	*to;
	size_t	 len, got;
};
int	nk_child_take(void *answer, const void *bytes, size_t len)
	    NK_MUST_CHECK;

#endif /* NASKEYS_ACCOUNT_CHILD_H */
