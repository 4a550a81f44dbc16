/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/seal/secret.h"

static size_t
page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

/* Append n bytes of the value c, one by one when single. */
static int
fill(struct nk_secret *s, char c, size_t n, bool single)
{
	char *bytes = malloc(n + 1);
	size_t i;
	int r = 0;

	ck_assert_ptr_nonnull(bytes);
	memset(bytes, c, n + 1);
	if (!single)
		r = nk_secret_append(s, bytes, n);
	for (i = 0; single && i < n && r == 0; i++)
		r = nk_secret_append(s, bytes, 1);
	free(bytes);
	return r;
}

static const struct {
	const char	*what;
	size_t		 have, more;	/* bytes */
	int		 want;
} appends[] = {
	{ "nothing to nothing",		0, 0, 0 },
	{ "one byte",			0, 1, 0 },
	{ "nothing to something",	5, 0, 0 },
	{ "a page but the NUL",		0, 4095, 0 },
	{ "a page",			0, 4096, 0 },
	{ "over the page's end",	4095, 1, 0 },
	{ "many pages",			10000, 100000, 0 },
	{ "the limit",			0, NK_SECRET_MAX, 0 },
	{ "up to the limit",		NK_SECRET_MAX - 1, 1, 0 },
	{ "nothing at the limit",	NK_SECRET_MAX, 0, 0 },
	{ "above the limit",		0, NK_SECRET_MAX + 1, -E2BIG },
	{ "one above the limit",	NK_SECRET_MAX, 1, -E2BIG },
	{ "far above the limit",	1, NK_SECRET_MAX, -E2BIG },
};

START_TEST(append)
{
	struct nk_secret s = NK_SECRET_NONE;
	const size_t have = appends[_i].have, more = appends[_i].more;
	size_t i, want;
	uint8_t *p;
	int r;

	ck_assert_int_eq(fill(&s, 'a', have, false), 0);
	p = s.p;
	r = fill(&s, 'b', more, false);
	ck_assert_msg(r == appends[_i].want, "%s: %d", appends[_i].what, r);
	want = r == 0 ? have + more : have;
	ck_assert_uint_eq(s.len, want);
	if (r < 0)
		ck_assert_ptr_eq(s.p, p);
	ck_assert_uint_eq(s.room % page_size(), 0);
	ck_assert_uint_gt(s.room, s.len);
	/* one assertion: each is written to a file, and here are millions */
	for (i = 0; i < s.len && s.p[i] == (i < have ? 'a' : 'b'); i++)
		;
	ck_assert_uint_eq(i, s.len);
	ck_assert_uint_eq(s.p[s.len], '\0');
	nk_secret_clear(&s);
	ck_assert_ptr_null(s.p);
	ck_assert_uint_eq(s.len + s.room, 0);
}
END_TEST

START_TEST(overflow)
{
	struct nk_secret s = NK_SECRET_NONE;

	ck_assert_int_eq(nk_secret_append(&s, "abc", 3), 0);
	ck_assert_int_eq(nk_secret_append(&s, "abc", SIZE_MAX), -E2BIG);
	ck_assert_int_eq(nk_secret_reserve(&s, SIZE_MAX), -E2BIG);
	ck_assert_int_eq(nk_secret_reserve(&s, NK_SECRET_MAX + 1), -E2BIG);
	ck_assert_uint_eq(s.len, 3);
	ck_assert_str_eq((const char *)s.p, "abc");
	nk_secret_clear(&s);
}
END_TEST

/* What is appended may be the secret's own, even where that moves. */
START_TEST(own_bytes)
{
	struct nk_secret s = NK_SECRET_NONE;
	size_t i;

	ck_assert_int_eq(nk_secret_append(&s, "0123456789abcdef", 16), 0);
	for (i = 0; i < 12; i++)
		ck_assert_int_eq(nk_secret_append(&s, s.p, s.len), 0);
	ck_assert_uint_eq(s.len, 65536);
	for (i = 0; i < s.len && (char)s.p[i] == "0123456789abcdef"[i % 16];
	    i++)
		;
	ck_assert_uint_eq(i, s.len);
	nk_secret_clear(&s);
}
END_TEST

