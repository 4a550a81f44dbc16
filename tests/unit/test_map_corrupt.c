/* SPDX-License-Identifier: ISC */

/*
 * Maps that are damaged before they are opened: cut off anywhere, bits
 * turned, random bytes.  Whatever is asked, the answer is the right one or
 * "unavailable", never another, and nobody reads beyond the file (a read
 * there is a bus error, or the sanitizer's).
 */

#include <sys/stat.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/map/record.h"
#include "lib/map/slot.h"
#include "lib/map/view.h"
#include "tests/unit/maptest.h"

#define QUESTIONS_MAX	200u
#define FILE_MAX	(128u * 1024u)

static unsigned int naps;

/* Nobody writes here, so to wait for a writer would only take time. */
int
nanosleep(const struct timespec *wanted, struct timespec *left)
{
	(void)wanted;
	(void)left;
	naps++;
	return 0;
}

int
sched_yield(void)
{
	return 0;
}

static const enum nk_view_mode modes[] = { NK_VIEW_PREAD, NK_VIEW_ONCE,
    NK_VIEW_MAPPED };
static const enum nk_map_kind kinds[] = { NK_MAP_KIND_ACCOUNTS,
    NK_MAP_KIND_KEYS, NK_MAP_KIND_SECRETS };

static struct mt_dir dir;
static enum nk_map_kind kind;
static const struct mt_question *questions;
static size_t nquestions;
static struct mt_answer right[QUESTIONS_MAX], got;
static _Alignas(8) uint8_t image[FILE_MAX];
static size_t image_len;
static uint64_t seed = 4711;
static int fd;				/* the map, for writing */

static uint32_t
any(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 20) % below;
}

/* The map of this kind, its bytes, and what is right about it. */
static void
use(int which)
{
	struct mt_reader m;
	ssize_t n;
	size_t i;

	kind = kinds[which];
	questions = mt_world_questions(kind, &nquestions);
	ck_assert_uint_le(nquestions, QUESTIONS_MAX);
	fd = openat(dir.fd, mt_name(kind), O_RDWR | O_CLOEXEC);
	ck_assert_int_ne(fd, -1);
	n = pread(fd, image, sizeof(image), 0);
	ck_assert_int_gt(n, 0);
	image_len = (size_t)n;
	ck_assert_int_eq(mt_reader_open(&m, dir.fd, kind, NK_VIEW_PREAD), 0);
	for (i = 0; i < nquestions; i++) {
		mt_reader_ask(&m, &questions[i], &right[i]);
		ck_assert(right[i].r == 0 || right[i].r == -ENOENT);
	}
	nk_view_close(&m.v);
}

static void
setup(void)
{
	mt_dir_make(&dir);
	mt_world_make(dir.fd);
}

static void
teardown(void)
{
	close(fd);
	mt_dir_remove(&dir);
}

/* Ask everything.  Returns how many answers were "unavailable". */
static size_t
ask(const char *what, size_t at, enum nk_view_mode mode)
{
	struct mt_reader m;
	size_t i, unavailable = 0;
	int r;

	r = mt_reader_open(&m, dir.fd, kind, mode);
	ck_assert_msg(r == 0 || r == -EIO, "%s %zu: open %d", what, at, r);
	if (r < 0)
		return nquestions;
	for (i = 0; i < nquestions; i++) {
		mt_reader_ask(&m, &questions[i], &got);
		if (got.r == -EIO) {
			unavailable++;
			continue;
		}
		if (mt_same(&got, &right[i]))	/* most of what is asked */
			continue;
		ck_abort_msg("%s %zu, question "
		    "%d %llu %u %s: got %d %.200s, not %d %.200s", what, at,
		    questions[i].ask, (unsigned long long)questions[i].row,
		    questions[i].id, questions[i].name != NULL ?
		    questions[i].name : "-", got.r, got.text, right[i].r,
		    right[i].text);
	}
	nk_view_close(&m.v);
	return unavailable;
}

