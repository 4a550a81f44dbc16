/* SPDX-License-Identifier: ISC */
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/account/child.h"
#include "lib/account/directory.h"
#include "lib/account/nameset.h"
#include "lib/account/nsswitch.h"
#include "lib/account/resolver.h"
#include "tests/unit/tmp.h"
#include "lib/fullio.h"

/* ---- nsswitch.conf ---- */

static const struct {
	const char	*text;
	const char	*database;
	int		 r;
	const char	*services;
} lines[] = {
	{ "", "passwd", 0, "files" },
	{ "passwd: files naskeys\n", "passwd", 0, "files" },
	{ "passwd: naskeys\n", "passwd", 0, "files" },
	{ "passwd:files naskeys sss", "passwd", 0, "files sss" },
	{ " \tpasswd \t: \tfiles\tsss \r\n", "passwd", 0, "files sss" },
	{ "group: a\npasswd: b # naskeys\n", "passwd", 0, "b" },
	{ "group: a\npasswd: b\n", "group", 0, "a" },
	{ "#passwd: a\npasswd: b\n", "passwd", 0, "b" },
	{ "passwd: a\npasswd: b\n", "passwd", 0, "b" },
	{ "passwd_compat: a\n", "passwd", 0, "files" },
	{ "shadow: a\n", "passwd", 0, "files" },
	{ "passwd: files [NOTFOUND=return] naskeys [SUCCESS=return] sss",
	    "passwd", 0, "files [NOTFOUND=return] sss" },
	{ "passwd: naskeys [!UNAVAIL=return] [SUCCESS=return] files",
	    "passwd", 0, "files" },
	{ "passwd: files[SUCCESS=merge]naskeys[NOTFOUND = return]db",
	    "passwd", 0, "files [SUCCESS=merge] db" },
	{ "passwd: [NOTFOUND=return] naskeys", "passwd", 0, "files" },
	{ "passwd: naskeys2 naskey", "passwd", 0, "naskeys2 naskey" },
	{ "passwd: files [NOTFOUND=return", "passwd", -EBADMSG, NULL },
};

START_TEST(services)
{
	char out[NK_SERVICES_MAX];
	int r;

	r = nk_nsswitch_services(lines[_i].text, strlen(lines[_i].text),
	    lines[_i].database, out);
	ck_assert_msg(r == lines[_i].r, "%s: got %d", lines[_i].text, r);
	if (r == 0)
		ck_assert_str_eq(out, lines[_i].services);
}
END_TEST

START_TEST(long_line)
{
	char text[600], out[NK_SERVICES_MAX];

	memset(text, 'a', sizeof(text));
	memcpy(text, "passwd:", 7);
	ck_assert_int_eq(nk_nsswitch_services(text, 7 + NK_SERVICES_MAX,
	    "passwd", out), -E2BIG);
	ck_assert_int_eq(nk_nsswitch_services(text, 7 + NK_SERVICES_MAX - 1,
	    "passwd", out), 0);
	ck_assert_uint_eq(strlen(out), NK_SERVICES_MAX - 1);
}
END_TEST

/* ---- the set ---- */

START_TEST(nameset)
{
	struct nk_nameset *s;
	char name[32];
	uint32_t i, id;

	ck_assert_int_eq(nk_nameset_new(&s), 0);
	ck_assert(!nk_nameset_has(s, "x", NULL));
	ck_assert_ptr_null(nk_nameset_name(s, 0));
	for (i = 0; i < 20000; i++) {
		(void)snprintf(name, sizeof(name), "user-number-%u", i);
		ck_assert_int_eq(nk_nameset_add(s, name, strlen(name), i), 0);
	}
	ck_assert_int_eq(nk_nameset_add(s, "user-number-7", 13, 99999), 0);
	ck_assert_int_eq(nk_nameset_add(s, "other", 5, 7), 0);
	ck_assert_uint_eq(nk_nameset_count(s), 20002);
	for (i = 0; i < 20000; i++) {
		(void)snprintf(name, sizeof(name), "user-number-%u", i);
		ck_assert(nk_nameset_has(s, name, &id));
		ck_assert_uint_eq(id, i);	/* the first of them */
		ck_assert_str_eq(nk_nameset_name(s, i), name);
	}
	ck_assert(nk_nameset_has(s, "other", &id));
	ck_assert(!nk_nameset_has(s, "user-number-", NULL));
	ck_assert(!nk_nameset_has(s, "user-number-20000", NULL));
	ck_assert(!nk_nameset_has(s, "", NULL));
	ck_assert_ptr_null(nk_nameset_name(s, 20000));
	nk_nameset_free(s);
	nk_nameset_free(NULL);
}
END_TEST

