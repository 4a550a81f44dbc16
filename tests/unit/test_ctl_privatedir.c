/* SPDX-License-Identifier: ISC */
/* The private folder of a command: where it lies, and what goes with it. */
#include <sys/stat.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/ctl/privatedir.h"

#define COUNT(a)	((int)(sizeof(a) / sizeof((a)[0])))

static const struct ctl ctl = { .where = "test" };
static char base[64], made[192];

/* A path below the base, for one use. */
static const char *
at(const char *name)
{
	static char path[192];

	(void)snprintf(path, sizeof(path), "%s/%s", base, name);
	return path;
}

static void
setup(void)
{
	/* not TMPDIR, whose path may be too long for a socket below it */
	(void)snprintf(base, sizeof(base), "/tmp/naskeys-test.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(base));
	ck_assert_int_eq(setenv("XDG_RUNTIME_DIR", base, 1), 0);
}

static void
teardown(void)
{
	ck_assert_int_eq(rmdir(base), 0);
}

static bool
is_below_base(const struct privatedir *d)
{
	return strncmp(d->path, base, strlen(base)) == 0 &&
	    d->path[strlen(base)] == '/';
}

START_TEST(makes_and_removes)
{
	struct privatedir d;
	struct stat st;

	ck_assert_int_eq(privatedir_make(&d, &ctl), CTL_DONE);
	ck_assert(is_below_base(&d));
	ck_assert_int_eq(stat(d.path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0700);
	ck_assert_int_eq(fcntl(d.fd, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(privatedir_write(&d, &ctl, "config", "text\n"),
	    CTL_DONE);
	ck_assert_int_eq(fstatat(d.fd, "config", &st, 0), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	ck_assert_int_eq(st.st_size, 5);
	/* what is there is not written over */
	ck_assert_int_eq(privatedir_write(&d, &ctl, "config", "x"),
	    CTL_FAILED);
	ck_assert_int_eq(symlinkat("/nonexistent/x", d.fd, "link"), 0);
	ck_assert_int_eq(privatedir_write(&d, &ctl, "link", "x"),
	    CTL_FAILED);
	privatedir_remove(&d);
	ck_assert_int_eq(stat(d.path, &st), -1);
	ck_assert_int_eq(d.fd, -1);
	privatedir_remove(&d);		/* none is fine */
}
END_TEST

/* One that nobody holds goes with the next; one in use stays. */
START_TEST(removes_what_was_left)
{
	struct privatedir killed, used, d;
	struct stat st;

	ck_assert_int_eq(privatedir_make(&used, &ctl), CTL_DONE);
	ck_assert_int_eq(privatedir_make(&killed, &ctl), CTL_DONE);
	ck_assert_int_eq(privatedir_write(&killed, &ctl, "a", "a"),
	    CTL_DONE);
	close(killed.fd);
	ck_assert_int_eq(privatedir_make(&d, &ctl), CTL_DONE);
	ck_assert_int_eq(stat(killed.path, &st), -1);
	ck_assert_int_eq(stat(used.path, &st), 0);
	privatedir_remove(&d);
	privatedir_remove(&used);
}
END_TEST

/* Nothing but its own is touched, whatever the name. */
START_TEST(leaves_others_alone)
{
	struct privatedir d;
	struct stat st;
	int fd;

	ck_assert_int_eq(mkdir(at("naskeys-lent"), 0700), 0);
	ck_assert_int_eq(mkdir(at("other"), 0700), 0);
	ck_assert_int_eq(symlink("other", at("naskeys-lent.link")), 0);
	ck_assert_int_ge(fd = open(at("naskeys-lent.file"),
	    O_WRONLY | O_CREAT | O_EXCL, 0600), 0);
	close(fd);
	ck_assert_int_ge(fd = open(at("other/file"),
	    O_WRONLY | O_CREAT | O_EXCL, 0600), 0);
	close(fd);
	ck_assert_int_eq(privatedir_make(&d, &ctl), CTL_DONE);
	privatedir_remove(&d);
	ck_assert_int_eq(lstat(at("naskeys-lent.link"), &st), 0);
	ck_assert_int_eq(lstat(at("naskeys-lent.file"), &st), 0);
	ck_assert_int_eq(lstat(at("naskeys-lent"), &st), 0);
	ck_assert_int_eq(unlink(at("other/file")), 0);
	ck_assert_int_eq(unlink(at("naskeys-lent.link")), 0);
	ck_assert_int_eq(unlink(at("naskeys-lent.file")), 0);
	ck_assert_int_eq(rmdir(at("naskeys-lent")), 0);
	ck_assert_int_eq(rmdir(at("other")), 0);
}
END_TEST

START_TEST(not_what_another_user_left)
{
	struct privatedir d;
	struct stat st;

	if (geteuid() != 0)
		return;
	ck_assert_int_eq(mkdir(at("naskeys-lent.abcdef"), 0700), 0);
	ck_assert_int_eq(chown(at("naskeys-lent.abcdef"), 65534, 65534), 0);
	ck_assert_int_eq(privatedir_make(&d, &ctl), CTL_DONE);
	privatedir_remove(&d);
	ck_assert_int_eq(stat(at("naskeys-lent.abcdef"), &st), 0);
	ck_assert_int_eq(rmdir(at("naskeys-lent.abcdef")), 0);
}
END_TEST

/* What the environment names is taken only if it is such a folder. */
static const struct {
	const char	*what;
	const char	*name;		/* below the base; NULL: as it is */
	mode_t		 mode;
	const char	*env;		/* instead */
} strange[] = {
	{ "open to others", "a", 0755, NULL },
	{ "open to the group", "a", 0710, NULL },
	{ "with a blank", "a b", 0700, NULL },
	{ "with a sign that ssh expands", "a%d", 0700, NULL },
	{ "one that ssh takes for a variable", "a$b", 0700, NULL },
	{ "too long", "a234567890123456789012345678901234567890123456789",
	    0700, NULL },
	{ "not there", NULL, 0, "/nonexistent/naskeys" },
	{ "relative", NULL, 0, "tmp" },
	{ "empty", NULL, 0, "" },
};

START_TEST(takes_no_other)
{
	const char *name = strange[_i].name;
	struct privatedir d;

	if (name != NULL) {
		(void)snprintf(made, sizeof(made), "%s", at(name));
		ck_assert_int_eq(mkdir(made, 0700), 0);
		ck_assert_int_eq(chmod(made, strange[_i].mode), 0);
	}
	ck_assert_int_eq(setenv("XDG_RUNTIME_DIR", name != NULL ? made :
	    strange[_i].env, 1), 0);
	ck_assert_int_eq(privatedir_make(&d, &ctl), CTL_DONE);
	ck_assert_msg(!is_below_base(&d) && strncmp(d.path, "tmp/", 4) != 0,
	    "%s: %s", strange[_i].what, d.path);
	privatedir_remove(&d);
	if (name != NULL)
		ck_assert_int_eq(rmdir(made), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ctl_privatedir");
	TCase *t = tcase_create("privatedir");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, makes_and_removes);
	tcase_add_test(t, removes_what_was_left);
	tcase_add_test(t, leaves_others_alone);
	tcase_add_test(t, not_what_another_user_left);
	tcase_add_loop_test(t, takes_no_other, 0, COUNT(strange));
	suite_add_tcase(s, t);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
