/* SPDX-License-Identifier: ISC */

/* The system calls that a kind of work may make: lists of what it needs. */

#include "lib/sandbox/confine.h"

#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <linux/futex.h>
#include <linux/netlink.h>

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

static int
allow_all(scmp_filter_ctx ctx, const int *calls, size_t n)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < n; i++)
		r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, calls[i], 0);
	return r;
}

static int
allow_if(scmp_filter_ctx ctx, int call, struct scmp_arg_cmp a)
{
	return seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, call, 1, &a);
}

/* ---- for all of them ---- */

/*
 * What memory, time, randomness and the end need, and nothing that names a
 * file, a process or an address.
 */
static const int plain[] = {
	SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap),
	SCMP_SYS(madvise), SCMP_SYS(mlock), SCMP_SYS(munlock),
	SCMP_SYS(getrandom), SCMP_SYS(getpid), SCMP_SYS(clock_gettime),
	SCMP_SYS(gettimeofday), SCMP_SYS(time),
	SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(rt_sigreturn),
	SCMP_SYS(restart_syscall),
#ifdef NK_SANITIZERS
	SCMP_SYS(sigaltstack),	/* before whatever does not return */
#endif
};

static int
allow_plain(scmp_filter_ctx ctx)
{
	const struct scmp_arg_cmp map[] = {
		SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
		SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS),
	};
	const struct scmp_arg_cmp wake[] = {	/* pthread_once(3) */
		SCMP_A1_32(SCMP_CMP_EQ, FUTEX_WAKE_PRIVATE, 0),
	};
	int r;

	if ((r = allow_all(ctx, plain, COUNT(plain))) < 0 ||
	    (r = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW,
	    SCMP_SYS(mmap), 2, map)) < 0 ||
	    (r = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW,
	    SCMP_SYS(mprotect), 1, map)) < 0)
		return r;
	return seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, SCMP_SYS(futex),
	    1, wake);
}

/* ---- COMPUTE: the one socket ---- */

static int
allow_message(scmp_filter_ctx ctx)
{
	const struct scmp_arg_cmp socket[] = {
		SCMP_A0_32(SCMP_CMP_EQ, NK_CONFINE_FD, 0),
		SCMP_A4_64(SCMP_CMP_EQ, 0, 0),		/* no address */
	};
	int r;

	if ((r = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW,
	    SCMP_SYS(recvfrom), 2, socket)) < 0)
		return r;
	return seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, SCMP_SYS(sendto),
	    2, socket);
}

/* ---- TALK: the sockets that it has ---- */

static const int sockets[] = {
	SCMP_SYS(poll), SCMP_SYS(close), SCMP_SYS(getsockopt),
	SCMP_SYS(setsockopt),
};

/* What a library tries by the way, and does without. */
static const int sockets_refused[] = {
	SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(access), SCMP_SYS(stat),
	SCMP_SYS(newfstatat), SCMP_SYS(socket), SCMP_SYS(connect),
};

static int
allow_descriptors(scmp_filter_ctx ctx)
{
	int r;

	if ((r = allow_if(ctx, SCMP_SYS(fcntl), SCMP_A1_32(SCMP_CMP_EQ,
	    F_GETFL, 0))) < 0)
		return r;
	return allow_if(ctx, SCMP_SYS(fcntl), SCMP_A1_32(SCMP_CMP_EQ,
	    F_SETFL, 0));
}

