/* SPDX-License-Identifier: ISC */

#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/helper/sanitise.h"

/* A decimal number as the variables have it; -1: it is none. */
static long
number(const char *text, long max)
{
	long n = 0;

	if (text == NULL || *text == '\0')
		return -1;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9' || n > max)
			return -1;
		n = n * 10 + (*text - '0');
	}
	return n <= max ? n : -1;
}

/* The variables are for the process that LISTEN_PID names, and no other. */
static void
take_handover(struct handover *h)
{
	const char *notify = getenv("NOTIFY_SOCKET");
	long n;

	memset(h, 0, sizeof(*h));
	n = number(getenv("LISTEN_FDS"), SANITISE_FDS_MAX);
	if (n > 0 && number(getenv("LISTEN_PID"), 1L << 30) == getpid())
		h->nfds = (int)n;
	if (notify != NULL && strlen(notify) < sizeof(h->notify))
		memcpy(h->notify, notify, strlen(notify) + 1);
}

static int
clean_environment(void)
{
	if (clearenv() != 0 ||
	    setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1) == -1)
		return -ENOMEM;
	return 0;
}

/*
 * Or the next file that is opened becomes standard output.  The number is
 * the lowest free one, so it is the right one.
 */
static int
open_standard(void)
{
	int fd;

	for (fd = 0; fd <= 2; fd++) {
		if (fcntl(fd, F_GETFD) != -1)
			continue;
		if (errno != EBADF || open("/dev/null", O_RDWR) != fd)
			return -EBADF;
	}
	return 0;
}

static int
clean_descriptors(const struct handover *h)
{
	int fd, r;

	if ((r = open_standard()) < 0)
		return r;
	for (fd = 3; fd < 3 + h->nfds; fd++)
		if (fcntl(fd, F_SETFD, FD_CLOEXEC) == -1)
			return -errno;
	closefrom(3 + h->nfds);
	return 0;
}

/* A reader that goes away is an error of write(2); the rest is default. */
static int
clean_signals(void)
{
	struct sigaction sa;
	sigset_t none;
	int sig;

	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = SIG_DFL;
	for (sig = 1; sig < NSIG; sig++)
		(void)sigaction(sig, &sa, NULL);	/* not for all */
	sa.sa_handler = SIG_IGN;
	if (sigaction(SIGPIPE, &sa, NULL) == -1)
		return -errno;
	(void)alarm(0);
	sigemptyset(&none);
	return sigprocmask(SIG_SETMASK, &none, NULL) == -1 ? -errno : 0;
}

/*
 * The limits at which the kernel ends a process, which may be between
 * COMMIT and the maps.  At others a call fails, and so does the request.
 */
static int
lift_limits(void)
{
	static const __rlimit_resource_t deadly[] = { RLIMIT_CPU,
	    RLIMIT_FSIZE };
	const struct rlimit none = { RLIM_INFINITY, RLIM_INFINITY };
	struct rlimit l;
	size_t i;

	for (i = 0; i < sizeof(deadly) / sizeof(deadly[0]); i++) {
		if (setrlimit(deadly[i], &none) == 0)
			continue;
		if (getrlimit(deadly[i], &l) == -1)
			return -errno;
		l.rlim_cur = l.rlim_max;	/* all that is ours to do */
		if (setrlimit(deadly[i], &l) == -1)
			return -errno;
	}
	return 0;
}

static int
keep_secrets_in(void)
{
	const struct rlimit none = { 0, 0 };

	if (setrlimit(RLIMIT_CORE, &none) == -1 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1)
		return -errno;
	return 0;
}

int
sanitise(struct handover *h)
{
	int r;

	(void)umask(077);
	take_handover(h);
	if ((r = clean_environment()) < 0 ||
	    (r = clean_descriptors(h)) < 0 ||
	    (r = clean_signals()) < 0 ||
	    (r = lift_limits()) < 0 ||
	    (r = keep_secrets_in()) < 0)
		return r;
	return 0;
}

int
sanitise_is_raised(void)
{
	return getauxval(AT_SECURE) != 0 || getuid() != geteuid() ||
	    getgid() != getegid();
}
