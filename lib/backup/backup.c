/* SPDX-License-Identifier: ISC */
#include "lib/backup/backup.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/backup/body.h"
#include "lib/backup/wrap.h"
#include "lib/publish/lock.h"
#include "lib/seal/sealkey.h"

#define TRIES	3	/* while the sealing key is rotated */

/* ---- the copy ---- */

static const char *const beside[] = { "-wal", "-shm", "-journal", "" };

static int
remove_beside(const char *path)
{
	char *name;
	size_t i;
	int r = 0;

	/* all but the file itself */
	for (i = 0; r == 0 && beside[i][0] != '\0'; i++) {
		if (asprintf(&name, "%s%s", path, beside[i]) == -1)
			return -ENOMEM;
		if (unlink(name) == -1 && errno != ENOENT)
			r = -errno;
		free(name);
	}
	return r;
}

int
nk_backup_copy_make(const struct nk_state *state, const char *suffix,
    struct nk_backup_copy *c)
{
	int r;

	*c = NK_BACKUP_COPY_NONE;
	if (asprintf(&c->path, "%s%s", state->store, suffix) == -1) {
		c->path = NULL;
		return -ENOMEM;
	}
	/* one that was left behind is taken over */
	if ((r = nk_lock_take(c->path, state->owner, 0, &c->lock)) == 0 &&
	    (r = remove_beside(c->path)) == 0 && ftruncate(c->lock, 0) == -1)
		r = -errno;
	if (r < 0 && c->lock != -1)
		nk_backup_copy_remove(c);
	else if (r < 0) {
		free(c->path);
		*c = NK_BACKUP_COPY_NONE;
	}
	return r;
}

void
nk_backup_copy_remove(struct nk_backup_copy *c)
{
	if (c->path != NULL && c->lock != -1) {
		(void)unlink(c->path);
		(void)remove_beside(c->path);
	}
	nk_lock_drop(&c->lock);
	free(c->path);
	*c = NK_BACKUP_COPY_NONE;
}

/* ---- what goes into the head ---- */

/* The key's id of what the copy has sealed, "" where there is nothing. */
static int
read_seal_id(struct nk_store *s, char id[NK_SEALKEY_ID + 1])
{
	int r = nk_store_seal_key_get(s, id, NK_SEALKEY_ID + 1);

	if (r == -ENOENT) {
		memset(id, 0, NK_SEALKEY_ID + 1);
		return 0;
	}
	return r;
}

/* -ESTALE: the copy was made while the key was rotated. */
static int
add_key(struct nk_backup_head *h, const struct nk_state *state,
    const char *passphrase)
{
	struct nk_sealkey k = NK_SEALKEY_NONE;
	int r;

	if ((r = nk_sealkey_load(&k, state->seal_key, h->seal_id)) == 0)
		r = nk_backup_wrap(h, &k, passphrase);
	nk_sealkey_clear(&k);
	return r == -ENOENT || r == -EPERM || r == -ELOOP || r == -EBADMSG ?
	    -ENOKEY : r;
}

static int
look(const char *path, struct nk_backup_head *h, struct nk_backup_made *made)
{
	struct nk_store *s = NULL;
	int r;

	if ((r = nk_store_open(&s, path, NK_STORE_WRITE)) == 0 &&
	    (r = nk_store_version(s, &h->schema)) == 0 &&
	    (r = nk_store_id(s, h->store_id)) == 0 &&
	    (r = read_seal_id(s, h->seal_id)) == 0)
		r = nk_store_tally(s, &made->tally);
	nk_store_close(s);
	return r;
}

/* ---- all of it ---- */

/* MUST 2: durable before the head is there. */
static int
write_body(const struct nk_backup_copy *c, struct nk_backup_head *h, int fd)
{
	int r;

	if (ftruncate(fd, 0) == -1)
		return -errno;
	r = nk_backup_put_body(c->lock, fd, &h->size, h->digest);
	return r == 0 && fsync(fd) == -1 ? -errno : r;
}

static int
write_head(const struct nk_backup_head *h, int fd)
{
	uint8_t bytes[NK_BACKUP_HEAD];
	ssize_t n;
	int r;

	if ((r = nk_backup_head_format(h, bytes)) == 0) {
		n = pwrite(fd, bytes, sizeof(bytes), 0);
		if (n != (ssize_t)sizeof(bytes))
			r = n == -1 ? -errno : -EIO;
		else if (fsync(fd) == -1)
			r = -errno;
	}
	explicit_bzero(bytes, sizeof(bytes));
	return r;
}

/* A regular file, empty, that can be written to. */
static int
check_file(int fd)
{
	struct stat st;
	int flags = fcntl(fd, F_GETFL);

	if (flags == -1 || fstat(fd, &st) == -1)
		return -errno;
	return S_ISREG(st.st_mode) && st.st_size == 0 &&
	    (flags & O_ACCMODE) == O_RDWR &&
	    (flags & O_APPEND) == 0 ? 0 : -EINVAL;
}

static int
make(struct nk_store *s, const struct nk_state *state, bool with_key,
    const char *passphrase, int fd, struct nk_backup_head *h,
    struct nk_backup_made *made)
{
	struct nk_backup_copy c;
	int tries = 0, r;

	do {
		if ((r = nk_backup_copy_make(state, ".backup", &c)) < 0)
			return r;
		h->made_at = (int64_t)time(NULL);
		if ((r = nk_store_copy(s, c.path)) == 0 &&
		    (r = look(c.path, h, made)) == 0)
			r = write_body(&c, h, fd);
		if (r == 0 && with_key && h->seal_id[0] != '\0')
			r = add_key(h, state, passphrase);
		nk_backup_copy_remove(&c);
	} while (r == -ESTALE && ++tries < TRIES);
	return r == -ESTALE ? -ENOKEY : r;
}

int
nk_backup_make(struct nk_store *s, const struct nk_state *state,
    bool with_key, const char *passphrase, int fd,
    struct nk_backup_made *made)
{
	struct nk_backup_head h = { .kind = NK_BACKUP_KEY_NONE };
	int r;

	*made = (struct nk_backup_made){ .with_key = false };
	if ((r = check_file(fd)) == 0 && (r = make(s, state, with_key,
	    passphrase, fd, &h, made)) == 0 && (r = write_head(&h, fd)) == 0) {
		made->with_key = h.kind != NK_BACKUP_KEY_NONE;
		made->sealed = h.seal_id[0] != '\0';
		made->size = h.size + NK_BACKUP_HEAD;
		made->at = h.made_at;
	}
	nk_backup_head_clear(&h);
	return r;
}