/* Nothing goes to standard output and error, whatever they are. */
static int
allow_sockets(scmp_filter_ctx ctx)
{
	const struct scmp_arg_cmp others = SCMP_A0_32(SCMP_CMP_GE,
	    NK_CONFINE_SOCKET, 0);
	const struct scmp_arg_cmp no_address[] = {
		SCMP_A0_32(SCMP_CMP_GE, NK_CONFINE_SOCKET, 0),
		SCMP_A4_64(SCMP_CMP_EQ, 0, 0),
	};
	size_t i;
	int r;

	if ((r = allow_message(ctx)) < 0 ||
	    (r = allow_all(ctx, sockets, COUNT(sockets))) < 0 ||
	    (r = allow_descriptors(ctx)) < 0 ||
	    (r = allow_if(ctx, SCMP_SYS(read), others)) < 0 ||
	    (r = allow_if(ctx, SCMP_SYS(write), others)) < 0 ||
	    (r = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW,
	    SCMP_SYS(recvfrom), 2, no_address)) < 0 ||
	    (r = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW,
	    SCMP_SYS(sendto), 2, no_address)) < 0)
		return r;
	for (i = 0; r == 0 && i < COUNT(sockets_refused); i++)
		r = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EACCES),
		    sockets_refused[i], 0);
	return r;
}

/* With these it passes connections on, and takes them. */
static const int talk[] = { SCMP_SYS(sendmsg), SCMP_SYS(recvmsg) };

static int
allow_talk(scmp_filter_ctx ctx)
{
	int r = allow_sockets(ctx);

	return r < 0 ? r : allow_all(ctx, talk, COUNT(talk));
}

/*
 * ---- RELAY: the sockets, and epoll(7) to wait for them ----
 *
 * No descriptor is passed on or taken: the kernel counts those on their way
 * for the user, and one of its processes could keep all others from passing
 * any.
 */

static const int relay[] = {
	SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait),
	SCMP_SYS(shutdown), SCMP_SYS(getsockname), SCMP_SYS(getpeername),
};

static int
allow_relay(scmp_filter_ctx ctx)
{
	int r = allow_sockets(ctx);

	if (r < 0 || (r = allow_all(ctx, relay, COUNT(relay))) < 0)
		return r;
	/* libwebsockets 4.3 follows routes by it: see SERVE */
	return seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EACCES),
	    SCMP_SYS(recvmsg), 0);
}

/* ---- DIAL: files to read, and sockets that connect ---- */

static const int dial[] = {
	SCMP_SYS(read), SCMP_SYS(pread64), SCMP_SYS(readv), SCMP_SYS(lseek),
	SCMP_SYS(close), SCMP_SYS(fstat), SCMP_SYS(newfstatat),
	SCMP_SYS(stat), SCMP_SYS(lstat), SCMP_SYS(access),
	SCMP_SYS(readlink), SCMP_SYS(write), SCMP_SYS(writev),
	SCMP_SYS(connect), SCMP_SYS(getsockname), SCMP_SYS(getpeername),
	SCMP_SYS(getsockopt), SCMP_SYS(setsockopt), SCMP_SYS(sendto),
	SCMP_SYS(sendmsg), SCMP_SYS(sendmmsg), SCMP_SYS(recvfrom),
	SCMP_SYS(recvmsg), SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(uname),
	SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid),
	SCMP_SYS(getegid), SCMP_SYS(gettid), SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigaction),
};

static const int families[] = { AF_UNIX, AF_INET, AF_INET6 };

