/* SPDX-License-Identifier: ISC */
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/rpc/client.h"

#define LINE_START	4096	/* first size of an answer's buffer */

struct nk_client {
	struct nk_client_options options;
	int		 fd;
	pid_t		 child;		/* 0: none */
	int64_t		 last_id;
	char		*buf;		/* what was read */
	size_t		 len, size;
	size_t		 searched;	/* no newline before this */
};

/* ---- opening ---- */

static int
client_new(struct nk_client **cp, const struct nk_client_options *o)
{
	struct nk_client *c;

	if ((c = calloc(1, sizeof(*c))) == NULL)
		return -ENOMEM;
	c->options = *o;
	c->fd = -1;
	*cp = c;
	return 0;
}

static int
check_peer(const struct nk_client *c)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(c->fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == -1)
		return -errno;
	if (len != sizeof(peer) || (peer.uid != 0 &&
	    peer.uid != c->options.owner))
		return -EPERM;
	return 0;
}

static int
connect_to(struct nk_client *c, const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	size_t len = strlen(path);

	if (len == 0 || len >= sizeof(sun.sun_path))
		return -ENAMETOOLONG;
	memcpy(sun.sun_path, path, len);
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd == -1 || connect(c->fd, (const struct sockaddr *)&sun,
	    sizeof(sun)) == -1)
		return -errno;
	return check_peer(c);
}

int
nk_client_connect(struct nk_client **cp, const char *path,
    const struct nk_client_options *o)
{
	struct nk_client *c;
	int r;

	*cp = NULL;
	if ((r = client_new(&c, o)) < 0)
		return r;
	if ((r = connect_to(c, path)) < 0) {
		nk_client_free(c);
		return r;
	}
	*cp = c;
	return 0;
}

/* Descriptors and signals of the child; results as posix_spawn(3). */
static int
prepare_child(posix_spawn_file_actions_t *fa, posix_spawnattr_t *attr,
    int fd)
{
	sigset_t none, pipe;
	int n;

	if (sigemptyset(&none) == -1 || sigemptyset(&pipe) == -1 ||
	    sigaddset(&pipe, SIGPIPE) == -1)
		return errno;
	if ((n = posix_spawn_file_actions_adddup2(fa, fd, 0)) != 0 ||
	    (n = posix_spawn_file_actions_adddup2(fa, 0, 1)) != 0 ||
	    (n = posix_spawn_file_actions_addclosefrom_np(fa, 3)) != 0 ||
	    (n = posix_spawnattr_setsigmask(attr, &none)) != 0 ||
	    (n = posix_spawnattr_setsigdefault(attr, &pipe)) != 0)
		return n;
	return posix_spawnattr_setflags(attr,
	    POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

static int
spawn_on(struct nk_client *c, int fd, const char *program,
    const char *const argv[])
{
	union {			/* posix_spawn() writes to none of them */
		const char *const	*given;
		char *const		*passed;
	} args = { .given = argv };
	char *const no_environment[] = { NULL };
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;
	int n;

	if ((n = posix_spawn_file_actions_init(&fa)) != 0)
		return -n;
	if ((n = posix_spawnattr_init(&attr)) != 0) {
		(void)posix_spawn_file_actions_destroy(&fa);
		return -n;
	}
	if ((n = prepare_child(&fa, &attr, fd)) == 0)
		n = posix_spawn(&c->child, program, &fa, &attr, args.passed,
		    no_environment);
	(void)posix_spawnattr_destroy(&attr);
	(void)posix_spawn_file_actions_destroy(&fa);
	if (n != 0)
		c->child = 0;
	return -n;
}

int
nk_client_spawn(struct nk_client **cp, const char *program,
    const char *const argv[], const struct nk_client_options *o)
{
	struct nk_client *c;
	int sv[2], r;

	*cp = NULL;
	if ((r = client_new(&c, o)) < 0)
		return r;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) == -1) {
		r = -errno;
	} else {
		c->fd = sv[0];
		r = spawn_on(c, sv[1], program, argv);
		close(sv[1]);
	}
	if (r < 0) {
		nk_client_free(c);
		return r;
	}
	*cp = c;
	return 0;
}

static void
wipe_buffer(struct nk_client *c)
{
	if (c->buf != NULL)
		explicit_bzero(c->buf, c->size);
	free(c->buf);
	c->buf = NULL;
	c->size = 0;
}

void
nk_client_free(struct nk_client *c)
{
	if (c == NULL)
		return;
	if (c->fd != -1)
		close(c->fd);
	while (c->child != 0 && waitpid(c->child, NULL, 0) == -1 &&
	    errno == EINTR)
		;
	wipe_buffer(c);
	free(c);
}

/* ---- talking ---- */

static int
wait_for(const struct nk_client *c, short events)
{
	struct pollfd p = { .fd = c->fd, .events = events };
	int n, timeout = c->options.timeout;

	do {
		n = poll(&p, 1, timeout > 0 ? timeout : -1);
	} while (n == -1 && errno == EINTR);
	if (n == -1)
		return -errno;
	return n == 0 ? -ETIMEDOUT : 0;
}

