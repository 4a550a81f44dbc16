/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/account/blacklist.h"
#include "lib/ssh/base64.h"
#include "lib/ssh/fingerprint.h"
#include "tests/unit/ssh_keys.h"
#include "tests/unit/tmp.h"

#define COUNT(a)	((int)(sizeof(a) / sizeof((a)[0])))
#define HEAD		"# a list\n# of keys\n"
#define LOW		"00000000000000000001\n"
#define HIGH		"ffffffffffffffffffff\n"

static char folder[2][64], path[2][128], hit[32];
static const char *const folders[] = { folder[0], folder[1] };
static struct nk_blacklist b;
static uint8_t *blob;
static size_t len;

/* The last 20 digits of what ssh-keygen -l -E md5 says, and a newline. */
static void
setup(void)
{
	const char *s;
	char *md5;
	size_t i, n = 0;

	for (i = 0; i < 2; i++) {
		ck_assert_ptr_nonnull(mkdtemp(tmp_name(folder[i],
		    sizeof(folder[i]), "lists")));
		(void)snprintf(path[i], sizeof(path[i]),
		    "%.63s/blacklist.RSA-2048", folder[i]);
	}
	ck_assert_int_eq(nk_base64_decode(RSA2048_BASE64,
	    strlen(RSA2048_BASE64), &blob, &len), 0);
	ck_assert_int_eq(nk_fingerprint_md5(blob, len, &md5), 0);
	for (s = md5 + strlen("MD5:") + 6 * 3; *s != '\0'; s++) {
		if (*s != ':')
			hit[n++] = *s;
	}
	ck_assert_uint_eq(n, 20);
	memcpy(hit + n, "\n", 2);
	free(md5);
	nk_blacklist_init(&b, folders, geteuid());
}

static void
teardown(void)
{
	size_t i;

	nk_blacklist_clear(&b);
	free(blob);
	for (i = 0; i < 2; i++) {
		(void)unlink(path[i]);
		ck_assert_int_eq(rmdir(folder[i]), 0);
	}
}

