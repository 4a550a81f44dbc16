/* SPDX-License-Identifier: ISC */

/*
 * The file behind a map: made, opened, grown, put in place.
 *
 *  1. Every byte is allocated before a slot can point at it and before the
 *     file has its name, so that no reader ever meets a hole.
 *  2. Owner and mode are set before the first byte is written.
 *  3. The old file is marked before the new one takes its name, never
 *     after: a reader that saw no mark had the file that the path named.
 */

#include <sys/random.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>		/* renameat */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/map/sum.h"
#include "lib/mapwriter/writer.h"

#define TEMP_SUFFIX	".new"
#define ZEROS		4096u

int
nk_writer_error(int r)
{
	switch (r) {
	case -EIO:
	case -ESTALE:
	case -EAGAIN:
	case -ERANGE:
		return -EBADMSG;
	default:
		return r;
	}
}

static int
write_all(int fd, uint64_t at, const void *buf, size_t len)
{
	const uint8_t *p = buf;
	ssize_t n;

	while (len > 0) {
		n = pwrite(fd, p, len, (off_t)at);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -errno;
		if (n == 0)
			return -EIO;
		p += n;
		at += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

int
nk_file_write(struct nk_mapwriter *w, uint64_t at, const void *buf,
    size_t len)
{
	w->found.row = 0;
	return write_all(w->fd, at, buf, len);
}

/* Where fallocate(2) is not to be had. */
static int
write_zeros(struct nk_mapwriter *w, uint64_t from, uint64_t to)
{
	static const uint8_t zeros[ZEROS];
	size_t len;
	int r;

	for (; from < to; from += len) {
		len = to - from < ZEROS ? (size_t)(to - from) : ZEROS;
		if ((r = nk_file_write(w, from, zeros, len)) < 0)
			return r;
		w->view.length = from + len;
	}
	return 0;
}

int
nk_file_grow(struct nk_mapwriter *w, uint64_t length)
{
	uint64_t old = w->view.length;
	int r;

	length = (length + NK_MAP_GROW - 1) / NK_MAP_GROW * NK_MAP_GROW;
	if (length <= old)
		return 0;
	if (length / NK_MAP_UNIT > UINT32_MAX)
		return -EFBIG;
	do {
		r = fallocate(w->fd, 0, (off_t)old, (off_t)(length - old)) ==
		    -1 ? -errno : 0;
	} while (r == -EINTR);
	if (r == -EOPNOTSUPP || r == -ENOSYS)
		return write_zeros(w, old, length);
	if (r == 0)
		w->view.length = length;
	return r;
}

int
nk_file_ensure(struct nk_mapwriter *w, uint64_t bytes)
{
	if (bytes > UINT64_MAX / 2)
		return -EFBIG;
	if (w->view.length >= w->state.end &&
	    bytes <= w->view.length - w->state.end)
		return 0;
	return nk_file_grow(w, w->state.end + bytes);
}

int
nk_state_write(struct nk_mapwriter *w)
{
	int r;

	w->state.sum = nk_cell_sum(w->header.salt, NK_MAP_STATE_AT, &w->state,
	    sizeof(w->state));
	if ((r = nk_file_write(w, NK_MAP_STATE_AT, &w->state,
	    sizeof(w->state))) == 0)
		w->dirty = false;
	return r;
}

int
nk_group_mark(struct nk_mapwriter *w, uint64_t group_row)
{
	struct nk_map_marks m = w->marks;
	int r;

	if (nk_marks_has(&m, group_row))
		return 0;
	nk_marks_set(&m, group_row);
	m.sum = nk_cell_sum(w->header.salt, NK_MAP_MARKS_AT, &m, sizeof(m));
	if (w->bulk == NULL && (r = nk_file_write(w, NK_MAP_MARKS_AT, &m,
	    sizeof(m))) < 0)
		return r;
	w->marks = m;
	return 0;
}

void
nk_garbage_add(struct nk_mapwriter *w, uint64_t bytes)
{
	uint64_t most = w->state.end - w->header.records;

	w->state.garbage = bytes < most - w->state.garbage ?
	    w->state.garbage + bytes : most;
}

/* Sum the record for its place, its last word filled up with zeros. */
static void
seal(struct nk_mapwriter *w, struct nk_record *r, uint32_t unit)
{
	size_t len = nk_record_words(r->length) * sizeof(uint64_t);

	memset((uint8_t *)r + r->length, 0, len - r->length);
	r->sum = nk_record_sum(w->header.salt, unit, r, r->length);
}

int
nk_record_append(struct nk_mapwriter *w, struct nk_record *r, uint32_t least,
    uint32_t capacity, uint32_t *unitp)
{
	uint64_t at = nk_fit(w->state.end, least, &capacity);
	uint32_t unit = (uint32_t)(at / NK_MAP_UNIT);
	int error;

	if ((error = nk_file_ensure(w, at - w->state.end + capacity)) < 0)
		return error;
	r->capacity = (uint16_t)(capacity / NK_MAP_UNIT);
	seal(w, r, unit);
	if ((error = nk_file_write(w, at, r, nk_record_words(r->length) *
	    sizeof(uint64_t))) < 0)
		return error;
	w->state.end = at + capacity;
	w->dirty = true;
	*unitp = unit;
	return 0;
}

int
nk_record_rewrite(struct nk_mapwriter *w, uint32_t unit, struct nk_record *r,
    uint32_t old)
{
	size_t len = nk_record_words(r->length) * sizeof(uint64_t);
	size_t old_len = nk_record_words(old) * sizeof(uint64_t);

	seal(w, r, unit);
	if (old_len > len) {		/* nothing of the old one stays */
		memset((uint8_t *)r + len, 0, old_len - len);
		len = old_len;
	}
	return nk_file_write(w, (uint64_t)unit * NK_MAP_UNIT, r, len);
}

/* Write the mark of the file that the path names, if it is a file. */
static int
mark(const struct nk_mapwriter *w, uint64_t value)
{
	struct stat st;
	int fd, r = 0;

	if ((fd = openat(w->dirfd, w->name, O_WRONLY | O_CLOEXEC |
	    O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)) == -1) {
		/* None, or nothing that a reader would have opened. */
		return errno == ENOENT || errno == ELOOP || errno == ENXIO ||
		    errno == EISDIR ? 0 : -errno;
	}
	if (fstat(fd, &st) == -1) {
		r = -errno;
		goto out;
	}
	if (!S_ISREG(st.st_mode) || st.st_size < NK_MAP_HEADER_SIZE)
		goto out;
	r = write_all(fd, NK_MAP_SUPERSEDED_AT, &value, sizeof(value));
 out:
	close(fd);
	return r;
}

/* The smallest table that n keys fill to no more than a half. */
static int
set_table(struct nk_map_table *t, uint64_t *atp, uint64_t n)
{
	uint32_t bits = NK_MAP_BITS_MIN;

	while (bits <= NK_MAP_BITS_MAX && UINT64_C(1) << bits < n * 2)
		bits++;
	if (bits > NK_MAP_BITS_MAX || n > UINT32_MAX)
		return -EFBIG;
	*t = (struct nk_map_table){ .offset = *atp, .bits = bits };
	*atp += sizeof(uint64_t) << bits;
	return 0;
}

static int
make_header(struct nk_mapwriter *w, const struct nk_map_identity *id,
    const struct nk_map_hint *hint)
{
	struct nk_map_header *h = &w->header;
	uint64_t at = NK_MAP_HEADER_SIZE;
	uint32_t i;
	int r;

	memcpy(h->magic, NK_MAP_MAGIC, sizeof(h->magic));
	h->version = NK_MAP_VERSION;
	h->kind = w->kind;
	if (getrandom(h->salt, sizeof(h->salt), 0) != sizeof(h->salt))
		return -EIO;
	memcpy(h->boot_id, id->boot_id, sizeof(h->boot_id));
	memcpy(h->store_id, id->store_id, sizeof(h->store_id));
	h->ntables = w->kind == NK_MAP_KIND_ACCOUNTS ? NK_ACCOUNTS_TABLES :
	    NK_ROW_TABLES;
	for (i = 0; i < h->ntables; i++) {
		if ((r = set_table(&h->tables[i], &at, i <=
		    NK_TABLE_USER_UID ? hint->users : hint->groups)) < 0)
			return r;
	}
	h->records = at;
	h->sum = nk_cell_sum(h->salt, 0, h, sizeof(*h));
	w->state.end = at;
	w->settings.min_id = 1000;	/* until the writer says otherwise */
	return 0;
}

/* Remember names and folder; *wp is to be freed also when this fails. */
static int
new_writer(struct nk_mapwriter **wp, int dirfd, const char *name,
    enum nk_map_kind kind)
{
	struct nk_mapwriter *w;
	size_t len = strlen(name);

	if (len == 0 || len > NK_MAP_NAME_MAX - sizeof(TEMP_SUFFIX) ||
	    strchr(name, '/') != NULL)
		return -EINVAL;
	if ((w = calloc(1, sizeof(*w))) == NULL)
		return -ENOMEM;
	*wp = w;
	w->fd = -1;
	w->kind = kind;
	w->view = NK_VIEW_NONE;
	memcpy(w->name, name, len);
	memcpy(w->temp, name, len);
	memcpy(w->temp + len, TEMP_SUFFIX, sizeof(TEMP_SUFFIX));
	w->dirfd = dirfd;
	if (dirfd != AT_FDCWD &&
	    (w->dirfd = fcntl(dirfd, F_DUPFD_CLOEXEC, 3)) == -1)
		return -errno;
	return 0;
}

void
nk_mapwriter_free(struct nk_mapwriter *w)
{
	if (w == NULL)
		return;
	nk_bulk_free(w->bulk);
	if (w->fd != -1) {
		if (!w->installed)
			unlinkat(w->dirfd, w->temp, 0);
		close(w->fd);
	}
	if (w->dirfd >= 0)
		close(w->dirfd);
	explicit_bzero(w, sizeof(*w));
	free(w);
}

/* Make the new file, empty, with the owner and mode that it shall have. */
static int
make_file(struct nk_mapwriter *w, uint32_t mode, uint32_t uid, uint32_t gid)
{
	struct stat st;

	if (unlinkat(w->dirfd, w->temp, 0) == -1 && errno != ENOENT)
		return -errno;
	if ((w->fd = openat(w->dirfd, w->temp, O_RDWR | O_CREAT | O_EXCL |
	    O_CLOEXEC | O_NOFOLLOW, 0600)) == -1)
		return -errno;
	if (fstat(w->fd, &st) == -1)
		return -errno;
	if ((st.st_uid != uid || st.st_gid != gid) &&
	    fchown(w->fd, uid, gid) == -1)
		return -errno;
	return fchmod(w->fd, mode & 0777) == -1 ? -errno : 0;
}

/* Reads go through w->fd; by its inode refresh() knows the file again. */
static void
init_view(struct nk_mapwriter *w, const struct stat *st)
{
	nk_view_init(&w->view, w->fd, (uint64_t)st->st_size, &w->header);
	w->view.dev = st->st_dev;
	w->view.ino = st->st_ino;
}

int
nk_mapwriter_create(struct nk_mapwriter **wp, int dirfd, const char *name,
    enum nk_map_kind kind, const struct nk_map_identity *id,
    const struct nk_map_hint *hint, uint32_t mode, uint32_t uid, uint32_t gid)
{
	struct nk_mapwriter *w = NULL;
	struct stat st;
	int r;

	*wp = NULL;
	if ((r = new_writer(&w, dirfd, name, kind)) < 0 ||
	    (r = make_header(w, id, hint)) < 0 ||
	    (r = make_file(w, mode, uid, gid)) < 0)
		goto out;
	if (fstat(w->fd, &st) == -1) {
		r = -errno;
		goto out;
	}
	init_view(w, &st);
	w->view.alone = 1;
	/* Where there is no room for it, say so before the work. */
	if (hint->bytes > 0 && (r = nk_file_ensure(w, hint->bytes)) < 0)
		goto out;
	if ((r = nk_bulk_new(&w->bulk, w)) < 0)
		goto out;
	*wp = w;
	w = NULL;
 out:
	nk_mapwriter_free(w);
	return r;
}

/* All that stands before the tables: the header and the cells. */
struct front {
	_Alignas(8) uint8_t bytes[NK_MAP_SUPERSEDED_AT + sizeof(uint64_t)];
};
_Static_assert(NK_MAP_SUPERSEDED_AT >= NK_MAP_SETTINGS_AT +
    sizeof(struct nk_map_settings), "the mark stands behind the settings");

static int
read_front(const struct nk_mapwriter *w, struct front *f)
{
	return nk_view_read(&w->view, 0, f->bytes, sizeof(f->bytes));
}

/* A cell out of f.  One that was seen half written is read again. */
static int
take_cell(const struct nk_mapwriter *w, const struct front *f, uint64_t at,
    void *buf, size_t size)
{
	uint64_t sum;

	memcpy(buf, f->bytes + at, size);
	memcpy(&sum, f->bytes + at + size - sizeof(sum), sizeof(sum));
	return sum == nk_cell_sum(w->view.salt, at, buf, size) ? 0 :
	    nk_cell_read(&w->view, at, buf, size);
}

/* The cells of a file that was just opened, and whether they make sense. */
static int
read_cells(struct nk_mapwriter *w, const struct front *f)
{
	const struct nk_map_state *s = &w->state;
	uint32_t i;
	int r;

	if ((r = take_cell(w, f, NK_MAP_STATE_AT, &w->state,
	    sizeof(w->state))) < 0)
		return r;
	if (s->end < w->header.records || s->end > w->view.length ||
	    s->end % NK_MAP_UNIT != 0 ||
	    s->garbage > s->end - w->header.records)
		return -EBADMSG;
	for (i = 0; i < w->header.ntables; i++) {
		if (s->used[i] > UINT64_C(1) << w->header.tables[i].bits)
			return -EBADMSG;
	}
	if (w->kind != NK_MAP_KIND_ACCOUNTS)
		return 0;
	if ((r = take_cell(w, f, NK_MAP_SETTINGS_AT, &w->settings,
	    sizeof(w->settings))) < 0)
		return r;
	return take_cell(w, f, NK_MAP_MARKS_AT, &w->marks, sizeof(w->marks));
}

/*
 * The same for a writer.  A file that is marked superseded and was found by
 * its path has no successor: it never came.
 */
static int
take_cells(struct nk_mapwriter *w, const struct front *f)
{
	uint64_t mark_word;
	int r;

	memcpy(&mark_word, f->bytes + NK_MAP_SUPERSEDED_AT,
	    sizeof(mark_word));
	if ((r = read_cells(w, f)) < 0 || mark_word == 0)
		return r;
	mark_word = 0;
	return nk_file_write(w, NK_MAP_SUPERSEDED_AT, &mark_word,
	    sizeof(mark_word));
}

/* Open the file by its path and hold its header against id. */
static int
open_installed(struct nk_mapwriter *w, int flags,
    const struct nk_map_identity *id)
{
	struct stat st;
	int r;

	if ((w->fd = openat(w->dirfd, w->name, flags | O_CLOEXEC |
	    O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)) == -1)
		return errno == ELOOP ? -EBADMSG : -errno;
	if (fstat(w->fd, &st) == -1 || !S_ISREG(st.st_mode))
		return -EBADMSG;
	if ((r = nk_header_read(w->fd, (uint64_t)st.st_size, w->kind,
	    &w->header)) < 0)
		return r == -ESTALE ? r : -EBADMSG;
	if (memcmp(w->header.boot_id, id->boot_id, sizeof(id->boot_id)) != 0 ||
	    memcmp(w->header.store_id, id->store_id,
	    sizeof(id->store_id)) != 0)
		return -ESTALE;
	init_view(w, &st);
	return 0;
}

static int
open_writer(struct nk_mapwriter **wp, int dirfd, const char *name,
    enum nk_map_kind kind, const struct nk_map_identity *id, bool look)
{
	struct nk_mapwriter *w = NULL;
	struct front f;
	int r;

	*wp = NULL;
	if ((r = new_writer(&w, dirfd, name, kind)) < 0)
		goto out;
	w->installed = true;
	if ((r = open_installed(w, look ? O_RDONLY : O_RDWR, id)) < 0)
		goto out;
	w->view.alone = 1;		/* the caller has the lock */
	if ((r = nk_writer_error(read_front(w, &f))) < 0 ||
	    (r = nk_writer_error(look ? read_cells(w, &f) :
	    take_cells(w, &f))) < 0)
		goto out;
	*wp = w;
	w = NULL;
 out:
	nk_mapwriter_free(w);
	return r;
}

int
nk_mapwriter_open(struct nk_mapwriter **wp, int dirfd, const char *name,
    enum nk_map_kind kind, const struct nk_map_identity *id)
{
	return open_writer(wp, dirfd, name, kind, id, false);
}

int
nk_mapwriter_look(struct nk_mapwriter **wp, int dirfd, const char *name,
    enum nk_map_kind kind, const struct nk_map_identity *id)
{
	return open_writer(wp, dirfd, name, kind, id, true);
}

int
nk_mapwriter_peek(int dirfd, const char *name, enum nk_map_kind kind,
    const struct nk_map_identity *id, uint64_t *publishedp,
    struct nk_map_settings *s)
{
	struct nk_mapwriter *w = NULL;
	uint64_t mark_word;
	int r;

	if ((r = new_writer(&w, dirfd, name, kind)) < 0)
		goto out;
	w->installed = true;
	if ((r = open_installed(w, O_RDONLY, id)) < 0)
		goto out;
	if ((r = nk_writer_error(nk_cell_read(&w->view, NK_MAP_STATE_AT,
	    &w->state, sizeof(w->state)))) < 0 ||
	    (s != NULL && (r = nk_writer_error(nk_cell_read(&w->view,
	    NK_MAP_SETTINGS_AT, s, sizeof(*s)))) < 0) ||
	    (r = nk_writer_error(nk_view_read(&w->view,
	    NK_MAP_SUPERSEDED_AT, &mark_word, sizeof(mark_word)))) < 0)
		goto out;
	if (mark_word != 0)
		r = -ESTALE;
	else
		*publishedp = w->state.published;
 out:
	nk_mapwriter_free(w);
	return r;
}

int
nk_mapwriter_finish(struct nk_mapwriter *w)
{
	int r;

	if (w->installed)
		return -EINVAL;
	if (w->bulk != NULL && (r = nk_bulk_leave(w)) < 0)
		return r;
	return w->dirty ? nk_state_write(w) : 0;
}

int
nk_mapwriter_install(struct nk_mapwriter *w)
{
	int r;

	if ((r = nk_mapwriter_finish(w)) < 0 ||
	    (r = mark(w, NK_MAP_SUPERSEDED)) < 0)
		return r;
	if (renameat(w->dirfd, w->temp, w->dirfd, w->name) == -1) {
		r = -errno;
		(void)mark(w, 0);	/* marked it serves too, slower */
		return r;
	}
	w->installed = true;
	return 0;
}

int
nk_mapwriter_is_current(const struct nk_mapwriter *w)
{
	struct stat own, named;

	return w->installed && fstat(w->fd, &own) == 0 &&
	    fstatat(w->dirfd, w->name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	    own.st_dev == named.st_dev && own.st_ino == named.st_ino;
}

int
nk_mapwriter_refresh(struct nk_mapwriter *w)
{
	struct stat named;
	struct front f;

	if (!w->installed || w->bulk != NULL)
		return -EINVAL;
	if (fstatat(w->dirfd, w->name, &named, AT_SYMLINK_NOFOLLOW) == -1)
		return -errno;
	if (named.st_dev != w->view.dev || named.st_ino != w->view.ino)
		return -ESTALE;
	w->view.length = (uint64_t)named.st_size;
	w->dirty = false;
	w->found.row = 0;
	/* the header was found good when it was first read */
	if (w->view.length < w->header.records || read_front(w, &f) < 0 ||
	    memcmp(f.bytes, &w->header, sizeof(w->header)) != 0)
		return -EBADMSG;
	return nk_writer_error(take_cells(w, &f));
}

void
nk_mapwriter_forget(struct nk_mapwriter *w)
{
	if (w->kind == NK_MAP_KIND_SECRETS && w->found.read)
		explicit_bzero(w->found.page, sizeof(w->found.page));
	w->found.read = false;
	w->found.row = 0;
}

uint64_t
nk_mapwriter_published(const struct nk_mapwriter *w)
{
	return w->state.published;
}

int
nk_mapwriter_set_published(struct nk_mapwriter *w, uint64_t seq)
{
	w->state.published = seq;
	if (w->bulk != NULL)
		return 0;
	return nk_state_write(w);
}

int
nk_mapwriter_settings(struct nk_mapwriter *w, const struct nk_map_settings *s)
{
	struct nk_map_settings n = *s;
	int r;

	if (w->kind != NK_MAP_KIND_ACCOUNTS)
		return -EINVAL;
	n.sum = nk_cell_sum(w->header.salt, NK_MAP_SETTINGS_AT, &n, sizeof(n));
	if (w->bulk == NULL && memcmp(&n, &w->settings, sizeof(n)) != 0 &&
	    (r = nk_file_write(w, NK_MAP_SETTINGS_AT, &n, sizeof(n))) < 0)
		return r;
	w->settings = n;
	return 0;
}

int
nk_mapwriter_reserve(struct nk_mapwriter *w, uint64_t bytes, uint32_t slots)
{
	uint32_t i;

	if (w->bulk != NULL)
		return 0;
	for (i = 0; i < w->header.ntables; i++) {
		if (slots > 0 && !nk_table_has_room(w, i, slots)) {
			w->wanted_slots = slots;
			return -EFBIG;
		}
	}
	/* Twice: who is killed half-way has used it up for his successor. */
	return bytes > UINT64_MAX / 4 ? -EFBIG : nk_file_ensure(w, bytes * 2);
}
