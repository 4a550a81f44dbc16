/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/account/system.h"
#include "lib/account/textfile.h"
#include "lib/fullio.h"

#define LOCKFILE	".pwd.lock"	/* lckpwdf(3)'s */
#define BACKUP		".naskeys-backup"
#define NAME_ROOM	64

enum { GSHADOW, SHADOW, GROUP, PASSWD, NFILES };

/* In the order in which they are replaced. */
static const char *const names[NFILES] = {
	[GSHADOW] = "gshadow",
	[SHADOW] = "shadow",
	[GROUP] = "group",
	[PASSWD] = "passwd",
};

struct nk_takeover {
	int	dirfd;
	int	lock;
};

/* One of the files: what it says, and what it shall say. */
struct edit {
	struct stat	 st;
	char		*text, *left;
	size_t		 text_len, left_len;
	size_t		 removed;	/* lines */
};

/* ---- the lock ---- */

static int
take_lock(int fd, unsigned int seconds)
{
	struct flock fl = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct timespec nap = { 0, 50000000 };
	unsigned int tries;

	for (tries = 0; fcntl(fd, F_SETLK, &fl) == -1; tries++) {
		if (errno != EAGAIN && errno != EACCES && errno != EINTR)
			return -errno;
		if (tries / 20 >= seconds)
			return -EAGAIN;
		(void)nanosleep(&nap, NULL);
	}
	return 0;
}

