/* SPDX-License-Identifier: ISC */
/*
 * The file of rules for sudo: MUST 18 of lib/publish/edit.c, and what
 * lib/publish/sudofile.h promises.  visudo is a stand-in here.
 */
#include <sys/stat.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/publish/internal.h"
#include "lib/publish/sudofile.h"
#include "lib/store/internal.h"
#include "lib/store/sudo.h"
#include "tests/fault/edits.h"
#include "tests/fault/place.h"

static char *dir;
static struct edits_place place;
static struct nk_publisher *p;
static char folder[MODEL_TEXT + 16], file[MODEL_TEXT + 32];
static char visudo[MODEL_TEXT + 16];

/* Refuses lines that have "refused", and any text that has "whole". */
static const char stand_in[] = "#!/bin/sh\n"
    "exec /usr/bin/awk '/refused/ { print FILENAME \":\" FNR"
    " \":5: syntax error\"; bad = 1 }\n"
    "/whole/ { print \"it does not say which line\"; bad = 1 }\n"
    "END { exit bad }' \"$3\"\n";

static void
write_file(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(write(fd, text, strlen(text)),
	    (ssize_t)strlen(text));
	ck_assert_int_eq(fchmod(fd, mode), 0);
	close(fd);
}

static void
reopen(void)
{
	nk_publisher_free(p);
	ck_assert_int_eq(nk_publisher_open(&p, &place.state, &place.conf,
	    NK_STORE_CREATE), 0);
}

static void
setup(void)
{
	ck_assert_int_eq(place_make(&dir, 0), 0);
	edits_place_init(&place, dir);
	(void)snprintf(folder, sizeof(folder), "%s/sudoers.d", dir);
	(void)snprintf(file, sizeof(file), "%s/10-naskeys", folder);
	(void)snprintf(visudo, sizeof(visudo), "%s/visudo", dir);
	ck_assert_int_eq(mkdir(folder, 0755), 0);
	write_file(visudo, stand_in, 0755);
	place.state.sudoers = file;
	place.state.visudo = visudo;
	p = NULL;
	reopen();
}

static void
teardown(void)
{
	nk_publisher_free(p);
	(void)chmod(folder, 0755);
	place_remove(dir);
}

static void
set(char **to, const char *text)
{
	free(*to);
	ck_assert_ptr_nonnull(*to = strdup(text));
}

static int64_t
add_user(const char *name, uint32_t uid, const char *commands,
    const char *nopasswd)
{
	struct nk_user *u = nk_user_new();
	int64_t id;

	ck_assert_ptr_nonnull(u);
	set(&u->name, name);
	set(&u->sudo_commands, commands);
	set(&u->sudo_commands_nopasswd, nopasswd);
	u->uid = uid;
	u->managed = true;
	ck_assert_int_eq(nk_edit_begin(p), 0);
	ck_assert_int_eq(nk_user_insert(nk_publisher_store(p), u), 0);
	ck_assert_int_eq(nk_edit_commit(p), 0);
	id = u->id;
	nk_user_free(u);
	return id;
}

/* What follows the header, "" where there is no rule; NULL: no file. */
static const char *
rules(void)
{
	static char text[4096];
	char *at;
	struct stat st;
	ssize_t n;
	int fd, lines = 3;

	if ((fd = open(file, O_RDONLY)) == -1)
		return NULL;
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0440);
	n = read(fd, text, sizeof(text) - 1);
	ck_assert_int_gt(n, 0);
	text[n] = '\0';
	close(fd);
	for (at = text; lines > 0 && *at != '\0'; lines--)
		at += strcspn(at, "\n") + 1;
	return at;
}

static void
expect(const char *wanted)
{
	const char *got = rules();

	ck_assert_ptr_nonnull(got);
	ck_assert_str_eq(got, wanted);
	ck_assert(nk_publisher_sudo(p) == 0);
}

static void
count(void *arg, const char *what)
{
	ck_assert_ptr_nonnull(strstr(what, "sudo"));
	(*(int *)arg)++;
}

