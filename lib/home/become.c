/* SPDX-License-Identifier: ISC */
#include "lib/home/become.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/sandbox/confine.h"

static int
check_ids(const struct nk_become *b)
{
	uid_t r, e, s;
	gid_t gr, ge, gs;

	if (getresuid(&r, &e, &s) == -1 || getresgid(&gr, &ge, &gs) == -1)
		return -errno;
	return r == b->uid && e == b->uid && s == b->uid && gr == b->gid &&
	    ge == b->gid && gs == b->gid ? 0 : -EPERM;
}

static int
change_ids(const struct nk_become *b)
{
	/* The capabilities outlive the change of ids, until drop(). */
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == -1 ||
	    setgroups(b->n_groups, b->groups) == -1 ||
	    setresgid(b->gid, b->gid, b->gid) == -1 ||
	    setresuid(b->uid, b->uid, b->uid) == -1)
		return -errno;
	return getgroups(0, NULL) == (int)b->n_groups ? 0 : -EPERM;
}

static bool
can_get_back(const struct nk_become *b)
{
	const gid_t root = 0;

	if (setgroups(1, &root) == 0)
		return true;
	return b->uid != 0 && (setresuid(0, 0, 0) == 0 || setuid(0) == 0 ||
	    seteuid(0) == 0);
}

/* MUST 2 and 3, in this order. */
static int
drop(void)
{
	int r;

	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1)
		return -errno;
	if ((r = nk_confine_capabilities()) < 0)
		return r;
	if (prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) == -1 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return -errno;
	return 0;
}

/* A change of ids has taken back what the system does at its end. */
static int
end_with(pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1)
		return -errno;
	return getppid() == parent ? 0 : -ESRCH;
}

static int
limit(__rlimit_resource_t which, rlim_t most)
{
	struct rlimit l;

	if (getrlimit(which, &l) == -1)
		return -errno;
	if (l.rlim_max < most)		/* RLIM_INFINITY is the largest */
		most = l.rlim_max;
	l = (struct rlimit){ most, most };
	return setrlimit(which, &l) == -1 ? -errno : 0;
}

static int
set_limits(const struct nk_become *b)
{
	int r;

	/* a file that would be too large is an error, not a signal */
	if (signal(SIGXFSZ, SIG_IGN) == SIG_ERR)
		return -errno;
	if ((r = limit(RLIMIT_CORE, 0)) < 0 ||
	    (r = limit(RLIMIT_FSIZE, (rlim_t)b->file_max)) < 0 ||
	    (r = limit(RLIMIT_NOFILE, b->descriptors == 0 ?
	    NK_BECOME_DESCRIPTORS : b->descriptors)) < 0 ||
	    (r = limit(RLIMIT_NPROC, 0)) < 0)
		return r;
	return limit(RLIMIT_CPU, (rlim_t)b->seconds + 1);
}

int
nk_become(const struct nk_become *b)
{
	pid_t parent = getppid();
	int r;

	if (b->uid == (uid_t)-1 || b->gid == (gid_t)-1 ||
	    b->n_groups > NK_BECOME_GROUPS_MAX ||
	    (b->n_groups > 0 && b->groups == NULL))
		return -EINVAL;
	(void)umask(077);
	if (clearenv() != 0 || chdir("/") == -1)
		return -EIO;
	if (geteuid() == 0) {
		nk_confine_bounding_set();
		if ((r = change_ids(b)) < 0)
			return r;
	}
	if ((r = drop()) < 0 || (r = check_ids(b)) < 0)
		return r;
	if (can_get_back(b))
		return -EPERM;
	if ((r = end_with(parent)) < 0)
		return r;
	return set_limits(b);
}
