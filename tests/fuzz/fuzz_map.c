/* SPDX-License-Identifier: ISC */
/*
 * Readers and writer of maps on files that nobody would write.  The first
 * byte says which kind of map, how it is read, and whether the rest is the
 * file itself or changes to a good one; sums and checks may be made good
 * again, so that what they would hide is reached.  Whatever is asked, the
 * answer is one of those that reader.h names; what is found is well formed;
 * every walk comes to an end.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/map/quick.h"
#include "lib/map/record.h"
#include "lib/map/slot.h"
#include "lib/map/view.h"
#include "tests/unit/maptest.h"

#define FILE_MAX	(128u * 1024u)
#define RECORDS_MAX	256u

#define KIND(b)		((b) & 3u)
#define IS_WHOLE	0x04u		/* else changes */
#define IS_SEALED	0x08u		/* sums made good */
#define IS_MAPPED	0x10u
#define IS_CUT		0x20u		/* two bytes: how much stays */
#define IS_WRITTEN	0x40u		/* the writer edits, too */

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Nobody writes here, so to wait for a writer would only take time. */
int
nanosleep(const struct timespec *wanted, struct timespec *left)
{
	(void)wanted;
	(void)left;
	return 0;
}

int
sched_yield(void)
{
	return 0;
}

static const enum nk_map_kind kinds[] = { NK_MAP_KIND_ACCOUNTS,
    NK_MAP_KIND_KEYS, NK_MAP_KIND_SECRETS };

static struct mt_dir dir;
static struct image {
	_Alignas(8) uint8_t bytes[FILE_MAX];
	size_t		len;
	uint32_t	records[RECORDS_MAX];	/* units */
	size_t		nrecords;
} good[3];

static void
require(int ok)
{
	if (!ok)
		abort();
}

static void
clean_up(void)
{
	mt_dir_remove(&dir);
}

static void
load(struct image *im, const char *name)
{
	const struct nk_map_header *h = (const void *)im->bytes;
	struct nk_record rec;
	size_t at;
	ssize_t n;
	int fd = openat(dir.fd, name, O_RDONLY | O_CLOEXEC);

	require(fd != -1);
	n = read(fd, im->bytes, sizeof(im->bytes));
	close(fd);
	require(n > 0 && (size_t)n < sizeof(im->bytes));
	im->len = (size_t)n;
	for (at = h->records; at < im->len; at += rec.kind == 0 ?
	    NK_MAP_UNIT : rec.capacity * NK_MAP_UNIT) {
		memcpy(&rec, im->bytes + at, sizeof(rec));
		if (rec.kind == 0)
			continue;
		require(im->nrecords < RECORDS_MAX);
		im->records[im->nrecords++] = (uint32_t)(at / NK_MAP_UNIT);
	}
}

static void
prepare(void)
{
	int i;

	if (good[0].len != 0)
		return;
	mt_dir_make(&dir);
	atexit(clean_up);
	mt_world_make(dir.fd);
	for (i = 0; i < 3; i++)
		load(&good[i], mt_name(kinds[i]));
}

/* Changes: where (4 bytes), how many (1), and they. */
static void
change(uint8_t *bytes, size_t len, const uint8_t *p, size_t left)
{
	uint32_t at;
	size_t n;

	while (left > 5) {
		memcpy(&at, p, sizeof(at));
		at %= (uint32_t)len;
		n = p[4] % 32u + 1;
		p += 5;
		left -= 5;
		if (n > left)
			n = left;
		if (n > len - at)
			n = len - at;
		memcpy(bytes + at, p, n);
		p += n;
		left -= n;
	}
}

static void
seal_slots(uint8_t *bytes, size_t len, const struct nk_map_header *h)
{
	uint64_t slot, i, at;
	uint32_t t;

	for (t = 0; t < h->ntables && t < NK_MAP_TABLES_MAX; t++) {
		for (i = 0; i < 512; i++) {
			at = h->tables[t].offset + i * sizeof(slot);
			if (at > len || len - at < sizeof(slot))
				break;
			memcpy(&slot, bytes + at, sizeof(slot));
			if (slot == 0)
				continue;
			slot = nk_slot_make(nk_slot_unit(slot),
			    nk_slot_tag(slot), nk_slot_place(h->salt[0], t,
			    i));
			memcpy(bytes + at, &slot, sizeof(slot));
		}
	}
}

