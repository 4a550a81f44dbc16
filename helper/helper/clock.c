/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <limits.h>
#include <poll.h>

#include "helper/helper/clock.h"

static int
left_ms(int64_t deadline_ms)
{
	int64_t left;

	if (deadline_ms == CLOCK_NEVER)
		return -1;
	left = deadline_ms - nk_monotonic_ms();
	if (left <= 0)
		return 0;
	return left > INT_MAX ? INT_MAX : (int)left;
}

int
clock_wait_or(int fd, short events, const int others[2],
    int64_t deadline_ms)
{
	struct pollfd p[] = { { .fd = fd, .events = events },
	    { .fd = others[0] }, { .fd = others[1] } };
	int n;

	for (;;) {
		n = poll(p, 3, left_ms(deadline_ms));
		if (n > 0 && ((p[0].revents | p[1].revents |
		    p[2].revents) & POLLNVAL) != 0)
			return -EBADF;
		if (n > 0)
			return p[0].revents != 0 ? 0 : 1;
		if (n == 0)
			return -ETIMEDOUT;
		if (errno != EINTR)
			return -errno;
	}
}

int
clock_wait(int fd, short events, int64_t deadline_ms)
{
	static const int none[2] = { -1, -1 };

	return clock_wait_or(fd, events, none, deadline_ms);
}
