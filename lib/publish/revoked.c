/* SPDX-License-Identifier: ISC */
#include "lib/publish/revoked.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/fullio.h"
#include "lib/ownfolder.h"
#include "lib/ssh/krl.h"
#include "lib/store/revoked.h"

#define MODE	0644

/* ---- what it should hold ---- */

static int
take_row(void *arg, const struct nk_revoked *row)
{
	struct nk_krl *k = arg;

	if ((uint64_t)row->revoked_at > k->date)
		k->date = (uint64_t)row->revoked_at;
	return nk_krl_add(k, row->fingerprint);
}

int
nk_revoked_file_make(struct nk_store *s, struct nk_revoked_file *f)
{
	struct nk_krl k = NK_KRL_NONE;
	int64_t revision;
	int r;

	*f = NK_REVOKED_FILE_NONE;
	if ((r = nk_revoked_revision(s, &revision)) == 0) {
		k.version = (uint64_t)revision;
		r = nk_revoked_each(s, take_row, &k);
	}
	if (r == 0)
		r = nk_krl_format(&k, &f->bytes, &f->len);
	nk_krl_clear(&k);
	return r;
}

void
nk_revoked_file_clear(struct nk_revoked_file *f)
{
	free(f->bytes);
	*f = NK_REVOKED_FILE_NONE;
}

/* ---- what it holds ---- */

/* MUST 2, of the open file. */
static int
open_file(const struct nk_state *state, int *fdp, struct stat *st)
{
	int fd, r = 0;

	if ((fd = open(state->revoked,
	    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)) == -1)
		return errno == ELOOP ? -EPERM : -errno;
	if (fstat(fd, st) == -1)
		r = -errno;
	else if (!S_ISREG(st->st_mode) || st->st_uid != state->owner ||
	    (st->st_mode & 07777) != MODE)
		r = -EPERM;
	if (r < 0)
		close(fd);
	else
		*fdp = fd;
	return r;
}

bool
nk_revoked_file_is(const struct nk_state *state, int64_t revision)
{
	uint8_t header[NK_KRL_HEADER];
	uint64_t version = 0;
	struct stat st;
	size_t len;
	int fd, r;

	if (open_file(state, &fd, &st) < 0)
		return false;
	r = nk_pread_full(fd, header, sizeof(header), 0, &len);
	if (r == 0 && len < sizeof(header))
		r = -EBADMSG;
	if (r == 0)
		r = nk_krl_get_version(header, &version);
	close(fd);
	return r == 0 && version == (uint64_t)revision;
}

int
nk_revoked_file_compare(const struct nk_state *state,
    const struct nk_revoked_file *f)
{
	uint8_t *bytes;
	struct stat st;
	size_t len;
	int fd, r;

	if ((r = open_file(state, &fd, &st)) < 0)
		return r;
	if (st.st_size < 0 || (uint64_t)st.st_size != f->len)
		r = -EBADMSG;
	else if ((bytes = malloc(f->len)) == NULL)
		r = -ENOMEM;
	else {
		r = nk_pread_full(fd, bytes, f->len, 0, &len);
		if (r == 0 && (len < f->len ||
		    memcmp(bytes, f->bytes, len) != 0))
			r = -EBADMSG;
		free(bytes);
	}
	close(fd);
	return r;
}

/* ---- replacing it ---- */

/* The folder, and the file's name in it. */
static int
open_folder(const struct nk_state *state, int *fdp, const char **namep)
{
	const char *slash = strrchr(state->revoked, '/');
	char folder[PATH_MAX];
	size_t n;
	int fd, r;

	if (slash == NULL)
		return -EINVAL;
	n = (size_t)(slash - state->revoked);
	if (n >= sizeof(folder))
		return -ENAMETOOLONG;
	memcpy(folder, state->revoked, n);
	folder[n] = '\0';
	if ((fd = open(n > 0 ? folder : "/",
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return -errno;
	if ((r = nk_ownfolder_check(fd, state->owner)) < 0) {
		close(fd);
		return r;
	}
	*fdp = fd;
	*namep = slash + 1;
	return 0;
}

static int
write_new(int dirfd, const char *name, const struct nk_revoked_file *f)
{
	int fd, r;

	/* one that a killed holder left */
	if (unlinkat(dirfd, name, 0) == -1 && errno != ENOENT)
		return -errno;
	if ((fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL |
	    O_CLOEXEC | O_NOFOLLOW, 0600)) == -1)
		return -errno;
	if ((r = nk_write_full(fd, f->bytes, f->len)) == 0 &&
	    (fchmod(fd, MODE) == -1 || fsync(fd) == -1))
		r = -errno;
	if (close(fd) == -1 && r == 0)
		r = -errno;
	return r;
}

int
nk_revoked_file_write(const struct nk_state *state,
    const struct nk_revoked_file *f)
{
	char new[NAME_MAX + 1];
	const char *name = NULL;
	int dirfd, n, r;

	if ((r = open_folder(state, &dirfd, &name)) < 0)
		return r;
	n = snprintf(new, sizeof(new), "%s.new", name);
	if (n < 0 || (size_t)n >= sizeof(new)) {
		r = -ENAMETOOLONG;
		goto out;
	}
	if ((r = write_new(dirfd, new, f)) == 0 &&
	    renameat(dirfd, new, dirfd, name) == -1)
		r = -errno;
	if (r < 0)
		(void)unlinkat(dirfd, new, 0);	/* may not be there */
	else if (fsync(dirfd) == -1)
		r = -errno;
 out:
	close(dirfd);
	return r;
}
