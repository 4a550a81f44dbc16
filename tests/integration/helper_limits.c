/* SPDX-License-Identifier: ISC */
/*
 * Nobody keeps anybody else out: drives a real naskeys-helper --listen with
 * its state in a folder of its own, as root, as two users, and as many
 * connections as one user can make.
 *
 *	helper_limits [HELPER]
 *	helper_limits --ask SOCKET
 *
 * Prints "PASS: name" or "FAIL: name" lines.  --ask: is whoever starts it
 * answered there?
 */
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ROOT		0
#define ALICE		23001u		/* takes all she can get */
#define BOB		23002u
#define ADMIN		23003u
#define ACCOUNT		23004u
#define OTHER_ADMIN	23005u
#define SUBORDINATES	24000u		/* and so on */
#define CONNECTIONS_MAX	64		/* in our naskeys.conf */
#define PER_UID		16		/* connections, by default */
#define FLOOD		1000
#define TIMEOUT		2		/* s, in our naskeys.conf */
#define NO_TIMEOUT	600		/* for what is not about it */
#define SOON		9000		/* ms: "at once", on a busy machine */
#define REQUEST_MAX	(8u << 20)
#define PING		"{\"jsonrpc\":\"2.0\",\"id\":1,"	\
			"\"method\":\"core.ping\"}\n"

static const char *helper = NK_TEST_HELPER;
static char dir[] = "/tmp/helper_limits.XXXXXX";
static char sock[64], root_sock[64];
static pid_t acceptor;
static int failures;

static void __attribute__((format(printf, 2, 3)))
result(bool ok, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)printf("%s: ", ok ? "PASS" : "FAIL");
	(void)vprintf(fmt, ap);
	(void)printf("\n");
	(void)fflush(stdout);
	va_end(ap);
	if (!ok)
		failures++;
}

static void
clean_up(void)
{
	char *argv[] = { (char *)(uintptr_t)"rm", (char *)(uintptr_t)"-rf",
	    dir, NULL };
	pid_t pid;

	if (strstr(dir, "XXXXXX") != NULL)
		return;			/* not made yet */
	if ((pid = fork()) == 0) {
		(void)execv("/bin/rm", argv);
		_exit(127);
	}
	(void)waitpid(pid, NULL, 0);
}

static void
die(const char *what)
{
	(void)fprintf(stderr, "helper_limits: %s: %s\n", what,
	    strerror(errno));
	if (acceptor > 0)
		(void)kill(acceptor, SIGKILL);
	clean_up();
	exit(EXIT_FAILURE);
}

static int64_t
now_ms(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_MONOTONIC, &ts) == -1)
		die("clock");
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void
sleep_ms(long ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };

	(void)nanosleep(&ts, NULL);
}

/* ---- a client ---- */

