/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/home/answer.h"
#include "lib/home/outcome.h"

static const struct {
	int				error;
	enum nk_homefile_outcome	outcome;
	int				want;
	bool				may_pass;
} errors[] = {
	{ EACCES,	NK_HOMEFILE_DENIED,	EACCES,		false },
	{ EPERM,	NK_HOMEFILE_IMMUTABLE,	EPERM,		false },
	{ EROFS,	NK_HOMEFILE_READ_ONLY,	EROFS,		true },
	{ ENOSPC,	NK_HOMEFILE_FULL,	ENOSPC,		true },
	{ EDQUOT,	NK_HOMEFILE_QUOTA,	EDQUOT,		true },
	{ ESTALE,	NK_HOMEFILE_STALE,	EIO,		true },
	{ EIO,		NK_HOMEFILE_IO,		EIO,		true },
	{ ETIMEDOUT,	NK_HOMEFILE_TIMEOUT,	ETIMEDOUT,	true },
	{ ENOMEM,	NK_HOMEFILE_FAILED,	ENOMEM,		true },
	{ 0,		NK_HOMEFILE_FAILED,	EINVAL,		true },
	{ -1,		NK_HOMEFILE_FAILED,	EINVAL,		true },
	{ 4096,		NK_HOMEFILE_FAILED,	EINVAL,		true },
};

START_TEST(from_errno)
{
	struct nk_homefile_result res;

	ck_assert_int_eq(nk_homefile_errno(&res, errors[_i].error),
	    -errors[_i].want);
	ck_assert_int_eq(res.outcome, errors[_i].outcome);
	ck_assert_int_eq(res.error, errors[_i].want);
	ck_assert(nk_homefile_is_sound(&res));
	ck_assert(nk_homefile_may_pass(res.outcome) == errors[_i].may_pass);
}
END_TEST

/* Each has one sentence of its own, and an errno; ESTALE means one thing. */
START_TEST(sentences)
{
	struct nk_homefile_result res;
	const char *text, *other;
	int i, k, r;

	for (i = 0; i < NK_HOMEFILE_OUTCOMES; i++) {
		text = nk_homefile_sentence((enum nk_homefile_outcome)i);
		ck_assert_ptr_nonnull(text);
		ck_assert_int_eq(text[strlen(text) - 1], '.');
		for (k = 0; k < i; k++) {
			other = nk_homefile_sentence(
			    (enum nk_homefile_outcome)k);
			ck_assert_str_ne(text, other);
		}
		if (i == NK_HOMEFILE_FAILED)
			continue;
		r = nk_homefile_set(&res, (enum nk_homefile_outcome)i);
		ck_assert(nk_homefile_is_sound(&res));
		ck_assert_int_eq(r == 0, i == NK_HOMEFILE_DONE);
		ck_assert_int_eq(r == -ESTALE, i == NK_HOMEFILE_CHANGED);
	}
	ck_assert_str_eq(nk_homefile_sentence(NK_HOMEFILE_OUTCOMES),
	    nk_homefile_sentence(NK_HOMEFILE_FAILED));
	ck_assert(!nk_homefile_may_pass(NK_HOMEFILE_OUTCOMES));
}
END_TEST

static const struct nk_homefile_result unsound[] = {
	{ NK_HOMEFILE_DONE, EIO },
	{ NK_HOMEFILE_CHANGED, 0 },
	{ NK_HOMEFILE_CHANGED, EIO },
	{ NK_HOMEFILE_STALE, ESTALE },
	{ NK_HOMEFILE_FAILED, 0 },
	{ NK_HOMEFILE_FAILED, -1 },
	{ NK_HOMEFILE_FAILED, 4096 },
	{ NK_HOMEFILE_FAILED, EACCES },
	{ NK_HOMEFILE_FAILED, ESTALE },
	{ NK_HOMEFILE_OUTCOMES, EIO },
	{ (enum nk_homefile_outcome)-1, EIO },
};

START_TEST(is_unsound)
{
	ck_assert(!nk_homefile_is_sound(&unsound[_i]));
}
END_TEST

/* ---- answers ---- */

/* One byte after another, as a pipe may give them. */
static int
take_all(struct nk_homeanswer *a, enum nk_homejob_kind kind,
    const struct nk_homejob_answer *head, const char *text, size_t len)
{
	const char *p = (const char *)head;
	size_t i;
	int r = 0;

	memset(a, 0, sizeof(*a));
	a->kind = kind;
	for (i = 0; r == 0 && i < sizeof(*head); i++) {
		ck_assert(!nk_homeanswer_is_whole(a));
		r = nk_homeanswer_take(a, p + i, 1);
	}
	if (r == 0 && len > 0)
		r = nk_homeanswer_take(a, text, len);
	return r;
}

