/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/home/report.h"

static char said[4096];

static void
note_progress(void *arg, uint64_t done, uint64_t total)
{
	size_t at = strlen(said);

	(void)arg;
	(void)snprintf(said + at, sizeof(said) - at, "%u/%u ",
	    (unsigned int)done, (unsigned int)total);
}

static void
note_lost(void *arg, const char *path, const struct nk_homefile_result *why)
{
	size_t at = strlen(said);

	(void)arg;
	(void)snprintf(said + at, sizeof(said) - at, "%s:%d ", path,
	    why->error);
}

/* Give a record and a path, in pieces. */
static int
give(struct nk_homereport *r, const struct nk_homereport_record *h,
    const char *path, size_t len, size_t piece)
{
	char all[sizeof(*h) + PATH_MAX + 16];
	size_t at, n, total = sizeof(*h) + len;
	int ret = 0;

	ck_assert_uint_le(total, sizeof(all));
	memcpy(all, h, sizeof(*h));
	memcpy(all + sizeof(*h), path, len);
	for (at = 0; ret == 0 && at < total; at += n) {
		n = total - at < piece ? total - at : piece;
		ret = nk_homereport_take(r, all + at, n);
	}
	return ret;
}

static const struct nk_homereport_record progress = {
	.kind = NK_HOMEREPORT_PROGRESS, .done = 3, .total = 9,
};
static const struct nk_homereport_record end = {
	.kind = NK_HOMEREPORT_END, .done = 5, .mode = 0750,
};

static struct nk_homereport_record
make_lost(const char *path, uint64_t n)
{
	struct nk_homereport_record h = { .kind = NK_HOMEREPORT_LOST,
	    .len = (uint32_t)strlen(path), .lost = n, .done = 4 };

	ck_assert_int_eq(nk_homefile_errno(&h.result, EACCES), -EACCES);
	return h;
}

START_TEST(good)
{
	static const size_t pieces[] = { 1, 7, 1000000 };
	struct nk_homereport_record h = make_lost("a/b", 1), last = end;
	struct nk_homereport r = { .progress = note_progress,
	    .lost = note_lost };
	size_t piece = pieces[_i];

	said[0] = '\0';
	ck_assert(!nk_homereport_is_whole(&r));
	ck_assert_int_eq(give(&r, &progress, "", 0, piece), 0);
	ck_assert_int_eq(give(&r, &h, "a/b", 3, piece), 0);
	ck_assert(!nk_homereport_is_whole(&r));
	ck_assert_int_eq(nk_homefile_errno(&last.result, EACCES), -EACCES);
	last.lost = 7;
	ck_assert_int_eq(give(&r, &last, "", 0, piece), 0);
	ck_assert(nk_homereport_is_whole(&r));
	ck_assert_str_eq(said, "3/9 a/b:13 ");
	ck_assert_uint_eq(r.last.done, 5);
	ck_assert_uint_eq(r.last.lost, 7);
	ck_assert_uint_eq(r.last.mode, 0750);
	/* and that was all */
	ck_assert_int_eq(give(&r, &progress, "", 0, piece), -EBADMSG);
}
END_TEST

enum lie {
	LIE_KIND_0, LIE_KIND_4, LIE_LENGTH, LIE_END_LENGTH, LIE_NO_PATH,
	LIE_LONG_PATH, LIE_NUL, LIE_LOST_DONE, LIE_LOST_NOTHING,
	LIE_PROGRESS_FAILED, LIE_BACKWARDS, LIE_FEWER_LOST, LIE_MODE,
	LIE_EARLY_MODE, LIE_ELSEWHERE, LIE_EARLY_ELSEWHERE, LIE_RESULT,
	LIE_OUTCOME, LIE_DONE_BUT_LOST, LIES
};