static int
connect_to(const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd, saved;

	(void)snprintf(un.sun_path, sizeof(un.sun_path), "%s", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		die("socket");
	if (connect(fd, (const struct sockaddr *)&un, sizeof(un)) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

/* The kernel notes the effective ids at the time of connect(2). */
static int
connect_as(uid_t uid, const char *path)
{
	int fd, saved;

	if (setegid((gid_t)uid) == -1 || seteuid(uid) == -1)
		die("seteuid");
	fd = connect_to(path);
	saved = errno;
	if (seteuid(0) == -1 || setegid(0) == -1)
		die("seteuid");
	errno = saved;
	return fd;
}

static bool
send_all(int fd, const char *text, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = send(fd, text, len, MSG_NOSIGNAL);
		if (n <= 0)
			return false;
		text += n;
		len -= (size_t)n;
	}
	return true;
}

/* One line into buf; false: it did not come in time, or the end did. */
static bool
get_line(int fd, char *buf, size_t size, int ms)
{
	int64_t deadline = now_ms() + ms;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	size_t len = 0;

	for (;;) {
		if (poll(&p, 1, (int)(deadline - now_ms()) > 0 ?
		    (int)(deadline - now_ms()) : 0) <= 0 ||
		    recv(fd, buf + len, 1, 0) != 1)
			return false;
		if (buf[len] == '\n') {
			buf[len] = '\0';
			return true;
		}
		if (len < size - 2)
			len++;
	}
}

static bool
answers(int fd, int ms)
{
	char line[512];

	return send_all(fd, PING, strlen(PING)) &&
	    get_line(fd, line, sizeof(line), ms) &&
	    strstr(line, "\"pong\"") != NULL;
}

static bool
ask(const char *path)
{
	int fd = connect_to(path);
	bool ok;

	if (fd == -1)
		return false;
	ok = answers(fd, SOON);
	close(fd);
	return ok;
}

/* A new connection of uid's gets an answer. */
static bool
is_served(uid_t uid, int ms)
{
	int fd = connect_as(uid, uid == ROOT ? root_sock : sock);
	bool ok;

	if (fd == -1)
		return false;
	ok = answers(fd, ms);
	close(fd);
	return ok;
}

/* Is the connection over (its end, or an error) within ms? */
static bool
ends(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int64_t deadline = now_ms() + ms;
	char buf[4096];
	ssize_t n;

	while (now_ms() <= deadline) {
		if (poll(&p, 1, 50) <= 0)
			continue;
		n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (n == 0 || (n == -1 && errno != EAGAIN))
			return true;
	}
	return false;
}

/* ---- processes ---- */

static pid_t
parent_of(pid_t pid)
{
	char path[64], text[512];
	const char *p;
	ssize_t n;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return -1;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return -1;
	text[n] = '\0';
	if ((p = strrchr(text, ')')) == NULL || p[1] != ' ' || p[2] == 'Z')
		return -1;
	return (pid_t)strtol(p + 4, NULL, 10);
}

/* How many helpers there are; the last one in *lastp. */
static int
count_helpers(pid_t *lastp)
{
	struct dirent *e;
	pid_t pid;
	DIR *d;
	int n = 0;

	if ((d = opendir("/proc")) == NULL)
		die("/proc");
	while ((e = readdir(d)) != NULL) {
		pid = (pid_t)strtol(e->d_name, NULL, 10);
		if (pid > 0 && parent_of(pid) == acceptor) {
			n++;
			*lastp = pid;
		}
	}
	closedir(d);
	return n;
}

/* Wait until there are no helpers but n. */
static bool
helpers_become(int n, int ms)
{
	int64_t deadline = now_ms() + ms;
	pid_t pid;

	while (count_helpers(&pid) != n) {
		if (now_ms() > deadline)
			return false;
		sleep_ms(20);
	}
	return true;
}

/* Or until there are no more than n. */
static bool
helpers_fall_to(int n, int ms)
{
	int64_t deadline = now_ms() + ms;
	pid_t pid;

	while (count_helpers(&pid) > n) {
		if (now_ms() > deadline)
			return false;
		sleep_ms(20);
	}
	return true;
}

static int
count_fds(pid_t pid)
{
	char path[64];
	struct dirent *e;
	DIR *d;
	int n = 0;

	(void)snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	if ((d = opendir(path)) == NULL)
		return -1;
	while ((e = readdir(d)) != NULL)
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

/* Processor time, in ticks. */
static long
cpu_ticks(pid_t pid)
{
	char path[64], text[512], *p;
	long user, kernel;
	ssize_t n;
	int fd, i;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		die(path);
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	if ((p = strrchr(text, ')')) == NULL)
		die(path);
	for (i = 2; i < 14; i++)
		p += 1 + strcspn(p + 1, " ");
	user = strtol(p, &p, 10);
	kernel = strtol(p, NULL, 10);
	return user + kernel;
}

static void
start_acceptor(void)
{
	int i;

	if ((acceptor = fork()) == -1)
		die("fork");
	if (acceptor == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)execl(helper, helper, "--state-dir", dir, "--listen",
		    sock, "--listen", root_sock, (char *)NULL);
		_exit(127);
	}
	for (i = 0; i < 200; i++) {
		if (is_served(ROOT, SOON))
			return;
		if (waitpid(acceptor, NULL, WNOHANG) == acceptor)
			break;
		sleep_ms(50);
	}
	acceptor = 0;
	errno = ETIMEDOUT;
	die(helper);
}

/* ---- floods ---- */

static int flood[FLOOD];

static void
open_flood(uid_t uid)
{
	int i;

	for (i = 0; i < FLOOD; i++)
		if ((flood[i] = connect_as(uid, sock)) == -1)
			die("connect");
}

static int
close_flood(void)
{
	int i, alive = 0;
	char byte;

	for (i = 0; i < FLOOD; i++) {
		if (recv(flood[i], &byte, 1, MSG_DONTWAIT) == -1 &&
		    errno == EAGAIN)
			alive++;
		close(flood[i]);
	}
	return alive;
}

static void
test_idle_flood(void)
{
	int64_t begun = now_ms();
	bool bob, root;
	int alive;

	open_flood(ALICE);
	bob = is_served(BOB, SOON);
	root = is_served(ROOT, SOON);
	result(bob, "another user is served beside %d idle connections",
	    FLOOD);
	result(root, "root is served beside %d idle connections", FLOOD);
	result(now_ms() - begun < 2 * SOON, "and soon");
	/* those of bob and root may still be ending */
	result(is_served(ROOT, SOON) && helpers_fall_to(PER_UID, SOON),
	    "no more helpers than one user may have");
	alive = close_flood();
	result(alive > 0 && alive <= PER_UID,
	    "no more connections are held than one user may have (%d)",
	    alive);
	result(helpers_become(0, 5000), "all helpers end with the flood");
	result(is_served(ALICE, SOON), "the user is served again");
}

/* Connections come and go, and some ask. */
static void __attribute__((noreturn))
burst(void)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fds[FLOOD], i;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)snprintf(un.sun_path, sizeof(un.sun_path), "%s", sock);
	if (setresgid(ALICE, ALICE, ALICE) == -1 ||
	    setresuid(ALICE, ALICE, ALICE) == -1)
		_exit(1);
	for (;;) {
		for (i = 0; i < FLOOD; i++) {
			fds[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK,
			    0);
			(void)connect(fds[i], (const struct sockaddr *)&un,
			    sizeof(un));
			(void)send(fds[i], PING, strlen(PING), MSG_NOSIGNAL);
		}
		for (i = 0; i < FLOOD; i++)
			if (fds[i] != -1)
				close(fds[i]);
	}
}

