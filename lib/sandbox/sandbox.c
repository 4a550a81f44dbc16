/* SPDX-License-Identifier: ISC */
#include "lib/sandbox/sandbox.h"

#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/account/passwdfile.h"
#include "lib/account/textfile.h"
#include "lib/sandbox/confine.h"

#define PASSWD_MAX	(64u << 20)	/* bytes of /etc/passwd */
#define SECONDS		10
#define VERSION		1

/* In front of the request, and of the answer. */
struct head {
	uint32_t	version;
	int32_t		result;		/* 0 in a request, or -errno */
	uint32_t	len;		/* of the bytes that follow */
};

/* ---- whose it is ---- */

/* The first line of that name counts, as it does for the system. */
static int
find_user(struct nk_sandbox *sb, char *text)
{
	struct nk_passwd_line p;
	char *line, *next;
	int r;

	for (line = text; line != NULL; line = next) {
		if ((next = strchr(line, '\n')) != NULL)
			*next++ = '\0';
		if ((r = nk_passwd_line_parse(line, &p)) < 0 ||
		    strcmp(p.name, NK_SANDBOX_USER) != 0)
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
nk_sandbox_init(struct nk_sandbox *sb, const char *passwd_path)
{
	size_t len;
	char *text;
	int r;

	*sb = (struct nk_sandbox){ (uid_t)-1, (gid_t)-1, SECONDS };
	if (geteuid() != 0)
		return 0;
	if ((r = nk_textfile_read(AT_FDCWD, passwd_path, PASSWD_MAX, &text,
	    &len)) < 0)
		return r;
	r = find_user(sb, text);
	free(text);
	return r;
}

/* ---- the child ---- */

static void
forget_signals(void)
{
	struct sigaction plain = { .sa_handler = SIG_DFL };
	sigset_t none;
	int i;

	for (i = 1; i < NSIG; i++)
		(void)sigaction(i, &plain, NULL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/*
 * libcrypto reads its configuration and looks for randomness when it is
 * first used: that must be over before files are out of reach.
 */
static int
start_libcrypto(void)
{
	unsigned char byte;

	if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG |
	    OPENSSL_INIT_ADD_ALL_CIPHERS | OPENSSL_INIT_ADD_ALL_DIGESTS |
	    OPENSSL_INIT_LOAD_CRYPTO_STRINGS, NULL) != 1 ||
	    RAND_bytes(&byte, 1) != 1 || RAND_priv_bytes(&byte, 1) != 1)
		return -EIO;
	return 0;
}

static int
confine(const struct nk_sandbox *sb, int fd)
{
	size_t size = 0;
	int r;

	if ((r = nk_confine_measure(&size)) < 0 ||
	    (r = nk_confine_descriptors(fd)) < 0 ||
	    (r = nk_confine_identity(sb)) < 0 ||
	    (r = start_libcrypto()) < 0 ||
	    (r = nk_confine_limits(size, sb->seconds)) < 0)
		return r;
	return nk_confine_calls();
}

static int
send_all(const void *bytes, size_t len)
{
	const uint8_t *p = bytes;
	ssize_t n;

	while (len > 0) {
		n = send(NK_CONFINE_FD, p, len, MSG_NOSIGNAL);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -errno;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static int
receive_all(void *bytes, size_t len)
{
	uint8_t *p = bytes;
	ssize_t n;

	while (len > 0) {
		n = recv(NK_CONFINE_FD, p, len, 0);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -errno;
		if (n == 0)
			return -EIO;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static int
receive_request(struct nk_secret *request)
{
	struct head head;
	int r;

	if ((r = receive_all(&head, sizeof(head))) < 0)
		return r;
	if (head.version != VERSION || head.result != 0)
		return -EIO;
	if ((r = nk_secret_reserve(request, head.len)) < 0 ||
	    (r = receive_all(request->p, head.len)) < 0)
		return r;
	request->len = head.len;
	return 0;
}

static _Noreturn void
child(const struct nk_sandbox *sb, nk_sandbox_work work, int fd, size_t max)
{
	struct nk_secret request = NK_SECRET_NONE, answer = NK_SECRET_NONE;
	struct head head = { .version = VERSION };
	int r;

	forget_signals();
	/* Without its limits it does nothing but say so. */
	if ((r = confine(sb, fd)) == 0 &&
	    (r = receive_request(&request)) == 0) {
		r = work(request.p, request.len, &answer);
		if (r == 0 && answer.len > max)
			r = -E2BIG;
	}
	nk_secret_clear(&request);
	head.result = r;
	head.len = r == 0 ? (uint32_t)answer.len : 0;
	if (send_all(&head, sizeof(head)) == 0 && head.len > 0)
		r = send_all(answer.p, head.len);
	nk_secret_clear(&answer);
	_exit(r < 0 ? 1 : 0);
}

/* ---- the parent ---- */

struct exchange {
	int			 fd;
	const struct nk_secret	*request;	/* with its head */
	size_t			 sent;
	struct head		 head;		/* of the answer */
	size_t			 head_len;	/* what has come of it */
	size_t			 max;
	struct nk_secret	*answer;
};

static int64_t
now_ms(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_MONOTONIC, &ts) == -1)
		return 0;
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

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
	const struct head *h = &x->head;

	if (h->version != VERSION || h->result > 0 || h->result < -4095 ||
	    h->len > x->max || (h->result < 0 && h->len > 0))
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
		if ((left = end - now_ms()) <= 0)
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

/*
 * What it has said is all that counts, and that is over: it is ended in any
 * case.  The descriptor stands for this child even where its status went to
 * nobody (SIGCHLD ignored) and its number to another process.
 */
static void
end_child(pid_t pid, int pidfd)
{
	if (pidfd != -1) {
		(void)pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
		close(pidfd);
	}
	while (waitpid(pid, NULL, 0) == -1 && errno == EINTR)
		;
}

/* Handlers of ours must not run in the child: fork with all blocked. */
static pid_t
fork_blocked(const struct nk_sandbox *sb, nk_sandbox_work work,
    const int fds[2], size_t max)
{
	sigset_t all, before;
	pid_t pid;
	int error;

	(void)sigfillset(&all);
	if (sigprocmask(SIG_SETMASK, &all, &before) == -1)
		return -1;
	if ((pid = fork()) == 0)
		child(sb, work, fds[1], max);
	error = errno;
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	errno = error;
	return pid;
}

static int
run(const struct nk_sandbox *sb, nk_sandbox_work work, struct exchange *x)
{
	int64_t end = now_ms() + (int64_t)sb->seconds * 1000;
	int fds[2], pidfd, r;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == -1)
		return -errno;
	pid = fork_blocked(sb, work, fds, x->max);
	r = pid == -1 ? -errno : 0;
	close(fds[1]);
	if (r == 0) {
		pidfd = pidfd_open(pid, 0);
		if (pidfd == -1 && errno != ESRCH) {
			r = -errno;
			(void)kill(pid, SIGKILL);
		}
		x->fd = fds[0];
		if (r == 0)
			r = talk(x, end);
		end_child(pid, pidfd);
	}
	close(fds[0]);
	return r;
}

int
nk_sandbox_run(const struct nk_sandbox *sb, nk_sandbox_work work,
    const void *request, size_t len, size_t max, struct nk_secret *answer)
{
	struct head head = { .version = VERSION };
	struct nk_secret message = NK_SECRET_NONE;
	struct exchange x = {
		.fd = -1, .request = &message, .max = max, .answer = answer,
	};
	int r;

	if (len > NK_SECRET_MAX - sizeof(head) || max > NK_SECRET_MAX)
		return -E2BIG;
	head.len = (uint32_t)len;
	if ((r = nk_secret_append(&message, &head, sizeof(head))) == 0 &&
	    (r = nk_secret_append(&message, request, len)) == 0)
		r = run(sb, work, &x);
	nk_secret_clear(&message);
	if (r < 0)
		nk_secret_clear(answer);
	return r;
}
