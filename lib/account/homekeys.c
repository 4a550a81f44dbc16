/* SPDX-License-Identifier: ISC */
#include "lib/account/homekeys.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
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

/*
 * MUST 1 and 2: what is below dirfd is the user's.  A link is opened itself,
 * and nothing lies in it.
 */
static enum nk_homekeys
look_below(int dirfd, const char *name)
{
	const char *const way[] = { name, NK_HOMEKEYS_FOLDER,
	    NK_HOMEKEYS_NAME };
	struct stat st = { .st_mode = S_IFDIR };
	int at = dirfd, fd, error = 0;
	size_t i;

	for (i = 0; error == 0 && i < sizeof(way) / sizeof(way[0]); i++) {
		fd = openat(at, way[i], O_PATH | O_NOFOLLOW | O_CLOEXEC);
		error = fd == -1 || fstat(fd, &st) == -1 ? errno :
		    S_ISLNK(st.st_mode) ? ELOOP : 0;
		if (at != dirfd)
			close(at);
		at = fd;
	}
	if (at != -1)
		close(at);
	if (error != 0)
		return error == ENOENT || error == ENOTDIR ?
		    NK_HOMEKEYS_NONE : NK_HOMEKEYS_UNKNOWN;
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