static size_t
ask_both(const char *what, size_t at)
{
	size_t n = ask(what, at, NK_VIEW_PREAD);

	ck_assert_uint_eq(n, ask(what, at, NK_VIEW_MAPPED));
	return n;
}

static void
put_byte(size_t at, uint8_t byte)
{
	ck_assert_int_eq(pwrite(fd, &byte, 1, (off_t)at), 1);
}

static void
turn_bit(size_t at, unsigned int bit)
{
	put_byte(at, image[at] ^ (uint8_t)(1u << bit));
}

/*
 * Writer and verify must say so too, or find nothing wrong; never crash,
 * and never wait: whoever may write has the lock, and no other writer.
 */
static void
hear(void *arg, const char *what)
{
	ck_assert_uint_gt(strlen(what), 0);
	(*(unsigned int *)arg)++;
}

static int
verify(void)
{
	struct nk_mapwriter *w = NULL;
	unsigned int faults = 0, before = naps;
	int r;

	r = nk_mapwriter_open(&w, dir.fd, mt_name(kind), kind, &mt_identity);
	ck_assert(r == 0 || r == -EBADMSG || r == -ESTALE);
	if (r < 0)
		return r;
	r = nk_mapwriter_verify(w, hear, &faults);
	nk_mapwriter_free(w);
	ck_assert_uint_eq(naps, before);
	ck_assert_int_eq(r, faults > 0 ? -EBADMSG : 0);
	return r;
}

/* ---- cut off ---- */

static void
cut_at(size_t length)
{
	struct nk_map_state s;
	int out;

	unlinkat(dir.fd, mt_name(kind), 0);
	out = openat(dir.fd, mt_name(kind), O_WRONLY | O_CREAT | O_EXCL,
	    0600);
	ck_assert_int_ne(out, -1);
	ck_assert_int_eq(write(out, image, length), (ssize_t)length);
	close(out);
	ask_both("cut at", length);
	memcpy(&s, image + NK_MAP_STATE_AT, sizeof(s));
	if (length < s.end)
		ck_assert_int_ne(verify(), 0);
}

START_TEST(cut_off)
{
	size_t at, i;

	use(_i);
	for (at = 0; at <= image_len; at += NK_MAP_PAGE) {
		cut_at(at);
		cut_at(at + 1 <= image_len ? at + 1 : at);
		cut_at(at > 0 ? at - 1 : 0);
		cut_at(at > 0 ? at - 8 : 8);
	}
	for (i = 0; i < 300; i++)
		cut_at(any((uint32_t)image_len));
	/* Among the records, every unit and odd places. */
	at = ((const struct nk_map_header *)(const void *)image)->records;
	for (; at < image_len && at < 48 * 1024; at += 61)
		cut_at(at);
}
END_TEST

/* ---- bits ---- */

/* In the records: who is hit is unavailable, the rest is right. */
START_TEST(bits_of_records)
{
	const struct nk_map_header *h = (const void *)image;
	struct nk_record rec;
	uint32_t hits = 0;
	size_t at, i;

	use(_i);
	for (at = h->records; at < image_len; at += rec.kind == 0 ?
	    NK_MAP_UNIT : rec.capacity * NK_MAP_UNIT) {
		memcpy(&rec, image + at, sizeof(rec));
		if (rec.kind == 0)	/* the rest of a page */
			continue;
		for (i = 0; i < nk_record_words(rec.length) * 8; i++) {
			/* All bits of heads, some of long texts. */
			if (i > 100 && any(24) != 0)
				continue;
			turn_bit(at + i, any(8));
			ck_assert_msg(ask("bit at", at + i, modes[any(3)]) > 0,
			    "a turned bit at %zu is not seen", at + i);
			if (any(64) == 0)
				ck_assert_int_eq(verify(), -EBADMSG);
			put_byte(at + i, image[at + i]);
			hits++;
		}
	}
	ck_assert_uint_gt(hits, 500);
	ck_assert_uint_eq(ask_both("whole", 0), 0);
	ck_assert_int_eq(verify(), 0);
}
END_TEST

