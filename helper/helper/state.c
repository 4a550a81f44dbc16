/* SPDX-License-Identifier: ISC */

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/helper/state.h"
#include "lib/account/groupfile.h"
#include "lib/ownfolder.h"

#define STORE_DIR	NK_LOCALSTATEDIR "/lib/naskeys"
#define RUN_DIR		NK_RUNSTATEDIR "/naskeys"
#define CONF_DIR	NK_SYSCONFDIR "/naskeys"
#define SUDOERS		NK_SYSCONFDIR "/sudoers.d/10-naskeys"
#define VISUDO		"/usr/sbin/visudo"
#define GROUP_FILE	NK_SYSCONFDIR "/group"

/* Folders, each after the one that it lies in. */
struct folder {
	const char	*path;
	mode_t		 mode;
};
static const struct folder system_folders[] = {
	{ STORE_DIR,		0755 },
	{ RUN_DIR,		0755 },
	{ RUN_DIR "/maps",	0755 },
	{ RUN_DIR "/root",	0700 },
};
#define NFOLDERS	(sizeof(system_folders) / sizeof(system_folders[0]))

int
state_group(const char *name, uint32_t *gidp)
{
	return nk_groupfile_gid(GROUP_FILE, name, gidp);
}

static int
set_path(char path[STATE_PATH_MAX], const char *dir, const char *name)
{
	int n;

	n = snprintf(path, STATE_PATH_MAX, "%s/%s", dir, name);
	return n < 0 || n >= STATE_PATH_MAX ? -ENAMETOOLONG : 0;
}

static int
set_system_paths(struct state *s)
{
	int r;

	if ((r = set_path(s->store, STORE_DIR, "naskeys.db")) < 0 ||
	    (r = set_path(s->revoked, STORE_DIR, "revoked.krl")) < 0 ||
	    (r = set_path(s->central, STORE_DIR, "authorized_keys")) < 0 ||
	    (r = set_path(s->session, RUN_DIR, "session.db")) < 0 ||
	    (r = set_path(s->feed, RUN_DIR, "feed")) < 0 ||
	    (r = set_path(s->jobs, RUN_DIR, "feed.jobs")) < 0 ||
	    (r = set_path(s->maps, RUN_DIR, "maps")) < 0 ||
	    (r = set_path(s->lock, RUN_DIR, "lock")) < 0 ||
	    (r = set_path(s->seal_key, CONF_DIR, "seal.key")) < 0 ||
	    (r = set_path(s->conf, CONF_DIR, "naskeys.conf")) < 0)
		return r;
	return 0;
}

/* The folder's own configuration, where it has one. */
static int
set_dir_conf(struct state *s)
{
	struct stat st;
	int r;

	if ((r = set_path(s->conf, s->dir, "naskeys.conf")) < 0)
		return r;
	s->conf_owner = s->nk.owner;
	if (lstat(s->conf, &st) == 0)
		return 0;
	if (errno != ENOENT)
		return -errno;
	s->conf_owner = 0;
	return set_path(s->conf, CONF_DIR, "naskeys.conf");
}

static int
set_dir_paths(struct state *s)
{
	int r;

	if ((r = set_path(s->store, s->dir, "naskeys.db")) < 0 ||
	    (r = set_path(s->revoked, s->dir, "revoked.krl")) < 0 ||
	    (r = set_path(s->central, s->dir, "authorized_keys")) < 0 ||
	    (r = set_path(s->session, s->dir, "session.db")) < 0 ||
	    (r = set_path(s->feed, s->dir, "feed")) < 0 ||
	    (r = set_path(s->jobs, s->dir, "feed.jobs")) < 0 ||
	    (r = set_path(s->maps, s->dir, "maps")) < 0 ||
	    (r = set_path(s->lock, s->dir, "lock")) < 0 ||
	    (r = set_path(s->seal_key, s->dir, "seal.key")) < 0 ||
	    (r = set_dir_conf(s)) < 0)
		return r;
	return 0;
}

/* Give root up, and see that it does not come back. */
static int
become(uid_t uid, gid_t gid)
{
	if (setgroups(0, NULL) == -1 || setresgid(gid, gid, gid) == -1 ||
	    setresuid(uid, uid, uid) == -1)
		return -errno;
	if (getuid() != uid || geteuid() != uid || setuid(0) == 0)
		return -EPERM;
	return 0;
}

/* MUST 2.  Owner and mode are those of the folder that was opened. */
static int
enter_dir(struct state *s, const char *dir, const char **whyp)
{
	char real[PATH_MAX];
	struct stat st;
	int r;

	*whyp = "the folder of --state-dir cannot be opened";
	if (realpath(dir, real) == NULL || stat(real, &st) == -1)
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	*whyp = "the path of --state-dir is too long";
	if (strlen(real) >= STATE_PATH_MAX)
		return -ENAMETOOLONG;
	memcpy(s->dir, real, strlen(real) + 1);
	*whyp = "the folder of --state-dir is writable by others than its "
	    "owner";
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return -EPERM;
	s->nk.owner = st.st_uid;
	if (st.st_uid == geteuid())
		return 0;
	*whyp = "the folder of --state-dir belongs to somebody else";
	if (geteuid() != 0)
		return -EPERM;
	*whyp = "root cannot become the owner of --state-dir";
	if ((r = become(st.st_uid, st.st_gid)) < 0)
		return r;
	return 0;
}

