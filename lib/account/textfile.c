/* SPDX-License-Identifier: ISC */
#include "lib/account/textfile.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/fullio.h"

int
nk_textfile_read(int dirfd, const char *path, size_t max, char **textp,
    size_t *lenp)
{
	char *buf = NULL;
	size_t room = 0, len = 0;
	struct stat st;
	int fd, r;

	*textp = NULL;
	*lenp = 0;
	if ((fd = openat(dirfd, path,
	    O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)) == -1)
		return -errno;
	if (fstat(fd, &st) == -1) {
		r = -errno;
		goto out;
	}
	if (!S_ISREG(st.st_mode)) {
		r = -EINVAL;
		goto out;
	}
	if ((uintmax_t)st.st_size > max) {
		r = -EFBIG;
		goto out;
	}
	/* A byte more than it says, to notice when it has grown. */
	room = (size_t)st.st_size + 1;
	if ((buf = malloc(room + 1)) == NULL) {
		r = -ENOMEM;
		goto out;
	}
	if ((r = nk_read_full(fd, buf, room, &len)) < 0)
		goto out;
	if (len == room) {
		r = -EAGAIN;
		goto out;
	}
	buf[len] = '\0';
	*textp = buf;
	*lenp = len;
	buf = NULL;
	r = 0;
 out:
	close(fd);
	if (buf != NULL)
		explicit_bzero(buf, room + 1);
	free(buf);
	return r;
}