START_TEST(bits_of_slots)
{
	const struct nk_map_header *h = (const void *)image;
	size_t at;
	uint64_t slot;
	unsigned int bit;

	use(_i);
	for (at = NK_MAP_HEADER_SIZE; at < h->records; at += sizeof(slot)) {
		memcpy(&slot, image + at, sizeof(slot));
		if (slot == 0 && any(24) != 0)
			continue;
		for (bit = slot == 0 ? any(64) : 0; bit < 64;
		    bit += slot == 0 ? 64 : 1 + any(6)) {
			turn_bit(at + bit / 8, bit % 8);
			ask("bit of slot at", at, modes[any(3)]);
			if (any(32) == 0)
				ck_assert_int_eq(verify(), -EBADMSG);
			put_byte(at + bit / 8, image[at + bit / 8]);
		}
	}
	ck_assert_uint_eq(ask_both("whole", 0), 0);
}
END_TEST

START_TEST(bits_of_the_head)
{
	size_t at;
	unsigned int bit;

	use(_i);
	for (at = 0; at < NK_MAP_HEADER_SIZE; at++) {
		for (bit = 0; bit < 8; bit++) {
			if (at >= sizeof(struct nk_map_header) &&
			    any(40) != 0)
				continue;
			turn_bit(at, bit);
			if (at < sizeof(struct nk_map_header))
				ck_assert_uint_eq(ask_both("head", at),
				    nquestions);
			else
				ask_both("head", at);
			if (any(8) == 0)
				(void)verify();
			put_byte(at, image[at]);
			/* verify() may have taken a mark back. */
			put_byte(NK_MAP_SUPERSEDED_AT, 0);
		}
	}
	ck_assert_uint_eq(ask_both("whole", 0), 0);
}
END_TEST

/* ---- what is not random ---- */

/* A slot, sound in its place, is none in another one. */
START_TEST(moved_slots_and_records)
{
	const struct nk_map_header *h = (const void *)image;
	size_t at, to, n = 0;
	uint64_t slot;

	use(_i);
	for (at = NK_MAP_HEADER_SIZE; at < h->records; at += sizeof(slot)) {
		memcpy(&slot, image + at, sizeof(slot));
		to = NK_MAP_HEADER_SIZE + any((uint32_t)(h->records -
		    NK_MAP_HEADER_SIZE) / 8) * 8;
		if (slot == 0 || at == to)
			continue;
		ck_assert_int_eq(pwrite(fd, &slot, 8, (off_t)to), 8);
		ask_both("slot moved from", at);
		ck_assert_int_eq(verify(), -EBADMSG);
		ck_assert_int_eq(pwrite(fd, image + to, 8, (off_t)to), 8);
		n++;
	}
	/* Nor is a record in another one's place. */
	for (at = h->records; at + 256 < 40 * 1024; at += NK_MAP_UNIT) {
		ck_assert_int_eq(pwrite(fd, image + at, 128, (off_t)at + 128),
		    128);
		ask_both("record moved from", at);
		ck_assert_int_eq(pwrite(fd, image + at + 128, 128,
		    (off_t)at + 128), 128);
	}
	ck_assert_uint_gt(n, 5);
	ck_assert_uint_eq(ask_both("whole", 0), 0);
}
END_TEST

static void
seal_header(struct nk_map_header *h)
{
	h->sum = nk_cell_sum(h->salt, 0, h, sizeof(*h));
	ck_assert_int_eq(pwrite(fd, h, sizeof(*h), 0), sizeof(*h));
}

