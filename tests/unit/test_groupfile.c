/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/account/groupfile.h"
#include "tests/unit/tmp.h"

#define N	"naskeys-admin"
#define UNSET	4242u

static char dir[48];
static char path[64];

static const struct {
	const char	*what;
	const char	*text;
	int		 want;
	uint32_t	 gid;
} rows[] = {
	{ "alone",		N ":x:990:\n",			0, 990 },
	{ "with members",	"a:x:1:\n" N ":x:990:u,v\nb:x:2:\n", 0, 990 },
	{ "no password",	N "::1:\n",			0, 1 },
	{ "last gid",		N ":x:4294967294:\n",		0, 4294967294 },
	{ "cut in the members",	N ":x:990:alice,bo",		0, 990 },
	{ "cut behind the gid",	N ":x:990:",			0, 990 },
	{ "odd lines around",	"+\n\n:::\n#\n" N ":x:9:\n-::\nx", 0, 9 },
	{ "a name like ours",	N "s:x:1:\nx" N ":x:2:\n" N ":x:3:\n", 0, 3 },
	{ "empty file",		"",				-ENOENT, 0 },
	{ "another group",	"wheel:x:10:\n",		-ENOENT, 0 },
	{ "prefix",		"naskeys-admi:x:10:\n",		-ENOENT, 0 },
	{ "longer",		N "x:x:10:\n",			-ENOENT, 0 },
	{ "other case",		"Naskeys-admin:x:10:\n",	-ENOENT, 0 },
	{ "blank before",	" " N ":x:10:\n",		-ENOENT, 0 },
	{ "comment",		"#" N ":x:10:\n",		-ENOENT, 0 },
	{ "NIS",		"+" N ":x:10:\n",		-ENOENT, 0 },
	{ "as a member",	"a:x:10:" N ":x:11:\n",		-ENOENT, 0 },
	{ "name alone",		N "\n",				-ENOENT, 0 },
	{ "gid 0",		N ":x:0:\n",			-EPERM, 0 },
	{ "overflow gid",	N ":x:65534:\n",		-EPERM, 0 },
	{ "gid 0 in two digits", N ":x:00:\n",			-EBADMSG, 0 },
	{ "leading zero",	N ":x:0990:\n",			-EBADMSG, 0 },
	{ "no gid",		N ":x::\n",			-EBADMSG, 0 },
	{ "sign",		N ":x:+990:\n",			-EBADMSG, 0 },
	{ "negative",		N ":x:-1:\n",			-EBADMSG, 0 },
	{ "blank in the gid",	N ":x: 990:\n",			-EBADMSG, 0 },
	{ "hexadecimal",	N ":x:0x3de:\n",		-EBADMSG, 0 },
	{ "no gid at all",	N ":x:4294967295:\n",		-EBADMSG, 0 },
	{ "gid wraps",		N ":x:4294968286:\n",		-EBADMSG, 0 },
	{ "gid wraps to 0",	N ":x:18446744073709551616:\n", -EBADMSG, 0 },
	{ "name as gid",	N ":x:adm:\n",			-EBADMSG, 0 },
	{ "gid of 30 digits",
	    N ":x:999999999999999999999999999999:\n",		-EBADMSG, 0 },
	{ "two fields",		N ":x\n",			-EBADMSG, 0 },
	{ "three fields",	N ":x:990\n",			-EBADMSG, 0 },
	{ "five fields",	N ":x:990:a:b\n",		-EBADMSG, 0 },
	{ "cut in the gid",	"a:x:1:\n" N ":x:99",		-EBADMSG, 0 },
	{ "two lines",		N ":x:990:\n" N ":x:991:\n",	-EBADMSG, 0 },
	{ "the same line twice", N ":x:990:\n" N ":x:990:\n",	-EBADMSG, 0 },
};

static void
put(const char *text, size_t len, mode_t mode)
{
	int fd;

	(void)unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(write(fd, text, len), (ssize_t)len);
	ck_assert_int_eq(fchmod(fd, mode), 0);
	ck_assert_int_eq(close(fd), 0);
}

START_TEST(lines)
{
	uint32_t gid = UNSET;
	int r;

	put(rows[_i].text, strlen(rows[_i].text), 0644);
	r = nk_groupfile_gid(path, N, &gid);
	ck_assert_msg(r == rows[_i].want, "%s: got %d", rows[_i].what, r);
	ck_assert_uint_eq(gid, r == 0 ? rows[_i].gid : UNSET);
}
END_TEST