static void
seal_records(uint8_t *bytes, size_t len, const struct image *im,
    const struct nk_map_header *h)
{
	struct nk_record rec;
	size_t i, at;

	for (i = 0; i < im->nrecords; i++) {
		at = (size_t)im->records[i] * NK_MAP_UNIT;
		memcpy(&rec, bytes + at, sizeof(rec));
		if (rec.length < sizeof(rec) || rec.length > len - at - 8)
			continue;
		rec.sum = nk_record_sum(h->salt, im->records[i], bytes + at,
		    rec.length);
		memcpy(bytes + at, &rec, sizeof(rec));
	}
}

static void
seal_cell(uint8_t *bytes, const struct nk_map_header *h, uint64_t at,
    size_t size)
{
	uint64_t sum = nk_cell_sum(h->salt, at, bytes + at, size);

	memcpy(bytes + at + size - sizeof(sum), &sum, sizeof(sum));
}

static void
seal(uint8_t *bytes, size_t len, const struct image *im)
{
	struct nk_map_header h;

	if (len < NK_MAP_HEADER_SIZE)
		return;
	memcpy(&h, bytes, sizeof(h));
	seal_cell(bytes, &h, 0, sizeof(h));
	seal_cell(bytes, &h, NK_MAP_STATE_AT, sizeof(struct nk_map_state));
	seal_cell(bytes, &h, NK_MAP_SETTINGS_AT,
	    sizeof(struct nk_map_settings));
	seal_cell(bytes, &h, NK_MAP_MARKS_AT, sizeof(struct nk_map_marks));
	seal_slots(bytes, len, &h);
	if (len >= im->len)
		seal_records(bytes, len, im, &h);
}

static void
write_file(const char *name, const uint8_t *bytes, size_t len)
{
	int fd;

	unlinkat(dir.fd, name, 0);
	fd = openat(dir.fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
	    0600);
	require(fd != -1 && write(fd, bytes, len) == (ssize_t)len);
	close(fd);
}

static int
is_result(int r)
{
	return r == 0 || r == -ENOENT || r == -EIO || r == -ESTALE;
}

/* A string that lies where it should, and is as long as it says. */
static void
check_string(const uint8_t page[NK_RECORD_PAGE_MAX], const char *s,
    uint16_t len)
{
	const uint8_t *p = (const uint8_t *)s;

	require(p >= page && p < page + NK_RECORD_PAGE_MAX);
	require(len < (size_t)(page + NK_RECORD_PAGE_MAX - p));
	require(strlen(s) == len);
}

static void
check_user(const struct nk_map_user *u)
{
	check_string(u->page, u->name, u->name_len);
	check_string(u->page, u->gecos, u->gecos_len);
	check_string(u->page, u->home, u->home_len);
	check_string(u->page, u->shell, u->shell_len);
	require(u->row != 0 && u->name_len > 0);
	require(u->ngroups < NK_RECORD_PAGE_MAX / sizeof(*u->groups));
	(void)nk_map_user_in_group(u, 1);
	(void)nk_map_user_in_chunk(u, 1, 500);
}

static void
check_members(const struct nk_view *v, const struct nk_map_group *g)
{
	struct nk_map_members m;
	uint64_t sum = 0;
	uint32_t unit, i;
	int r;

	for (unit = g->members; unit != 0; unit = m.next) {
		r = nk_map_members_at(v, unit, g->row, &m);
		require(r == 0 || r == -EIO || r == -ESTALE);
		if (r != 0)
			return;
		require(m.next < unit && m.group_row == g->row);
		for (i = 0; i < m.count; i++)
			sum += m.rows[i];
	}
	__asm__ volatile("" : : "r"(sum));	/* it was all read */
}

/* All of the record, groups and texts included. */
static void
require_same(const struct nk_quick_user *q, const struct nk_map_user *u)
{
	size_t head = sizeof(q->rec), length = q->rec.r.length;

	require(memcmp(&q->rec, u->page, head) == 0);
	require(memcmp(q->room, u->page + head, length - head) == 0);
}

