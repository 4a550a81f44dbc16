/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SANDBOX_H
#define NASKEYS_SANDBOX_H

/*
 * Bytes from outside the machine never meet root: what parses them is a
 * child that has become the user naskeys-net for good, has no descriptor but
 * one socket, no files, no network, no further processes (seccomp(2): an
 * allow-list; anything else ends it), little memory, and an end in time.
 *
 * The child MUST
 *  1. have lost every group, uid and capability of its parent, and have
 *     tried to get them back, before it reads the first byte;
 *  2. have no_new_privs and its seccomp filter set before that, too;
 *  3. have nothing of its parent's memory: it is the program started afresh,
 *     with an empty environment;
 *  4. say nothing but one answer of a type and a length that its parent
 *     checks.
 *
 * What speaks to another machine has a program of its own, and there a child
 * (nk_sandbox_start()) that may also have sockets which its parent gives it,
 * a filter for its kind of work, and more than one message to say and to
 * hear: each is one packet with a type.
 */

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

#include "lib/account/network.h"
#include "lib/attr.h"
#include "lib/seal/secret.h"

#define NK_SANDBOX_USER	"naskeys-net"

/* What a child may do; libc's calls for memory, time and its end are all's. */
enum nk_sandbox_kind {
	NK_SANDBOX_COMPUTE,	/* nothing else: one question, one answer */
	NK_SANDBOX_DIAL,	/* read files, ask name servers, connect */
	NK_SANDBOX_TALK,	/* use the sockets that it is given */
	NK_SANDBOX_RELAY,	/* likewise, in a loop of events, and without
				   nk_sandbox_say() and nk_sandbox_listen() */
	NK_SANDBOX_SERVE,	/* accept, and connect to sockets of Unix */
};

/*
 * What a piece of work looks like: it reads the request, appends its answer
 * and returns 0, or -errno, which reaches the parent as the result (and the
 * answer does not).  It may use memory, randomness and libcrypto without
 * files (no provider but the built-in ones), and the request is followed by
 * a NUL.
 */
typedef int	(*nk_sandbox_function)(const uint8_t *request, size_t len,
		    struct nk_secret *answer);

struct nk_sandbox_work {
	const char		*name;		/* NULL: the last row */
	nk_sandbox_function	 run;
};

struct nk_sandbox {
	uid_t		 uid;		/* of NK_SANDBOX_USER; (uid_t)-1: stay
					   who we are, which we must not be as
					   root */
	gid_t		 gid;
	unsigned int	 seconds;
	const char	*program;	/* its main() has nk_sandbox_serve() */
};

/*
 * Fill in uid and gid from /etc/passwd (never from our own name service), a
 * time limit, and the program that is running.  As another user than root,
 * the child stays that user.  Returns 0; -ENOENT, the user is missing
 * ("naskeysctl init" makes it); -EPERM, it is root's; -errno.
 */
int	nk_sandbox_init(struct nk_sandbox *sb, const char *passwd_path)
	    NK_MUST_CHECK;

/* The same for a program that becomes this user itself (confine.h). */
int	nk_sandbox_user(struct nk_sandbox *sb, const char *passwd_path,
	    const char *name) NK_MUST_CHECK;

/*
 * Have the work of that name done on request[len] in such a child.  *answer
 * (NK_SECRET_NONE) is at most max bytes.  Returns what the work returned;
 * -E2BIG, the request or the answer is too long; -ENOSYS, the program has no
 * such work; -EPERM, the child would have stayed or become root, or could
 * get back; -ETIMEDOUT; -EIO, the child was ended or said something else
 * than one answer; -errno.  The child is gone when this returns, and on
 * failure *answer is NK_SECRET_NONE.
 */
int	nk_sandbox_run(const struct nk_sandbox *sb, const char *work,
	    const void *request, size_t len, size_t max,
	    struct nk_secret *answer) NK_MUST_CHECK;

/*
 * The first thing in main(): when nk_sandbox_run() has started the program,
 * give up everything, do the work that stands in one of the tables (the last
 * one is NULL), and do not return.  Otherwise (also when
 * the arguments only look alike) nothing is done.
 */
