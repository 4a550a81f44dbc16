/* SPDX-License-Identifier: ISC */

/*
 * Opening a map and believing nothing that it says about itself.
 *
 *  1. No byte behind the length of the last fstat is touched, whatever a
 *     header, slot or record says.
 *  2. Offsets and sizes are compared by subtraction from what is left, so
 *     that no sum of theirs can wrap.
 *  3. A mapped view keeps no descriptor: it lives in foreign processes,
 *     which close and reuse descriptors.  Where mmap is denied and one must
 *     be kept, it is above 2, and known by its inode before it is closed.
 */

#include "lib/map/view.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lib/map/sum.h"

/* Address space behind the file, so that growth needs no new mapping. */
#define ROOM_TO_GROW	(UINT64_C(8) << 20)

_Static_assert(sizeof(struct nk_map_header) == 184, "no padding");
_Static_assert(sizeof(struct nk_map_state) == 80, "no padding");
_Static_assert(sizeof(struct nk_map_settings) == 24, "no padding");
_Static_assert(sizeof(struct nk_map_marks) == 32, "no padding");
_Static_assert(NK_MAP_STATE_AT + sizeof(struct nk_map_state) <=
    NK_MAP_SETTINGS_AT && NK_MAP_SETTINGS_AT +
    sizeof(struct nk_map_settings) <= NK_MAP_MARKS_AT && NK_MAP_MARKS_AT +
    sizeof(struct nk_map_marks) <= NK_MAP_SUPERSEDED_AT,
    "cells do not overlap");

