/* SPDX-License-Identifier: ISC */

#include <sys/resource.h>

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "helper/helper/limits.h"

#define STATM_DATA	6	/* which number of /proc/self/statm */

static int
read_text(const char *path, char *buf, size_t size)
{
	ssize_t n;
	int fd, r;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return -errno;
	n = read(fd, buf, size - 1);
	r = n == -1 ? -errno : n == 0 ? -EIO : 0;
	close(fd);
	if (r == 0)
		buf[n] = '\0';
	return r;
}

/* The number at position "which", counted from 1. */
static int
pick_number(const char *p, int which, uint64_t *np)
{
	uint64_t n = 0;
	int i;

	for (i = 1; i < which; i++) {
		p += strcspn(p, " ");
		p += strspn(p, " ");
	}
	if (*p < '0' || *p > '9')
		return -EBADMSG;
	for (; *p >= '0' && *p <= '9'; p++) {
		if (n > UINT64_MAX / 10 - 1)
			return -EBADMSG;
		n = n * 10 + (uint64_t)(*p - '0');
	}
	*np = n;
	return 0;
}

/*
 * What RLIMIT_DATA counts.  The limit is set above what is in use, because
 * how much the libraries take before the first request is not ours to say.
 */
static int
data_in_use(uint64_t *bytesp)
{
	long page = sysconf(_SC_PAGESIZE);
	char text[256];
	uint64_t pages;
	int r;

	if ((r = read_text("/proc/self/statm", text, sizeof(text))) < 0 ||
	    (r = pick_number(text, STATM_DATA, &pages)) < 0)
		return r;
	if (page <= 0 || pages > UINT64_MAX / 2 / (uint64_t)page)
		return -ERANGE;
	*bytesp = pages * (uint64_t)page;
	return 0;
}

static int
set_soft(__rlimit_resource_t what, uint64_t value)
{
	struct rlimit l;

	if (getrlimit(what, &l) == -1)
		return -errno;
	l.rlim_cur = value < l.rlim_max ? value : l.rlim_max;
	return setrlimit(what, &l) == -1 ? -errno : 0;
}

int
limits_offer_to_oom(void)
{
	static const char score[] = "500";
	ssize_t n;
	int fd, r;

	fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	if (fd == -1)
		return -errno;
	n = write(fd, score, sizeof(score) - 1);
	r = n == (ssize_t)sizeof(score) - 1 ? 0 : -EIO;
	close(fd);
	return r;
}

int
limits_confine(void)
{
	struct rusage used;
	uint64_t data;
	int r;

	if (getrusage(RUSAGE_SELF, &used) == -1)
		return -errno;
	if ((r = data_in_use(&data)) < 0 ||
	    (r = set_soft(RLIMIT_DATA, data + LIMITS_MEMORY)) < 0)
		return r;
	return set_soft(RLIMIT_CPU, (uint64_t)used.ru_utime.tv_sec +
	    (uint64_t)used.ru_stime.tv_sec + LIMITS_CPU);
}

int
limits_lift(void)
{
	int r;

	if ((r = set_soft(RLIMIT_DATA, RLIM_INFINITY)) < 0)
		return r;
	return set_soft(RLIMIT_CPU, RLIM_INFINITY);
}