static void
test_burst(void)
{
	int64_t begun, took, bob = 0, root = 0;
	bool ok = true;
	pid_t pid;
	int i;

	if ((pid = fork()) == -1)
		die("fork");
	if (pid == 0)
		burst();
	sleep_ms(300);
	for (i = 0; i < 10; i++) {
		begun = now_ms();
		ok = is_served(BOB, SOON) && ok;
		took = now_ms() - begun;
		bob = took > bob ? took : bob;
		begun = now_ms();
		ok = is_served(ROOT, SOON) && ok;
		took = now_ms() - begun;
		root = took > root ? took : root;
	}
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	(void)printf("  longest wait: another user %d ms, root %d ms\n",
	    (int)bob, (int)root);
	result(ok, "another user and root are served beside a burst");
	result(helpers_become(0, 10000), "all helpers end with the burst");
}

/* ---- one connection ---- */

static void
test_half_request(uid_t uid, const char *who)
{
	int fd = connect_as(uid, uid == ROOT ? root_sock : sock);
	int64_t begun;
	bool ended;

	result(answers(fd, SOON), "%s is answered", who);
	begun = now_ms();
	(void)send_all(fd, "{\"jsonrpc\"", 10);
	ended = ends(fd, TIMEOUT * 1000 + SOON);
	result(ended && now_ms() - begun >= TIMEOUT * 1000 - 100,
	    "half a request of %s ends the connection", who);
	close(fd);
}

static void
test_trickle(void)
{
	int fd = connect_as(BOB, sock);
	int64_t begun = now_ms();

	while (now_ms() - begun < TIMEOUT * 1000 + SOON &&
	    send(fd, "[", 1, MSG_NOSIGNAL) == 1)
		sleep_ms(100);
	result(now_ms() - begun < TIMEOUT * 1000 + SOON,
	    "a request a byte at a time ends the connection");
	close(fd);
}

static void
test_idle(void)
{
	int first = connect_as(BOB, sock), later = connect_as(BOB, sock);
	int root = connect_as(ROOT, sock);
	int fresh = connect_as(ROOT, root_sock);

	(void)answers(later, SOON);
	(void)answers(root, SOON);
	result(ends(first, TIMEOUT * 1000 + SOON),
	    "a user's first request must come");
	result(ends(later, TIMEOUT * 1000 + SOON),
	    "a user's next request must come");
	result(answers(root, SOON) && answers(fresh, SOON),
	    "root's idle connections stay");
	close(first);
	close(later);
	close(root);
	close(fresh);
}