/* Of this file alone: what is really in /etc is not the test's. */
static int
faults(void)
{
	struct nk_sudo_file f;
	int r;

	ck_assert_int_eq(nk_sudo_file_make(nk_publisher_store(p),
	    &place.state, &f), 0);
	r = nk_sudo_file_compare(&place.state, &f);
	if (r == 0)
		r = f.fault;
	nk_sudo_file_clear(&f);
	return r;
}

static void
change(int64_t id, void (*fn)(struct nk_user *u))
{
	struct nk_user *u;

	ck_assert_int_eq(nk_edit_begin(p), 0);
	ck_assert_int_eq(nk_user_get(nk_publisher_store(p), id, &u), 0);
	fn(u);
	ck_assert_int_eq(nk_user_update(nk_publisher_store(p), u), 0);
	ck_assert_int_eq(nk_edit_commit(p), 0);
	nk_user_free(u);
}

START_TEST(none_without_rules)
{
	ck_assert_ptr_null(rules());
	add_user("alice", 3000, "", "");
	ck_assert_ptr_null(rules());
	ck_assert_int_eq(faults(), 0);
}
END_TEST

static void lock(struct nk_user *u) { u->locked = true; }
static void unlock(struct nk_user *u) { u->locked = false; }
static void expire(struct nk_user *u) { u->expires_at = 1800000000; }
static void far(struct nk_user *u) { u->expires_at = 253402300800; }
static void move(struct nk_user *u) { u->uid = 3009; }
static void rename_it(struct nk_user *u) { set(&u->name, "ALL"); }
static void shell(struct nk_user *u) { set(&u->shell, "/bin/x"); }
static void clear(struct nk_user *u) { set(&u->sudo_commands, ""); }

static const struct {
	void		(*fn)(struct nk_user *u);
	const char	*rules;
	bool		 same;		/* the file is not touched */
} steps[] = {
	{ shell,	"# user al\n#3000 ALL=(ALL) /bin/a, /bin/b x\n",
	    true },
	{ lock,		"", false },
	{ shell,	"", true },
	{ unlock,	"# user al\n#3000 ALL=(ALL) /bin/a, /bin/b x\n",
	    false },
	{ expire,	"# user al\n#3000 ALL=(ALL) NOTAFTER=20270115080000Z"
	    " /bin/a, /bin/b x\n", false },
	{ far,		"# user al\n#3000 ALL=(ALL) /bin/a, /bin/b x\n",
	    false },
	{ move,		"# user al\n#3009 ALL=(ALL) /bin/a, /bin/b x\n",
	    false },
	{ rename_it,	"# user ALL\n#3009 ALL=(ALL) /bin/a, /bin/b x\n",
	    false },
	{ clear,	"", false },
};

START_TEST(follows_the_user)
{
	int64_t id = add_user("al", 3000, "/bin/a\n/bin/b x", "");
	struct stat before, after;
	size_t i;

	ck_assert_int_eq(stat(file, &before), 0);
	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		change(id, steps[i].fn);
		expect(steps[i].rules);
		ck_assert_int_eq(faults(), 0);
		ck_assert_int_eq(stat(file, &after), 0);
		ck_assert((before.st_ino == after.st_ino &&
		    before.st_mtim.tv_nsec == after.st_mtim.tv_nsec) ==
		    steps[i].same);
		before = after;
	}
}
END_TEST

START_TEST(goes_with_the_user)
{
	int64_t id = add_user("al", 3000, "", "ALL");

	expect("# user al\n#3000 ALL=(ALL) NOPASSWD: ALL\n");
	ck_assert_int_eq(nk_edit_begin(p), 0);
	ck_assert_int_eq(nk_user_delete(nk_publisher_store(p), id), 0);
	ck_assert_int_eq(nk_edit_commit(p), 0);
	expect("");
}
END_TEST

