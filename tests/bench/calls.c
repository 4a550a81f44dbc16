/* SPDX-License-Identifier: ISC */
/*
 * The floor of what naskeys-authorized-keys can reach: asks the kernel, in
 * an otherwise empty program, what the command asks for a user with one key,
 * and looks at nothing of what it gets but where slots and records lie.  The
 * user decides which of them are read, so that they are as cold as those that
 * the command reads.
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

/* A map, and which places of it are read. */
struct map {
	int		fd;
	uint64_t	seed;
	uint64_t	table, slots;	/* bytes */
	uint64_t	records, end;
};

/* How many of len bytes come from there. */
static size_t
get(int fd, size_t len, off_t at)
{
	ssize_t n = pread(fd, buf, len, at);

	return n > 0 ? (size_t)n : 0;
}

/* Some place of so many bytes, at a multiple of a unit. */
static off_t
place(struct map *m, uint64_t at, uint64_t size)
{
	m->seed ^= m->seed << 13;
	m->seed ^= m->seed >> 7;
	m->seed ^= m->seed << 17;
	return (off_t)(at + m->seed % size / NK_MAP_UNIT * NK_MAP_UNIT);
}

static size_t
find(struct map *m)
{
	return get(m->fd, SLOTS, place(m, m->table, m->slots)) +
	    get(m->fd, RECORD, place(m, m->records, m->end - m->records));
}

static struct map
open_map(const char *path, uint64_t seed)
{
	struct nk_map_header h;
	struct map m = { .seed = seed };
	struct stat st;

	if ((m.fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW |
	    O_NONBLOCK | O_NOCTTY)) == -1 || fstat(m.fd, &st) == -1 ||
	    pread(m.fd, &h, sizeof(h), 0) != sizeof(h))
		_exit(1);
	m.table = h.tables[0].offset;
	m.slots = sizeof(uint64_t) << h.tables[0].bits;
	m.records = h.records;
	m.end = (uint64_t)st.st_size;
	return m;
}

int
main(int argc, char **argv)
{
	struct map accounts, again, keys;
	uint64_t seed = 1;
	const char *p;
	size_t n;

	for (p = argc > 1 ? argv[1] : ""; *p != '\0'; p++)
		seed = seed * 31 + (unsigned char)*p;
	accounts = open_map(MAPS_DIR NK_MAP_ACCOUNTS, seed);
	again = accounts;
	n = find(&accounts);
	keys = open_map(MAPS_DIR NK_MAP_KEYS, seed);
	n += find(&keys) + get(keys.fd, RECORD, place(&keys, keys.records,
	    keys.end - keys.records));
	n += get(again.fd, sizeof(uint64_t), NK_MAP_SUPERSEDED_AT) +
	    find(&again);
	(void)signal(SIGPIPE, SIG_IGN);
	return n > 0 && write(STDOUT_FILENO, buf, LINE) == LINE ? 0 : 1;
}