START_TEST(reserve)
{
	struct nk_secret s = NK_SECRET_NONE;
	uint8_t *p;

	ck_assert_int_eq(nk_secret_reserve(&s, 20000), 0);
	ck_assert_uint_eq(s.len, 0);
	p = s.p;
	ck_assert_int_eq(fill(&s, 'x', 20000, true), 0);
	ck_assert_ptr_eq(s.p, p);
	ck_assert_int_eq(nk_secret_reserve(&s, 10), 0);
	ck_assert_ptr_eq(s.p, p);
	ck_assert_int_eq(nk_secret_reserve(&s, NK_SECRET_MAX), 0);
	ck_assert_uint_eq(s.len, 20000);
	ck_assert_uint_eq(s.p[19999], 'x');
	ck_assert_uint_eq(s.p[20000], '\0');
	nk_secret_clear(&s);
	nk_secret_clear(&s);
	nk_secret_clear(NULL);
}
END_TEST

/* No page is left mapped where the secret was before it moved or ended. */
START_TEST(gone)
{
	struct nk_secret s = NK_SECRET_NONE;
	unsigned char vec;
	uint8_t *p;

	ck_assert_int_eq(nk_secret_append(&s, "abc", 3), 0);
	p = s.p;
	ck_assert_int_eq(mincore(p, page_size(), &vec), 0);
	ck_assert_int_eq(fill(&s, 'x', 100000, false), 0);
	ck_assert_ptr_ne(s.p, p);
	ck_assert(mincore(p, page_size(), &vec) == -1 && errno == ENOMEM);
	p = s.p;
	nk_secret_clear(&s);
	ck_assert(mincore(p, page_size(), &vec) == -1 && errno == ENOMEM);
}
END_TEST

/* The flags that smaps has for the mapping that p lies in. */
static void
get_flags(const uint8_t *p, char *flags, size_t size)
{
	unsigned long start, end;
	bool inside = false;
	char line[256];
	char *rest;
	FILE *f;

	*flags = '\0';
	f = fopen("/proc/self/smaps", "re");
	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		start = strtoul(line, &rest, 16);
		if (*rest == '-') {
			end = strtoul(rest + 1, &rest, 16);
			inside = (uintptr_t)p >= start && (uintptr_t)p < end;
		} else if (inside && strncmp(line, "VmFlags:", 8) == 0)
			ck_assert_int_lt(snprintf(flags, size, "%s", line),
			    (int)size);
	}
	(void)fclose(f);
}

/* Does mlock(2) work for us?  AddressSanitizer makes it do nothing. */
static bool
can_lock(void)
{
	char flags[256];
	void *p;

	p = mmap(NULL, 4 * page_size(), PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(p, MAP_FAILED);
	(void)mlock(p, 4 * page_size());
	get_flags(p, flags, sizeof(flags));
	ck_assert_int_eq(munmap(p, 4 * page_size()), 0);
	return strstr(flags, " lo") != NULL;
}

START_TEST(kernel_knows)
{
	struct nk_secret s = NK_SECRET_NONE;
	const bool lock = can_lock();
	char flags[256];

	ck_assert_int_eq(fill(&s, 'x', 9000, false), 0);
	get_flags(s.p, flags, sizeof(flags));
	ck_assert_msg(strstr(flags, " dd") != NULL, "in cores:%s", flags);
	ck_assert_msg(strstr(flags, " wf") != NULL, "in children:%s", flags);
	ck_assert_msg(!lock || strstr(flags, " lo") != NULL, "not locked:%s",
	    flags);
	nk_secret_clear(&s);
}
END_TEST

START_TEST(child_has_none)
{
	struct nk_secret s = NK_SECRET_NONE;
	int status = 0, bad = 0;
	size_t i;
	pid_t pid;

	ck_assert_int_eq(fill(&s, 'x', 9000, false), 0);
	pid = fork();
	ck_assert_int_ne(pid, -1);
	if (pid == 0) {
		for (i = 0; i < s.room; i++)
			bad |= s.p[i];
		_exit(bad == 0 ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	ck_assert_uint_eq(s.p[8999], 'x');
	nk_secret_clear(&s);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("secret");
	TCase *tc = tcase_create("secret");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_loop_test(tc, append, 0,
	    (int)(sizeof(appends) / sizeof(appends[0])));
	tcase_add_test(tc, overflow);
	tcase_add_test(tc, own_bytes);
	tcase_add_test(tc, reserve);
	tcase_add_test(tc, gone);
	tcase_add_test(tc, kernel_knows);
	tcase_add_test(tc, child_has_none);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
