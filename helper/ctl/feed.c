/* SPDX-License-Identifier: ISC */

#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "helper/ctl/feed.h"
#include "lib/fullio.h"

#define PIECE	65536

/*
 * An end that is none must not look like one, or the first half of a list
 * is taken for the whole: it becomes a line that the helper refuses.
 */
static void
copy(int from, int to)
{
	static const char broken[] = "\nread error\n";
	char piece[PIECE];
	ssize_t n;

	while ((n = read(from, piece, sizeof(piece))) != 0) {
		if (n == -1 && errno == EINTR)
			continue;
		/* where it cannot be written, the helper has enough */
		if (nk_write_full(to, n > 0 ? piece : broken, n > 0 ?
		    (size_t)n : sizeof(broken) - 1) < 0 || n == -1)
			_exit(CTL_FAILED);
	}
	_exit(CTL_DONE);
}

static int
start_copying(struct feed *f, const struct ctl *c, int fd)
{
	int p[2], r = CTL_DONE;

	if (pipe2(p, O_CLOEXEC) == -1)
		return ctl_fail(c, "pipe: %s", strerror(errno));
	if ((f->child = fork()) == 0) {
		(void)close(p[0]);
		copy(fd, p[1]);
	}
	if (f->child == -1) {
		f->child = 0;
		r = ctl_fail(c, "fork: %s", strerror(errno));
	}
	(void)close(p[1]);
	f->fd = f->own = p[0];
	return r;
}

int
feed_open(struct feed *f, const struct ctl *c, int fd, const char *name)
{
	struct stat st;

	*f = (struct feed){ .fd = fd, .own = -1 };
	if (fstat(fd, &st) == -1)
		return ctl_fail(c, "%s: %s", name, strerror(errno));
	if (S_ISREG(st.st_mode) || S_ISFIFO(st.st_mode))
		return CTL_DONE;
	if (S_ISSOCK(st.st_mode))
		return start_copying(f, c, fd);
	return ctl_fail(c, "%s: %s", name, S_ISDIR(st.st_mode) ?
	    strerror(EISDIR) : "must be a file or a pipe");
}

void
feed_close(struct feed *f)
{
	if (f->own != -1)
		(void)close(f->own);
	f->own = -1;
	if (f->child == 0)
		return;
	/* it may wait for more that nobody wants now */
	(void)kill(f->child, SIGKILL);
	while (waitpid(f->child, NULL, 0) == -1 && errno == EINTR)
		;
	f->child = 0;
}