/* ---- the child ---- */

static int
say_hello(void *arg, int fd)
{
	(void)arg;
	return nk_write_full(fd, "hello", 5) < 0;
}

static int
say_more(void *arg, int fd)
{
	(void)arg;
	return nk_write_full(fd, "hello!", 6) < 0;
}

static int
break_off(void *arg, int fd)
{
	(void)arg;
	if (nk_write_full(fd, "hello", 5) < 0)
		return 1;
	return 3;
}

static int
crash(void *arg, int fd)
{
	(void)arg;
	if (nk_write_full(fd, "hello", 5) < 0)
		return 1;
	(void)raise(SIGKILL);
	return 0;
}

static int
hang(void *arg, int fd)
{
	(void)arg;
	if (nk_write_full(fd, "hello", 5) < 0)
		return 1;
	for (;;)
		(void)pause();
	return 0;
}

/* With the pipe closed, so that only the wait can end it. */
static int
hang_closed(void *arg, int fd)
{
	(void)arg;
	if (nk_write_full(fd, "hello", 5) < 0)
		return 1;
	(void)close(fd);
	for (;;)
		(void)pause();
	return 0;
}

/* What the child may still have open: 0 to 2 and the pipe. */
static int
count_open(void *arg, int fd)
{
	char n = 0;
	int i;

	(void)arg;
	for (i = 0; i < 1024; i++)
		n = (char)(n + (fcntl(i, F_GETFD) != -1));
	return nk_write_full(fd, &n, 1) < 0;
}

static const struct {
	int	(*work)(void *arg, int fd);
	int	 r;
} works[] = {
	{ say_hello, 0 },
	{ say_more, -EIO },
	{ break_off, -EIO },
	{ crash, -EIO },
	{ hang, -ETIMEDOUT },
	{ hang_closed, -ETIMEDOUT },
};

START_TEST(child)
{
	char text[6] = "";

	ck_assert_int_eq(nk_child_ask(works[_i].work, NULL, NULL, 1, text, 5),
	    works[_i].r);
	if (works[_i].r == 0)
		ck_assert_str_eq(text, "hello");
}
END_TEST

START_TEST(child_descriptors)
{
	char n = 0;
	int fd = dup(1);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(nk_child_ask(count_open, NULL, NULL, 5, &n, 1), 0);
	ck_assert_int_eq(n, 4);
	/* also with a pipe that is one of 0 to 2 */
	close(0);
	ck_assert_int_eq(nk_child_ask(count_open, NULL, NULL, 5, &n, 1), 0);
	ck_assert_int_eq(n, 4);
	/* and one that it keeps */
	ck_assert_int_eq(nk_child_ask(count_open, NULL, &fd, 5, &n, 1), 0);
	ck_assert_int_eq(n, 5);
	(void)signal(SIGCHLD, SIG_IGN);
	ck_assert_int_eq(nk_child_ask(count_open, NULL, NULL, 5, &n, 1), 0);
	close(fd);
}
END_TEST

/* Which file came with the question. */
static int
tell_kept(void *arg, int fd)
{
	struct stat st;
	char byte;
	int kept;

	(void)arg;
	while (nk_child_hear(fd, &byte, 1, &kept) > 0) {
		memset(&st, 0, sizeof(st));
		if (kept != -1 && (fstat(kept, &st) == -1 ||
		    close(kept) == -1))
			return 1;
		if (send(fd, &st.st_ino, sizeof(st.st_ino),
		    MSG_NOSIGNAL) == -1)
			return 1;
	}
	return 0;
}