static int
read_fd(int fd, uint64_t at, void *buf, size_t len)
{
	uint8_t *p = buf;
	ssize_t n;

	while (len > 0) {
		n = pread(fd, p, len, (off_t)at);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return -EIO;
		p += n;
		at += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

int
nk_view_read(const struct nk_view *v, uint64_t at, void *buf, size_t len)
{
	const uint64_t *s;
	uint8_t *d = buf;

	if (v->base == NULL)
		return read_fd(v->fd, at, buf, len);
	s = (const uint64_t *)(const void *)(v->base + at);
	for (; len >= sizeof(*s); len -= sizeof(*s), d += sizeof(*s)) {
		uint64_t w = __atomic_load_n(s++, __ATOMIC_RELAXED);

		memcpy(d, &w, sizeof(w));
	}
	return 0;
}

uint64_t
nk_cell_sum(const uint64_t salt[2], uint64_t at, const void *buf, size_t size)
{
	return nk_sum(salt, at, buf, size / sizeof(uint64_t) - 1);
}

int
nk_cell_read(const struct nk_view *v, uint64_t at, void *buf, size_t size)
{
	unsigned int tries = 0;
	uint64_t sum;
	int r;

	do {
		if ((r = nk_view_read(v, at, buf, size)) < 0)
			return r;
		memcpy(&sum, (const uint8_t *)buf + size - sizeof(sum),
		    sizeof(sum));
		if (sum == nk_cell_sum(v->salt, at, buf, size))
			return 0;
	} while (nk_view_wait(v, &tries));
	return -EIO;
}

static uint32_t
tables_of(enum nk_map_kind kind)
{
	return kind == NK_MAP_KIND_ACCOUNTS ? NK_ACCOUNTS_TABLES :
	    NK_ROW_TABLES;
}

/* The tables lie one after another between the header and the records. */
static int
check_tables(const struct nk_map_header *h)
{
	const struct nk_map_table *t;
	uint64_t at = NK_MAP_HEADER_SIZE;
	uint32_t i;

	for (i = 0; i < h->ntables; i++) {
		t = &h->tables[i];
		if (t->bits < NK_MAP_BITS_MIN || t->bits > NK_MAP_BITS_MAX)
			return -EIO;
		if (t->offset != at || h->records < at ||
		    h->records - at < sizeof(uint64_t) << t->bits)
			return -EIO;
		at += sizeof(uint64_t) << t->bits;
	}
	return at == h->records ? 0 : -EIO;
}

/* Does h describe the map of this kind, length bytes long? */
static int
check_header(const struct nk_map_header *h, uint64_t length,
    enum nk_map_kind kind)
{
	if (memcmp(h->magic, NK_MAP_MAGIC, sizeof(h->magic)) != 0)
		return -EIO;
	if (h->version != NK_MAP_VERSION)
		return -ESTALE;
	if (h->sum != nk_cell_sum(h->salt, 0, h, sizeof(*h)) ||
	    h->kind != kind || h->ntables != tables_of(kind) ||
	    h->records > length)
		return -EIO;
	return check_tables(h);
}

int
nk_header_read(int fd, uint64_t length, enum nk_map_kind kind,
    struct nk_map_header *h)
{
	int r;

	if (length < NK_MAP_HEADER_SIZE)
		return -EIO;
	if ((r = read_fd(fd, 0, h, sizeof(*h))) < 0)
		return r;
	return check_header(h, length, kind);
}

void
nk_view_init(struct nk_view *v, int fd, uint64_t length,
    const struct nk_map_header *h)
{
	*v = NK_VIEW_NONE;
	v->fd = fd;
	v->length = length;
	memcpy(v->salt, h->salt, sizeof(v->salt));
	v->records = h->records;
	v->kind = h->kind;
	v->ntables = h->ntables;
	memcpy(v->tables, h->tables, sizeof(v->tables));
}

/*
 * Map size bytes of fd, if it can be had at a multiple of NK_MAP_HUGE, where
 * large pages of the file can be used as such.
 */
static void *
map_aligned(int fd, size_t size)
{
	void *p = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	uintptr_t at = (uintptr_t)p;

	if (p == MAP_FAILED || at % NK_MAP_HUGE == 0)
		return p;
	munmap(p, size);
	at -= at % NK_MAP_HUGE;		/* a wish, no more */
	return mmap((void *)at, size, PROT_READ, MAP_SHARED, fd, 0);
}

int
nk_view_map(struct nk_view *v)
{
	uint64_t want = v->length + v->length / 2 + ROOM_TO_GROW;
	void *p = MAP_FAILED;

	if (want <= SIZE_MAX)
		p = v->length < NK_MAP_HUGE_LEAST ?
		    mmap(NULL, (size_t)want, PROT_READ, MAP_SHARED, v->fd, 0) :
		    map_aligned(v->fd, (size_t)want);
	if (p == MAP_FAILED) {		/* perhaps there is a limit on it */
		want = v->length;
		if (want > SIZE_MAX)
			return -ENOMEM;
		p = mmap(NULL, (size_t)want, PROT_READ, MAP_SHARED, v->fd, 0);
		if (p == MAP_FAILED)
			return -errno;
	}
	v->base = p;
	v->mapped = (size_t)want;
	return 0;
}

/* Is fd of v still the file that was opened? */
static int
is_own_fd(const struct nk_view *v)
{
	struct stat st;

	return fstat(v->fd, &st) == 0 && st.st_dev == v->dev &&
	    st.st_ino == v->ino;
}

/* Give v its mode; on success it owns what it needs of fd. */
static int
settle(struct nk_view *v, enum nk_view_mode mode)
{
	int fd;

	if (mode == NK_VIEW_MAPPED) {
		if (nk_view_map(v) == 0) {
			close(v->fd);
			v->fd = -1;
			return 0;
		}
		v->foreign = 1;
	}
	if (v->fd > STDERR_FILENO)
		return 0;
	if ((fd = fcntl(v->fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)) == -1)
		return -errno;
	close(v->fd);
	v->fd = fd;
	return 0;
}

/* The file as the system says it is. */
static int
look_at_file(struct nk_view *v, int fd, enum nk_map_kind kind)
{
	struct nk_map_header h;
	struct stat st;
	int r;

	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode) || st.st_size < 0)
		return -EIO;
	if ((r = nk_header_read(fd, (uint64_t)st.st_size, kind, &h)) < 0)
		return r;
	nk_view_init(v, fd, (uint64_t)st.st_size, &h);
	v->dev = st.st_dev;
	v->ino = st.st_ino;
	return 0;
}

/*
 * The file as its writer says it is: no slot points behind state.end, and
 * reading behind the file's own end would be an error and no more.  -EAGAIN:
 * that is being written just now.
 */
