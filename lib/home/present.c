/* SPDX-License-Identifier: ISC */
#include "lib/home/present.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "lib/fullio.h"

int
nk_present_hash(const void *bytes, size_t len, uint8_t hash[NK_PRESENT_HASH])
{
	int r = 0;

	ERR_set_mark();
	if (EVP_Digest(bytes, len, hash, NULL, EVP_sha256(), NULL) != 1)
		r = -ENOTSUP;
	ERR_pop_to_mark();
	return r;
}

static int
check(int fd, const struct nk_place *p, struct stat *st,
    struct nk_homefile_result *res)
{
	if (fstat(fd, st) == -1)
		return nk_homefile_errno(res, errno);
	if (S_ISLNK(st->st_mode))
		return nk_homefile_set(res, NK_HOMEFILE_FILE_LINK);
	if (!S_ISREG(st->st_mode))
		return nk_homefile_set(res, NK_HOMEFILE_FILE_KIND);
	if (st->st_uid != p->uid)
		return nk_homefile_set(res, NK_HOMEFILE_FILE_FOREIGN);
	if (st->st_nlink > 1)
		return nk_homefile_set(res, NK_HOMEFILE_FILE_LINKED);
	if (st->st_nlink == 0)		/* removed since it was opened */
		return nk_homefile_set(res, NK_HOMEFILE_CHANGED);
	if (st->st_size > (off_t)NK_PRESENT_MAX)
		return nk_homefile_set(res, NK_HOMEFILE_FILE_SIZE);
	return 0;
}

/* It was another thing a moment ago, or is none now. */
static bool
has_moved(int error)
{
	return error == ENOENT || error == ELOOP || error == EXDEV ||
	    error == ENXIO;
}

static int
open_checked(struct nk_present *f, const struct nk_place *p,
    struct nk_homefile_result *res)
{
	struct stat first;
	int fd, r;

	fd = nk_place_openat(p->ssh, NK_PRESENT_FILE, O_PATH | O_NOFOLLOW);
	if (fd == -ENOENT)
		return 0;
	if (fd == -EXDEV)
		return nk_homefile_set(res, NK_HOMEFILE_FILE_MOUNT);
	if (fd < 0)
		return nk_homefile_errno(res, -fd);
	r = check(fd, p, &first, res);
	close(fd);
	if (r < 0)
		return r;
	fd = nk_place_openat(p->ssh, NK_PRESENT_FILE,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return has_moved(-fd) ?
		    nk_homefile_set(res, NK_HOMEFILE_CHANGED) :
		    nk_homefile_errno(res, -fd);
	f->fd = fd;
	if ((r = check(fd, p, &f->st, res)) < 0)
		return r;
	return f->st.st_ino == first.st_ino && f->st.st_dev == first.st_dev ?
	    0 : nk_homefile_set(res, NK_HOMEFILE_CHANGED);
}

int
nk_present_read(struct nk_present *f, const struct nk_place *p,
    struct nk_homefile_result *res)
{
	size_t room;
	int r;

	*f = NK_PRESENT_NONE;
	if (p->ssh == -1)
		return 0;
	if ((r = open_checked(f, p, res)) < 0 || f->fd == -1)
		goto out;
	/* A byte more than it says, to notice when it has grown. */
	room = (size_t)f->st.st_size + 1;
	if ((f->text = malloc(room + 1)) == NULL) {
		r = nk_homefile_errno(res, ENOMEM);
		goto out;
	}
	if ((r = nk_pread_full(f->fd, f->text, room, 0,
	    &f->len)) < 0)
		r = nk_homefile_errno(res, -r);
	else if (f->len == room || f->len < room - 1)
		r = nk_homefile_set(res, NK_HOMEFILE_CHANGED);
	else if ((r = nk_present_hash(f->text, f->len, f->hash)) < 0)
		r = nk_homefile_errno(res, -r);
	if (r == 0)
		f->text[f->len] = '\0';
 out:
	if (r < 0)
		nk_present_close(f);
	return r;
}

void
nk_present_close(struct nk_present *f)
{
	if (f->fd != -1)
		close(f->fd);
	free(f->text);
	*f = NK_PRESENT_NONE;
}

bool
nk_present_is_still(const struct nk_present *f, const struct nk_place *p,
    const char *name)
{
	struct stat st;
	size_t len;
	char *again;
	bool same;

	if (fstatat(p->ssh, name, &st, AT_SYMLINK_NOFOLLOW) == -1 ||
	    st.st_ino != f->st.st_ino || st.st_dev != f->st.st_dev)
		return false;
	if ((again = malloc(f->len + 1)) == NULL)
		return false;
	same = nk_pread_full(f->fd, again, f->len + 1, 0, &len) == 0 &&
	    len == f->len && memcmp(again, f->text, len) == 0;
	free(again);
	return same;
}
