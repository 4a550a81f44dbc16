/* SPDX-License-Identifier: ISC */
#include "helper/login/turn.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define TURN_FILE	NK_RUNSTATEDIR "/naskeys/login.lock"

int
turn_open(struct turn *t)
{
	*t = (struct turn){ .fd = open(TURN_FILE, O_RDWR | O_CREAT |
	    O_NOFOLLOW | O_NOCTTY | O_NONBLOCK | O_CLOEXEC, 0600) };
	return t->fd == -1 ? -errno : 0;
}

static int
lock(const struct turn *t, int command, short type)
{
	struct flock l = { .l_type = type, .l_whence = SEEK_SET,
	    .l_start = t->which, .l_len = 1 };
	int n;

	while ((n = fcntl(t->fd, command, &l)) == -1 && errno == EINTR)
		continue;
	return n == -1 ? -errno : 0;
}

/* One that is free; without any, in the queue for one of them. */
int
turn_take(struct turn *t)
{
	const int first = getpid() % TURNS;
	int i, r;

	for (i = 0; i < TURNS; i++) {
		t->which = (first + i) % TURNS;
		r = lock(t, F_SETLK, F_WRLCK);
		if (r != -EAGAIN && r != -EACCES)
			return r;
	}
	t->which = first;
	return lock(t, F_SETLKW, F_WRLCK);
}

int
turn_give(struct turn *t)
{
	return lock(t, F_SETLK, F_UNLCK);
}