void	nk_sandbox_serve(int argc, char *const *argv,
	    const struct nk_sandbox_work *const *tables);

/* ---- a child with messages ---- */

#define NK_SANDBOX_SOCKETS_MAX	8
#define NK_SANDBOX_MESSAGE_MAX	65536u	/* bytes of one, without its type */

/*
 * In the child: do the work and return; what is to be known of it was said.
 * The first message that it hears is the request.
 */
struct nk_sandbox_task {
	const char		*name;		/* NULL: the last row */
	enum nk_sandbox_kind	 kind;
	void			(*run)(size_t n_sockets);
	/*
	 * What it needs of files, read when it is that user already, before
	 * the filter is set and anything was heard.  0 or -errno; NULL:
	 * nothing.
	 */
	int			(*prepare)(void);
};

struct nk_sandbox_child {
	pid_t	pid;
	int	pidfd;
	int	fd;		/* poll(2) it: there is something to hear */
	int	control;	/* in place of the two, where it is started
				   elsewhere */
};

#define NK_SANDBOX_CHILD_NONE	((struct nk_sandbox_child){ -1, -1, -1, -1 })

/*
 * Start sb->program for that task; it gets copies of the n sockets in fds.
 * 0; -E2BIG, too many of them; -ENOSYS, the name is too long; -errno.  What
 * goes wrong in the child ends it.
 */
int	nk_sandbox_start(const struct nk_sandbox *sb, const char *task,
	    const int *fds, size_t n, struct nk_sandbox_child *c)
	    NK_MUST_CHECK;

/*
 * Say bytes[len] to it, without waiting.  0; -E2BIG; -EPIPE, it has ended;
 * -EAGAIN, it does not listen; -errno.
 */
int	nk_sandbox_tell(const struct nk_sandbox_child *c, uint32_t type,
	    const void *bytes, size_t len) NK_MUST_CHECK;

/*
 * Hear one message until the moment "end" of nk_monotonic_ms(); a moment
 * that is over means not to wait.  *bytes is used again for each; *fdp is a
 * descriptor that came with it, the caller's to drop, or -1.  0;
 * -ETIMEDOUT; -EPIPE, it has ended; -EIO, it said what is no message;
 * -errno.
 */
int	nk_sandbox_hear(const struct nk_sandbox_child *c, int64_t end,
	    uint32_t *typep, struct nk_secret *bytes, int *fdp)
	    NK_MUST_CHECK;

/*
 * Close a descriptor that a child has had, and may still have: without
 * waiting until all that was sent on it is taken (SO_LINGER).
 */
void	nk_sandbox_drop(int fd);

/*
 * Likewise, without sockets, where the network is (lib/account/network.h):
 * for what makes its own.  0; -ENOSYS; -ECONNREFUSED; -errno.
 */
int	nk_sandbox_start_network(const struct nk_sandbox *sb,
	    const char *task, struct nk_sandbox_child *c) NK_MUST_CHECK;

/* For nk_network_serve(). */
extern const struct nk_network_work nk_sandbox_task_work;

/* End it, whatever it does; c is NK_SANDBOX_CHILD_NONE then. */
void	nk_sandbox_end(struct nk_sandbox_child *c);

/* The first thing in main(), as nk_sandbox_serve() but for tasks. */
void	nk_sandbox_serve_tasks(int argc, char *const *argv,
	    const struct nk_sandbox_task *const *tables);

/*
 * In the child: say bytes[len], with the descriptor fd unless it is -1; and
 * hear the next message, waiting for it.  0 or -errno: then nobody is there
 * who would want to know more.
 */
int	nk_sandbox_say(uint32_t type, const void *bytes, size_t len, int fd)
	    NK_MUST_CHECK;
int	nk_sandbox_listen(uint32_t *typep, struct nk_secret *bytes)
	    NK_MUST_CHECK;

#endif /* NASKEYS_SANDBOX_H */