int
nk_takeover_begin(struct nk_takeover **tp, const char *etc,
    unsigned int seconds)
{
	struct nk_takeover *t;
	int r;

	*tp = NULL;
	if ((t = calloc(1, sizeof(*t))) == NULL)
		return -ENOMEM;
	t->lock = -1;
	t->dirfd = open(etc, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (t->dirfd == -1) {
		r = -errno;
		goto out;
	}
	t->lock = openat(t->dirfd, LOCKFILE,
	    O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (t->lock == -1) {
		r = -errno;
		goto out;
	}
	if ((r = take_lock(t->lock, seconds)) < 0)
		goto out;
	*tp = t;
	t = NULL;
 out:
	nk_takeover_end(t);
	return r;
}

void
nk_takeover_end(struct nk_takeover *t)
{
	if (t == NULL)
		return;
	if (t->lock != -1)
		close(t->lock);
	if (t->dirfd != -1)
		close(t->dirfd);
	free(t);
}

/* ---- which lines stay ---- */

static bool
holds(const struct nk_nameset *set, const char *name, uint32_t id)
{
	uint32_t got;

	return nk_nameset_has(set, name, &got) && got == id;
}

/* Does this line go?  A malformed one stays, as every other. */
static bool
goes(int which, char *line, const struct nk_nameset *users,
    const struct nk_nameset *groups)
{
	struct nk_passwd_line pw;
	struct nk_shadow_line sp;
	struct nk_group_line gr;

	switch (which) {
	case PASSWD:
		return nk_passwd_line_parse(line, &pw) == 0 &&
		    holds(users, pw.name, pw.uid);
	case SHADOW:
		return nk_shadow_line_parse(line, &sp) == 0 &&
		    nk_nameset_has(users, sp.name, NULL);
	case GROUP:
		return nk_group_line_parse(line, &gr) == 0 &&
		    holds(groups, gr.name, gr.gid);
	case GSHADOW:
		return nk_gshadow_line_parse(line, &gr) == 0 &&
		    nk_nameset_has(groups, gr.name, NULL);
	default:
		return false;
	}
}

static int
edit_line(struct edit *ed, int which, const char *line, size_t len,
    const struct nk_nameset *users, const struct nk_nameset *groups)
{
	bool newline = len > 0 && line[len - 1] == '\n', gone;
	char *copy;

	if ((copy = strndup(line, newline ? len - 1 : len)) == NULL)
		return -ENOMEM;
	gone = memchr(line, '\0', len) == NULL &&
	    goes(which, copy, users, groups);
	explicit_bzero(copy, newline ? len - 1 : len);
	free(copy);
	if (gone) {
		ed->removed++;
		return 0;
	}
	memcpy(ed->left + ed->left_len, line, len);
	ed->left_len += len;
	return 0;
}

/* -ENOENT: there is no such file. */
static int
read_edit(struct edit *ed, int dirfd, int which,
    const struct nk_nameset *users, const struct nk_nameset *groups)
{
	const char *p, *end, *stop;
	int r;

	if (fstatat(dirfd, names[which], &ed->st, AT_SYMLINK_NOFOLLOW) == -1)
		return -errno;
	if (!S_ISREG(ed->st.st_mode))
		return -EINVAL;
	r = nk_textfile_read(dirfd, names[which], NK_SYSTEM_FILE_MAX,
	    &ed->text, &ed->text_len);
	if (r < 0)
		return r;
	if ((ed->left = malloc(ed->text_len + 1)) == NULL)
		return -ENOMEM;
	stop = ed->text + ed->text_len;
	for (p = ed->text; r == 0 && p < stop; p = end) {
		end = memchr(p, '\n', (size_t)(stop - p));
		end = end == NULL ? stop : end + 1;
		r = edit_line(ed, which, p, (size_t)(end - p), users, groups);
	}
	return r;
}

static void
clear_edit(struct edit *ed)
{
	if (ed->text != NULL)
		explicit_bzero(ed->text, ed->text_len);
	if (ed->left != NULL)
		explicit_bzero(ed->left, ed->text_len);
	free(ed->text);
	free(ed->left);
}

/* ---- writing ---- */

/* Write bytes to a new file of that name, complete and synced. */
static int
write_new(int dirfd, const char *name, const struct stat *like,
    const char *bytes, size_t len)
{
	int fd, r = 0;

	if (unlinkat(dirfd, name, 0) == -1 && errno != ENOENT)
		return -errno;
	fd = openat(dirfd, name,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd == -1)
		return -errno;
	if ((r = nk_write_full(fd, bytes, len)) == 0 &&
	    (fchown(fd, like->st_uid, like->st_gid) == -1 ||
	    fchmod(fd, like->st_mode & 07777) == -1 || fsync(fd) == -1))
		r = -errno;
	if (close(fd) == -1 && r == 0)
		r = -errno;
	if (r < 0)
		(void)unlinkat(dirfd, name, 0);
	return r;
}

/* In the place of "name", whatever is there. */
static int
replace(int dirfd, const char *name, const struct stat *like,
    const char *bytes, size_t len)
{
	char new[NAME_ROOM + 8];
	int r;

	(void)snprintf(new, sizeof(new), ".%s.new", name);
	if ((r = write_new(dirfd, new, like, bytes, len)) < 0)
		return r;
	if (renameat(dirfd, new, dirfd, name) == -1) {
		r = -errno;
		(void)unlinkat(dirfd, new, 0);
		return r;
	}
	return fsync(dirfd) == -1 ? -errno : 0;
}

static int
write_edit(const struct edit *ed, int dirfd, int which)
{
	char backup[NAME_ROOM];
	int r;

	if (ed->removed == 0)
		return 0;
	(void)snprintf(backup, sizeof(backup), "%s" BACKUP, names[which]);
	if ((r = replace(dirfd, backup, &ed->st, ed->text,
	    ed->text_len)) < 0)
		return r;
	return replace(dirfd, names[which], &ed->st, ed->left, ed->left_len);
}

int
nk_takeover_remove(struct nk_takeover *t, const struct nk_nameset *users,
    const struct nk_nameset *groups, size_t *np, char why[NK_SYSTEM_WHY_MAX])
{
	struct edit edits[NFILES];
	const char *what = "read";
	int i, r = 0;

	*np = 0;
	why[0] = '\0';
	memset(edits, 0, sizeof(edits));
	for (i = 0; i < NFILES && r == 0; i++) {
		r = read_edit(&edits[i], t->dirfd, i, users, groups);
		if (r == -ENOENT && i != PASSWD)
			r = 0;
	}
	if (r == 0)
		what = "replaced";
	else
		i--;
	if (r == 0) {
		for (i = 0; i < NFILES; i++) {
			if ((r = write_edit(&edits[i], t->dirfd, i)) < 0)
				break;
			*np += edits[i].removed;
		}
	}
	if (r < 0)
		(void)snprintf(why, NK_SYSTEM_WHY_MAX,
		    "%s could not be %s: %s", names[i], what, strerror(-r));
	for (i = 0; i < NFILES; i++)
		clear_edit(&edits[i]);
	return r;
}
