/* SPDX-License-Identifier: ISC */
/*
 * The floor of what naskeys-authorized-keys can reach: asks the kernel, in
 * an otherwise empty program, what the command asks for a user with one key,
 * and looks at nothing of what it gets.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "lib/map/format.h"

#define MAPS_DIR	NK_RUNSTATEDIR "/naskeys/maps/"
#define SLOTS		128u	/* bytes of them that are read at once */
#define RECORD		512u
#define LINE		90u

static char	buf[RECORD];

/* How many of len bytes come from there. */
static size_t
get(int fd, size_t len, off_t at)
{
	ssize_t n = pread(fd, buf, len, at);

	return n > 0 ? (size_t)n : 0;
}

static size_t
find(int fd)
{
	return get(fd, SLOTS, NK_MAP_HEADER_SIZE) + get(fd, RECORD, 0);
}

static int
open_map(const char *path)
{
	struct stat st;
	int fd;

	if ((fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW |
	    O_NONBLOCK | O_NOCTTY)) == -1 || fstat(fd, &st) == -1 ||
	    get(fd, sizeof(struct nk_map_header), 0) == 0)
		_exit(1);
	return fd;
}

int
main(void)
{
	int accounts, keys;
	size_t n;

	accounts = open_map(MAPS_DIR NK_MAP_ACCOUNTS);
	n = find(accounts);
	keys = open_map(MAPS_DIR NK_MAP_KEYS);
	n += find(keys) + get(keys, RECORD, 0);
	n += get(accounts, sizeof(uint64_t), NK_MAP_SUPERSEDED_AT) +
	    find(accounts);
	(void)signal(SIGPIPE, SIG_IGN);
	return n > 0 && write(STDOUT_FILENO, buf, LINE) == LINE ? 0 : 1;
}
