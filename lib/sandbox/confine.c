/* SPDX-License-Identifier: ISC */
#include "lib/sandbox/confine.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <linux/capability.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int
nk_confine_descriptors(int fd)
{
	if (fd != NK_CONFINE_FD && dup2(fd, NK_CONFINE_FD) == -1)
		return -errno;
	if (close_range(NK_CONFINE_FD + 1, ~0U, 0) == -1)
		return -errno;
	return 0;
}

/* Numbers that nothing which is still to be moved has. */
static int
move_up(const int *fds, size_t n, int *up)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if ((up[i] = fcntl(fds[i], F_DUPFD, NK_CONFINE_SOCKET +
		    NK_SANDBOX_SOCKETS_MAX)) == -1)
			return -errno;
	}
	return 0;
}

int
nk_confine_sockets(int fd, const int *fds, size_t n)
{
	int up[1 + NK_SANDBOX_SOCKETS_MAX], null, r;
	size_t i;

	if (n > NK_SANDBOX_SOCKETS_MAX)
		return -EINVAL;
	if ((r = move_up(&fd, 1, up)) < 0 ||
	    (r = move_up(fds, n, up + 1)) < 0)
		return r;
	if (dup2(up[0], NK_CONFINE_FD) == -1)
		return -errno;
	for (i = 0; i < n; i++) {
		if (dup2(up[1 + i], NK_CONFINE_SOCKET + (int)i) == -1)
			return -errno;
	}
	/* What a library might print must not go out to a remote. */
	if ((null = open("/dev/null", O_RDWR)) == -1)
		return -errno;
	for (i = NK_CONFINE_FD + 1; i < NK_CONFINE_SOCKET; i++) {
		if (dup2(null, (int)i) == -1)
			return -errno;
	}
	return close_range((unsigned int)(NK_CONFINE_SOCKET + n), ~0U,
	    0) == -1 ? -errno : 0;
}

int
nk_confine_measure(size_t *sizep)
{
	char text[128], *end;
	unsigned long pages;
	ssize_t n;
	int fd, r;

	if ((fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)) == -1)
		return -errno;
	n = read(fd, text, sizeof(text) - 1);
	r = n == -1 ? -errno : 0;
	close(fd);
	if (r < 0)
		return r;
	text[n] = '\0';
	errno = 0;
	pages = strtoul(text, &end, 10);
	if (end == text || *end != ' ' || errno != 0)
		return -EIO;
	*sizep = pages * (size_t)sysconf(_SC_PAGESIZE);
	return 0;
}

/* ---- who it is ---- */

int
nk_confine_capabilities(void)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];
	size_t i;

	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == -1)
		return -errno;
	memset(sets, 0, sizeof(sets));
	if (syscall(SYS_capset, &head, sets) == -1)
		return -errno;
	memset(sets, 0xff, sizeof(sets));
	if (syscall(SYS_capget, &head, sets) == -1)
		return -errno;
	for (i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		if (sets[i].effective != 0 || sets[i].permitted != 0 ||
		    sets[i].inheritable != 0)
			return -EPERM;
	}
	return 0;
}

void
nk_confine_bounding_set(void)
{
	int i;

	for (i = 0; prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0; i++)
		(void)prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
}

static int
change_user(uid_t uid, gid_t gid)
{
	uid_t r, e, s;
	gid_t gr, ge, gs;

	if (setgroups(0, NULL) == -1 || setresgid(gid, gid, gid) == -1 ||
	    setresuid(uid, uid, uid) == -1 ||
	    getresuid(&r, &e, &s) == -1 || getresgid(&gr, &ge, &gs) == -1)
		return -errno;
	if (r != uid || e != uid || s != uid || gr != gid || ge != gid ||
	    gs != gid || getgroups(0, NULL) != 0)
		return -EPERM;
	return 0;
}

static bool
can_get_back(void)
{
	const gid_t root = 0;

	return setresuid(0, 0, 0) == 0 || setuid(0) == 0 ||
	    seteuid(0) == 0 || setresgid(0, 0, 0) == 0 ||
	    setgroups(1, &root) == 0;
}

/* The user that it is, as long as that is not root in any way. */
static int
check_user(void)
{
	uid_t r, e, s;

	if (getresuid(&r, &e, &s) == -1)
		return -errno;
	return r == 0 || e == 0 || s == 0 ? -EPERM : 0;
}

int
nk_confine_identity(const struct nk_sandbox *sb)
{
	int r;

	if (sb->uid == (uid_t)-1) {
		if ((r = check_user()) < 0)
			return r;
	} else {
		if (sb->uid == 0 || sb->gid == 0 || sb->gid == (gid_t)-1)
			return -EPERM;
		nk_confine_bounding_set();
		if ((r = change_user(sb->uid, sb->gid)) < 0)
			return r;
	}
	if ((r = nk_confine_capabilities()) < 0)
		return r;
	/* A user may belong to the group 0; only root gets one back. */
	if (sb->uid == (uid_t)-1 ? setresuid(0, 0, 0) == 0 : can_get_back())
		return -EPERM;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return -errno;
	return 0;
}

/* ---- what it may use ---- */

static int
limit(__rlimit_resource_t which, rlim_t most)
{
	struct rlimit l = { most, most };

	return setrlimit(which, &l) == -1 ? -errno : 0;
}

int
nk_confine_limits(size_t size, unsigned int seconds,
    unsigned int descriptors)
{
	int r;

#ifdef NK_SANITIZERS
	/* AddressSanitizer's shadow takes terabytes of addresses. */
	(void)size;
#else
	if ((r = limit(RLIMIT_AS, size + NK_CONFINE_MEMORY)) < 0)
		return r;
#endif
	if ((r = limit(RLIMIT_CORE, 0)) < 0 ||
	    (r = limit(RLIMIT_FSIZE, 0)) < 0 ||
	    (r = limit(RLIMIT_NOFILE, descriptors)) < 0 ||
	    (r = limit(RLIMIT_NPROC, 0)) < 0)
		return r;
	return limit(RLIMIT_CPU, (rlim_t)seconds + 1);
}