static void
change(enum lie lie, struct nk_homereport_record *h)
{
	switch (lie) {
	case LIE_KIND_0:
		h->kind = 0;
		break;
	case LIE_KIND_4:
		h->kind = 4;
		break;
	case LIE_LENGTH:
		h->len = 1;
		break;
	case LIE_PROGRESS_FAILED:
		ck_assert_int_eq(nk_homefile_errno(&h->result, EIO), -EIO);
		break;
	case LIE_BACKWARDS:
		h->done = 2;
		break;
	case LIE_FEWER_LOST:
		h->lost = 0;
		break;
	case LIE_EARLY_MODE:
		h->mode = 0700;
		break;
	case LIE_EARLY_ELSEWHERE:
		h->elsewhere = 1;
		break;
	case LIE_RESULT:
		h->result.error = 1;
		break;
	case LIE_OUTCOME:
		h->result.outcome = NK_HOMEFILE_OUTCOMES;
		break;
	default:
		ck_abort();
	}
}

static struct nk_homereport_record
false_end(enum lie lie)
{
	struct nk_homereport_record h = end;

	h.lost = 1;
	if (lie != LIE_DONE_BUT_LOST)
		ck_assert_int_eq(nk_homefile_errno(&h.result, EIO), -EIO);
	if (lie == LIE_END_LENGTH)
		h.len = 1;
	if (lie == LIE_MODE)
		h.mode = 010000;
	if (lie == LIE_ELSEWHERE)
		h.elsewhere = 2;
	return h;
}

static int
tell(enum lie lie, struct nk_homereport *r)
{
	static char path[PATH_MAX + 1];
	struct nk_homereport_record h;

	memset(path, 'x', PATH_MAX);
	switch (lie) {
	case LIE_END_LENGTH:
	case LIE_MODE:
	case LIE_ELSEWHERE:
	case LIE_DONE_BUT_LOST:
		h = false_end(lie);
		return give(r, &h, "x", h.len, 1);
	case LIE_NO_PATH:
		h = make_lost("", 2);
		return give(r, &h, "", 0, 1);
	case LIE_LONG_PATH:
		h = make_lost(path, 2);
		return give(r, &h, path, h.len, 1000);
	case LIE_NUL:
		h = make_lost("abc", 2);
		return give(r, &h, "a\0c", 3, 1);
	case LIE_LOST_DONE:
		h = make_lost("abc", 2);
		h.result = progress.result;
		return give(r, &h, "abc", 3, 1);
	case LIE_LOST_NOTHING:
		h = make_lost("abc", 1);
		return give(r, &h, "abc", 3, 1);
	default:
		h = progress;
		h.lost = 1;
		h.done = 4;
		change(lie, &h);
		return give(r, &h, "x", h.len, 1);
	}
}

START_TEST(lies)
{
	struct nk_homereport r = { .progress = note_progress,
	    .lost = note_lost };
	struct nk_homereport_record h = make_lost("one", 1);

	ck_assert_int_eq(give(&r, &progress, "", 0, 1), 0);
	ck_assert_int_eq(give(&r, &h, "one", 3, 1), 0);
	said[0] = '\0';
	ck_assert_int_eq(tell((enum lie)_i, &r), -EBADMSG);
	ck_assert_str_eq(said, "");
	ck_assert(!nk_homereport_is_whole(&r));
}
END_TEST

START_TEST(too_many)
{
	struct nk_homereport r = { .lost = NULL };
	struct nk_homereport_record h;
	unsigned int i;

	for (i = 1; i <= NK_HOMEREPORT_LOST_MAX; i++) {
		h = make_lost("x", i);
		ck_assert_int_eq(give(&r, &h, "x", 1, 1), 0);
	}
	h = make_lost("x", i);
	ck_assert_int_eq(give(&r, &h, "x", 1, 1), -EBADMSG);
}
END_TEST

START_TEST(longest_path)
{
	static char path[PATH_MAX];
	struct nk_homereport r = { .lost = NULL };
	struct nk_homereport_record h;

	memset(path, 'x', PATH_MAX - 1);
	h = make_lost(path, 1);
	ck_assert_int_eq(give(&r, &h, path, h.len, 4096), 0);
	ck_assert_str_eq(r.path, path);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("home_report");
	TCase *tc = tcase_create("report");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_loop_test(tc, good, 0, 3);
	tcase_add_loop_test(tc, lies, 0, LIES);
	tcase_add_test(tc, too_many);
	tcase_add_test(tc, longest_path);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