/* Headers with a good sum that say what cannot be. */
START_TEST(false_headers)
{
	static const struct {
		const char	*what;
		size_t		 at, size;
		uint64_t	 value;
	} lies[] = {
#define AT(field) offsetof(struct nk_map_header, field), \
    sizeof(((struct nk_map_header *)NULL)->field)
		{ "magic",	AT(magic[0]), 'X' },
		{ "version 0",	AT(version), 0 },
		{ "version 2",	AT(version), 2 },
		{ "kind 0",	AT(kind), 0 },
		{ "kind 4",	AT(kind), 4 },
		{ "no records",	AT(records), 0 },
		{ "records early", AT(records), NK_MAP_HEADER_SIZE },
		{ "records late", AT(records), FILE_MAX * 2 },
		{ "records odd", AT(records), 4097 },
		{ "records huge", AT(records), UINT64_MAX },
		{ "records wrap", AT(records), UINT64_MAX - 4095 },
		{ "no tables",	AT(ntables), 0 },
		{ "2 tables",	AT(ntables), 2 },
		{ "7 tables",	AT(ntables), 7 },
		{ "many tables", AT(ntables), UINT32_MAX },
		{ "table at 0",	AT(tables[0].offset), 0 },
		{ "table odd",	AT(tables[0].offset), 4097 },
		{ "table later", AT(tables[0].offset), 8192 },
		{ "table huge",	AT(tables[0].offset), UINT64_MAX - 4095 },
		{ "bits 0",	AT(tables[0].bits), 0 },
		{ "bits 8",	AT(tables[0].bits), 8 },
		{ "bits 10",	AT(tables[0].bits), 10 },
		{ "bits 31",	AT(tables[0].bits), 31 },
		{ "bits 61",	AT(tables[0].bits), 61 },
		{ "bits 64",	AT(tables[0].bits), 64 },
		{ "bits huge",	AT(tables[0].bits), UINT32_MAX },
	};
	struct nk_map_header h, good;
	size_t i;

	use(_i);
	memcpy(&good, image, sizeof(good));
	for (i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		h = good;
		memcpy((uint8_t *)&h + lies[i].at, &lies[i].value,
		    lies[i].size);
		if (memcmp(&h, &good, sizeof(h)) == 0)
			continue;
		seal_header(&h);
		ck_assert_msg(ask_both(lies[i].what, 0) == nquestions, "%s",
		    lies[i].what);
		ck_assert_int_lt(verify(), 0);
	}
	seal_header(&good);
	ck_assert_uint_eq(ask_both("whole", 0), 0);
}
END_TEST

static void
seal_state(struct nk_map_state *s)
{
	const struct nk_map_header *h = (const void *)image;

	s->sum = nk_cell_sum(h->salt, NK_MAP_STATE_AT, s, sizeof(*s));
	ck_assert_int_eq(pwrite(fd, s, sizeof(*s), NK_MAP_STATE_AT),
	    sizeof(*s));
}

/* A state that makes no sense: the writer refuses, readers do not mind. */
START_TEST(false_states)
{
	const struct nk_map_header *h = (const void *)image;
	struct nk_map_state s, good;
	int i;

	use(_i);
	memcpy(&good, image + NK_MAP_STATE_AT, sizeof(good));
	for (i = 0; i < 7; i++) {
		s = good;
		switch (i) {
		case 0: s.end = h->records - NK_MAP_UNIT; break;
		case 1: s.end = image_len + NK_MAP_UNIT; break;
		case 2: s.end += 1; break;
		case 3: s.garbage = s.end - h->records + 1; break;
		case 4: s.used[0] = 513; break;
		case 5: s.end = UINT64_MAX; break;
		case 6: s.sum++; break;
		}
		seal_state(&s);
		if (i == 6) {
			s.sum++;
			ck_assert_int_eq(pwrite(fd, &s, sizeof(s),
			    NK_MAP_STATE_AT), sizeof(s));
		}
		ck_assert_int_eq(verify(), -EBADMSG);
		ck_assert_uint_eq(ask_both("state", (size_t)i), 0);
	}
	seal_state(&good);
	ck_assert_int_eq(verify(), 0);
}
END_TEST

