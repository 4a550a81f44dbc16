/* SPDX-License-Identifier: ISC */
#include "lib/sandbox/sandbox.h"

#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/account/passwdfile.h"
#include "lib/account/textfile.h"
#include "lib/monotonic.h"
#include "lib/sandbox/message.h"
#include "lib/sandbox/spawn.h"

#define PASSWD_MAX	(64u << 20)	/* bytes of /etc/passwd */
#define SECONDS		10
#define SELF		"/proc/self/exe"

/* ---- whose it is ---- */

/* The first line of that name counts, as it does for the system. */
static int
find_user(struct nk_sandbox *sb, const char *name, char *text)
{
	struct nk_passwd_line p;
	char *line, *next;
	int r;

	for (line = text; line != NULL; line = next) {
		if ((next = strchr(line, '\n')) != NULL)
			*next++ = '\0';
		if ((r = nk_passwd_line_parse(line, &p)) < 0 ||
		    strcmp(p.name, name) != 0)
			continue;
		if (p.uid == 0 || p.gid == 0)
			return -EPERM;
		sb->uid = p.uid;
		sb->gid = p.gid;
		return 0;
	}
	return -ENOENT;
}

int
nk_sandbox_user(struct nk_sandbox *sb, const char *passwd_path,
    const char *name)
{
	size_t len;
	char *text;
	int r;

	*sb = (struct nk_sandbox){ (uid_t)-1, (gid_t)-1, SECONDS, SELF };
	if (geteuid() != 0)
		return 0;
	if ((r = nk_textfile_read(AT_FDCWD, passwd_path, PASSWD_MAX, &text,
	    &len)) < 0)
		return r;
	r = find_user(sb, name, text);
	free(text);
	return r;
}

int
nk_sandbox_init(struct nk_sandbox *sb, const char *passwd_path)
{
	return nk_sandbox_user(sb, passwd_path, NK_SANDBOX_USER);
}

/* ---- talking to it ---- */

struct exchange {
	int			 fd;
	const struct nk_secret	*request;	/* with its head */
	size_t			 sent;
	struct nk_sandbox_head	 head;		/* of the answer */
	size_t			 head_len;	/* what has come of it */
	size_t			 max;
	struct nk_secret	*answer;
};

/* A child that takes no more has ended, or says why. */
static void
send_some(struct exchange *x)
{
	ssize_t n;

	n = send(x->fd, x->request->p + x->sent, x->request->len - x->sent,
	    MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n >= 0)
		x->sent += (size_t)n;
	else if (errno != EAGAIN && errno != EINTR)
		x->sent = x->request->len;
}

static int
check_head(struct exchange *x)
{
	const struct nk_sandbox_head *h = &x->head;

	if (h->version != NK_SANDBOX_VERSION || h->result > 0 ||
	    h->result < -4095 || h->len > x->max ||
	    (h->result < 0 && h->len > 0))
		return -EIO;
	return nk_secret_reserve(x->answer, h->len);
}

/* 1: there may be more; 0: the other end is closed; -errno. */
static int
receive_some(struct exchange *x)
{
	bool in_head = x->head_len < sizeof(x->head);
	uint8_t beyond, *to = &beyond;
	size_t room = 1;	/* no byte may come behind the answer */
	ssize_t n;

	if (in_head) {
		to = (uint8_t *)&x->head + x->head_len;
		room = sizeof(x->head) - x->head_len;
	} else if (x->answer->len < x->head.len) {
		to = x->answer->p + x->answer->len;
		room = x->head.len - x->answer->len;
	}
	n = recv(x->fd, to, room, MSG_DONTWAIT);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return 1;
	if (n == -1)
		return errno == ECONNRESET ? 0 : -errno;
	if (n == 0)
		return 0;
	if (to == &beyond)
		return -EIO;
	if (!in_head) {
		x->answer->len += (size_t)n;
		return 1;
	}
	x->head_len += (size_t)n;
	if (x->head_len == sizeof(x->head) && check_head(x) < 0)
		return -EIO;
	return 1;
}

/* Send the request and take one whole answer, until end. */
static int
talk(struct exchange *x, int64_t end)
{
	struct pollfd p = { .fd = x->fd };
	int64_t left;
	int r;

	do {
		if ((left = end - nk_monotonic_ms()) <= 0)
			return -ETIMEDOUT;
		p.events = POLLIN;
		if (x->sent < x->request->len)
			p.events = POLLIN | POLLOUT;
		p.revents = 0;
		if (poll(&p, 1, left > 60000 ? 60000 : (int)left) == -1 &&
		    errno != EINTR)
			return -errno;
		if (x->sent < x->request->len)
			send_some(x);
		if ((r = receive_some(x)) < 0)
			return r;
	} while (r > 0);
	if (x->head_len < sizeof(x->head) || x->answer->len < x->head.len)
		return -EIO;
	return x->head.result;
}

static int
run(const struct nk_sandbox *sb, struct nk_sandbox_args *args,
    struct exchange *x)
{
	int64_t end = nk_monotonic_ms() + (int64_t)sb->seconds * 1000;
	struct nk_sandbox_child child;
	int r;

	if ((r = nk_sandbox_spawn(args, SOCK_STREAM, &child)) < 0)
		return r;
	x->fd = child.fd;
	r = talk(x, end);
	nk_sandbox_end(&child);
	return r;
}

int
nk_sandbox_run(const struct nk_sandbox *sb, const char *work,
    const void *request, size_t len, size_t max, struct nk_secret *answer)
{
	struct nk_sandbox_head head = { .version = NK_SANDBOX_VERSION };
	struct nk_secret message = NK_SECRET_NONE;
	struct exchange x = {
		.fd = -1, .request = &message, .max = max, .answer = answer,
	};
	struct nk_sandbox_args args;
	int r;

	if (len > NK_SECRET_MAX - sizeof(head) || max > NK_SECRET_MAX)
		return -E2BIG;
	head.len = (uint32_t)len;
	if ((r = nk_sandbox_args(&args, sb, NK_SANDBOX_OPTION, work,
	    (uint32_t)max)) == 0 &&
	    (r = nk_secret_append(&message, &head, sizeof(head))) == 0 &&
	    (r = nk_secret_append(&message, request, len)) == 0)
		r = run(sb, &args, &x);
	nk_secret_clear(&message);
	if (r < 0)
		nk_secret_clear(answer);
	return r;
}