static void
test_size(void)
{
	char *text, line[512];
	int fd;

	if ((text = malloc(REQUEST_MAX + 2)) == NULL)
		die("malloc");
	memset(text, ' ', REQUEST_MAX + 1);
	memcpy(text, PING, strlen(PING) - 1);
	text[REQUEST_MAX] = '\n';
	fd = connect_as(BOB, sock);
	result(send_all(fd, text, REQUEST_MAX + 1) &&
	    get_line(fd, line, sizeof(line), SOON) &&
	    strstr(line, "pong") != NULL, "a request at the limit");
	close(fd);
	text[REQUEST_MAX] = ' ';
	text[REQUEST_MAX + 1] = '\n';
	fd = connect_as(BOB, sock);
	(void)send_all(fd, text, REQUEST_MAX + 2);
	result(get_line(fd, line, sizeof(line), SOON) &&
	    strstr(line, "-32600") != NULL && ends(fd, SOON),
	    "a request above the limit is refused and ends the connection");
	close(fd);
	free(text);
}

static const struct {
	const char	*what, *begin, *middle, *end;
} hostile[] = {
	{ "one string",		"[\"",	"x",		"\"]\n" },
	{ "empty arrays",	"[[]",	",[]",		"]\n" },
	{ "open arrays",	"",	"[",		"\n" },
	{ "members",		"{\"a\":0", ",\"\":0",	"}\n" },
	{ "digits",		"[1",	"1",		"]\n" },
	{ "escapes",		"[\"",	"\\u0041",	"\"]\n" },
	{ "bad UTF-8",		"[\"",	"\303",		"\"]\n" },
	{ "NUL bytes",		"[",	"",		"]\n" },
};

static void
test_hostile(size_t row)
{
	const size_t want = 5000000;
	size_t step = strlen(hostile[row].middle), len;
	int64_t begun = now_ms();
	char *text, line[512];
	int fd;

	if ((text = calloc(1, want + 64)) == NULL)
		die("malloc");
	len = strlen(hostile[row].begin);
	memcpy(text, hostile[row].begin, len);
	for (; len < want; len += step > 0 ? step : 1)
		memcpy(text + len, hostile[row].middle, step);
	memcpy(text + len, hostile[row].end, strlen(hostile[row].end));
	fd = connect_as(BOB, sock);
	result(send_all(fd, text, len + strlen(hostile[row].end)) &&
	    get_line(fd, line, sizeof(line), 10000) &&
	    strstr(line, "\"error\"") != NULL && answers(fd, SOON),
	    "5 MB: %s (%d ms)", hostile[row].what,
	    (int)(now_ms() - begun));
	close(fd);
	free(text);
}

static void
test_slow_reader(uid_t uid, const char *who)
{
	int fd = connect_as(uid, sock), took;
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	int64_t begun = now_ms();
	bool ended;

	/* Until neither side can write any more. */
	while (poll(&p, 1, 500) == 1 && (p.revents & POLLOUT) != 0)
		if (send(fd, PING, strlen(PING),
		    MSG_DONTWAIT | MSG_NOSIGNAL) == -1 && errno != EAGAIN)
			break;
	ended = helpers_become(0, TIMEOUT * 1000 + SOON);
	took = (int)(now_ms() - begun);
	result(ended && took >= TIMEOUT * 1000 - 100,
	    "%s not reading answers ends the connection (%d ms)", who, took);
	close(fd);
}

/* ---- descriptors ---- */

static void
send_fds(int fd, const char *text, const int *fds, size_t n)
{
	union {
		struct cmsghdr	align;
		char		room[CMSG_SPACE(4 * sizeof(int))];
	} control;
	struct iovec iov = { (char *)(uintptr_t)text, strlen(text) };
	struct cmsghdr *c;
	struct msghdr m;

	memset(&m, 0, sizeof(m));
	memset(&control, 0, sizeof(control));
	m.msg_iov = &iov;
	m.msg_iovlen = 1;
	m.msg_control = &control;
	m.msg_controllen = CMSG_SPACE(n * sizeof(int));
	c = CMSG_FIRSTHDR(&m);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(n * sizeof(int));
	memcpy(CMSG_DATA(c), fds, n * sizeof(int));
	if (sendmsg(fd, &m, MSG_NOSIGNAL) != (ssize_t)strlen(text))
		die("sendmsg");
}

