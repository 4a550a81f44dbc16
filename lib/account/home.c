/* SPDX-License-Identifier: ISC */
#include "lib/account/home.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lib/account/rootpath.h"
#include "lib/account/skeleton.h"
#include "lib/account/tree.h"

/* Is one of the path's components "." or ".."? */
static bool
has_dots(const char *path)
{
	size_t n;

	while (*path != '\0') {
		path += strspn(path, "/");
		n = strcspn(path, "/");
		if ((n == 1 && path[0] == '.') ||
		    (n == 2 && path[0] == '.' && path[1] == '.'))
			return true;
		path += n;
	}
	return false;
}

int
nk_home_check(const char *home, const char **whyp)
{
	const char *p;

	*whyp = NULL;
	if (home[0] != '/')
		*whyp = "\"Home Directory\" must be an absolute path.";
	else if (strchr(home, ':') != NULL)
		*whyp = "\"Home Directory\" cannot contain colons (:).";
	else if (strlen(home) > NK_HOME_MAX)
		*whyp = "\"Home Directory\" cannot be longer than 1023 bytes.";
	else if (has_dots(home))
		*whyp = "\"Home Directory\" cannot contain \".\" or \"..\".";
	for (p = home; *whyp == NULL && *p != '\0'; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*whyp = "\"Home Directory\" cannot contain "
			    "control characters.";
	}
	return *whyp == NULL ? 0 : -EINVAL;
}

enum nk_home_state
nk_home_look(const char *home)
{
	struct stat st;

	if (stat(home, &st) == -1)
		return errno == ENOENT || errno == ENOTDIR ? NK_HOME_ABSENT :
		    NK_HOME_UNKNOWN;
	return S_ISDIR(st.st_mode) ? NK_HOME_DIRECTORY : NK_HOME_OTHER;
}

/* Split path into the parent's, and the last component in h->name. */
static int
split(struct nk_home *h, const char *path, char parent[NK_HOME_MAX + 1])
{
	size_t len = strlen(path), start;

	while (len > 1 && path[len - 1] == '/')
		len--;
	for (start = len; start > 0 && path[start - 1] != '/'; start--)
		;
	if (start == 0 || start == len || len > NK_HOME_MAX)
		return -EINVAL;
	if (len - start >= sizeof(h->name))
		return -ENAMETOOLONG;
	memcpy(h->name, path + start, len - start);
	h->name[len - start] = '\0';
	memcpy(parent, path, start);
	parent[start] = '\0';
	return 0;
}

/* Fill the directory that was just made, then give it to the user. */
static int
furnish(const struct nk_home *h, uid_t uid, gid_t gid, mode_t mode,
    const char *skeleton)
{
	int fd, r;

	fd = openat(h->parent, h->name,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return -errno;
	r = nk_skeleton_copy(skeleton, fd, uid, gid);
	if (r == 0 && (fchown(fd, uid, gid) == -1 ||
	    fchmod(fd, mode & 0777) == -1))
		r = -errno;
	close(fd);
	return r;
}

static int
check_existing(const struct nk_home *h)
{
	struct stat st;

	if (fstatat(h->parent, h->name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return -errno;
	return S_ISDIR(st.st_mode) ? 0 : -EEXIST;
}

int
nk_home_make(struct nk_home *h, const char *path, uid_t uid, gid_t gid,
    mode_t mode, const char *skeleton, uid_t root)
{
	char parent[NK_HOME_MAX + 1];
	int r;

	*h = NK_HOME_NONE;
	if ((r = split(h, path, parent)) < 0)
		return r;
	r = nk_rootpath_open(parent, NK_HOME_LINKS_MAX, root, &h->parent);
	if (r < 0)
		return r;
	if (mkdirat(h->parent, h->name, 0700) == 0) {
		h->made = true;
		r = furnish(h, uid, gid, mode, skeleton);
	} else {
		r = errno == EEXIST ? check_existing(h) : -errno;
	}
	if (r < 0)
		nk_home_undo(h);
	return r;
}

void
nk_home_undo(struct nk_home *h)
{
	int fd;

	if (h->made) {
		fd = openat(h->parent, h->name,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		/* Ours again first: nobody adds to it meanwhile. */
		if (fd != -1 && fchown(fd, geteuid(), getegid()) == 0 &&
		    fchmod(fd, 0700) == 0 && nk_tree_empty(fd, NULL, NULL) == 0)
			(void)unlinkat(h->parent, h->name, AT_REMOVEDIR);
		if (fd != -1)
			close(fd);
	}
	nk_home_keep(h);
}

void
nk_home_undo_empty(struct nk_home *h)
{
	if (h->made)
		(void)unlinkat(h->parent, h->name, AT_REMOVEDIR);
	nk_home_keep(h);
}

void
nk_home_keep(struct nk_home *h)
{
	if (h->parent != -1)
		close(h->parent);
	*h = NK_HOME_NONE;
}