/* Some bytes, with the descriptor if it is not -1. */
static ssize_t
send_part(const struct nk_client *c, char *p, size_t len, int fd)
{
	union {
		char		bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr	align;
	} control = { .bytes = { 0 } };
	struct iovec iov = { .iov_base = p, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cmsg;
	ssize_t n;
	int r;

	if (fd != -1) {
		msg.msg_control = control.bytes;
		msg.msg_controllen = sizeof(control.bytes);
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	}
	while ((n = sendmsg(c->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT)) == -1) {
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return errno == EPIPE ? -ECONNRESET : -errno;
		if ((r = wait_for(c, POLLOUT)) < 0)
			return r;
	}
	return n;
}

static int
send_all(const struct nk_client *c, char *p, size_t len, int fd)
{
	ssize_t n;

	for (; len > 0; p += n, len -= (size_t)n) {
		/* The descriptor goes with the first byte, alone. */
		n = send_part(c, p, fd != -1 ? 1 : len, fd);
		if (n < 0)
			return (int)n;
		fd = -1;
	}
	return 0;
}

static int
make_room(struct nk_client *c)
{
	size_t size = c->size > 0 ? c->size * 2 : LINE_START;
	char *p;

	if (c->len < c->size)
		return 0;
	if ((p = malloc(size)) == NULL)
		return -ENOMEM;
	if (c->len > 0)
		memcpy(p, c->buf, c->len);
	wipe_buffer(c);
	c->buf = p;
	c->size = size;
	return 0;
}

static int
read_more(struct nk_client *c)
{
	ssize_t n;
	int r;

	if ((r = make_room(c)) < 0 || (r = wait_for(c, POLLIN)) < 0)
		return r;
	do {
		n = recv(c->fd, c->buf + c->len, c->size - c->len, 0);
	} while (n == -1 && errno == EINTR);
	if (n == -1)
		return -errno;
	if (n == 0)
		return -ECONNRESET;
	c->len += (size_t)n;
	return 0;
}

/* The first line in the buffer, without its newline, once it is whole. */
static int
read_line(struct nk_client *c, size_t *lenp)
{
	char *newline;
	int r;

	for (;;) {
		newline = c->len == c->searched ? NULL :
		    memchr(c->buf + c->searched, '\n', c->len - c->searched);
		if (newline != NULL) {
			*lenp = (size_t)(newline - c->buf);
			return *lenp > c->options.answer_max ? -EFBIG : 0;
		}
		c->searched = c->len;
		if (c->len > c->options.answer_max)
			return -EFBIG;
		if ((r = read_more(c)) < 0)
			return r;
	}
}

/* Forget the first line, of len bytes and a newline. */
static void
drop_line(struct nk_client *c, size_t len)
{
	size_t rest = c->len - len - 1;

	memmove(c->buf, c->buf + len + 1, rest);
	explicit_bzero(c->buf + rest, c->len - rest);
	c->len = rest;
	c->searched = 0;
}

static int
encode_request(int64_t id, const char *method, const json_t *params,
    char **textp)
{
	json_t *o, *copy;
	int r = -ENOMEM;

	*textp = NULL;
	if ((o = json_object()) == NULL)
		return -ENOMEM;
	copy = params != NULL ? json_deep_copy(params) : json_array();
	if (json_object_set_new(o, "params", copy) == 0 &&
	    json_object_set_new(o, "jsonrpc", json_string("2.0")) == 0 &&
	    json_object_set_new(o, "id", json_integer(id)) == 0 &&
	    json_object_set_new(o, "method", json_string(method)) == 0 &&
	    (*textp = json_dumps(o, JSON_COMPACT)) != NULL)
		r = 0;
	json_decref(o);
	return r;
}

static void
pass_on(const struct nk_client *c, json_t **notificationp)
{
	const char *method = json_string_value(json_object_get(
	    *notificationp, "method"));

	if (c->options.notify != NULL && method != NULL)
		c->options.notify(c->options.notify_arg, method,
		    json_object_get(*notificationp, "params"));
	json_decref(*notificationp);
	*notificationp = NULL;
}

int
nk_client_call(struct nk_client *c, const char *method, const json_t *params,
    int fd, json_t **resultp, struct nk_error *e)
{
	size_t len;
	char *text;
	int r;

	*resultp = NULL;
	if ((r = encode_request(++c->last_id, method, params, &text)) < 0)
		return r;
	len = strlen(text);
	text[len] = '\n';	/* in place of its end */
	r = send_all(c, text, len + 1, fd);
	explicit_bzero(text, len);
	free(text);
	/* Who hung up amid the request may have said why. */
	if (r < 0 && r != -ECONNRESET)
		return r;
	do {
		if ((r = read_line(c, &len)) < 0)
			return r;
		r = nk_client_decode(c->buf, len, c->last_id, resultp, e);
		drop_line(c, len);
		if (r == 1)
			pass_on(c, resultp);
	} while (r == 1);
	return r;
}