START_TEST(child_that_stays)
{
	struct nk_child ch;
	struct stat st;
	ino_t ino = 1;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC), i;

	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_int_eq(nk_child_start(&ch, tell_kept, NULL), 0);
	for (i = 0; i < 3; i++) {
		ck_assert_int_eq(nk_child_exchange(&ch, "x", 1, NULL, 5,
		    &ino, sizeof(ino)), 0);
		ck_assert_uint_eq(ino, 0);
		ck_assert_int_eq(nk_child_exchange(&ch, "x", 1, &fd, 5,
		    &ino, sizeof(ino)), 0);
		ck_assert_uint_eq(ino, st.st_ino);
	}
	nk_child_stop(&ch);
	close(fd);
}
END_TEST

/* ---- the machine's own services ---- */

START_TEST(lookups)
{
	struct nk_directory_entry e;
	uint32_t gids[NK_DIRECTORY_GROUPS_MAX];
	size_t n;

	ck_assert_int_eq(nk_directory_user("root", 0, 10, &e), 0);
	ck_assert(e.found);
	ck_assert_uint_eq(e.id, 0);
	ck_assert_str_eq(e.home, "/root");
	ck_assert_int_eq(nk_directory_user(NULL, 0, 10, &e), 0);
	ck_assert(e.found);
	ck_assert_str_eq(e.name, "root");
	ck_assert_int_eq(nk_directory_group("root", 0, 10, &e), 0);
	ck_assert(e.found);
	ck_assert_int_eq(nk_directory_group(NULL, 0, 10, &e), 0);
	ck_assert_str_eq(e.name, "root");
	ck_assert_int_eq(nk_directory_groups("root", 0, 10, gids, &n), 0);
	ck_assert_uint_ge(n, 1);
	ck_assert_uint_eq(gids[0], 0);

	ck_assert_int_eq(nk_directory_user("no-such-user", 0, 10, &e), 0);
	ck_assert(!e.found);
	ck_assert_int_eq(nk_directory_user(NULL, 4000000001u, 10, &e), 0);
	ck_assert(!e.found);
	ck_assert_int_eq(nk_directory_group("no-such-group", 0, 10, &e), 0);
	ck_assert(!e.found);
	ck_assert_int_eq(nk_directory_group(NULL, 4000000001u, 10, &e), 0);
	ck_assert(!e.found);
}
END_TEST

START_TEST(enumeration)
{
	struct nk_directory *d;

	ck_assert_int_eq(nk_directory_read(&d, 30), 0);
	ck_assert(nk_directory_has_user(d, "root"));
	ck_assert(nk_directory_has_group(d, "root"));
	ck_assert_str_eq(nk_directory_uid(d, 0), "root");
	ck_assert_str_eq(nk_directory_gid(d, 0), "root");
	ck_assert(!nk_directory_has_user(d, "no-such-user"));
	ck_assert(!nk_directory_has_group(d, "no-such-group"));
	ck_assert_ptr_null(nk_directory_uid(d, 4000000001u));
	ck_assert_ptr_null(nk_directory_gid(d, 4000000001u));
	nk_directory_free(d);
	nk_directory_free(NULL);
}
END_TEST

/* Files of the test's own, over the machine's. */
static void
put(const char *over, const char *text)
{
	char name[64];
	int fd = mkstemp(tmp_name(name, sizeof(name), "etc"));

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(fchmod(fd, 0644), 0);
	ck_assert_int_eq(nk_write_full(fd, text, strlen(text)), 0);
	close(fd);
	(void)umount2(over, MNT_DETACH);	/* an earlier one */
	ck_assert_msg(mount(name, over, NULL, MS_BIND, NULL) == 0,
	    "%s: %s", over, strerror(errno));
	unlink(name);
}