/* What a quick answer says is what r, of the thorough one, and *u say. */
static void
check_quick(const struct nk_view *v, struct nk_quick_search s,
    const char *name, uint32_t uid, int r, const struct nk_map_user *u)
{
	_Alignas(8) uint8_t room[NK_QUICK_ROOM];
	struct nk_quick_user q = { .room = room, .size = sizeof(room) };
	uint32_t gids[NK_QUICK_GROUPS], n, i;
	struct nk_map_group g;
	int quick = nk_quick_user(v, &s, name, name == NULL ? 0 :
	    strlen(name), uid, &q);

	require(quick == -EAGAIN || quick == r);
	if (quick != 0)
		return;
	require(q.text_len == (size_t)(u->shell - u->name) + u->shell_len);
	require(memcmp(q.text, u->name, q.text_len + 1) == 0);
	require_same(&q, u);
	quick = nk_quick_groups(v, &q, gids, &n);
	require(quick == 0 || quick == -EAGAIN);
	for (; quick == 0 && n > 0; n--)
		require(nk_map_group_by_gid(v, gids[n - 1], &g) == 0 &&
		    nk_map_user_in_group(u, g.row));
	/* Without a mark it is the user's record that is believed. */
	quick = nk_quick_gids(v, &q, gids, &n);
	require(quick == 0 || quick == -EAGAIN);
	for (; quick == 0 && n > 0; n--) {
		for (i = 0; i < u->ngroups && u->groups[i].gid !=
		    gids[n - 1]; i++)
			;
		require(i < u->ngroups);
	}
}

static void
check_quick_next(const struct nk_view *v, uint64_t pos)
{
	_Alignas(8) uint8_t room[NK_QUICK_ROOM];
	struct nk_quick_user q = { .room = room, .size = sizeof(room) };
	uint64_t quick_pos = pos;
	struct nk_map_user u;
	int quick = nk_quick_user_next(v, &quick_pos, &q);

	if (quick == -EAGAIN)
		return;
	require(quick == nk_map_user_next(v, &pos, &u));
	if (quick != 0)
		return;
	require(pos == quick_pos);
	require_same(&q, &u);
}

static void
read_accounts(const struct nk_view *v)
{
	struct nk_map_settings s;
	struct nk_map_user u;
	struct nk_map_group g;
	char name[32];
	uint64_t pos, before;
	uint32_t i;
	int r;

	require(is_result(nk_map_settings(v, &s)));
	for (i = 0; i < MT_WORLD_USERS + 2; i++) {
		snprintf(name, sizeof(name), "user%u", i);
		r = nk_map_user_by_name(v, name, strlen(name), &u);
		require(is_result(r) && (r != 0 ||
		    strcmp(u.name, name) == 0));
		if (v->base != NULL)
			check_quick(v, nk_quick_name(v, name, strlen(name)),
			    name, 0, r, &u);
		r = nk_map_user_by_uid(v, 3000 + i, &u);
		require(is_result(r) && (r != 0 || u.uid == 3000 + i));
		if (v->base != NULL)
			check_quick(v, nk_quick_uid(v, 3000 + i), NULL,
			    3000 + i, r, &u);
		r = nk_map_user_by_row(v, i, &u);
		require(is_result(r) && (r != 0 || u.row == i));
		r = nk_map_group_by_gid(v, 5000 + i, &g);
		require(is_result(r) && (r != 0 || g.gid == 5000 + i));
	}
	for (pos = before = 0; (r = nk_map_user_next(v, &pos, &u)) !=
	    -ENOENT && r != -ESTALE; before = pos) {
		require(pos > before && (r == 0 || r == -EIO));
		if (v->base != NULL)
			check_quick_next(v, before);
		if (r == 0)
			check_user(&u);
	}
	for (pos = before = 0; (r = nk_map_group_next(v, &pos, &g)) !=
	    -ENOENT && r != -ESTALE; before = pos) {
		require(pos > before && (r == 0 || r == -EIO));
		if (r != 0)
			continue;
		check_string(g.page, g.name, g.name_len);
		check_members(v, &g);
	}
}

static void
check_line(const uint8_t *buf, const struct nk_map_keyline *l)
{
	require(l->text >= (const char *)buf &&
	    l->text_len <= NK_RECORD_MAX);
	require(l->type >= l->text && l->type_len <= l->text_len &&
	    (size_t)(l->type - l->text) <= l->text_len - l->type_len);
	require(l->blob >= l->text && l->blob_len <= l->text_len &&
	    (size_t)(l->blob - l->text) <= l->text_len - l->blob_len);
	require(memchr(l->text, '\n', l->text_len) == NULL);
	require(memchr(l->text, '\0', l->text_len) == NULL);
}

