/* SPDX-License-Identifier: ISC */
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/home/homedir.h"
#include "lib/home/report.h"
#include "tests/unit/homes_fixture.h"

#define NEW	"/mnt/homes/new"

static char lost[4096];

static void
note_lost(void *arg, const char *path, const struct nk_homefile_result *why)
{
	size_t at = strlen(lost);

	(void)arg;
	(void)snprintf(lost + at, sizeof(lost) - at, "%s: %s\n", path,
	    nk_homedir_sentence(why));
}

static const struct nk_homedir_watch watch = { .lost = note_lost };

static int
copy(struct nk_homedir_end *end, struct nk_homefile_result *res)
{
	lost[0] = '\0';
	return nk_homedir_copy(&alice, NEW, false, &watch, end, res);
}

/* Both trees, without the times of reading. */
static void
list(const char *dir, char *out, size_t len)
{
	char command[512];

	(void)snprintf(command, sizeof(command), "cd %s; find . ! -name . "
	    "-printf '%%p %%y %%U %%G %%m %%s %%l %%T@\\n' | sort;"
	    "find . -type f -exec md5sum {} + | sort", dir);
	shell(command, out, len);
}

static void
check_same(const char *a, const char *b)
{
	static char one[65536], two[65536];

	list(a, one, sizeof(one));
	list(b, two, sizeof(two));
	ck_assert_str_eq(one, two);
}

/* As the user, so that all is alice's. */
#define AS_ALICE(commands) \
	"setpriv --reuid 4242 --regid 4242 --clear-groups sh -c '" \
	commands "'"

static void
furnish(void)
{
	run("cd homes/alice; " AS_ALICE("umask 022; echo text >file;"
	    "mkdir -p a/b .ssh; chmod 700 .ssh; echo key >.ssh/authorized_"
	    "keys; chmod 600 .ssh/authorized_keys; ln -s /etc/shadow link;"
	    "mkfifo -m 600 pipe; : >a/empty; chmod 400 a/empty; ln file a/b/"
	    "hard; touch -d 2001-02-03 a/b; echo \"x y\" >\"a/sp ace\""));
	run("mkdir -m 711 homes/new; chown 4242:4242 homes/new");
}

/* ---- a copy ---- */

