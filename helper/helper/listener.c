/* SPDX-License-Identifier: ISC */

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "helper/helper/listener.h"

#define GATEWAY_GROUP	"naskeys-gateway"

/* Who may connect to a socket. */
struct access {
	mode_t	mode;
	gid_t	gid;		/* (gid_t)-1: left as it is */
};

void
listener_init(struct listener *l, const struct listen_at *at)
{
	memset(l, 0, sizeof(*l));
	l->fd = -1;
	l->path = at->path;
	l->protocol = at->protocol;
}

static int
set_nonblocking(int fd)
{
	int flags;

	if ((flags = fcntl(fd, F_GETFL)) == -1 ||
	    fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1)
		return -errno;
	return 0;
}

static bool
has_option(int fd, int name, int want)
{
	socklen_t len = sizeof(int);
	int value = -1;

	return getsockopt(fd, SOL_SOCKET, name, &value, &len) == 0 &&
	    len == sizeof(int) && value == want;
}

/* The options made sure that path fits. */
static socklen_t
set_address(struct sockaddr_un *un, const char *path)
{
	memset(un, 0, sizeof(*un));
	un->sun_family = AF_UNIX;
	memcpy(un->sun_path, path, strlen(path) + 1);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
	    strlen(path) + 1);
}

static bool
is_bound_to(int fd, const char *path)
{
	struct sockaddr_un want, have;
	socklen_t len = sizeof(have);

	(void)set_address(&want, path);
	memset(&have, 0, sizeof(have));
	return getsockname(fd, (struct sockaddr *)&have, &len) == 0 &&
	    len <= sizeof(have) &&
	    memcmp(have.sun_path, want.sun_path, sizeof(have.sun_path)) == 0;
}

int
listener_adopt(struct listener *l, size_t n, int fd, const char **whyp)
{
	size_t i;
	int r;

	*whyp = "a descriptor that was handed over is no listening socket";
	if (!has_option(fd, SO_DOMAIN, AF_UNIX) ||
	    !has_option(fd, SO_TYPE, SOCK_STREAM) ||
	    !has_option(fd, SO_ACCEPTCONN, 1))
		return -EPROTOTYPE;
	for (i = 0; i < n; i++)
		if (l[i].fd == -1 && is_bound_to(fd, l[i].path))
			break;
	*whyp = "a socket that was handed over has no --listen";
	if (i == n)
		return -EINVAL;
	*whyp = "a socket that was handed over cannot be used";
	if ((r = set_nonblocking(fd)) < 0)
		return r;
	l[i].fd = fd;
	return 0;
}

/* MUST 1. */
static int
remove_stale(const char *path, const char **whyp)
{
	struct sockaddr_un un;
	struct stat st;
	socklen_t len;
	int fd, r;

	*whyp = "the path cannot be used";
	if (lstat(path, &st) == -1)
		return errno == ENOENT ? 0 : -errno;
	*whyp = "something else than a socket of ours has the path";
	if (!S_ISSOCK(st.st_mode) || st.st_uid != geteuid())
		return -EEXIST;
	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0)) == -1)
		return -errno;
	len = set_address(&un, path);
	r = connect(fd, (const struct sockaddr *)&un, len) == -1 ? -errno : 0;
	close(fd);
	*whyp = "another process listens there";
	if (r != -ECONNREFUSED)
		return -EADDRINUSE;
	*whyp = "an old socket there cannot be removed";
	return unlink(path) == -1 ? -errno : 0;
}

/* MUST 2.  A socket's own mode is what bind(2) makes the file with. */
static int
bind_with(int fd, const char *path, mode_t mode)
{
	struct sockaddr_un un;
	socklen_t len;
	mode_t old;
	int r;

	if (fchmod(fd, mode) == -1)
		return -errno;
	len = set_address(&un, path);
	old = umask(0);
	r = bind(fd, (const struct sockaddr *)&un, len) == -1 ? -errno : 0;
	(void)umask(old);
	return r;
}

/*
 * The gateway's socket is for its group, the network's for root alone; the
 * others are for everybody.
 */
static int
find_access(const struct listener *l, const struct state *state,
    struct access *a, const char **whyp)
{
	uint32_t gid;
	int r;

	*a = (struct access){ .mode = 0666, .gid = (gid_t)-1 };
	if (l->protocol == PROTOCOL_NETWORK)
		a->mode = 0600;
	if (l->protocol != PROTOCOL_GATEWAY)
		return 0;
	*whyp = "the group " GATEWAY_GROUP " is needed";
	r = state_group(GATEWAY_GROUP, &gid);
	if (r == 0 && geteuid() == 0) {
		*a = (struct access){ .mode = 0660, .gid = gid };
		return 0;
	}
	if (r < 0 && state->nk.system)
		return r;
	a->mode = 0600;
	return 0;
}

int
listener_make(struct listener *l, const struct state *state,
    const char **whyp)
{
	struct access a;
	struct stat st;
	int fd = -1, r;

	if ((r = find_access(l, state, &a, whyp)) < 0 ||
	    (r = remove_stale(l->path, whyp)) < 0)
		return r;
	*whyp = "the socket cannot be made";
	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0)) == -1)
		return -errno;
	if ((r = bind_with(fd, l->path, a.mode)) < 0)
		goto out;
	if ((a.gid != (gid_t)-1 && lchown(l->path, (uid_t)-1, a.gid) == -1) ||
	    lstat(l->path, &st) == -1 || listen(fd, SOMAXCONN) == -1) {
		r = -errno;
		goto out;
	}
	l->made = true;
	l->dev = st.st_dev;
	l->ino = st.st_ino;
	l->fd = fd;
	fd = -1;
 out:
	if (fd != -1)
		close(fd);
	return r;
}

void
listener_close(struct listener *l)
{
	struct stat st;

	if (l->made && lstat(l->path, &st) == 0 && S_ISSOCK(st.st_mode) &&
	    st.st_dev == l->dev && st.st_ino == l->ino)
		(void)unlink(l->path);
	l->made = false;
	if (l->fd != -1)
		close(l->fd);
	l->fd = -1;
}