static void
make_head(struct nk_homejob_answer *head, uint64_t size)
{
	memset(head, 0, sizeof(*head));
	head->file = (struct nk_homejob_file){ .present = true, .dev = 1,
	    .ino = 2, .size = size, .mtime = 3, .mtime_ns = 4 };
}

START_TEST(good_answers)
{
	struct nk_homejob_answer head;
	struct nk_homeanswer a;

	make_head(&head, 3);
	ck_assert_int_eq(take_all(&a, NK_HOMEJOB_READ, &head, "a\0b", 3), 0);
	ck_assert(nk_homeanswer_is_whole(&a));
	ck_assert_mem_eq(a.text, "a\0b", 4);
	free(a.text);
	ck_assert_int_eq(take_all(&a, NK_HOMEJOB_READ, &head, "ab", 2), 0);
	ck_assert(!nk_homeanswer_is_whole(&a));
	free(a.text);
	make_head(&head, NK_PRESENT_MAX);
	ck_assert_int_eq(take_all(&a, NK_HOMEJOB_READ, &head, "", 0), 0);
	free(a.text);
	head.wrote = true;
	ck_assert_int_eq(take_all(&a, NK_HOMEJOB_REPLACE, &head, "", 0), 0);
	ck_assert(nk_homeanswer_is_whole(&a));
	ck_assert_ptr_null(a.text);
	memset(&head, 0, sizeof(head));
	ck_assert_int_eq(take_all(&a, NK_HOMEJOB_READ, &head, "", 0), 0);
	ck_assert(nk_homeanswer_is_whole(&a));
	ck_assert_ptr_null(a.text);
	ck_assert_int_eq(nk_homefile_set(&head.result, NK_HOMEFILE_IO),
	    -EIO);
	ck_assert_int_eq(take_all(&a, NK_HOMEJOB_REMOVE, &head, "", 0), 0);
}
END_TEST

enum lie {
	LIE_SIZE, LIE_NS, LIE_ABSENT_SIZE, LIE_ABSENT_INO, LIE_BOOL,
	LIE_WROTE_BOOL, LIE_WROTE, LIE_OUTCOME, LIE_ERROR, LIE_FAILED_FILE,
	LIE_REPLACED_NONE, LIE_REMOVED_FILE, LIE_LONGER, LIE_TEXT,
	LIES
};

static int
tell(enum lie lie, struct nk_homeanswer *a)
{
	enum nk_homejob_kind kind = NK_HOMEJOB_READ;
	struct nk_homejob_answer head;

	make_head(&head, 3);
	switch (lie) {
	case LIE_SIZE:
		head.file.size = (uint64_t)NK_PRESENT_MAX + 1;
		break;
	case LIE_NS:
		head.file.mtime_ns = 1000000000;
		break;
	case LIE_ABSENT_SIZE:
		memset(&head, 0, sizeof(head));
		head.file.size = 3;
		break;
	case LIE_ABSENT_INO:
		head.file.present = false;
		head.file.size = 0;
		break;
	case LIE_BOOL:
		memset(&head.file.present, 2, 1);
		break;
	case LIE_WROTE_BOOL:
		memset(&head.wrote, 0xff, 1);
		break;
	case LIE_WROTE:
		head.wrote = true;
		break;
	case LIE_OUTCOME:
		memset(&head.result.outcome, 0x7f, 4);
		break;
	case LIE_ERROR:
		head.result.error = EIO;
		break;
	case LIE_FAILED_FILE:
		ck_assert_int_eq(nk_homefile_errno(&head.result, EIO), -EIO);
		break;
	case LIE_REPLACED_NONE:
		kind = NK_HOMEJOB_REPLACE;
		memset(&head, 0, sizeof(head));
		break;
	case LIE_REMOVED_FILE:
		kind = NK_HOMEJOB_REMOVE;
		break;
	case LIE_LONGER:
		return take_all(a, kind, &head, "abcd", 4);
	case LIE_TEXT:
		return take_all(a, NK_HOMEJOB_REPLACE, &head, "abc", 3);
	default:
		ck_abort();
	}
	return take_all(a, kind, &head, "abc", 3);
}

START_TEST(lies)
{
	struct nk_homeanswer a;

	ck_assert_int_eq(tell((enum lie)_i, &a), -EBADMSG);
	ck_assert(!nk_homeanswer_is_whole(&a) || a.text == NULL);
	free(a.text);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("home_outcome");
	TCase *tc = tcase_create("outcome");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_loop_test(tc, from_errno, 0,
	    (int)(sizeof(errors) / sizeof(errors[0])));
	tcase_add_test(tc, sentences);
	tcase_add_loop_test(tc, is_unsound, 0,
	    (int)(sizeof(unsound) / sizeof(unsound[0])));
	tcase_add_test(tc, good_answers);
	tcase_add_loop_test(tc, lies, 0, LIES);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
