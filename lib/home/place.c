/* SPDX-License-Identifier: ISC */
#include "lib/home/place.h"

#include <sys/xattr.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "lib/account/beneath.h"
#include "lib/account/home.h"
#include "lib/account/rootpath.h"

#define FOLDER	(O_RDONLY | O_DIRECTORY | O_NOFOLLOW)

int
nk_place_openat(int dirfd, const char *name, int flags)
{
	return nk_beneath_open(dirfd, name, flags);
}

/* ---- what a folder may be ---- */

struct wanted {
	enum nk_homefile_outcome	link, kind, foreign, mount;
};

static const struct wanted wanted_home = {
	NK_HOMEFILE_HOME_LINK, NK_HOMEFILE_HOME_KIND,
	NK_HOMEFILE_HOME_FOREIGN, NK_HOMEFILE_FAILED,
};
static const struct wanted wanted_ssh = {
	NK_HOMEFILE_SSH_LINK, NK_HOMEFILE_SSH_KIND,
	NK_HOMEFILE_SSH_FOREIGN, NK_HOMEFILE_SSH_MOUNT,
};

/*
 * It could not be opened: which sentence says why?  What is looked at here
 * may be another thing by now; nothing but the sentence depends on it.
 */
static int
explain(int dirfd, const char *name, uid_t uid, const struct wanted *w,
    int error, struct nk_homefile_result *res)
{
	struct stat st;

	if (error == EXDEV)
		return nk_homefile_set(res, w->mount);
	if ((error == ELOOP || error == ENOTDIR || error == EACCES) &&
	    fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		if (S_ISLNK(st.st_mode))
			return nk_homefile_set(res, w->link);
		if (!S_ISDIR(st.st_mode))
			return nk_homefile_set(res, w->kind);
		if (st.st_uid != uid)
			return nk_homefile_set(res, w->foreign);
	}
	if (error == ELOOP || error == ENOTDIR)	/* it was one then */
		return nk_homefile_set(res, NK_HOMEFILE_CHANGED);
	return nk_homefile_errno(res, error);
}

static int
check_folder(int fd, uid_t uid, const struct wanted *w, struct stat *st,
    struct nk_homefile_result *res)
{
	if (fstat(fd, st) == -1)
		return nk_homefile_errno(res, errno);
	return st->st_uid == uid ? 0 : nk_homefile_set(res, w->foreign);
}

/* ---- the home ---- */

/* Split home into above and the last component; "/" is its own ".". */
static const char *
split(const char *home, char above[PATH_MAX])
{
	size_t len = strlen(home);
	char *slash;

	while (len > 1 && home[len - 1] == '/')
		len--;
	memcpy(above, home, len);
	above[len] = '\0';
	if (len == 1)
		return ".";
	slash = strrchr(above, '/');
	*slash = '\0';
	return slash + 1;
}

static int
open_above(const char *above, uid_t root, int *fdp,
    struct nk_homefile_result *res)
{
	int r;

	r = nk_rootpath_open(above[0] == '\0' ? "/" : above,
	    NK_HOME_LINKS_MAX, root, fdp);
	switch (r) {
	case 0:
		return 0;
	case -ENOENT:
	case -ENOTDIR:
		return nk_homefile_set(res, NK_HOMEFILE_NO_HOME);
	case -EPERM:
	case -ELOOP:
		return nk_homefile_set(res, NK_HOMEFILE_ABOVE);
	default:
		return nk_homefile_errno(res, -r);
	}
}

static int
open_home(struct nk_place *p, const char *home, uid_t root,
    struct nk_homefile_result *res)
{
	char buf[PATH_MAX];
	const char *name, *why;
	struct stat st;
	int above, r;