static const struct {
	const char	*what;
	const char	*before;	/* bytes of the line sent before */
	size_t		 nfds;
	int		 kind;		/* file, socket, folder */
	int		 held;		/* until the line has ended */
} passed[] = {
	{ "a file with the first byte",	"",	1,	0,	1 },
	{ "two files",			"",	2,	0,	0 },
	{ "four files",			"",	4,	0,	0 },
	{ "a socket",			"",	1,	1,	0 },
	{ "a folder",			"",	1,	2,	0 },
	{ "a file with a later byte",	"{",	1,	0,	0 },
};

static int
open_kind(int kind)
{
	int fd;

	if (kind == 1)
		fd = socket(AF_UNIX, SOCK_STREAM, 0);
	else
		fd = open(kind == 0 ? "/etc/passwd" : "/", O_RDONLY);
	if (fd == -1)
		die("open");
	return fd;
}

static bool
fds_become(pid_t pid, int n)
{
	int i;

	for (i = 0; i < SOON / 20; i++) {
		if (count_fds(pid) == n)
			return true;
		sleep_ms(20);
	}
	return false;
}

static void
test_passed(size_t row)
{
	int conn = connect_as(ROOT, sock), fds[4], base;
	const char *line = PING;
	char answer[512];
	bool held, dropped;
	pid_t pid = 0;
	size_t i;

	(void)answers(conn, SOON);
	if (count_helpers(&pid) != 1)
		die("more than one helper");
	base = count_fds(pid);
	if (passed[row].before[0] != '\0') {
		(void)send_all(conn, line, 1);
		line++;
		sleep_ms(100);
	}
	for (i = 0; i < passed[row].nfds; i++)
		fds[i] = open_kind(passed[row].kind);
	send_fds(conn, passed[row].before[0] != '\0' ? "\"" : "{", fds,
	    passed[row].nfds);
	line++;
	for (i = 0; i < passed[row].nfds; i++)
		close(fds[i]);
	sleep_ms(100);
	held = fds_become(pid, base + passed[row].held);
	(void)send_all(conn, line, strlen(line));
	dropped = get_line(conn, answer, sizeof(answer), SOON) &&
	    fds_become(pid, base);
	result(base > 2 && held && dropped, "%s: %s",
	    passed[row].what, passed[row].held ?
	    "kept for its request only" : "closed at once");
	close(conn);
	(void)helpers_become(0, SOON);
}

/* ---- what ends, and what goes on ---- */

static void
test_kill(void)
{
	int one = connect_as(BOB, sock), two;
	pid_t pid = 0;

	(void)answers(one, SOON);
	(void)count_helpers(&pid);
	two = connect_as(BOB, sock);
	(void)answers(two, SOON);
	(void)kill(pid, SIGKILL);
	result(ends(one, SOON), "a killed helper ends its connection");
	result(answers(two, SOON), "and no other");
	result(is_served(BOB, SOON), "and the next one is served");
	close(one);
	close(two);
	(void)helpers_become(0, SOON);
}

static void
set_nofile(rlim_t n, struct rlimit *old)
{
	struct rlimit l;

	if (prlimit(acceptor, RLIMIT_NOFILE, NULL, &l) == -1)
		die("prlimit");
	if (old != NULL)
		*old = l;
	l.rlim_cur = n;
	if (prlimit(acceptor, RLIMIT_NOFILE, &l, NULL) == -1)
		die("prlimit");
}

/* none: not even the descriptor that is kept for this can be used. */
static void
test_exhaustion(bool none)
{
	struct rlimit old;
	long ticks;
	int fd, n = count_fds(acceptor);

	set_nofile(none ? 3 : (rlim_t)n, &old);
	ticks = cpu_ticks(acceptor);
	fd = connect_as(BOB, sock);
	if (none)
		result(!ends(fd, 1000), "no descriptor left: a client waits");
	else
		result(ends(fd, SOON),
		    "the last descriptor: a client is turned away");
	sleep_ms(1000);
	ticks = cpu_ticks(acceptor) - ticks;
	result(ticks < sysconf(_SC_CLK_TCK) / 4, "and nothing spins");
	set_nofile(old.rlim_cur, NULL);
	result(is_served(BOB, SOON) && is_served(ROOT, SOON) &&
	    count_fds(acceptor) == n, "and afterwards all is as before");
	close(fd);
	(void)helpers_become(0, TIMEOUT * 1000 + SOON);
}

