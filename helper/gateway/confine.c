/* SPDX-License-Identifier: ISC */
#include "helper/gateway/confine.h"

#include <sys/prctl.h>
#include <sys/resource.h>

#include <errno.h>

#include "lib/sandbox/confine.h"
#include "lib/sandbox/sandbox.h"

#define PASSWD_FILE	"/etc/passwd"

int
confine_descriptors(unsigned int want, unsigned int *havep)
{
	struct rlimit l;

	*havep = 0;
	if (getrlimit(RLIMIT_NOFILE, &l) == -1)
		return -errno;
	if (l.rlim_max < want) {		/* root may */
		const struct rlimit more = { want, want };

		if (setrlimit(RLIMIT_NOFILE, &more) == 0)
			l = more;
	}
	l.rlim_cur = l.rlim_max < want ? l.rlim_max : want;
	l.rlim_max = l.rlim_cur;
	if (setrlimit(RLIMIT_NOFILE, &l) == -1)
		return -errno;
	*havep = (unsigned int)l.rlim_cur;
	return 0;
}

static int
limit(__rlimit_resource_t which, rlim_t most)
{
	struct rlimit l = { most, most };

	return setrlimit(which, &l) == -1 ? -errno : 0;
}

static int
set_limits(size_t size, size_t memory)
{
	int r;

#ifdef NK_SANITIZERS
	/* AddressSanitizer's shadow takes terabytes of addresses. */
	(void)size;
	(void)memory;
#else
	if ((r = limit(RLIMIT_AS, size + memory)) < 0)
		return r;
#endif
	if ((r = limit(RLIMIT_CORE, 0)) < 0 ||
	    (r = limit(RLIMIT_FSIZE, 0)) < 0)
		return r;
	return limit(RLIMIT_NPROC, 0);
}

int
confine(size_t memory)
{
	struct nk_sandbox sb;
	size_t size = 0;
	int r;

	if ((r = nk_confine_measure(&size)) < 0 ||
	    (r = nk_sandbox_user(&sb, PASSWD_FILE, CONFINE_USER)) < 0 ||
	    (r = nk_confine_identity(&sb)) < 0)
		return r;
	/* A child of the sandbox ends with its parent; it does not. */
	if (prctl(PR_SET_PDEATHSIG, 0) == -1)
		return -errno;
	if ((r = set_limits(size, memory)) < 0)
		return r;
	return nk_confine_calls(NK_SANDBOX_SERVE);
}