START_TEST(groups)
{
	struct nk_group *g = nk_group_new();

	ck_assert_ptr_nonnull(g);
	add_user("al", 3000, "/bin/a", "/bin/b");
	set(&g->name, "op%\\");
	set(&g->sudo_commands_nopasswd, "/bin/c\n/bin/d");
	g->gid = 3500;
	ck_assert_int_eq(nk_edit_begin(p), 0);
	ck_assert_int_eq(nk_group_insert(nk_publisher_store(p), g), 0);
	ck_assert_int_eq(nk_edit_commit(p), 0);
	expect("# group op??\n%#3500 ALL=(ALL) NOPASSWD: /bin/c, /bin/d\n"
	    "# user al\n#3000 ALL=(ALL) /bin/a, NOPASSWD: /bin/b\n");
	g->gid = 3501;
	ck_assert_int_eq(nk_edit_begin(p), 0);
	ck_assert_int_eq(nk_group_update(nk_publisher_store(p), g), 0);
	ck_assert_int_eq(nk_edit_commit(p), 0);
	ck_assert_ptr_nonnull(strstr(rules(), "%#3501 "));
	ck_assert_int_eq(nk_edit_begin(p), 0);
	ck_assert_int_eq(nk_group_delete(nk_publisher_store(p), g->id), 0);
	ck_assert_int_eq(nk_edit_commit(p), 0);
	expect("# user al\n#3000 ALL=(ALL) /bin/a, NOPASSWD: /bin/b\n");
	nk_group_free(g);
}
END_TEST

/* MUST 3: one line costs no other; what visudo cannot place costs all. */
START_TEST(lines_that_sudo_refuses)
{
	add_user("a", 3001, "/bin/a", "");
	add_user("b", 3002, "/bin/refused", "");
	ck_assert_int_eq(nk_publisher_sudo(p), -EBADMSG);
	ck_assert_str_eq(rules(), "# user a\n#3001 ALL=(ALL) /bin/a\n"
	    "# user b\n############################\n");
	ck_assert_int_eq(faults(), -EBADMSG);
	add_user("c", 3003, "", "bin/relative\n/bin/c");
	ck_assert_int_eq(nk_publisher_sudo(p), -EBADMSG);
	ck_assert_ptr_nonnull(strstr(rules(),
	    "\n#3003 ALL=(ALL) NOPASSWD: /bin/c\n"));
	add_user("d", 3004, "/bin/whole", "");
	ck_assert_int_eq(nk_publisher_sudo(p), -EBADMSG);
	ck_assert_str_eq(rules(), "");
}
END_TEST

/* MUST 5 */
START_TEST(without_sudo)
{
	int64_t id;

	ck_assert_int_eq(unlink(visudo), 0);
	id = add_user("al", 3000, "/bin/a", "");
	ck_assert_int_eq(nk_publisher_sudo(p), -ENOPKG);
	ck_assert_ptr_null(rules());
	ck_assert_int_eq(faults(), -ENOPKG);
	change(id, shell);
	ck_assert_int_eq(nk_publisher_sudo(p), 0);	/* not of this edit */
	/* it comes */
	write_file(visudo, stand_in, 0755);
	change(id, shell);
	expect("# user al\n#3000 ALL=(ALL) /bin/a\n");
	/* and goes: rules that nobody has checked do not stay */
	ck_assert_int_eq(unlink(visudo), 0);
	reopen();
	ck_assert_ptr_null(rules());
}
END_TEST

/* MUST 4 */
START_TEST(by_somebody_else)
{
	int n = 0;

	write_file(file, "al ALL=(ALL) ALL\n", 0440);
	add_user("al", 3000, "/bin/a", "");
	ck_assert_int_eq(nk_publisher_sudo(p), -EEXIST);
	reopen();
	ck_assert_int_eq(nk_sudo_file_verify(nk_publisher_store(p),
	    &place.state, count, &n), -EBADMSG);
	ck_assert_int_eq(n, 1);
	ck_assert_int_eq(unlink(file), 0);
	reopen();
	expect("# user al\n#3000 ALL=(ALL) /bin/a\n");
}
END_TEST