/*
 * A slot that leads behind the end of the file: with a state that says so,
 * too, it is the file that is too short, without one the slot is wrong.
 */
START_TEST(slots_behind_the_end)
{
	const struct nk_map_header *h = (const void *)image;
	struct nk_map_state s;
	uint64_t slot;
	size_t at, index;
	int i;

	use(_i);
	for (i = 0; i < 2; i++) {
		memcpy(&s, image + NK_MAP_STATE_AT, sizeof(s));
		if (i == 1)
			s.end = UINT64_C(1) << 40;
		seal_state(&s);
		for (at = NK_MAP_HEADER_SIZE; at < NK_MAP_HEADER_SIZE +
		    512 * sizeof(slot); at += sizeof(slot)) {
			memcpy(&slot, image + at, sizeof(slot));
			if (slot == 0)
				continue;
			index = (at - NK_MAP_HEADER_SIZE) / sizeof(slot);
			slot = nk_slot_make(i == 0 ? UINT32_MAX :
			    (uint32_t)(image_len / NK_MAP_UNIT),
			    nk_slot_tag(slot), nk_slot_place(h->salt[0], 0,
			    index));
			ck_assert_int_eq(pwrite(fd, &slot, 8, (off_t)at), 8);
			ck_assert_uint_gt(ask_both("slot behind", at), 0);
			ck_assert_int_eq(pwrite(fd, image + at, 8,
			    (off_t)at), 8);
		}
	}
}
END_TEST

/* ---- random bytes ---- */

START_TEST(random_bytes)
{
	static uint8_t noise[FILE_MAX];
	struct nk_map_header h;
	size_t i, at, from;
	int n;

	use(_i);
	memcpy(&h, image, sizeof(h));
	for (n = 0; n < 30; n++) {
		/* All of it, all but the header, all but the tables. */
		from = n % 3 == 0 ? 0 : n % 3 == 1 ? NK_MAP_HEADER_SIZE :
		    h.records;
		for (i = 0; i < image_len; i++)
			noise[i] = (uint8_t)any(256);
		ck_assert_int_eq(pwrite(fd, noise, image_len - from,
		    (off_t)from), (ssize_t)(image_len - from));
		ck_assert_uint_gt(ask_both("random from", from), 0);
		ck_assert_int_lt(verify(), 0);
		ck_assert_int_eq(pwrite(fd, image, image_len, 0),
		    (ssize_t)image_len);
		/* A page of zeros, in the records. */
		at = h.records;
		memset(noise, 0, NK_MAP_PAGE);
		ck_assert_int_eq(pwrite(fd, noise, NK_MAP_PAGE, (off_t)at),
		    NK_MAP_PAGE);
		ck_assert_uint_gt(ask_both("zeros at", at), 0);
		ck_assert_int_eq(pwrite(fd, image, image_len, 0),
		    (ssize_t)image_len);
	}
	ck_assert_uint_eq(ask_both("whole", 0), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("map_corrupt");
	TCase *tc = tcase_create("corrupt");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_set_timeout(tc, 240);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, cut_off, 0, 3);
	tcase_add_loop_test(tc, bits_of_records, 0, 3);
	tcase_add_loop_test(tc, bits_of_slots, 0, 3);
	tcase_add_loop_test(tc, bits_of_the_head, 0, 3);
	tcase_add_loop_test(tc, moved_slots_and_records, 0, 3);
	tcase_add_loop_test(tc, false_headers, 0, 3);
	tcase_add_loop_test(tc, false_states, 0, 3);
	tcase_add_loop_test(tc, slots_behind_the_end, 0, 3);
	tcase_add_loop_test(tc, random_bytes, 0, 3);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
