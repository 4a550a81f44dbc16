/* SPDX-License-Identifier: ISC */
#include "lib/sshservice/keyfile.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/fullio.h"
#include "lib/keychain/privatetext.h"
#include "lib/ssh/fingerprint.h"

#define PASSWD		NK_SYSCONFDIR "/passwd"
#define RSA_MIN_BITS	1024u	/* whether it is enough is sshd's affair */

void
nk_sshd_file_clear(struct nk_sshd_file *f)
{
	nk_secret_clear(&f->text);
	free(f->line);
	free(f->fingerprint);
	*f = (struct nk_sshd_file){ .line = NULL };
}

/* ---- reading ---- */

static int
read_text(int fd, uid_t owner, struct nk_secret *text)
{
	struct stat st;
	int r;

	if (fstat(fd, &st) == -1)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_uid != owner ||
	    (st.st_mode & 022) != 0)
		return -EPERM;
	if (st.st_size <= 0 || st.st_size > NK_PRIVATEKEY_TEXT_MAX)
		return -EBADMSG;
	if ((r = nk_secret_reserve(text, (size_t)st.st_size)) < 0 ||
	    (r = nk_read_full(fd, text->p, (size_t)st.st_size,
	    &text->len)) < 0)
		return r;
	return text->len == (size_t)st.st_size ? 0 : -EAGAIN;
}

static int
parse(struct nk_sshd_file *f, struct nk_privatetext_why *why)
{
	struct nk_keypolicy policy = NK_KEYPOLICY_DEFAULT;
	struct nk_privatekey k = { .type = NULL };
	struct nk_sandbox sb;
	int r;

	policy.rsa_min_bits = RSA_MIN_BITS;
	if ((r = nk_sandbox_init(&sb, PASSWD)) < 0) {
		(void)snprintf(why->text, sizeof(why->text), "the user "
		    NK_SANDBOX_USER " cannot be used: %s", strerror(-r));
		return r == -ENOENT ? -EIO : r;
	}
	r = nk_privatetext_read(&sb, (const char *)f->text.p, f->text.len,
	    &policy, &k, why);
	if (r == 0 && (r = nk_privatekey_public_line(&k, &f->line)) == 0)
		r = nk_fingerprint_sha256(k.blob, k.blob_len,
		    &f->fingerprint);
	nk_privatekey_clear(&k);
	return r == -EACCES || r == -EPERM || r == -E2BIG ? -EBADMSG : r;
}

int
nk_sshd_file_read(const char *path, uid_t owner, struct nk_sshd_file *f,
    char why[NK_SSHD_FILE_WHY_MAX])
{
	struct nk_privatetext_why detail = { .text = "" };
	int fd, r;

	*f = (struct nk_sshd_file){ .line = NULL };
	(void)snprintf(why, NK_SSHD_FILE_WHY_MAX, "%s", "");
	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK |
	    O_NOCTTY)) == -1)
		r = -errno;
	else {
		r = read_text(fd, owner, &f->text);
		close(fd);
	}
	if (r == 0)
		r = parse(f, &detail);
	if (r == 0)
		return 0;
	(void)snprintf(why, NK_SSHD_FILE_WHY_MAX, "%s",
	    detail.text[0] != '\0' ? detail.text : r == -EPERM ?
	    "others can write to it, or it is not root's" :
	    r == -EBADMSG ? "this is no private key" : strerror(-r));
	nk_sshd_file_clear(f);
	return r;
}

/* ---- writing ---- */

/* The folder of path, and in *namep what the file is called there. */
static int
open_folder(const char *path, uid_t owner, const char **namep, int *fdp)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX];
	struct stat st;
	size_t len;
	int fd;

	if (path[0] != '/' || slash[1] == '\0')
		return -EINVAL;
	if ((len = (size_t)(slash - path)) >= sizeof(folder))
		return -ENAMETOOLONG;
	memcpy(folder, path, len);
	folder[len] = '\0';
	if ((fd = open(len > 0 ? folder : "/", O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC)) == -1)
		return -errno;
	if (fstat(fd, &st) == -1 || st.st_uid != owner ||
	    (st.st_mode & 022) != 0) {
		close(fd);
		return -EPERM;
	}
	*namep = slash + 1;
	*fdp = fd;
	return 0;
}

static int
write_beside(int dir, const char *temp, const void *text, size_t len,
    mode_t mode)
{
	int fd, r;

	if (unlinkat(dir, temp, 0) == -1 && errno != ENOENT)
		return -errno;
	if ((fd = openat(dir, temp, O_WRONLY | O_CREAT | O_EXCL |
	    O_NOFOLLOW | O_CLOEXEC, 0600)) == -1)
		return -errno;
	r = nk_write_full(fd, text, len);
	if (r == 0 && (fchmod(fd, mode) == -1 || fsync(fd) == -1))
		r = -errno;
	close(fd);
	return r;
}

int
nk_sshd_file_write(const char *path, uid_t owner, const void *text,
    size_t len, mode_t mode, bool over)
{
	char temp[NAME_MAX + 1];
	const char *name;
	int dir, n, r;

	if ((r = open_folder(path, owner, &name, &dir)) < 0)
		return r;
	n = snprintf(temp, sizeof(temp), "%s.naskeys-new", name);
	if (n < 0 || (size_t)n >= sizeof(temp)) {
		close(dir);
		return -ENAMETOOLONG;
	}
	if ((r = write_beside(dir, temp, text, len, mode)) == 0 &&
	    renameat2(dir, temp, dir, name, over ? 0 :
	    RENAME_NOREPLACE) == -1)
		r = -errno;
	if (r < 0)
		(void)unlinkat(dir, temp, 0);
	else if (fsync(dir) == -1)
		r = -errno;
	close(dir);
	return r;
}