static void
read_keys(const struct nk_view *v)
{
	static _Alignas(8) uint8_t buf[NK_RECORD_MAX];
	struct nk_map_keyset k;
	struct nk_map_keyline l;
	uint64_t row;
	uint32_t i;
	int r;

	for (row = 0; row < MT_WORLD_USERS + 2; row++) {
		r = nk_map_keyset_find(v, row, 100 + row, &k);
		require(is_result(r));
		for (i = 0; r == 0 && i < k.count; i++) {
			r = nk_map_keyline_at(v, k.entries[i].unit, row, buf,
			    sizeof(buf), &l);
			require(is_result(r) && r != -ENOENT);
			if (r == 0)
				check_line(buf, &l);
			r = nk_map_keyline_at(v, k.entries[i].unit, row, buf,
			    128, &l);
			require(r == -ERANGE || (is_result(r) &&
			    r != -ENOENT));
			r = 0;
		}
	}
}

static void
read_secrets(const struct nk_view *v)
{
	struct nk_map_secret s;
	uint64_t row;
	int r;

	for (row = 0; row < MT_WORLD_USERS + 2; row++) {
		r = nk_map_secret_find(v, row, 100 + row, &s);
		require(is_result(r));
		if (r != 0)
			continue;
		require(s.row == row && s.hash_len <= NK_HASH_MAX);
		check_string(s.page, s.hash, s.hash_len);
	}
}

static void
read_all(enum nk_map_kind kind, enum nk_view_mode mode)
{
	struct nk_view v = NK_VIEW_NONE;
	int r = nk_view_open(&v, dir.fd, mt_name(kind), kind, mode);

	require(r == 0 || r == -EIO);
	if (r != 0)
		return;
	require(nk_view_check(&v, dir.fd, mt_name(kind)) == 0);
	for (r = 0; r < 2; r++) {
		if (kind == NK_MAP_KIND_ACCOUNTS)
			read_accounts(&v);
		else if (kind == NK_MAP_KIND_KEYS)
			read_keys(&v);
		else
			read_secrets(&v);
		if (nk_view_grow(&v, dir.fd, mt_name(kind)) != 0)
			break;
	}
	nk_view_close(&v);
}

static void
hear(void *arg, const char *what)
{
	(void)what;
	(*(unsigned int *)arg)++;
}

/* It may refuse, and it may believe what has good sums; it may not fall. */
static void
write_some(enum nk_map_kind kind, int edit)
{
	struct nk_mapwriter *w = NULL;
	struct nk_put_user u;
	struct nk_put_keyset k;
	struct nk_put_secret s;
	unsigned int faults = 0;
	int r;

	if (nk_mapwriter_open(&w, dir.fd, mt_name(kind), kind,
	    &mt_identity) != 0)
		return;
	r = nk_mapwriter_verify(w, hear, &faults);
	require(faults > 0 ? r == -EBADMSG : r <= 0);
	mt_world_user(&u, 2);
	mt_world_keyset(&k, 2);
	mt_world_secret(&s, 2);
	if (edit && kind == NK_MAP_KIND_ACCOUNTS)
		r = nk_mapwriter_drop_user(w, 1) | nk_mapwriter_put_user(w,
		    &u);
	else if (edit && kind == NK_MAP_KIND_KEYS)
		r = nk_mapwriter_put_keyset(w, &k);
	else if (edit)
		r = nk_mapwriter_put_secret(w, &s);
	require(r <= 0);
	if (edit && nk_mapwriter_compact(w) == 0)
		require(nk_mapwriter_is_current(w));
	nk_mapwriter_free(w);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static _Alignas(8) uint8_t bytes[FILE_MAX];
	enum nk_map_kind kind;
	const struct image *im;
	uint16_t cut = UINT16_MAX;
	uint8_t how;
	size_t len;

	prepare();
	if (size < 3)
		return 0;
	how = data[0];
	im = &good[KIND(how) % 3];
	kind = kinds[KIND(how) % 3];
	memcpy(&cut, data + 1, sizeof(cut));
	data += 3;
	size -= 3;
	if ((how & IS_WHOLE) != 0) {
		len = size < sizeof(bytes) ? size : sizeof(bytes);
		memcpy(bytes, data, len);
	} else {
		len = im->len;
		memcpy(bytes, im->bytes, len);
		change(bytes, len, data, size);
	}
	if ((how & IS_SEALED) != 0)
		seal(bytes, len, im);
	if ((how & IS_CUT) != 0 && cut < len)
		len = cut;
	write_file(mt_name(kind), bytes, len);
	read_all(kind, (how & IS_MAPPED) != 0 ? NK_VIEW_MAPPED :
	    NK_VIEW_PREAD);
	write_some(kind, (how & IS_WRITTEN) != 0);
	return 0;
}
