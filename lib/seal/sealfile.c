/* SPDX-License-Identifier: ISC */
#include "lib/seal/sealfile.h"

#include <sys/random.h>
#include <sys/stat.h>

#include <openssl/evp.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/fullio.h"
#include "lib/ownfolder.h"

#define DIGITS		(2 * NK_SEALKEY_SIZE)
#define FILE_SIZE	(DIGITS + 1)
#define ID_DOMAIN	"naskeys seal key"	/* hashed with the key */

static const char hex[] = "0123456789abcdef";

/* f->dirfd is the caller's to close, or -1 on failure. */
int
nk_sealfile_open(struct nk_sealfile *f, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash == NULL ? path : slash + 1;
	char *folder;
	int n, r;

	f->dirfd = -1;
	if (*name == '\0' || strcmp(name, ".") == 0 ||
	    strcmp(name, "..") == 0)
		return -EINVAL;
	n = snprintf(f->fresh, sizeof(f->fresh), "%s.new", name);
	if (n < 0 || (size_t)n >= sizeof(f->fresh))
		return -ENAMETOOLONG;
	(void)snprintf(f->name, sizeof(f->name), "%s", name);
	folder = slash == NULL ? strdup(".") :
	    strndup(path, slash == path ? 1 : (size_t)(slash - path));
	if (folder == NULL)
		return -ENOMEM;
	f->dirfd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = f->dirfd == -1 ? -errno : 0;
	free(folder);
	if (r == 0 && (r = nk_ownfolder_check(f->dirfd, geteuid())) < 0) {
		close(f->dirfd);
		f->dirfd = -1;
	}
	return r;
}

/* ---- a key and its digits ---- */

/* The id is a digest of the key, cut to 8 bytes. */
static int
set_id(struct nk_sealkey *k)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *ctx;
	bool ok;
	size_t i;

	if ((ctx = EVP_MD_CTX_new()) == NULL)
		return -ENOMEM;
	ok = EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1 &&
	    EVP_DigestUpdate(ctx, ID_DOMAIN, sizeof(ID_DOMAIN)) == 1 &&
	    EVP_DigestUpdate(ctx, k->key.p, k->key.len) == 1 &&
	    EVP_DigestFinal_ex(ctx, digest, NULL) == 1;
	EVP_MD_CTX_free(ctx);
	if (!ok)
		return -ENOMEM;
	for (i = 0; i < NK_SEALKEY_ID; i++)
		k->id[i] = hex[digest[i / 2] >> (i % 2 == 0 ? 4 : 0) & 15];
	k->id[NK_SEALKEY_ID] = '\0';
	return 0;
}

static int
digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static int
decode(struct nk_sealkey *k, const struct nk_secret *text)
{
	int high, low, r;
	size_t i;

	if (text->len != FILE_SIZE || text->p[DIGITS] != '\n')
		return -EBADMSG;
	if ((r = nk_secret_reserve(&k->key, NK_SEALKEY_SIZE)) < 0)
		return r;
	for (i = 0; i < NK_SEALKEY_SIZE; i++) {
		high = digit(text->p[2 * i]);
		low = digit(text->p[2 * i + 1]);
		if (high < 0 || low < 0)
			return -EBADMSG;
		k->key.p[i] = (uint8_t)(high << 4 | low);
	}
	k->key.len = NK_SEALKEY_SIZE;
	return set_id(k);
}

int
nk_sealfile_random(struct nk_sealkey *k)
{
	int r;

	if ((r = nk_secret_reserve(&k->key, NK_SEALKEY_SIZE)) < 0)
		return r;
	if (getrandom(k->key.p, NK_SEALKEY_SIZE, 0) != NK_SEALKEY_SIZE)
		return -EIO;
	k->key.len = NK_SEALKEY_SIZE;
	return set_id(k);
}

int
nk_sealfile_set(struct nk_sealkey *k, const uint8_t bytes[NK_SEALKEY_SIZE])
{
	int r;

	if ((r = nk_secret_reserve(&k->key, NK_SEALKEY_SIZE)) < 0)
		return r;
	memcpy(k->key.p, bytes, NK_SEALKEY_SIZE);
	k->key.len = NK_SEALKEY_SIZE;
	return set_id(k);
}

/* ---- reading ---- */

/* Is the file, which has two links, what a killed creation left? */
static bool
is_twin(const struct nk_sealfile *f, const struct stat *st)
{
	struct stat name, fresh;

	return st->st_nlink == 2 &&
	    fstatat(f->dirfd, f->name, &name, AT_SYMLINK_NOFOLLOW) == 0 &&
	    fstatat(f->dirfd, f->fresh, &fresh, AT_SYMLINK_NOFOLLOW) == 0 &&
	    name.st_dev == fresh.st_dev && name.st_ino == fresh.st_ino &&
	    name.st_dev == st->st_dev && name.st_ino == st->st_ino;
}

/* -ESTALE: another has taken its name since it was opened. */
static int
check_file(const struct nk_sealfile *f, int fd)
{
	struct stat st;
	mode_t mode;

	if (fstat(fd, &st) == -1)
		return -errno;
	if (st.st_nlink == 0)
		return -ESTALE;
	mode = st.st_mode & 07777;
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
	    (mode != 0600 && mode != 0400) ||
	    (st.st_nlink != 1 && !is_twin(f, &st)))
		return -EPERM;
	return st.st_size == FILE_SIZE ? 0 : -EBADMSG;
}

/* 0 or -errno; *fdp is the caller's to close then, too, or -1. */
int
nk_sealfile_read(const struct nk_sealfile *f, const char *name,
    struct nk_sealkey *k, int *fdp)
{
	struct nk_secret text = NK_SECRET_NONE;
	int r;

	do {
		*fdp = openat(f->dirfd, name, O_RDONLY | O_NOFOLLOW |
		    O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		if (*fdp == -1)
			return -errno;
		if ((r = check_file(f, *fdp)) == -ESTALE)
			close(*fdp);
	} while (r == -ESTALE);
	/* One byte more, to notice when it has grown. */
	if (r == 0)
		r = nk_secret_reserve(&text, FILE_SIZE + 1);
	if (r == 0 && (r = nk_read_full(*fdp, text.p, FILE_SIZE + 1,
	    &text.len)) == 0)
		r = decode(k, &text);
	nk_secret_clear(&text);
	if (r < 0)
		nk_sealkey_clear(k);
	return r;
}

/* ---- writing ---- */

int
nk_sealfile_write(const struct nk_sealkey *k, int fd)
{
	struct nk_secret text = NK_SECRET_NONE;
	size_t i;
	int r;

	if ((r = nk_secret_reserve(&text, FILE_SIZE)) < 0)
		return r;
	for (i = 0; i < NK_SEALKEY_SIZE; i++) {
		text.p[2 * i] = (uint8_t)hex[k->key.p[i] >> 4];
		text.p[2 * i + 1] = (uint8_t)hex[k->key.p[i] & 15];
	}
	text.p[DIGITS] = '\n';
	text.len = FILE_SIZE;
	if ((r = nk_write_full(fd, text.p, text.len)) == 0 &&
	    (fchmod(fd, 0600) == -1 || fsync(fd) == -1))
		r = -errno;
	nk_secret_clear(&text);
	return r;
}