START_TEST(resolver)
{
	struct nk_question q[NK_QUESTIONS_MAX + 1] = {
		{ .name = "root" },
		{ .name = NULL, .id = 4000000001u },
		{ .group = true, .name = "root" },
		{ .group = true, .name = "no-such-group" },
	};
	struct nk_resolver *r = NULL;
	char name[257];
	int i;

	for (i = 0; i < 3; i++) {
		ck_assert_int_eq(nk_resolver_ask(&r, q, 4, 10), 0);
		ck_assert_ptr_nonnull(r);
		ck_assert(q[0].entry.found);
		ck_assert_str_eq(q[0].entry.home, "/root");
		ck_assert(!q[1].entry.found);
		ck_assert(q[2].entry.found);
		ck_assert(!q[3].entry.found);
	}
	ck_assert_int_eq(nk_resolver_ask(&r, q, 5, 10), -E2BIG);
	ck_assert_int_eq(nk_resolver_ask(&r, q, 0, 10), 0);
	memset(name, 'a', 256);
	name[256] = '\0';
	q[0].name = name;
	ck_assert_int_eq(nk_resolver_ask(&r, q, 1, 10), -E2BIG);
	name[255] = '\0';
	ck_assert_int_eq(nk_resolver_ask(&r, q, 1, 10), 0);
	ck_assert(!q[0].entry.found);
	nk_resolver_free(r);
	nk_resolver_free(NULL);
}
END_TEST

START_TEST(without_ourselves)
{
	struct nk_question q = { .name = "carl" };
	struct nk_resolver *res = NULL;
	struct nk_directory_entry e;
	struct nk_directory *d;

	ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
	ck_assert_int_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL),
	    0);
	/* "files" stands for us: what is left must not find anything */
	put("/etc/nsswitch.conf", "passwd: naskeys [NOTFOUND=return]\n"
	    "group: naskeys files\n");
	put("/etc/passwd", "root:x:0:0:a:/root:/bin/sh\n"
	    "carl:x:3001:100::/home/carl:/bin/sh\n"
	    "twin:x:3001:100::/:\n");
	put("/etc/group", "root:x:0:\nusers:x:100:\nstaff:x:50:carl\n");
	ck_assert_int_eq(nk_directory_user("carl", 0, 10, &e), 0);
	ck_assert(e.found);
	ck_assert_uint_eq(e.id, 3001);
	ck_assert_uint_eq(e.gid, 100);
	ck_assert_int_eq(nk_directory_read(&d, 10), 0);
	ck_assert_str_eq(nk_directory_uid(d, 3001), "carl");
	ck_assert(nk_directory_has_user(d, "twin"));
	ck_assert(nk_directory_has_group(d, "staff"));
	nk_directory_free(d);
	ck_assert_int_eq(nk_resolver_ask(&res, &q, 1, 10), 0);
	ck_assert(q.entry.found);
	ck_assert_uint_eq(q.entry.id, 3001);
	/* what has changed since then is seen */
	put("/etc/passwd", "carl:x:3002:100::/home/carl:/bin/sh\n");
	ck_assert_int_eq(nk_resolver_ask(&res, &q, 1, 10), 0);
	ck_assert_uint_eq(q.entry.id, 3002);
	put("/etc/nsswitch.conf", "passwd: files [oops\n");
	ck_assert_int_eq(nk_resolver_ask(&res, &q, 1, 10), -EIO);
	put("/etc/nsswitch.conf", "passwd: files\n");
	ck_assert_int_eq(nk_resolver_ask(&res, &q, 1, 10), 0);
	nk_resolver_free(res);
	put("/etc/nsswitch.conf", "passwd: files [oops\n");
	ck_assert_int_eq(nk_directory_user("carl", 0, 10, &e), -EIO);
	ck_assert(!e.found);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("directory");
	TCase *tc = tcase_create("directory");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_loop_test(tc, services, 0,
	    (int)(sizeof(lines) / sizeof(lines[0])));
	tcase_add_test(tc, long_line);
	tcase_add_test(tc, nameset);
	tcase_add_loop_test(tc, child, 0,
	    (int)(sizeof(works) / sizeof(works[0])));
	tcase_add_test(tc, child_descriptors);
	tcase_add_test(tc, child_that_stays);
	tcase_add_test(tc, lookups);
	tcase_add_test(tc, enumeration);
	tcase_add_test(tc, resolver);
	if (geteuid() == 0)
		tcase_add_test(tc, without_ourselves);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