static void
put(size_t i, const char *text, mode_t mode)
{
	int fd = open(path[i], O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(write(fd, text, strlen(text)),
	    (ssize_t)strlen(text));
	ck_assert_int_eq(fchmod(fd, mode), 0);
	close(fd);
}

static int
find(void)
{
	return nk_blacklist_find(&b, 2048, blob, len);
}

/* "@" stands for the key's own line. */
static const struct {
	const char	*what, *text;
	mode_t		 mode;
	int		 want;
} lists[] = {
	{ "it alone",		"@", 0644, 1 },
	{ "behind comments",	HEAD "@", 0644, 1 },
	{ "first",		HEAD "@" HIGH, 0644, 1 },
	{ "last",		HEAD LOW "@", 0644, 1 },
	{ "between",		HEAD LOW LOW "@" HIGH, 0644, 1 },
	{ "empty",		"", 0644, 0 },
	{ "comments alone",	HEAD, 0644, 0 },
	{ "others",		HEAD LOW HIGH, 0644, 0 },
	{ "no more than one",	HEAD LOW, 0644, 0 },
	{ "cut comment",	"# a", 0644, -EBADMSG },
	{ "cut line",		"@fff", 0644, -EBADMSG },
	{ "blank between",	LOW "\n@", 0644, -EBADMSG },
	{ "late comment",	LOW "####################\n" HIGH, 0644,
	    -EBADMSG },
	{ "capitals",		"FFFFFFFFFFFFFFFFFFFF\n", 0644, -EBADMSG },
	{ "no newline there",	"00000000000000000001 ", 0644, -EBADMSG },
	{ "unsorted",		LOW "00000000000000000002\n" LOW, 0644,
	    -EBADMSG },
	{ "group may write",	"@", 0664, -EPERM },
	{ "others may write",	"@", 0646, -EPERM },
};

START_TEST(read_list)
{
	char text[512];
	const char *s = lists[_i].text;
	size_t n = 0;

	for (; *s != '\0'; s++) {
		if (*s == '@') {
			memcpy(text + n, hit, 21);
			n += 21;
		} else {
			text[n++] = *s;
		}
	}
	text[n] = '\0';
	put(0, text, lists[_i].mode);
	ck_assert_msg(find() == lists[_i].want, "%s: %d", lists[_i].what,
	    find());
	/* the other folder's list counts as well, and what it says wins */
	nk_blacklist_clear(&b);
	ck_assert_int_eq(rename(path[0], path[1]), 0);
	ck_assert_msg(find() == lists[_i].want, "%s", lists[_i].what);
	nk_blacklist_clear(&b);
	put(0, hit, 0644);
	ck_assert_msg(find() == 1, "%s", lists[_i].what);
}
END_TEST

START_TEST(many)
{
	char *text = malloc(2000 * 21 + 64), *p;
	size_t i;

	ck_assert_ptr_nonnull(text);
	p = stpcpy(text, HEAD);
	for (i = 0; i < 2000; i++)
		p += sprintf(p, "%05zx000000000000000\n", i * 524);
	put(0, text, 0644);
	ck_assert_int_eq(find(), 0);
	/* each is found where it stands */
	p = text + strlen(HEAD);
	nk_blacklist_clear(&b);
	for (i = 0; i < 2000 && strncmp(p + i * 21, hit, 20) < 0; i++)
		;
	ck_assert_uint_gt(i, 0);
	ck_assert_uint_lt(i, 2000);
	memcpy(p + i * 21, hit, 21);
	put(0, text, 0644);
	ck_assert_int_eq(find(), 1);
	free(text);
}
END_TEST

START_TEST(absent)
{
	static const char *const nowhere[] = { "/nonexistent",
	    "/dev/null" };

	ck_assert_int_eq(find(), 0);
	nk_blacklist_clear(&b);
	nk_blacklist_init(&b, nowhere, geteuid());
	ck_assert_int_eq(find(), 0);
}
END_TEST

START_TEST(strange_files)
{
	char name[160];
	unsigned int i;

	/* a FIFO does not hold the helper up */
	ck_assert_int_eq(mkfifo(path[0], 0644), 0);
	ck_assert_int_eq(find(), -EPERM);
	nk_blacklist_clear(&b);
	ck_assert_int_eq(unlink(path[0]), 0);
	/* somebody else's */
	put(0, hit, 0644);
	nk_blacklist_init(&b, folders, geteuid() + 1);
	ck_assert_int_eq(find(), -EPERM);
	nk_blacklist_clear(&b);
	nk_blacklist_init(&b, folders, geteuid());
	/* more sizes than are kept open */
	for (i = 0; i < 2 * NK_BLACKLIST_SIZES; i++)
		ck_assert_int_eq(nk_blacklist_find(&b, 3000 + i, blob, len),
		    0);
	ck_assert_int_eq(find(), 1);
	/* only of its own size */
	ck_assert_int_eq(nk_blacklist_find(&b, 2047, blob, len), 0);
	nk_blacklist_clear(&b);
	(void)snprintf(name, sizeof(name), "%.63s/list", folder[1]);
	ck_assert_int_eq(rename(path[0], name), 0);
	ck_assert_int_eq(symlink(name, path[0]), 0);
	ck_assert_int_eq(find(), 1);
	ck_assert_int_eq(truncate(name, NK_BLACKLIST_FILE_MAX + 21), 0);
	nk_blacklist_clear(&b);
	ck_assert_int_eq(find(), -EFBIG);
	ck_assert_int_eq(unlink(name), 0);
}
END_TEST

/* Comments end within the first NK_BLACKLIST_HEAD_MAX bytes. */
START_TEST(long_head)
{
	char text[NK_BLACKLIST_HEAD_MAX + 64];
	size_t over;

	for (over = 0; over < 2; over++) {
		memset(text, '#', sizeof(text));
		text[NK_BLACKLIST_HEAD_MAX - 1 + over] = '\n';
		memcpy(text + NK_BLACKLIST_HEAD_MAX + over, hit, 22);
		put(0, text, 0644);
		ck_assert_int_eq(find(), over == 0 ? 1 : -EBADMSG);
		nk_blacklist_clear(&b);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("blacklist");
	TCase *tc = tcase_create("blacklist");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, read_list, 0, COUNT(lists));
	tcase_add_test(tc, many);
	tcase_add_test(tc, absent);
	tcase_add_test(tc, strange_files);
	tcase_add_test(tc, long_head);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