/* MUST 3.  A group that is not there leaves its map to root alone. */
static int
find_groups(struct state *s, const char **whyp)
{
	int r;

	s->nk.keys_gid = getegid();
	s->nk.managed_gid = 0;
	*whyp = GROUP_FILE ": the line of naskeys-akc cannot be used";
	if (geteuid() == 0) {
		s->nk.keys_gid = 0;
		r = state_group("naskeys-akc", &s->nk.keys_gid);
		if (r < 0 && r != -ENOENT)
			return r;
	}
	*whyp = GROUP_FILE ": the line of naskeys-managed cannot be used";
	r = state_group("naskeys-managed", &s->nk.managed_gid);
	return r == -ENOENT ? 0 : r;
}

int
state_init(struct state *s, const char *state_dir, const char *seal_key,
    const char **whyp)
{
	int r;

	memset(s, 0, sizeof(*s));
	s->nk.store = s->store;
	s->nk.session = s->session;
	s->nk.feed = s->feed;
	s->nk.jobs = s->jobs;
	s->nk.revoked = s->revoked;
	s->nk.central = s->central;
	s->nk.maps = s->maps;
	s->nk.lock = s->lock;
	s->nk.seal_key = s->seal_key;
	s->nk.system = state_dir == NULL;
	s->nk.sudoers = s->nk.system ? SUDOERS : NULL;
	s->nk.visudo = VISUDO;
	if (state_dir == NULL) {
		*whyp = "only root can work on this machine's accounts; "
		    "everybody else asks through " RUN_DIR "/helper.sock";
		if (geteuid() != 0)		/* MUST 1 */
			return -EPERM;
		r = set_system_paths(s);
	} else if ((r = enter_dir(s, state_dir, whyp)) == 0) {
		*whyp = "the path of --state-dir is too long";
		r = set_dir_paths(s);
	}
	if (r < 0)
		return r;
	*whyp = "the path of --seal-key is too long";
	if (seal_key != NULL && strlen(seal_key) >= sizeof(s->seal_key))
		return -ENAMETOOLONG;
	if (seal_key != NULL)
		memcpy(s->seal_key, seal_key, strlen(seal_key) + 1);
	return find_groups(s, whyp);
}

/*
 * A folder in which others can write has had its day.  One that is merely
 * open to more readers than it should be is closed, if we are to make it.
 */
static int
check_folder(const struct state *s, const struct folder *f, bool make,
    bool made)
{
	struct stat st;
	int fd, r = 0;

	if ((fd = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return -errno;
	if (fstat(fd, &st) == -1)
		r = -errno;
	else if (!nk_is_own(&st, s->nk.owner))
		r = -EPERM;
	else if (made || (st.st_mode & 0777 & ~f->mode) != 0)
		r = make ? fchmod(fd, f->mode) == -1 ? -errno : 0 : -EPERM;
	close(fd);
	return r;
}

static int
each_folder(const struct state *s, bool make, const char **wherep)
{
	const struct folder own = { s->maps, 0755 };
	const struct folder *f = s->nk.system ? system_folders : &own;
	size_t i, n = s->nk.system ? NFOLDERS : 1;
	bool made;
	int r;

	for (i = 0; i < n; i++) {
		*wherep = f[i].path;
		made = false;
		if (make) {
			made = mkdir(f[i].path, 0700) == 0;
			if (!made && errno != EEXIST)
				return -errno;
		}
		if ((r = check_folder(s, &f[i], make, made)) < 0)
			return r;
	}
	return 0;
}

int
state_make_folders(const struct state *s, const char **wherep)
{
	return each_folder(s, true, wherep);
}

int
state_check_folders(const struct state *s, const char **wherep)
{
	return each_folder(s, false, wherep);
}

const char *
state_strerror(int number)
{
	/* what our own checks say; the kernel permits root all else */
	return number == EPERM ? "wrong owner or mode" : strerror(number);
}

int
state_load_conf(const struct state *s, struct nk_conf *c, char *why,
    size_t size)
{
	const char *reason = NULL;
	unsigned int line = 0;
	int r;

	nk_conf_init(c);
	r = nk_conf_load(c, s->conf, s->conf_owner, &line, &reason);
	if (r == 0)
		return 0;
	if (line > 0)
		(void)snprintf(why, size, "%s, line %u: %s", s->conf, line,
		    reason != NULL ? reason : strerror(-r));
	else
		(void)snprintf(why, size, "%s: %s", s->conf,
		    reason != NULL ? reason : strerror(-r));
	nk_conf_init(c);
	return r;
}
