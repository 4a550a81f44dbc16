/* SPDX-License-Identifier: ISC */
#include "lib/account/conffile.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/fullio.h"

int
nk_conffile_read(const char *path, char **textp)
{
	size_t n = 0;
	struct stat st;
	char *text;
	int fd, r = 0;

	*textp = NULL;
	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) == -1)
		return -errno;
	if ((text = malloc(NK_CONFFILE_MAX + 2)) == NULL) {
		close(fd);
		return -ENOMEM;
	}
	if (fstat(fd, &st) == -1)
		r = -errno;
	else if (!S_ISREG(st.st_mode))
		r = -EBADMSG;
	if (r == 0 && (r = nk_read_full(fd, text, NK_CONFFILE_MAX + 1,
	    &n)) == 0 && n > NK_CONFFILE_MAX)
		r = -EFBIG;
	close(fd);
	text[n] = '\0';
	if (r == 0 && strlen(text) != n)
		r = -EBADMSG;
	if (r < 0) {
		free(text);
		return r;
	}
	*textp = text;
	return 0;
}

static int
sync_folder_of(const char *path)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t n = slash != NULL ? (size_t)(slash - path) : 0;
	int fd, r = 0;

	if (slash == NULL || n >= sizeof(folder))
		return -EINVAL;
	memcpy(folder, path, n);
	folder[n] = '\0';
	if ((fd = open(n > 0 ? folder : "/", O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC)) == -1)
		return -errno;
	if (fsync(fd) == -1)
		r = -errno;
	close(fd);
	return r;
}

/* A symbolic link stays one: what it points to is replaced. */
static int
file_of(const char *path, char file[PATH_MAX], struct stat *st)
{
	if (realpath(path, file) == NULL) {
		if (errno != ENOENT)
			return -errno;
		if (strlen(path) >= PATH_MAX)
			return -ENAMETOOLONG;
		memcpy(file, path, strlen(path) + 1);
		return 0;
	}
	return stat(file, st) == -1 ? -errno : 0;
}

int
nk_conffile_replace(const char *path, const char *text, size_t len,
    mode_t mode)
{
	struct stat st = { .st_mode = mode, .st_uid = 0, .st_gid = 0 };
	char file[PATH_MAX], temp[PATH_MAX];
	int fd, n, r;

	if ((r = file_of(path, file, &st)) < 0)
		return r;
	n = snprintf(temp, sizeof(temp), "%s.naskeys-new", file);
	if (n < 0 || (size_t)n >= sizeof(temp))
		return -ENAMETOOLONG;
	if (unlink(temp) == -1 && errno != ENOENT)
		return -errno;
	if ((fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC |
	    O_NOFOLLOW, 0600)) == -1)
		return -errno;
	if (fchown(fd, st.st_uid, st.st_gid) == -1 ||
	    fchmod(fd, st.st_mode & 07777) == -1)
		r = -errno;
	else
		r = nk_write_full(fd, text, len);
	if (r == 0 && fsync(fd) == -1)
		r = -errno;
	close(fd);
	if (r == 0 && rename(temp, file) == -1)
		r = -errno;
	if (r < 0) {
		unlink(temp);
		return r;
	}
	return sync_folder_of(file);
}