/* What was killed, edited by hand or of another store is made anew. */
START_TEST(mended)
{
	static const char *const bad[] = { "# Made by naskeys",
	    "# Made by naskeys: revision 1 of 00000000000000000000000000000000"
	    "\n#3001 ALL=(ALL) ALL\n", NULL };
	size_t i;

	add_user("al", 3000, "/bin/a", "");
	for (i = 0; bad[i] != NULL; i++) {
		ck_assert_int_eq(unlink(file), 0);
		write_file(file, bad[i], 0440);
		reopen();
		expect("# user al\n#3000 ALL=(ALL) /bin/a\n");
	}
	ck_assert_int_eq(unlink(file), 0);
	reopen();
	expect("# user al\n#3000 ALL=(ALL) /bin/a\n");
	ck_assert_int_eq(chmod(file, 0644), 0);
	add_user("bo", 3001, "", "");
	expect("# user al\n#3000 ALL=(ALL) /bin/a\n");
	/* within the text it takes a sync */
	ck_assert_int_eq(chmod(file, 0640), 0);
	ck_assert_int_eq(truncate(file, 200), 0);
	ck_assert_int_eq(chmod(file, 0440), 0);
	ck_assert_int_eq(faults(), -EBADMSG);
	ck_assert_int_eq(nk_publisher_sync(p, false, NULL, NULL), 0);
	expect("# user al\n#3000 ALL=(ALL) /bin/a\n");
}
END_TEST

/* MUST 18: nobody keeps a rule that was taken away. */
START_TEST(cannot_be_written)
{
	char new[sizeof(file) + 8];
	int64_t id = add_user("al", 3000, "/bin/a", "");

	(void)snprintf(new, sizeof(new), "%s.new", file);
	ck_assert_int_eq(mkdir(new, 0755), 0);
	change(id, lock);
	ck_assert_int_lt(nk_publisher_sudo(p), 0);
	ck_assert_ptr_null(rules());
	ck_assert_int_eq(rmdir(new), 0);
	reopen();
	expect("");
	change(id, unlock);
	expect("# user al\n#3000 ALL=(ALL) /bin/a\n");
	/* where others could write, nothing is of use */
	ck_assert_int_eq(chmod(folder, 0777), 0);
	change(id, lock);
	ck_assert_int_eq(nk_publisher_sudo(p), -EPERM);
}
END_TEST

/* The same where who mends it cannot tell what should be there. */
START_TEST(cannot_be_made)
{
	add_user("al", 3000, "/bin/a", "");
	add_user("bo", 3001, "/bin/b", "");
	/* committed and not written, and a row that cannot be read */
	ck_assert_int_eq(nk_db_exec(nk_publisher_store(p)->db,
	    "UPDATE users SET locked = 1 WHERE name = 'al';"
	    "UPDATE users SET sudo_commands = '/bin/b' || char(0)"
	    " WHERE name = 'bo';"
	    "UPDATE counters SET value = value + 1 WHERE name = 'sudo'"), 0);
	reopen();
	ck_assert_int_eq(nk_publisher_sudo(p), -EBADMSG);
	ck_assert_ptr_null(rules());
	ck_assert_int_eq(nk_db_exec(nk_publisher_store(p)->db,
	    "UPDATE users SET sudo_commands = '/bin/b' WHERE name = 'bo'"),
	    0);
	reopen();
	expect("# user bo\n#3001 ALL=(ALL) /bin/b\n");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("publish sudo");
	TCase *tc = tcase_create("sudo");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, none_without_rules);
	tcase_add_test(tc, follows_the_user);
	tcase_add_test(tc, goes_with_the_user);
	tcase_add_test(tc, groups);
	tcase_add_test(tc, lines_that_sudo_refuses);
	tcase_add_test(tc, without_sudo);
	tcase_add_test(tc, by_somebody_else);
	tcase_add_test(tc, mended);
	tcase_add_test(tc, cannot_be_written);
	tcase_add_test(tc, cannot_be_made);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
