/* SPDX-License-Identifier: ISC */
#include "lib/sshservice/control.h"

#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <netdb.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/account/process.h"
#include "lib/account/runner.h"
#include "lib/account/textfile.h"
#include "lib/fullio.h"
#include "lib/monotonic.h"
#include "lib/sshservice/peer.h"

#define SYSTEMD		NK_RUNSTATEDIR "/systemd/system"
#define SYSTEMCTL	"/usr/bin/systemctl"
#define INIT_SCRIPT	NK_SYSCONFDIR "/init.d/ssh"
#define UPDATE_RC	"/usr/sbin/update-rc.d"
#define START_LINKS	NK_SYSCONFDIR "/rc[2-5].d/S[0-9][0-9]ssh"
#define PATH_WORD	"PATH=/usr/sbin:/usr/bin:/sbin:/bin"
#define RUN_SECONDS	30
#define OUTPUT_MAX	65536u
#define ANSWER_MS	1000
#define STEP_NS		50000000L
#define PID_MAX		32u	/* bytes of a pid file */
#define LIST_MAX	16384u	/* bytes of all that sshd listens on */

/* What an init script cannot say of itself.  0 or -EIO. */
static int
has_start_link(void)
{
	glob_t found;
	int r;

	r = glob(START_LINKS, GLOB_NOSORT, NULL, &found) == 0 ? 0 : -EIO;
	globfree(&found);
	return r;
}

static bool
is_of_boot(const char *verb)
{
	return strcmp(verb, "enable") == 0 || strcmp(verb, "disable") == 0;
}

int
nk_control_run(const struct nk_conf *conf, const char *verb)
{
	struct nk_runner p = { .path = "/usr/bin/env", .args = { PATH_WORD,
	    conf->ssh_control, verb }, .seconds = RUN_SECONDS,
	    .max = OUTPUT_MAX, .network = true };
	char *text;
	size_t len;
	int r;

	if (conf->ssh_control[0] == '\0' && access(SYSTEMD, F_OK) == 0) {
		p.args[1] = SYSTEMCTL;
		p.args[3] = "ssh.service";
	} else if (conf->ssh_control[0] == '\0') {
		if (strcmp(verb, "is-enabled") == 0)
			return has_start_link();
		p.args[1] = INIT_SCRIPT;
		if (is_of_boot(verb)) {
			p.args[1] = UPDATE_RC;
			p.args[2] = "ssh";
			p.args[3] = verb;
		}
	}
	r = nk_runner_run(&p, &text, &len);
	free(text);
	return r;
}

int
nk_control_look(const struct nk_conf *conf, const char *verb, bool *yesp)
{
	int r = nk_control_run(conf, verb);

	*yesp = r == 0;
	return r == -EIO ? 0 : r;
}

pid_t
nk_control_pid(const struct nk_settings *s)
{
	static const char *const names[] = { "sshd", NULL };
	const char *path = nk_setting(s, "pidfile");
	char *text, *end;
	size_t len;
	long pid;

	if (nk_setting_is_none(path) || path[0] != '/' ||
	    nk_textfile_read(AT_FDCWD, path, PID_MAX, &text, &len) < 0)
		return 0;
	pid = strtol(text, &end, 10);
	if (end == text || (*end != '\0' && *end != '\n') || pid < 2 ||
	    pid > INT32_MAX || !nk_process_is_below((pid_t)pid, names))
		pid = 0;
	free(text);
	return (pid_t)pid;
}

/* ---- is it another one now ---- */

void
nk_control_mark(const struct nk_settings *s, struct nk_control_mark *m)
{
	const char *path = nk_setting(s, "pidfile");
	struct stat st;

	*m = (struct nk_control_mark){ .inode = 0 };
	if (nk_setting_is_none(path) || path[0] != '/')
		return;
	(void)snprintf(m->path, sizeof(m->path), "%s", path);
	if (stat(path, &st) == -1)
		return;
	m->inode = st.st_ino;
	m->seconds = st.st_mtim.tv_sec;
	m->nanoseconds = st.st_mtim.tv_nsec;
}

/* It writes the file anew when it listens. */
static bool
is_another(const struct nk_settings *s, const struct nk_control_mark *m)
{
	struct nk_control_mark now;

	nk_control_mark(s, &now);
	return now.path[0] == '\0' || (now.seconds != 0 &&
	    (strcmp(now.path, m->path) != 0 || now.inode != m->inode ||
	    now.seconds != m->seconds ||
	    now.nanoseconds != m->nanoseconds));
}