/* The number that follows "id": in the result; the uid gives the name. */
static long
create_user(int root, uid_t uid, bool is_admin)
{
	char request[512], line[4096];
	const char *p;

	(void)snprintf(request, sizeof(request), "{\"jsonrpc\":\"2.0\","
	    "\"id\":\"c\",\"method\":\"user.create\",\"params\":[{"
	    "\"username\":\"limits%u\",\"full_name\":\"Limits\","
	    "\"uid\":%u,\"group_create\":true,"
	    "\"password_disabled\":true,\"admin\":%s}]}\n", uid, uid,
	    is_admin ? "true" : "false");
	if (!send_all(root, request, strlen(request)) ||
	    !get_line(root, line, sizeof(line), 10000))
		return -1;
	if ((p = strstr(line, "\"result\":{\"id\":")) == NULL) {
		(void)printf("  %s\n", line);
		return -1;
	}
	return strtol(p + strlen("\"result\":{\"id\":"), NULL, 10);
}

/* ---- edits ---- */

/* Removes a key that is none, for ever: each time it asks for the lock. */
static void __attribute__((noreturn))
edit_for_ever(void)
{
	static const char request[] = "{\"jsonrpc\":\"2.0\",\"id\":1,"
	    "\"method\":\"user.remove_key\",\"params\":[\"limits23001\","
	    "\"SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"]}\n";
	char line[4096];
	int fd;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (setresgid(ALICE, ALICE, ALICE) == -1 ||
	    setresuid(ALICE, ALICE, ALICE) == -1)
		_exit(1);
	for (;;) {
		if ((fd = connect_to(sock)) == -1)
			continue;
		while (send_all(fd, request, strlen(request)) &&
		    get_line(fd, line, sizeof(line), 10000))
			continue;
		close(fd);
	}
}

/* root's own edit, and what it took. */
static bool
edits_soon(int root, long id, int turn)
{
	char request[256], line[4096];

	(void)snprintf(request, sizeof(request), "{\"jsonrpc\":\"2.0\","
	    "\"id\":1,\"method\":\"user.update\",\"params\":[%ld,"
	    "{\"full_name\":\"Turn %d\"}]}\n", id, turn);
	return send_all(root, request, strlen(request)) &&
	    get_line(root, line, sizeof(line), SOON) &&
	    strstr(line, "\"result\"") != NULL;
}

static void
test_edits(void)
{
	int root = connect_as(ROOT, root_sock), i;
	long alice = create_user(root, ALICE, false);
	long bob = create_user(root, BOB, false);
	int64_t begun, took, longest = 0;
	pid_t pids[PER_UID];
	bool ok = alice > 0 && bob > 0;

	for (i = 0; i < PER_UID; i++) {
		if ((pids[i] = fork()) == -1)
			die("fork");
		if (pids[i] == 0)
			edit_for_ever();
	}
	sleep_ms(300);
	for (i = 0; i < 20; i++) {
		begun = now_ms();
		ok = edits_soon(root, bob, i) && ok;
		took = now_ms() - begun;
		longest = took > longest ? took : longest;
	}
	for (i = 0; i < PER_UID; i++) {
		(void)kill(pids[i], SIGKILL);
		(void)waitpid(pids[i], NULL, 0);
	}
	(void)printf("  longest edit: %d ms\n", (int)longest);
	result(ok, "root edits beside a user who edits without end");
	close(root);
	result(helpers_become(0, 10000), "all helpers end with the edits");
}

/* Does user.query work, as it does for administrators? */
static bool
may_query(int fd)
{
	static const char request[] = "{\"jsonrpc\":\"2.0\",\"id\":2,"
	    "\"method\":\"user.query\",\"params\":[[[\"uid\",\"=\",0]]]}\n";
	char line[4096];

	return send_all(fd, request, strlen(request)) &&
	    get_line(fd, line, sizeof(line), SOON) &&
	    strstr(line, "\"username\":\"root\"") != NULL;
}

/* ---- what a killed helper leaves ---- */

