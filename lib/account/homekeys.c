/* SPDX-License-Identifier: ISC */
#include "lib/account/homekeys.h"

#include <sys/stat.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/account/child.h"
#include "lib/account/home.h"
#include "lib/account/rootpath.h"
#include "lib/fullio.h"

struct question {
	const char *const	*home;
	size_t			 n;
	uid_t			 root;
};

/* MUST 1 and 2: what is below dirfd is the user's. */
static enum nk_homekeys
look_below(int dirfd, const char *name)
{
	const struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
	};
	char path[PATH_MAX];
	struct stat st;
	int fd, n;

	n = snprintf(path, sizeof(path), "%s/" NK_HOMEKEYS_FILE, name);
	if (n < 0 || (size_t)n >= sizeof(path))
		return NK_HOMEKEYS_UNKNOWN;
	fd = (int)syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
	if (fd == -1)
		return errno == ENOENT || errno == ENOTDIR ?
		    NK_HOMEKEYS_NONE : NK_HOMEKEYS_UNKNOWN;
	n = fstat(fd, &st);
	close(fd);
	if (n == -1)
		return NK_HOMEKEYS_UNKNOWN;
	return S_ISREG(st.st_mode) && st.st_size > 0 ? NK_HOMEKEYS_FOUND :
	    NK_HOMEKEYS_NONE;
}

static enum nk_homekeys
look(const char *home, uid_t root)
{
	char above[PATH_MAX];
	size_t len = strlen(home);
	enum nk_homekeys found;
	int dirfd, r;
	char *slash;

	while (len > 1 && home[len - 1] == '/')
		len--;
	if (len >= sizeof(above) || home[0] != '/')
		return NK_HOMEKEYS_UNKNOWN;
	memcpy(above, home, len);
	above[len] = '\0';
	slash = strrchr(above, '/');
	*slash = '\0';
	r = nk_rootpath_open(slash == above ? "/" : above,
	    NK_HOME_LINKS_MAX, root, &dirfd);
	if (r < 0)
		return r == -ENOENT || r == -ENOTDIR ? NK_HOMEKEYS_NONE :
		    NK_HOMEKEYS_UNKNOWN;
	found = look_below(dirfd, slash[1] == '\0' ? "." : slash + 1);
	close(dirfd);
	return found;
}

/* In the child. */
static int
answer(void *arg, int fd)
{
	const struct question *q = arg;
	uint8_t one;
	size_t i;

	for (i = 0; i < q->n; i++) {
		one = (uint8_t)look(q->home[i], q->root);
		if (nk_write_full(fd, &one, 1) < 0)
			return 1;
	}
	return 0;
}

int
nk_homekeys_look(const char *const *home, size_t n, uid_t root,
    unsigned int seconds, uint8_t *v)
{
	struct question q = { home, n, root };

	return n == 0 ? 0 : nk_child_ask(answer, &q, NULL, seconds, v, n);
}