	if (nk_home_check(home, &why) < 0)
		return nk_homefile_errno(res, EINVAL);
	name = split(home, buf);
	if ((r = open_above(buf, root, &above, res)) < 0)
		return r;
	/* The home may well be a mount point. */
	p->home = openat(above, name, FOLDER | O_CLOEXEC);
	if (p->home == -1)
		r = errno == ENOENT ?
		    nk_homefile_set(res, NK_HOMEFILE_NO_HOME) :
		    explain(above, name, p->uid, &wanted_home, errno, res);
	close(above);
	if (r < 0 ||
	    (r = check_folder(p->home, p->uid, &wanted_home, &st, res)) < 0)
		return r;
	/* Who could swap root's .ssh would be root. */
	if ((p->uid == 0 || p->uid == root) && (st.st_mode & 022) != 0)
		return nk_homefile_set(res, NK_HOMEFILE_HOME_OPEN);
	return 0;
}

/* ---- .ssh ---- */

/* p->ssh stays -1 where there is none. */
static int
open_ssh(struct nk_place *p, struct nk_homefile_result *res)
{
	struct stat st;
	int fd;

	if ((fd = nk_place_openat(p->home, NK_PLACE_SSH, FOLDER)) < 0)
		return fd == -ENOENT ? 0 : explain(p->home, NK_PLACE_SSH,
		    p->uid, &wanted_ssh, -fd, res);
	p->ssh = fd;
	return check_folder(fd, p->uid, &wanted_ssh, &st, res);
}

int
nk_place_open_home(struct nk_place *p, const char *home, uid_t uid,
    uid_t root, struct nk_homefile_result *res)
{
	int r;

	*p = NK_PLACE_NONE;
	p->uid = uid;
	if ((r = open_home(p, home, root, res)) < 0)
		nk_place_close(p);
	return r;
}

int
nk_place_open(struct nk_place *p, const char *home, uid_t uid, uid_t root,
    struct nk_homefile_result *res)
{
	int r;

	if ((r = nk_place_open_home(p, home, uid, root, res)) < 0)
		return r;
	if ((r = open_ssh(p, res)) < 0)
		nk_place_close(p);
	return r;
}

void
nk_place_close(struct nk_place *p)
{
	if (p->home != -1)
		close(p->home);
	if (p->ssh != -1)
		close(p->ssh);
	*p = NK_PLACE_NONE;
}

/* ---- modes ---- */

/* 1: there was one, and it is gone.  0; -errno. */
static int
remove_acl(int fd, const char *which)
{
	if (fgetxattr(fd, which, NULL, 0) == -1)
		return errno == ENODATA || errno == ENOTSUP ? 0 : -errno;
	return fremovexattr(fd, which) == -1 ? -errno : 1;
}

int
nk_place_set_mode(int fd, mode_t mode, bool *wrotep)
{
	struct stat st;
	int access, inherited = 0;

	/* With an ACL, the mode's middle is a bound and not the group's. */
	if ((access = remove_acl(fd, "system.posix_acl_access")) < 0)
		return access;
	if (fstat(fd, &st) == -1)
		return -errno;
	if (S_ISDIR(st.st_mode) && (inherited = remove_acl(fd,
	    "system.posix_acl_default")) < 0)
		return inherited;
	if ((st.st_mode & 07777) != mode) {
		if (fchmod(fd, mode) == -1)
			return -errno;
		*wrotep = true;
	}
	if (access > 0 || inherited > 0)
		*wrotep = true;
	return 0;
}

int
nk_place_sync(int fd)
{
	/* EINVAL: this file system has nothing to do for it */
	return fsync(fd) == -1 && errno != EINVAL ? -errno : 0;
}

int
nk_place_prepare(struct nk_place *p, bool *wrotep,
    struct nk_homefile_result *res)
{
	bool made = false;
	int r;

	if (p->ssh == -1) {
		if (mkdirat(p->home, NK_PLACE_SSH, 0700) == 0)
			made = *wrotep = true;
		else if (errno != EEXIST)
			return nk_homefile_errno(res, errno);
		if ((r = open_ssh(p, res)) < 0)
			return r;
		if (p->ssh == -1)	/* and is gone again */
			return nk_homefile_set(res, NK_HOMEFILE_CHANGED);
	}
	if ((r = nk_place_set_mode(p->ssh, 0700, wrotep)) < 0)
		return nk_homefile_errno(res, -r);
	if (made && (r = nk_place_sync(p->home)) < 0)
		return nk_homefile_errno(res, -r);
	return 0;
}