static int
run(const char *program, const char *const args[])
{
	int status = -1, fd;
	pid_t pid;

	if ((pid = fork()) == -1)
		die("fork");
	if (pid == 0) {
		if ((fd = open("/dev/null", O_RDWR)) != -1)
			(void)dup2(fd, STDOUT_FILENO);
		(void)execv(program, (char *const *)(uintptr_t)args);
		_exit(127);
	}
	(void)waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool
copy_maps(const char *from, const char *to)
{
	const char *const args[] = { "cp", "-a", "--remove-destination", "-T",
	    from, to, NULL };

	return run("/bin/cp", args) == 0;
}

static bool
maps_agree(void)
{
	const char *const args[] = { helper, "--state-dir", dir, "--check",
	    NULL };

	return run(helper, args) == 0;
}

static bool
maps_agree_soon(void)
{
	int i;

	for (i = 0; i < SOON / 100; i++) {
		if (maps_agree())
			return true;
		sleep_ms(100);
	}
	return false;
}

/*
 * Maps as they were before an edit look like those of a helper that was
 * killed between commit and publish.
 */
static void
test_repair(void)
{
	static const char request[] = "{\"jsonrpc\":\"2.0\",\"id\":1,"
	    "\"method\":\"group.create\",\"params\":[{\"name\":"
	    "\"unpublished\"}]}\n";
	int idle, root;
	char maps[64], old[64], line[4096];
	pid_t pid = 0;
	bool ok;

	(void)snprintf(maps, sizeof(maps), "%s/maps", dir);
	(void)snprintf(old, sizeof(old), "%s/old", dir);
	(void)helpers_become(0, SOON);	/* after what died before */
	sleep_ms(1000);
	idle = connect_as(BOB, sock);
	(void)answers(idle, SOON);
	(void)count_helpers(&pid);
	ok = copy_maps(maps, old);
	root = connect_as(ROOT, root_sock);
	ok = ok && send_all(root, request, strlen(request)) &&
	    get_line(root, line, sizeof(line), SOON) &&
	    strstr(line, "\"result\"") != NULL;
	close(root);
	(void)helpers_become(1, SOON);
	result(ok && maps_agree() && copy_maps(old, maps) && !maps_agree(),
	    "an edit that is not published is seen");
	sleep_ms(1000);
	result(!maps_agree(), "nobody repairs while nobody has died");
	(void)kill(pid, SIGKILL);
	result(maps_agree_soon(), "a killed helper's work is finished");
	result(is_served(BOB, SOON), "and the next one is served");
	close(idle);
	(void)helpers_become(0, SOON);
}

/* Whoever has subordinate uids comes as very many users. */
static void
test_subordinates(void)
{
	int fds[CONNECTIONS_MAX + 16], root = connect_as(ROOT, root_sock);
	int alive = 0, i;
	char byte;

	result(create_user(root, ACCOUNT, false) > 0 &&
	    create_user(root, OTHER_ADMIN, true) > 0, "two accounts are made");
	close(root);
	(void)helpers_become(0, SOON);
	for (i = 0; i < CONNECTIONS_MAX + 16; i++)
		fds[i] = connect_as(SUBORDINATES + (uid_t)i, sock);
	result(is_served(OTHER_ADMIN, SOON) && is_served(ROOT, SOON) &&
	    is_served(ACCOUNT, SOON), "they leave room for accounts");
	for (i = 0; i < CONNECTIONS_MAX + 16; i++) {
		if (recv(fds[i], &byte, 1, MSG_DONTWAIT) == -1 &&
		    errno == EAGAIN)
			alive++;
		close(fds[i]);
	}
	result(alive == CONNECTIONS_MAX / 2, "and have half: %d", alive);
	(void)helpers_become(0, TIMEOUT * 1000 + SOON);
}

static void
test_demotion(void)
{
	int root = connect_as(ROOT, root_sock), admin;
	char request[256], line[4096];
	long id;

	id = create_user(root, ADMIN, true);
	result(id > 0, "an administrator is made");
	admin = connect_as(ADMIN, sock);
	result(may_query(admin), "the administrator may see root's account");
	sleep_ms(TIMEOUT * 1000 + 500);
	result(may_query(admin), "an administrator's idle connection stays");
	(void)snprintf(request, sizeof(request),
	    "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"user.update\","
	    "\"params\":[%ld,{\"admin\":false}]}\n", id);
	result(send_all(root, request, strlen(request)) &&
	    get_line(root, line, sizeof(line), SOON) &&
	    strstr(line, "\"result\"") != NULL, "root takes the right away");
	result(!may_query(admin),
	    "it ends with the next request of the live connection");
	close(admin);
	close(root);
	(void)helpers_become(0, SOON);
}

static int
run_helper_to_end(void)
{
	int status = -1, fd;
	pid_t pid;

	if ((pid = fork()) == -1)
		die("fork");
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		if ((fd = open("/dev/null", O_RDWR)) != -1)
			(void)dup2(fd, STDERR_FILENO);
		(void)execl(helper, helper, "--state-dir", dir, "--listen",
		    sock, (char *)NULL);
		_exit(127);
	}
	(void)waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
test_start_and_stop(void)
{
	int status = -1, root;
	struct stat st;

	result(run_helper_to_end() == 1 && is_served(BOB, SOON),
	    "a second acceptor does not take the socket away");
	(void)kill(acceptor, SIGKILL);
	(void)waitpid(acceptor, NULL, 0);
	result(lstat(sock, &st) == 0, "a killed one leaves its socket");
	start_acceptor();
	result(is_served(BOB, SOON), "and the next one replaces it");
	result(lstat(sock, &st) == 0 && (st.st_mode & 07777) == 0666,
	    "the socket is for everybody");
	root = connect_as(ROOT, sock);
	(void)answers(root, SOON);
	(void)kill(acceptor, SIGTERM);
	(void)waitpid(acceptor, &status, 0);
	acceptor = 0;
	result(WIFEXITED(status) && WEXITSTATUS(status) == 0,
	    "SIGTERM ends the acceptor");
	result(answers(root, SOON), "and leaves the connections alone");
	result(lstat(sock, &st) == -1 && lstat(root_sock, &st) == -1,
	    "and its sockets are gone");
	close(root);
}

/* For the helpers that start from now on. */
static void
set_timeout(unsigned int seconds)
{
	char path[64];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/naskeys.conf", dir);
	if ((f = fopen(path, "we")) == NULL ||
	    fprintf(f, "request_timeout = %u\nconnections_max = %d\n",
	    seconds, CONNECTIONS_MAX) < 0 ||
	    fchmod(fileno(f), 0644) == -1 || fclose(f) != 0)
		die(path);
}

static void
set_up(void)
{
	const struct rlimit many = { 4096, 4096 };
	char path[64];

	if (mkdtemp(dir) == NULL || chmod(dir, 0755) == -1)
		die(dir);
	(void)snprintf(sock, sizeof(sock), "%s/helper.sock", dir);
	(void)snprintf(path, sizeof(path), "%s/root", dir);
	if (mkdir(path, 0700) == -1)
		die(path);
	(void)snprintf(root_sock, sizeof(root_sock), "%s/root/helper.sock",
	    dir);
	set_timeout(NO_TIMEOUT);
	if (setgroups(0, NULL) == -1 ||
	    setrlimit(RLIMIT_NOFILE, &many) == -1)
		die("limits");
}

int
main(int argc, char **argv)
{
	size_t i;

	if (argc == 3 && strcmp(argv[1], "--ask") == 0)
		return ask(argv[2]) ? EXIT_SUCCESS : EXIT_FAILURE;
	if (argc > 1)
		helper = argv[1];
	if (geteuid() != 0) {
		(void)puts("SKIP: helper_limits needs root");
		return 77;
	}
	set_up();
	start_acceptor();
	result(helpers_become(0, SOON), "started");
	test_idle_flood();
	test_burst();
	test_edits();
	set_timeout(TIMEOUT);
	test_half_request(BOB, "a user");
	test_half_request(ROOT, "root");
	test_trickle();
	test_idle();
	test_size();
	for (i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++)
		test_hostile(i);
	(void)helpers_become(0, SOON);
	test_slow_reader(BOB, "a user");
	test_slow_reader(ROOT, "root");
	for (i = 0; i < sizeof(passed) / sizeof(passed[0]); i++)
		test_passed(i);
	test_kill();
	test_repair();
	test_exhaustion(false);
	test_exhaustion(true);
	test_subordinates();
	test_demotion();
	test_start_and_stop();
	clean_up();
	return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
