/* SPDX-License-Identifier: ISC */
#include "lib/login/ask.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/monotonic.h"

struct packet {
	char	bytes[NK_ASK_PACKET_MAX];
	size_t	len;
};

static int
add_field(struct packet *p, const char *text, size_t max)
{
	size_t len = strlen(text);

	if (len > max)
		return -EINVAL;
	memcpy(p->bytes + p->len, text, len + 1);
	p->len += len + 1;
	return 0;
}

/* Not waiting: there is room for all that is ever said to it. */
static int
put(const struct nk_ask *a, const struct packet *p)
{
	ssize_t n = send(a->fd, p->bytes, p->len,
	    MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n == -1)
		return -errno;
	return (size_t)n == p->len ? 0 : -EIO;
}

/* ---- its start and end ---- */

static void __attribute__((noreturn))
run(const char *program, int fd)
{
	char name[] = "naskeys-login", *args[] = { name, NULL };
	char *environment[] = { NULL };
	sigset_t none;
	int null;

	sigemptyset(&none);
	if (dup2(fd, STDIN_FILENO) == -1 ||
	    (null = open("/dev/null", O_RDWR)) == -1 ||
	    dup2(null, STDOUT_FILENO) == -1 ||
	    dup2(null, STDERR_FILENO) == -1 ||
	    sigprocmask(SIG_SETMASK, &none, NULL) == -1)
		_exit(126);
	closefrom(3);
	(void)execve(program, args, environment);
	_exit(127);
}

static int
run_there(void *arg, int fd)
{
	const struct nk_network_arg *program = arg;

	run(program->bytes, fd);
}

const struct nk_network_work nk_ask_work = { "login", run_there };

static int
start_there(struct nk_ask *a, const char *program)
{
	struct nk_child child;
	int r;

	if ((r = nk_network_child(&nk_ask_work, program, strlen(program),
	    &child)) == 0) {
		a->fd = child.fd;
		a->control = child.control;
	}
	return r;
}

static int
start(struct nk_ask *a, const char *program)
{
	int pair[2], r = 0;

	if (nk_network_path() != NULL)
		return start_there(a, program);

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
	    pair) == -1)
		return -errno;
	a->fd = pair[0];
	if ((a->pid = fork()) == 0)
		run(program, pair[1]);
	if (a->pid == -1)
		r = -errno;
	close(pair[1]);
	if (r < 0) {
		a->pid = 0;
		nk_ask_end(a);
	}
	return r;
}

void
nk_ask_end(struct nk_ask *a)
{
	if (a->fd != -1)
		close(a->fd);
	if (a->pid > 0) {
		(void)kill(a->pid, SIGKILL);
		while (waitpid(a->pid, NULL, 0) == -1 && errno == EINTR)
			continue;
	}
	nk_network_end(a->control);
	*a = NK_ASK_NONE;
}

int
nk_ask_start(struct nk_ask *a, const char *program, const char *name,
    const char *password, const char *address)
{
	struct packet p = { .bytes = { NK_ASK_LOGIN }, .len = 1 };
	int r;

	_Static_assert(NK_ASK_PACKET_MAX >= NK_ASK_NAME_MAX +
	    NK_ASK_SECRET_MAX + NK_ASK_ADDRESS_MAX + 4, "room for all");
	*a = NK_ASK_NONE;
	if ((r = add_field(&p, name, NK_ASK_NAME_MAX)) == 0 &&
	    (r = add_field(&p, password, NK_ASK_SECRET_MAX)) == 0 &&
	    (r = add_field(&p, address, NK_ASK_ADDRESS_MAX)) == 0 &&
	    (r = start(a, program)) == 0 && (r = put(a, &p)) < 0)
		nk_ask_end(a);
	explicit_bzero(&p, sizeof(p));
	return r;
}

int
nk_ask_code(const struct nk_ask *a, const char *code)
{
	struct packet p = { .bytes = { NK_ASK_CODE }, .len = 1 };
	int r;

	if ((r = add_field(&p, code, NK_ASK_SECRET_MAX)) == 0)
		r = put(a, &p);
	explicit_bzero(&p, sizeof(p));
	return r;
}

/* ---- what it says ---- */

static int
take_result(const struct packet *p, struct nk_ask_answer *answer)
{
	const char *digits = p->bytes + 2;
	unsigned long uid;
	char *end;

	if (p->len < 4 || p->bytes[1] < '0' + NK_ASK_OK ||
	    p->bytes[1] > '0' + NK_ASK_UNAVAILABLE ||
	    digits[0] < '0' || digits[0] > '9')
		return -EIO;
	answer->result = (enum nk_ask_result)(p->bytes[1] - '0');
	errno = 0;
	uid = strtoul(digits, &end, 10);
	if (errno != 0 || *end != '\0' || uid > UINT32_MAX)
		return -EIO;
	answer->uid = (uint32_t)uid;
	return 0;
}

static int
take(const struct nk_ask *a, struct nk_ask_answer *answer)
{
	struct packet p = { .len = 0 };
	ssize_t n;

	n = recv(a->fd, p.bytes, sizeof(p.bytes) - 1,
	    MSG_DONTWAIT | MSG_TRUNC);
	if (n == -1)
		return errno == EAGAIN || errno == EINTR ? -EAGAIN : -EIO;
	if (n == 0 || (size_t)n >= sizeof(p.bytes))
		return -EIO;
	p.len = (size_t)n;
	*answer = (struct nk_ask_answer){ .what = p.bytes[0] };
	if (answer->what == NK_ASK_RESULT)
		return p.bytes[p.len - 1] == '\0' ? take_result(&p, answer) :
		    -EIO;
	return p.len == 1 && (answer->what == NK_ASK_MORE ||
	    answer->what == NK_ASK_WRONG || answer->what == NK_ASK_TURN) ?
	    0 : -EIO;
}

int
nk_ask_wait(const struct nk_ask *a, int client, int ms,
    struct nk_ask_answer *answer)
{
	/* Until it has its turn, which others may have; it ends by itself. */
	int64_t deadline = nk_monotonic_ms() + NK_ASK_SECONDS * 1000, left;
	struct pollfd p[2];
	int r = -EAGAIN;

	while (r == -EAGAIN) {
		if ((left = deadline - nk_monotonic_ms()) <= 0)
			return -ETIMEDOUT;
		p[0] = (struct pollfd){ .fd = a->fd, .events = POLLIN };
		p[1] = (struct pollfd){ .fd = client, .events = POLLRDHUP };
		if (poll(p, 2, (int)left) == -1 && errno != EINTR)
			return -errno;
		if ((p[1].revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0)
			return -EPIPE;
		if (p[0].revents == 0 || (r = take(a, answer)) < 0 ||
		    answer->what != NK_ASK_TURN)
			continue;
		deadline = nk_monotonic_ms() + ms;
		r = -EAGAIN;
	}
	return r;
}