START_TEST(whole)
{
	static char before[65536], after[65536];
	struct nk_homefile_result res;
	struct nk_homedir_end end;
	struct stat st;

	furnish();
	run("truncate -s 8G homes/alice/sparse; printf x >>homes/alice/sparse;"
	    "chown 4242:4242 homes/alice/sparse");
	ck_assert_int_eq(copy(&end, &res), 0);
	ck_assert_int_eq(res.outcome, NK_HOMEFILE_DONE);
	ck_assert_uint_eq(end.entries, 11);
	ck_assert_uint_eq(end.lost, 0);
	ck_assert_str_eq(lost, "");
	ck_assert_int_eq(stat(NEW "/sparse", &st), 0);
	ck_assert_int_eq(st.st_size, (8LL << 30) + 1);
	ck_assert_int_lt(st.st_blocks, 2048);
	run("rm homes/new/sparse homes/alice/sparse");
	check_same("homes/alice", "homes/new");
	ck_assert_int_eq(stat(NEW, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0711);
	/* again: nothing is to be done */
	snapshot(before, sizeof(before));
	ck_assert_int_eq(copy(&end, &res), 0);
	snapshot(after, sizeof(after));
	ck_assert_str_eq(before, after);
}
END_TEST

START_TEST(mode_too)
{
	struct nk_homefile_result res;
	struct nk_homedir_end end;
	struct stat st;

	furnish();
	run("chmod 2750 homes/alice");
	ck_assert_int_eq(nk_homedir_copy(&alice, NEW, true, &watch, &end,
	    &res), 0);
	ck_assert_int_eq(stat(NEW, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0750);
}
END_TEST

static const struct {
	const char	*what, *command;	/* in /mnt/homes */
	int		 r;
	enum nk_homefile_outcome outcome;
	bool		 elsewhere;
	const char	*lost;
} refusals[] = {
	{ "no new home", "rmdir new", -ENOENT, NK_HOMEFILE_NO_HOME, true,
	    "" },
	{ "another's", "chown 4711 new", -EPERM, NK_HOMEFILE_HOME_FOREIGN,
	    true, "" },
	{ "a link", "mv new x; ln -s x new", -ELOOP, NK_HOMEFILE_HOME_LINK,
	    true, "" },
	{ "no old home", "mv alice x", -ENOENT, NK_HOMEFILE_NO_HOME, false,
	    "" },
	{ "the old one is another's", "chown 4711 alice", -EPERM,
	    NK_HOMEFILE_HOME_FOREIGN, false, "" },
	{ "read-only", "mount -t tmpfs -o uid=4242 none new;"
	    "mount -o remount,ro new", -EROFS, NK_HOMEFILE_READ_ONLY, true,
	    "" },
	{ "full", "head -c 2M /dev/zero >alice/big; chown 4242 alice/big;"
	    "mount -t tmpfs -o uid=4242,size=1M none new", -ENOSPC,
	    NK_HOMEFILE_FULL, true, "" },
	{ "unreadable", "echo s >alice/a/secret; chmod 600 alice/a/secret",
	    -EACCES, NK_HOMEFILE_DENIED, false, "a/secret: The user may not "
	    "do that: look at the modes of the home directory and of what "
	    "is in it.\n" },
	{ "an unreadable folder", "mkdir -m 700 alice/a/b/c", -EACCES,
	    NK_HOMEFILE_DENIED, false, "a/b/c: The user may not do that: "
	    "look at the modes of the home directory and of what is in "
	    "it.\n" },
	{ "a device", "mknod -m 666 alice/null c 1 3", -ENODEV,
	    NK_HOMEFILE_FAILED, false, "null: A device is not copied.\n" },
	{ "a mount point", "mkdir alice/m; mount -t tmpfs none alice/m",
	    -EXDEV, NK_HOMEFILE_FAILED, false, "m: Something is mounted "
	    "there; it has to be moved apart.\n" },
	{ "another file", "echo other >new/file; chown 4242 new/file",
	    -EEXIST, NK_HOMEFILE_FAILED, false, "file: Another file of this "
	    "name is there already.\n" },
	{ "a folder in the file's place", "mkdir new/file", -EEXIST,
	    NK_HOMEFILE_FAILED, false, "file: Another file of this name is "
	    "there already.\n" },
	{ "a file in the folder's", "echo other >new/a", -EEXIST,
	    NK_HOMEFILE_FAILED, false, "a: Another file of this name is "
	    "there already.\n" },
	{ "another link", "ln -s elsewhere new/link", -EEXIST,
	    NK_HOMEFILE_FAILED, false, "link: Another file of this name is "
	    "there already.\n" },
	{ "too deep", "cd alice; p=$(printf d/%.0s $(seq 70)); mkdir -p $p;"
	    "chown -R 4242 d", -E2BIG, NK_HOMEFILE_FAILED, false, NULL },
	{ "a link as a folder", "mkdir x; ln -s /mnt/homes/x new/a", -EEXIST,
	    NK_HOMEFILE_FAILED, false, "a: Another file of this name is "
	    "there already.\n" },
};

/* What was there stays; only "full" finds out too late to copy nothing. */
START_TEST(refused)
{
	static char before[65536], after[65536];
	struct nk_homefile_result res;
	struct nk_homedir_end end;
	char command[512];

	furnish();
	(void)snprintf(command, sizeof(command), "umask 022; cd homes; %s",
	    refusals[_i].command);
	run(command);
	snapshot(before, sizeof(before));
	ck_assert_int_eq(copy(&end, &res), refusals[_i].r);
	ck_assert_int_eq(res.outcome, refusals[_i].outcome);
	ck_assert_int_eq(end.elsewhere, refusals[_i].elsewhere);
	if (refusals[_i].lost == NULL)
		ck_assert_ptr_nonnull(strstr(lost, "/d: It is too large"));
	else
		ck_assert_str_eq(lost, refusals[_i].lost);
	ck_assert_int_eq(end.lost > 0, lost[0] != '\0');
	snapshot(after, sizeof(after));
	if (refusals[_i].outcome != NK_HOMEFILE_FULL)
		ck_assert_str_eq(before, after);
}
END_TEST

/* What is there already may be the same, and more. */
START_TEST(merged)
{
	struct nk_homefile_result res;
	struct nk_homedir_end end;
	struct stat st;

	furnish();
	run("cd homes/new; cp -a ../alice/file ../alice/link .; mkdir -m 750 a;"
	    "echo mine >a/mine; chown -R 4242:4242 .");
	ck_assert_int_eq(copy(&end, &res), 0);
	ck_assert_int_eq(stat(NEW "/a", &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0750);
	run("cd homes/new; grep -qx mine a/mine; rm a/mine;"
	    "chmod 755 a; touch -r ../alice/a a");
	check_same("homes/alice", "homes/new");
}
END_TEST

/* What an interruption has left is taken up again. */
START_TEST(interrupted)
{
	struct nk_homefile_result res;
	struct nk_homedir_end end;

	furnish();
	run("cd homes/new; " AS_ALICE("mkdir a; chmod 1700 a; echo te >file;"
	    "chmod 1600 file; mkdir a/b; chmod 755 a/b; cp -a ../alice/link "
	    "."));
	ck_assert_int_eq(copy(&end, &res), 0);
	run("touch -r homes/alice/a/b homes/new/a/b");
	check_same("homes/alice", "homes/new");
}
END_TEST

/* The new home may be below the old one, by a mount. */
START_TEST(within)
{
	struct nk_homefile_result res;
	struct nk_homedir_end end;

	furnish();
	run("cd homes; mkdir alice/in; chown 4242:4242 alice/in;"
	    "mount --bind alice/in new");
	ck_assert_int_eq(copy(&end, &res), 0);
	run("cd homes; test -e new/file -a ! -e new/in; rm -r new/*;"
	    "umount new; mount --bind alice new");
	ck_assert_int_eq(copy(&end, &res), 0);
	ck_assert_uint_eq(end.entries, 0);
}
END_TEST

/* A group that the user is not in gives nobody more than it had. */
START_TEST(groups)
{
	struct nk_homefile_result res;
	struct nk_homedir_end end;
	struct stat st;

	furnish();
	run("cd homes/alice; chmod 664 file; chgrp 4711 file; mkdir g;"
	    "chown 4242:4711 g; chmod 2771 g");
	ck_assert_int_eq(copy(&end, &res), 0);
	ck_assert_int_eq(stat(NEW "/file", &st), 0);
	ck_assert_uint_eq(st.st_gid, USER);
	ck_assert_uint_eq(st.st_mode & 07777, 0644);
	ck_assert_int_eq(stat(NEW "/g", &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0711);
}
END_TEST

/* ACLs: version 2, then entries of tag, rights and id. */
static const struct {
	uint32_t	version;
	struct {
		uint16_t	tag, perm;
		uint32_t	id;
	} entry[5];
} acl = { 2, {
	{ 0x01, 6, ~0u },	/* owner */
	{ 0x02, 6, 4711 },	/* somebody */
	{ 0x04, 0, ~0u },	/* group */
	{ 0x10, 6, ~0u },	/* mask */
	{ 0x20, 0, ~0u },	/* others */
} };

START_TEST(acls)
{
	static const char access[] = "system.posix_acl_access";
	struct nk_homefile_result res;
	struct nk_homedir_end end;
	char got[sizeof(acl)];

	furnish();
	if (setxattr("homes/alice/file", access, &acl, sizeof(acl), 0) == -1)
		return;		/* this kernel's tmpfs has none */
	ck_assert_int_eq(setxattr("homes/alice/a", "system.posix_acl_default",
	    &acl, sizeof(acl), 0), 0);
	ck_assert_int_eq(copy(&end, &res), 0);
	ck_assert_int_eq(getxattr(NEW "/file", access, got, sizeof(got)),
	    sizeof(acl));
	ck_assert_mem_eq(got, &acl, sizeof(acl));
	ck_assert_int_eq(getxattr(NEW "/a", "system.posix_acl_default", got,
	    sizeof(got)), sizeof(acl));
	ck_assert_int_eq(getxattr(NEW "/a/empty", access, got, sizeof(got)),
	    -1);
}
END_TEST

/* ---- mode and skeleton ---- */

START_TEST(set)
{
	struct nk_homefile_result res;
	struct stat st;
	mode_t old;

	run("mkdir -p skel/.d; echo s >skel/.profile; echo s >skel/.d/x;"
	    "chmod -R go=rX skel; echo h >skel/hidden; chmod 600 skel/hidden;"
	    "cd homes/alice; echo mine >.profile; chown 4242:4242 .profile");
	ck_assert_int_eq(nk_homedir_set(&alice, 0750, "/mnt/skel", &old,
	    &res), 0);
	ck_assert_uint_eq(old, 0755);
	ck_assert_int_eq(stat(alice.home, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0750);
	run("cd homes/alice; grep -qx mine .profile; grep -qx s .d/x;"
	    "test ! -e hidden");
	ck_assert_int_eq(stat("homes/alice/.d/x", &st), 0);
	ck_assert_uint_eq(st.st_uid, USER);
	ck_assert_uint_eq(st.st_mode & 07777, 0644);
	ck_assert_int_eq(nk_homedir_set(&alice, 0700, "/mnt/none", &old,
	    &res), 0);
	ck_assert_uint_eq(old, 0750);
	run("chown 4711 homes/alice");
	ck_assert_int_eq(nk_homedir_set(&alice, 0777, NULL, &old, &res),
	    -EPERM);
	ck_assert_int_eq(res.outcome, NK_HOMEFILE_HOME_FOREIGN);
	ck_assert_int_eq(stat("homes/alice", &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0700);
}
END_TEST

/* ---- what removes ---- */

START_TEST(empty)
{
	struct nk_homefile_result res;

	furnish();
	run("cd homes/alice; mkdir closed; echo >closed/x;"
	    "chown -R 4242 closed; chmod 500 closed; ln -s ../../other out;"
	    "echo >../../other/keep");
	ck_assert_int_eq(nk_homedir_empty(&alice, &res), 0);
	run("test -z \"$(ls -A homes/alice)\" -a -e other/keep");
	run("mkdir homes/alice/m; mount -t tmpfs none homes/alice/m;"
	    "echo >homes/alice/m/keep");
	ck_assert_int_eq(nk_homedir_empty(&alice, &res), -EXDEV);
	run("test -e homes/alice/m/keep");
}
END_TEST

static const struct {
	const char			*command;	/* in the home */
	enum nk_homefile_outcome	 outcome;
	const char			*after;
} removals[] = {
	{ ":", NK_HOMEFILE_DONE, "test ! -e .ssh" },
	{ "rm -r .ssh", NK_HOMEFILE_DONE, ":" },
	{ "mkdir -p .ssh/c/d; >.ssh/c/d/e; chown -R 4242 .ssh",
	    NK_HOMEFILE_DONE, "test ! -e .ssh" },
	{ "mv .ssh ../../other; ln -s ../../other/.ssh .ssh",
	    NK_HOMEFILE_DONE, "test ! -L .ssh -a -e ../../other/.ssh/"
	    "authorized_keys" },
	{ "rm -r .ssh; >.ssh", NK_HOMEFILE_DONE, "test ! -e .ssh" },
	{ "ln -s ../../../other/keep .ssh/link; >../../other/keep",
	    NK_HOMEFILE_DONE, "test ! -e .ssh -a -e ../../other/keep" },
	{ "mount -t tmpfs none .ssh; >.ssh/keep", NK_HOMEFILE_SSH_MOUNT,
	    "test -e .ssh/keep" },
	{ "chown 0 .ssh .ssh/authorized_keys", NK_HOMEFILE_DENIED,
	    "test -e .ssh/authorized_keys" },
	{ "chown 0 .", NK_HOMEFILE_HOME_FOREIGN,
	    "test -e .ssh/authorized_keys" },
	{ "chmod 500 .", NK_HOMEFILE_DENIED, "test -e .ssh" },
	{ "cd ..; mv alice b; ln -s b alice", NK_HOMEFILE_HOME_LINK,
	    "test -e .ssh/authorized_keys" },
	{ "cd ..; mv alice b", NK_HOMEFILE_NO_HOME,
	    "test -e ../b/.ssh/authorized_keys" },
};

START_TEST(remove_ssh)
{
	struct nk_homefile_result res;
	char command[512];
	int fd;

	furnish();
	fd = open("homes/alice", O_RDONLY | O_DIRECTORY);
	ck_assert_int_ge(fd, 0);
	(void)snprintf(command, sizeof(command), "cd homes/alice; %s",
	    removals[_i].command);
	run(command);
	ck_assert_int_eq(nk_homedir_remove_ssh(&alice, &res), -res.error);
	ck_assert_msg(res.outcome == removals[_i].outcome, "%s: %d: %s",
	    removals[_i].command, res.outcome, nk_homedir_sentence(&res));
	ck_assert_int_eq(fchdir(fd), 0);
	run(removals[_i].after);
	close(fd);
}
END_TEST

START_TEST(bad_who)
{
	struct nk_homefile_who who = alice;
	struct nk_homefile_result res;

	who.seconds = 0;
	ck_assert_int_eq(nk_homedir_remove_ssh(&who, &res), -EINVAL);
	who.seconds = NK_HOMEFILE_SECONDS_MAX + 1;
	ck_assert_int_eq(nk_homedir_empty(&who, &res), -EINVAL);
	who = alice;
	who.home = "relative";
	ck_assert_int_eq(nk_homedir_empty(&who, &res), -EINVAL);
	ck_assert_int_eq(nk_homedir_set(&who, 0700, NULL, NULL, &res),
	    -EINVAL);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("home_dir");
	TCase *tc = tcase_create("dir");
	SRunner *sr = srunner_create(s);
	int failed;

	if (geteuid() != 0) {
		srunner_free(sr);
		return 77;
	}
	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, whole);
	tcase_add_test(tc, mode_too);
	tcase_add_loop_test(tc, refused, 0,
	    (int)(sizeof(refusals) / sizeof(refusals[0])));
	tcase_add_test(tc, merged);
	tcase_add_test(tc, interrupted);
	tcase_add_test(tc, within);
	tcase_add_test(tc, groups);
	tcase_add_test(tc, acls);
	tcase_add_test(tc, set);
	tcase_add_test(tc, empty);
	tcase_add_loop_test(tc, remove_ssh, 0,
	    (int)(sizeof(removals) / sizeof(removals[0])));
	tcase_add_test(tc, bad_who);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