static int
look_at_front(struct nk_view *v, int fd, enum nk_map_kind kind)
{
	uint8_t front[NK_MAP_STATE_AT + sizeof(struct nk_map_state)];
	struct nk_map_state s;
	struct nk_map_header h;
	int r;

	if ((r = read_fd(fd, 0, front, sizeof(front))) < 0)
		return r;
	memcpy(&h, front, sizeof(h));
	memcpy(&s, front + NK_MAP_STATE_AT, sizeof(s));
	if (s.sum != nk_cell_sum(h.salt, NK_MAP_STATE_AT, &s, sizeof(s)))
		return -EAGAIN;
	if ((r = check_header(&h, s.end, kind)) == 0)
		nk_view_init(v, fd, s.end, &h);
	return r;
}

int
nk_view_open(struct nk_view *v, int dirfd, const char *path,
    enum nk_map_kind kind, enum nk_view_mode mode)
{
	struct nk_view n = NK_VIEW_NONE;
	int fd, r = -EAGAIN;

	if ((fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW |
	    O_NONBLOCK | O_NOCTTY)) == -1)
		return errno == ELOOP ? -EIO : -errno;
	if (mode == NK_VIEW_ONCE)
		r = look_at_front(&n, fd, kind);
	if (r == -EAGAIN)
		r = look_at_file(&n, fd, kind);
	if (r < 0) {
		r = -EIO;
		goto out;
	}
	if ((r = settle(&n, mode)) < 0)
		goto out;
	*v = n;
	fd = -1;			/* now the view's, or closed */
 out:
	if (fd != -1)
		close(fd);
	return r;
}

void
nk_view_close(struct nk_view *v)
{
	if (v->base != NULL)
		munmap((void *)(uintptr_t)v->base, v->mapped);
	else if (v->fd != -1 && (v->foreign == 0 || is_own_fd(v)))
		close(v->fd);
	*v = NK_VIEW_NONE;
}

int
nk_view_check(const struct nk_view *v, int dirfd, const char *path)
{
	struct stat st;
	uint64_t mark;
	int r;

	if (v->base == NULL && v->fd == -1)
		return -ESTALE;
	if (v->foreign != 0 && !is_own_fd(v))
		return -ESTALE;
	if ((r = nk_view_read(v, NK_MAP_SUPERSEDED_AT, &mark,
	    sizeof(mark))) < 0)
		return r;
	if (mark == 0)
		return 0;
	if (fstatat(dirfd, path, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return errno == ENOENT ? -ESTALE : -EIO;
	return st.st_dev == v->dev && st.st_ino == v->ino ? 0 : -ESTALE;
}

int
nk_view_grow(struct nk_view *v, int dirfd, const char *path)
{
	struct nk_map_state state;
	struct stat st;
	uint64_t length;
	int r;

	/* First what it must be, then what it is: it only grows. */
	if ((r = nk_cell_read(v, NK_MAP_STATE_AT, &state,
	    sizeof(state))) < 0)
		return r;
	if ((v->base == NULL ? fstat(v->fd, &st) :
	    fstatat(dirfd, path, &st, AT_SYMLINK_NOFOLLOW)) == -1)
		return errno == ENOENT ? -ESTALE : -EIO;
	if (st.st_dev != v->dev || st.st_ino != v->ino)
		return -ESTALE;
	length = (uint64_t)st.st_size;
	if (length < __atomic_load_n(&v->length, __ATOMIC_RELAXED) ||
	    length < state.end)
		return -EIO;
	if (v->base != NULL && length > v->mapped)
		return -ESTALE;
	__atomic_store_n(&v->length, length, __ATOMIC_RELAXED);
	return 0;
}

int
nk_map_settings(const struct nk_view *v, struct nk_map_settings *sp)
{
	struct nk_map_settings s;
	int r;

	if (v->kind != NK_MAP_KIND_ACCOUNTS)
		return -EIO;
	if ((r = nk_cell_read(v, NK_MAP_SETTINGS_AT, &s, sizeof(s))) < 0)
		return r;
	*sp = s;
	return 0;
}
