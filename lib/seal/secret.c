/* SPDX-License-Identifier: ISC */
#include "lib/seal/secret.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Whole pages for n bytes, which are at most NK_SECRET_MAX, and a NUL. */
static size_t
room_for(size_t n)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (n + page) / page * page;
}

/*
 * Pages that no core file and no child gets to see; without that, none.
 * Whether they are locked is a matter of RLIMIT_MEMLOCK.
 */
static int
map_pages(size_t room, uint8_t **pp)
{
	void *p;

	p = mmap(NULL, room, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return -ENOMEM;
	if (madvise(p, room, MADV_DONTDUMP) == -1 ||
	    madvise(p, room, MADV_WIPEONFORK) == -1) {
		(void)munmap(p, room);
		return -ENOMEM;
	}
	(void)mlock(p, room);
	*pp = p;
	return 0;
}

static void
unmap_pages(uint8_t *p, size_t room)
{
	if (p == NULL)
		return;
	explicit_bzero(p, room);
	(void)munmap(p, room);
}

/*
 * Give s room for n bytes.  Where it has to move, *oldp and *old_roomp are
 * the pages that are still to be unmapped, so that what is appended may come
 * out of them.
 */
static int
make_room(struct nk_secret *s, size_t n, uint8_t **oldp, size_t *old_roomp)
{
	size_t room;
	uint8_t *p;
	int r;

	*oldp = NULL;
	*old_roomp = 0;
	if (n > NK_SECRET_MAX)
		return -E2BIG;
	if (n < s->room)
		return 0;
	room = room_for(n);
	if ((r = map_pages(room, &p)) < 0)
		return r;
	if (s->len > 0)
		memcpy(p, s->p, s->len);
	*oldp = s->p;
	*old_roomp = s->room;
	s->p = p;
	s->room = room;
	return 0;
}

/* What n bytes grow to, so that appending byte by byte stays cheap. */
static size_t
ahead(const struct nk_secret *s, size_t n)
{
	if (n < s->room || n > NK_SECRET_MAX)
		return n;
	return n > NK_SECRET_MAX / 2 ? NK_SECRET_MAX : 2 * n;
}

int
nk_secret_append(struct nk_secret *s, const void *bytes, size_t n)
{
	size_t old_room;
	uint8_t *old;
	int r;

	if (n > NK_SECRET_MAX - s->len)
		return -E2BIG;
	if ((r = make_room(s, ahead(s, s->len + n), &old, &old_room)) < 0)
		return r;
	if (n > 0)
		memmove(s->p + s->len, bytes, n);
	s->len += n;
	s->p[s->len] = '\0';
	unmap_pages(old, old_room);
	return 0;
}

int
nk_secret_reserve(struct nk_secret *s, size_t n)
{
	size_t old_room;
	uint8_t *old;
	int r;

	if ((r = make_room(s, n, &old, &old_room)) < 0)
		return r;
	unmap_pages(old, old_room);
	return 0;
}

void
nk_secret_clear(struct nk_secret *s)
{
	if (s == NULL)
		return;
	unmap_pages(s->p, s->room);
	*s = NK_SECRET_NONE;
}
