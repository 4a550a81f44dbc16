/* SPDX-License-Identifier: ISC */
#include "lib/publish/central.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/fullio.h"
#include "lib/ownfolder.h"
#include "lib/publish/filetext.h"
#include "lib/store/keyfiles.h"

#define FILE_MODE	0644
#define FOLDER_MODE	0755
#define NEW		".new"
#define SYNC_EACH	8	/* more files: the file system as a whole */

/* ---- the folder ---- */

int
nk_central_open(const struct nk_state *state, int *fdp)
{
	struct stat st;
	int fd, r = 0;

	if ((fd = open(state->central,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) == -1)
		return errno == ELOOP || errno == ENOTDIR ? -EPERM : -errno;
	if (fstat(fd, &st) == -1)
		r = -errno;
	else if (st.st_uid != state->owner ||
	    (st.st_mode & 07777) != FOLDER_MODE)
		r = -EPERM;
	if (r < 0)
		(void)close(fd);
	else
		*fdp = fd;
	return r;
}

/* A new folder's name must last, too. */
static int
sync_parent(int dirfd)
{
	int fd, r = 0;

	if ((fd = openat(dirfd, "..",
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return -errno;
	if (fsync(fd) == -1)
		r = -errno;
	(void)close(fd);
	return r;
}

/* The same, made or opened to readers if need be. */
static int
open_or_make(const struct nk_state *state, int *fdp)
{
	struct stat st;
	int fd, r;

	if ((r = nk_central_open(state, fdp)) != -ENOENT && r != -EPERM)
		return r;
	if (mkdir(state->central, 0700) == -1 && errno != EEXIST)
		return -errno;
	if ((fd = open(state->central,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) == -1)
		return errno == ELOOP || errno == ENOTDIR ? -EPERM : -errno;
	if (fstat(fd, &st) == -1)
		r = -errno;
	else if (!nk_is_own(&st, state->owner))
		r = -EPERM;
	else if (fchmod(fd, FOLDER_MODE) == -1)
		r = -errno;
	else
		r = sync_parent(fd);
	(void)close(fd);
	return r < 0 ? r : nk_central_open(state, fdp);
}

/* A number as the files have them: no sign, no leading zero. */
static bool
parse_uid(const char *name, size_t len, uint32_t *uidp)
{
	uint64_t uid = 0;
	size_t i;

	if (len == 0 || len > 10 || (len > 1 && name[0] == '0'))
		return false;
	for (i = 0; i < len; i++) {
		if (name[i] < '0' || name[i] > '9')
			return false;
		uid = uid * 10 + (uint64_t)(name[i] - '0');
	}
	*uidp = (uint32_t)uid;
	return uid < UINT32_MAX;
}

bool
nk_central_is_file(const char *name, uint32_t *uidp)
{
	return parse_uid(name, strlen(name), uidp);
}

bool
nk_central_is_new(const char *name)
{
	size_t len = strlen(name);
	uint32_t uid;

	return len > strlen(NEW) &&
	    strcmp(name + len - strlen(NEW), NEW) == 0 &&
	    parse_uid(name, len - strlen(NEW), &uid);
}

static void
name_of(char name[NK_CENTRAL_NAME_MAX], uint32_t uid, bool new)
{
	(void)snprintf(name, NK_CENTRAL_NAME_MAX, "%u%s", uid,
	    new ? NEW : "");
}

/* ---- one file ---- */

int
nk_central_read(int dirfd, const struct nk_state *state, uint32_t uid,
    size_t max, char **textp, size_t *lenp)
{
	char name[NK_CENTRAL_NAME_MAX], *text = NULL;
	struct stat st;
	int fd, r = 0;

	*textp = NULL;
	name_of(name, uid, false);
	if ((fd = openat(dirfd, name,
	    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)) == -1)
		return errno == ELOOP ? -EPERM : -errno;
	if (fstat(fd, &st) == -1)
		r = -errno;
	else if (!S_ISREG(st.st_mode) || st.st_uid != state->owner ||
	    (st.st_mode & 07777) != FILE_MODE)
		r = -EPERM;
	else if (st.st_size < 0 || (uint64_t)st.st_size > max)
		r = -EFBIG;
	else if ((text = malloc((size_t)st.st_size + 1)) == NULL)
		r = -ENOMEM;
	else
		r = nk_pread_full(fd, text, (size_t)st.st_size, 0, lenp);
	(void)close(fd);
	if (r < 0) {
		free(text);
		return r;
	}
	text[*lenp] = '\0';
	*textp = text;
	return 0;
}

/* Whatever cannot be read is not what it should be. */
static bool
is_current(int dirfd, const struct nk_state *state, uint32_t uid,
    const struct nk_filetext *t)
{
	char *text;
	size_t len;
	bool same;

	if (nk_central_read(dirfd, state, uid, t->len, &text, &len) < 0)
		return false;
	same = len == t->len && memcmp(text, t->text, len) == 0;
	free(text);
	return same;
}

static int
write_new(int dirfd, uint32_t uid, const struct nk_filetext *t, bool sync)
{
	char name[NK_CENTRAL_NAME_MAX];
	int fd, r;

	name_of(name, uid, true);
	/* one that a killed holder left */
	if (unlinkat(dirfd, name, 0) == -1 && errno != ENOENT)
		return -errno;
	if ((fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL |
	    O_CLOEXEC | O_NOFOLLOW, 0600)) == -1)
		return -errno;
	if ((r = nk_write_full(fd, t->text, t->len)) == 0 &&
	    (fchmod(fd, FILE_MODE) == -1 || (sync && fsync(fd) == -1)))
		r = -errno;
	if (close(fd) == -1 && r == 0)
		r = -errno;
	if (r < 0)
		(void)unlinkat(dirfd, name, 0);
	return r;
}

/* ---- which files ---- */

struct uids {
	uint32_t	*v;
	size_t		 n, room;
};

static int
uids_add(struct uids *u, uint32_t uid)
{
	size_t room = u->room == 0 ? 16 : u->room * 2;
	uint32_t *v;

	if (u->n == u->room) {
		if ((v = reallocarray(u->v, room, sizeof(*v))) == NULL)
			return -ENOMEM;
		u->v = v;
		u->room = room;
	}
	u->v[u->n++] = uid;
	return 0;
}

static int
uid_compare(const void *va, const void *vb)
{
	const uint32_t *a = va, *b = vb;

	return (*a > *b) - (*a < *b);
}

static void
uids_sort(struct uids *u)
{
	size_t i, n = 0;

	if (u->n == 0)
		return;
	qsort(u->v, u->n, sizeof(*u->v), uid_compare);
	for (i = 1; i < u->n; i++)
		if (u->v[i] != u->v[n])
			u->v[++n] = u->v[i];
	u->n = n + 1;
}

/* Those that the changes are about. */
static int
uids_changed(struct nk_store *s, const struct nk_changes *cs, struct uids *u)
{
	uint32_t uid;
	size_t i;
	int r;

	for (i = 0; i < cs->n; i++) {
		if (cs->v[i].kind == NK_CHANGE_GROUP)
			continue;
		if (cs->v[i].kind == NK_CHANGE_CENTRAL)
			uid = (uint32_t)cs->v[i].id;
		else if ((r = nk_keyfile_central_get(s, cs->v[i].id,
		    &uid)) == -ENOENT)
			continue;
		else if (r < 0)
			return r;
		if ((r = uids_add(u, uid)) < 0)
			return r;
	}
	return 0;
}

static int
row_take(void *arg, int64_t user_id, uint32_t uid)
{
	(void)user_id;
	return uids_add(arg, uid);
}

/* The names in the folder; what is no file's is removed, if it can be. */
static int
names_take(int dirfd, struct uids *u)
{
	struct dirent *e;
	uint32_t uid;
	int fd, r = 0;
	DIR *d;

	if ((fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC)) == -1)
		return -errno;
	if ((d = fdopendir(fd)) == NULL) {
		r = -errno;
		(void)close(fd);
		return r;
	}
	while (r == 0 && (errno = 0, e = readdir(d)) != NULL) {
		if (nk_central_is_file(e->d_name, &uid))
			r = uids_add(u, uid);
		else if (strcmp(e->d_name, ".") != 0 &&
		    strcmp(e->d_name, "..") != 0)
			(void)unlinkat(dirfd, e->d_name, 0);
	}
	if (r == 0 && errno != 0)
		r = -errno;
	(void)closedir(d);
	return r;
}

/* The folder is opened where there is one, and made where there must be. */
static int
uids_all(struct nk_store *s, const struct nk_state *state, struct uids *u,
    int *fdp)
{
	int r;

	if ((r = nk_keyfile_central_each(s, row_take, u)) < 0)
		return r;
	if (u->n == 0 && access(state->central, F_OK) == -1)
		return errno == ENOENT ? 0 : -errno;
	if ((r = open_or_make(state, fdp)) < 0)
		return r;
	return names_take(*fdp, u);
}

/* ---- the work ---- */

/* Is there anything of that name? */
static int
find_name(int dirfd, uint32_t uid, struct stat *st)
{
	char name[NK_CENTRAL_NAME_MAX];

	name_of(name, uid, false);
	return fstatat(dirfd, name, st, AT_SYMLINK_NOFOLLOW) == -1 ?
	    -errno : 0;
}

static int
prepare_text(struct nk_store *s, const struct nk_state *state,
    int64_t user_id, uint32_t uid, struct nk_central *c)
{
	struct nk_filetext t = NK_FILETEXT_NONE;
	struct nk_user *u;
	struct stat st;
	int r;

	if ((r = nk_user_get(s, user_id, &u)) < 0)
		return r == -ENOENT ? -EBADMSG : r;
	if ((r = nk_filetext_make(s, u, (int64_t)time(NULL), &t)) < 0 ||
	    is_current(c->dirfd, state, uid, &t))
		goto out;
	r = find_name(c->dirfd, uid, &st);
	if (r == 0 && S_ISDIR(st.st_mode))
		r = -EISDIR;
	else if (r == 0 || r == -ENOENT)
		r = write_new(c->dirfd, uid, &t, c->n < SYNC_EACH);
	if (r == 0)
		c->files[c->n++] = (struct nk_central_file){ uid, true };
 out:
	nk_filetext_clear(&t);
	nk_user_free(u);
	return r;
}

/* One file: as its user wants it, or gone. */
static int
prepare_file(struct nk_store *s, const struct nk_state *state, uint32_t uid,
    struct nk_central *c)
{
	struct stat st;
	int64_t user_id;
	int r;

	r = nk_keyfile_central_by_uid(s, uid, &user_id);
	if (r == 0)
		return prepare_text(s, state, user_id, uid, c);
	if (r != -ENOENT)
		return r;
	r = find_name(c->dirfd, uid, &st);
	if (r == 0 && !S_ISDIR(st.st_mode))
		c->files[c->n++] = (struct nk_central_file){ uid, false };
	return r == -ENOENT ? 0 : r;
}

int
nk_central_prepare(struct nk_store *s, const struct nk_state *state,
    const struct nk_changes *cs, struct nk_central *c)
{
	struct uids u = { NULL, 0, 0 };
	size_t i;
	int r;

	*c = NK_CENTRAL_NONE;
	r = cs == NULL ? uids_all(s, state, &u, &c->dirfd) :
	    uids_changed(s, cs, &u);
	if (r < 0 || u.n == 0)
		goto out;
	uids_sort(&u);
	if (c->dirfd == -1 && (r = open_or_make(state, &c->dirfd)) < 0)
		goto out;
	if ((c->files = calloc(u.n, sizeof(*c->files))) == NULL) {
		r = -ENOMEM;
		goto out;
	}
	for (i = 0; i < u.n && r == 0; i++)
		r = prepare_file(s, state, u.v[i], c);
	if (r == 0 && c->n > SYNC_EACH && syncfs(c->dirfd) == -1)
		r = -errno;
 out:
	free(u.v);
	if (r < 0)
		nk_central_clear(c);
	return r;
}

int
nk_central_install(struct nk_central *c)
{
	char name[NK_CENTRAL_NAME_MAX], new[NK_CENTRAL_NAME_MAX];

	for (; c->done < c->n; c->done++) {
		name_of(name, c->files[c->done].uid, false);
		name_of(new, c->files[c->done].uid, true);
		if (c->files[c->done].there ?
		    renameat(c->dirfd, new, c->dirfd, name) == -1 :
		    unlinkat(c->dirfd, name, 0) == -1 && errno != ENOENT)
			return -errno;
	}
	return c->n > 0 && fsync(c->dirfd) == -1 ? -errno : 0;
}

void
nk_central_clear(struct nk_central *c)
{
	char new[NK_CENTRAL_NAME_MAX];

	for (; c->done < c->n; c->done++) {
		name_of(new, c->files[c->done].uid, true);
		if (c->files[c->done].there)
			(void)unlinkat(c->dirfd, new, 0);
	}
	if (c->dirfd != -1)
		(void)close(c->dirfd);
	free(c->files);
	*c = NK_CENTRAL_NONE;
}