/* A line longer than any buffer, and our line across the edge of one. */
START_TEST(long_lines)
{
	static char text[40000];
	uint32_t gid = UNSET;
	size_t at;

	for (at = 8192 - 30; at <= 8192 + 1; at++) {
		memset(text, 'm', sizeof(text));
		memcpy(text, "big:x:5:", 8);
		text[at] = '\n';
		memcpy(text + at + 1, N ":x:990:", strlen(N ":x:990:"));
		put(text, sizeof(text), 0644);
		gid = UNSET;
		ck_assert_int_eq(nk_groupfile_gid(path, N, &gid), 0);
		ck_assert_uint_eq(gid, 990);
	}
}
END_TEST

START_TEST(nul_bytes)
{
	static const char inside[] = N "\0:x:990:\n";
	static const char before[] = "a\0b:x:1:\n" N ":x:990:\n";
	uint32_t gid = UNSET;

	put(inside, sizeof(inside) - 1, 0644);
	ck_assert_int_eq(nk_groupfile_gid(path, N, &gid), -ENOENT);
	ck_assert_uint_eq(gid, UNSET);
	put(before, sizeof(before) - 1, 0644);
	ck_assert_int_eq(nk_groupfile_gid(path, N, &gid), 0);
}
END_TEST

START_TEST(files_that_are_not_to_be_trusted)
{
	static const char good[] = N ":x:990:\n";
	uint32_t gid = UNSET;

	put(good, sizeof(good) - 1, 0664);
	ck_assert_int_eq(nk_groupfile_gid(path, N, &gid), -EACCES);
	put(good, sizeof(good) - 1, 0646);
	ck_assert_int_eq(nk_groupfile_gid(path, N, &gid), -EACCES);
	if (geteuid() == 0) {
		put(good, sizeof(good) - 1, 0644);
		ck_assert_int_eq(chown(path, 12345, 0), 0);
		ck_assert_int_eq(nk_groupfile_gid(path, N, &gid), -EACCES);
	}
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(nk_groupfile_gid(path, N, &gid), -ENOENT);
	ck_assert_int_eq(mkfifo(path, 0644), 0);	/* must not wait */
	ck_assert_int_eq(nk_groupfile_gid(path, N, &gid), -EACCES);
	ck_assert_int_eq(nk_groupfile_gid(dir, N, &gid), -EACCES);
	ck_assert_int_eq(nk_groupfile_gid("/dev/null", N, &gid), -EACCES);
	ck_assert_uint_eq(gid, UNSET);
}
END_TEST

START_TEST(names_that_are_none)
{
	static const char good[] = N ":x:990:\n";
	uint32_t gid = UNSET;

	put(good, sizeof(good) - 1, 0644);
	ck_assert_int_eq(nk_groupfile_gid(path, "", &gid), -EINVAL);
	ck_assert_int_eq(nk_groupfile_gid(path, N ":x", &gid), -EINVAL);
	ck_assert_int_eq(nk_groupfile_gid(path, "a\n" N, &gid), -EINVAL);
	ck_assert_uint_eq(gid, UNSET);
}
END_TEST

/* A hole is quick to read; the file is at the limit, then beyond it. */
START_TEST(size)
{
	static const char good[] = N ":x:990:\n";
	uint32_t gid = UNSET;

	put(good, sizeof(good) - 1, 0644);
	ck_assert_int_eq(truncate(path, NK_GROUPFILE_MAX), 0);
	ck_assert_int_eq(nk_groupfile_gid(path, N, &gid), 0);
	gid = UNSET;
	ck_assert_int_eq(truncate(path, NK_GROUPFILE_MAX + 1), 0);
	ck_assert_int_eq(nk_groupfile_gid(path, N, &gid), -EFBIG);
	ck_assert_uint_eq(gid, UNSET);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("groupfile");
	TCase *tc = tcase_create("gid");
	SRunner *sr = srunner_create(s);
	int failed;

	if (mkdtemp(tmp_name(dir, sizeof(dir), "groupfile")) == NULL)
		return EXIT_FAILURE;
	(void)snprintf(path, sizeof(path), "%s/group", dir);
	tcase_add_loop_test(tc, lines, 0,
	    (int)(sizeof(rows) / sizeof(rows[0])));
	tcase_add_test(tc, long_lines);
	tcase_add_test(tc, nul_bytes);
	tcase_add_test(tc, files_that_are_not_to_be_trusted);
	tcase_add_test(tc, names_that_are_none);
	tcase_add_test(tc, size);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	(void)unlink(path);
	(void)rmdir(dir);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
