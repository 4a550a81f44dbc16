/* SPDX-License-Identifier: ISC */
#include "lib/ssh/sshdversion.h"

#include <errno.h>
#include <string.h>

#define RELEASE_MAX	999		/* of either number */

bool
nk_sshd_version_has(struct nk_sshd_version v, struct nk_sshd_version since)
{
	return v.major > since.major ||
	    (v.major == since.major && v.minor >= since.minor);
}

/* Take a decimal number off the front of *sp, which ends at end. */
static int
get_number(const char **sp, const char *end, unsigned int *np)
{
	const char *s = *sp;
	unsigned int n = 0;

	if (s == end || *s < '0' || *s > '9')
		return -EBADMSG;
	for (; s < end && *s >= '0' && *s <= '9'; s++) {
		if ((n = n * 10 + (unsigned int)(*s - '0')) > RELEASE_MAX)
			return -EBADMSG;
	}
	*np = n;
	*sp = s;
	return 0;
}

int
nk_sshd_version_parse(const char *text, size_t len,
    struct nk_sshd_version *vp)
{
	static const char mark[] = "OpenSSH_";
	const char *end = text + len, *s;
	struct nk_sshd_version v;
	int r;

	if ((s = memmem(text, len, mark, sizeof(mark) - 1)) == NULL)
		return -EBADMSG;
	s += sizeof(mark) - 1;
	if ((r = get_number(&s, end, &v.major)) < 0)
		return r;
	if (s == end || *s++ != '.')
		return -EBADMSG;
	if ((r = get_number(&s, end, &v.minor)) < 0)
		return r;
	*vp = v;
	return 0;
}