/* ---- does it answer ---- */

/* "ADDRESS:PORT" or "[ADDRESS]:PORT"; any address is this machine's own. */
static bool
split(const char *value, char host[256], char port[16])
{
	const char *colon = strrchr(value, ':');
	size_t len;

	if (colon == NULL)
		return false;
	len = (size_t)(colon - value);
	if (len >= 2 && value[0] == '[' && value[len - 1] == ']') {
		value++;
		len -= 2;
	}
	if (len >= 256 || strlen(colon + 1) >= 16)
		return false;
	memcpy(host, value, len);
	host[len] = '\0';
	(void)snprintf(port, 16, "%s", colon + 1);
	if (strcmp(host, "0.0.0.0") == 0)
		(void)snprintf(host, 256, "127.0.0.1");
	else if (strcmp(host, "::") == 0)
		(void)snprintf(host, 256, "::1");
	return true;
}

static bool
says_ssh(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char text[4];

	return poll(&p, 1, ANSWER_MS) == 1 &&
	    recv(fd, text, sizeof(text), 0) == (ssize_t)sizeof(text) &&
	    memcmp(text, "SSH-", sizeof(text)) == 0;
}

/* Somebody who accepts nothing must not hold us up.  0 or -errno. */
static int
dial(int fd, const struct addrinfo *ai)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	socklen_t len = sizeof(int);
	int error = 0;

	if (connect(fd, ai->ai_addr, ai->ai_addrlen) == 0)
		return 0;
	if (errno != EINPROGRESS)
		return -errno;
	if (poll(&p, 1, ANSWER_MS) != 1)
		return -ETIMEDOUT;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1)
		return -errno;
	return -error;
}

/* This machine has no such network: nobody can be expected there. */
static bool
is_absent(int error)
{
	return error == -EAFNOSUPPORT || error == -EADDRNOTAVAIL ||
	    error == -ENETUNREACH;
}

/* 1: yes; 0: nobody could; -1: no. */
static int
answers_at(const char *value)
{
	const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST |
	    AI_NUMERICSERV, .ai_socktype = SOCK_STREAM };
	char host[256], port[16];
	struct addrinfo *ai;
	int fd, error, r = -1;

	if (!split(value, host, port) ||
	    getaddrinfo(host, port, &hints, &ai) != 0)
		return -1;
	fd = socket(ai->ai_family, ai->ai_socktype | SOCK_CLOEXEC |
	    SOCK_NONBLOCK, 0);
	error = fd == -1 ? -errno : dial(fd, ai);
	if (error < 0)
		r = is_absent(error) ? 0 : -1;
	else if (says_ssh(fd) && nk_peer_is_roots(fd))
		r = 1;
	if (fd != -1)
		close(fd);
	freeaddrinfo(ai);
	return r;
}

/*
 * In a child that has the network: the addresses, a NUL behind each.
 * Everywhere, but for networks that are not there.
 */
static int
ask_all(void *arg, int fd)
{
	const struct nk_network_arg *a = arg;
	const char *value = a->bytes, *end = value + a->len;
	bool some = false;
	int r = 0;

	for (; value < end && r >= 0; value += strlen(value) + 1) {
		r = answers_at(value);
		some = some || r == 1;
	}
	some = some && r >= 0;
	return nk_write_full(fd, &some, sizeof(some)) < 0;
}

const struct nk_network_work nk_control_work = { "sshd", ask_all };

static bool
answers(const struct nk_settings *s)
{
	char list[LIST_MAX];
	unsigned int seconds = 1;
	const char *value;
	size_t pos = 0, len = 0, n;
	bool all = false;

	while ((value = nk_setting_next(s, "listenaddress", &pos)) != NULL) {
		if ((n = strlen(value) + 1) > sizeof(list) - len)
			return false;
		memcpy(list + len, value, n);
		len += n;
		seconds += 2 * ANSWER_MS / 1000;	/* dial(), says_ssh() */
	}
	return nk_network_ask(&nk_control_work, list, len, seconds, &all,
	    sizeof(all)) == 0 && all;
}

int
nk_control_wait(const struct nk_settings *s,
    const struct nk_control_mark *m, unsigned int seconds)
{
	const struct timespec step = { .tv_nsec = STEP_NS };
	int64_t end = nk_monotonic_ms() + (int64_t)seconds * 1000;

	while (!is_another(s, m) || !answers(s)) {
		if (nk_monotonic_ms() >= end)
			return -ETIMEDOUT;
		(void)nanosleep(&step, NULL);
	}
	return 0;
}