static int
allow_dial(scmp_filter_ctx ctx)
{
	const uint64_t writes = O_ACCMODE | O_CREAT | O_TRUNC;
	const struct scmp_arg_cmp library[] = {	/* dlopen(3) of a module */
		SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_WRITE | PROT_EXEC,
		    PROT_EXEC),
	};
	const struct scmp_arg_cmp data[] = {
		SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
	};
	const struct scmp_arg_cmp routes[] = {	/* which addresses it has */
		SCMP_A0_32(SCMP_CMP_EQ, AF_NETLINK, 0),
		SCMP_A2_32(SCMP_CMP_EQ, NETLINK_ROUTE, 0),
	};
	size_t i;
	int r;

	if ((r = allow_all(ctx, dial, COUNT(dial))) < 0 ||
	    (r = allow_descriptors(ctx)) < 0 ||
	    (r = allow_if(ctx, SCMP_SYS(fcntl), SCMP_A1_32(SCMP_CMP_EQ,
	    F_SETFD, 0))) < 0 ||
	    (r = allow_if(ctx, SCMP_SYS(ioctl), SCMP_A1_32(SCMP_CMP_EQ,
	    FIONREAD, 0))) < 0 ||
	    (r = allow_if(ctx, SCMP_SYS(open), SCMP_A1(SCMP_CMP_MASKED_EQ,
	    writes, 0))) < 0 ||
	    (r = allow_if(ctx, SCMP_SYS(openat), SCMP_A2(SCMP_CMP_MASKED_EQ,
	    writes, 0))) < 0 ||
	    (r = allow_if(ctx, SCMP_SYS(mmap), library[0])) < 0 ||
	    (r = allow_if(ctx, SCMP_SYS(mmap), data[0])) < 0 ||
	    (r = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW,
	    SCMP_SYS(socket), 2, routes)) < 0)
		return r;
	for (i = 0; r == 0 && i < COUNT(families); i++)
		r = allow_if(ctx, SCMP_SYS(socket), SCMP_A0_32(SCMP_CMP_EQ,
		    (uint64_t)families[i], 0));
	return r;
}

/* ---- SERVE: what comes in, and sockets of this machine ---- */

static const int serve[] = {
	SCMP_SYS(accept4), SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(close),
	SCMP_SYS(connect), SCMP_SYS(shutdown), SCMP_SYS(poll),
	SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait),
	SCMP_SYS(sendto), SCMP_SYS(recvfrom), SCMP_SYS(getsockopt),
	SCMP_SYS(setsockopt), SCMP_SYS(getsockname), SCMP_SYS(getpeername),
};

/*
 * What a library tries by the way, and does without: libwebsockets 4.3 follows
 * the machine's routes by recvmsg, and lets it be when that fails.
 */
static const int serve_refused[] = {
	SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(access), SCMP_SYS(stat),
	SCMP_SYS(newfstatat), SCMP_SYS(ioctl), SCMP_SYS(recvmsg),
};

static int
allow_serve(scmp_filter_ctx ctx)
{
	size_t i;
	int r;

	if ((r = allow_all(ctx, serve, COUNT(serve))) < 0 ||
	    (r = allow_descriptors(ctx)) < 0 ||
	    (r = allow_if(ctx, SCMP_SYS(socket), SCMP_A0_32(SCMP_CMP_EQ,
	    AF_UNIX, 0))) < 0)
		return r;
	for (i = 0; r == 0 && i < COUNT(serve_refused); i++)
		r = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EACCES),
		    serve_refused[i], 0);
	return r;
}

/* ---- the filter ---- */

/*
 * A module of the name service may try whatever it likes: it is refused,
 * where all else ends at once.
 */
static uint32_t
default_action(enum nk_sandbox_kind kind)
{
	return kind == NK_SANDBOX_DIAL ? SCMP_ACT_ERRNO(EPERM) :
	    SCMP_ACT_KILL_PROCESS;
}

static int
allow_kind(scmp_filter_ctx ctx, enum nk_sandbox_kind kind)
{
	switch (kind) {
	case NK_SANDBOX_COMPUTE:
		return allow_message(ctx);
	case NK_SANDBOX_DIAL:
		return allow_dial(ctx);
	case NK_SANDBOX_TALK:
		return allow_talk(ctx);
	case NK_SANDBOX_RELAY:
		return allow_relay(ctx);
	case NK_SANDBOX_SERVE:
		return allow_serve(ctx);
	}
	return -EINVAL;
}

int
nk_confine_calls(enum nk_sandbox_kind kind)
{
	scmp_filter_ctx ctx;
	int r;

	if ((ctx = seccomp_init(default_action(kind))) == NULL)
		return -ENOMEM;
	r = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH,
	    SCMP_ACT_KILL_PROCESS);
	if (r == 0)
		r = allow_plain(ctx);
	if (r == 0)
		r = allow_kind(ctx, kind);
	if (r == 0)
		r = seccomp_load(ctx);
	seccomp_release(ctx);
	return r;
}
