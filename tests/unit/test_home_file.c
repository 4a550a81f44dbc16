/* SPDX-License-Identifier: ISC */
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/home/homefile.h"
#include "lib/home/temp.h"
#include "tests/unit/homes_fixture.h"

#define KEYS	"/mnt/homes/alice/.ssh/authorized_keys"

static const struct nk_homefile none;

static int
look(struct nk_homefile *seen, struct nk_homefile_result *res)
{
	char *text;
	int r;

	r = nk_homefile_read(&alice, seen, &text, res);
	free(text);
	return r;
}

/* Replace what is there now. */
static int
put(const char *text, bool *wrotep, struct nk_homefile_result *res)
{
	struct nk_homefile seen, now;

	ck_assert_int_eq(look(&seen, res), 0);
	return nk_homefile_replace(&alice, &seen, text, strlen(text), &now,
	    wrotep, res);
}

static void
check_text(const char *want)
{
	struct nk_homefile_result res;
	struct nk_homefile seen;
	char *text;

	ck_assert_int_eq(nk_homefile_read(&alice, &seen, &text, &res), 0);
	if (want == NULL) {
		ck_assert_ptr_null(text);
		ck_assert(!seen.file.present);
		return;
	}
	ck_assert_ptr_nonnull(text);
	ck_assert_str_eq(text, want);
	ck_assert_uint_eq(seen.file.size, strlen(want));
	free(text);
}

static void
check_file(const char *path, mode_t mode)
{
	struct stat st;

	ck_assert_int_eq(lstat(path, &st), 0);
	ck_assert_uint_eq(st.st_uid, USER);
	ck_assert_uint_eq(st.st_mode, mode);
}

static void
check_count(const char *dir, int want)
{
	DIR *d = opendir(dir);
	int n = 0;

	ck_assert_ptr_nonnull(d);
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	ck_assert_int_eq(n - 2, want);
}

/* ---- what goes well ---- */

START_TEST(read_none)
{
	struct nk_homefile_result res;
	struct nk_homefile seen;
	char *text = (char *)-1;

	ck_assert_int_eq(nk_homefile_read(&alice, &seen, &text, &res), 0);
	ck_assert_int_eq(res.outcome, NK_HOMEFILE_DONE);
	ck_assert_ptr_null(text);
	ck_assert_mem_eq(&seen, &none, sizeof(seen));
	run("install -d -o 4242 -m 700 homes/alice/.ssh");
	check_text(NULL);
}
END_TEST

START_TEST(read_text)
{
	struct nk_homefile_result res;
	uint8_t hash[NK_PRESENT_HASH];
	struct nk_homefile seen;
	struct stat st;
	char *text;

	run("cd homes/alice; mkdir .ssh; printf 'a\\0b' >.ssh/authorized_keys;"
	    "chown -R 4242 .ssh");
	ck_assert_int_eq(nk_homefile_read(&alice, &seen, &text, &res), 0);
	ck_assert_int_eq(stat(KEYS, &st), 0);
	ck_assert_mem_eq(text, "a\0b", 4);
	ck_assert_int_eq(nk_present_hash("a\0b", 3, hash), 0);
	ck_assert_mem_eq(seen.hash, hash, sizeof(hash));
	ck_assert(seen.file.present);
	ck_assert_uint_eq(seen.file.ino, st.st_ino);
	ck_assert_uint_eq(seen.file.dev, st.st_dev);
	ck_assert_uint_eq(seen.file.size, 3);
	ck_assert_int_eq(seen.file.mtime, st.st_mtim.tv_sec);
	ck_assert_int_eq(seen.file.mtime_ns, st.st_mtim.tv_nsec);
	free(text);
}
END_TEST

START_TEST(write_first)
{
	struct nk_homefile_result res;
	struct nk_homefile now, seen;
	bool wrote;

	(void)umask(0);
	ck_assert_int_eq(nk_homefile_replace(&alice, &none, "one\n", 4, &now,
	    &wrote, &res), 0);
	ck_assert(wrote);
	ck_assert_int_eq(look(&seen, &res), 0);
	ck_assert_mem_eq(&seen, &now, sizeof(now));
	check_text("one\n");
	check_file("homes/alice/.ssh", S_IFDIR | 0700);
	check_file(KEYS, S_IFREG | 0600);
	check_count("homes/alice/.ssh", 1);
}
END_TEST

/* And again: then there is nothing to do. */
START_TEST(write_same)
{
	char before[8192], after[8192];
	struct nk_homefile_result res;
	struct nk_homefile now;
	bool wrote = true;

	ck_assert_int_eq(put("one\n", &wrote, &res), 0);
	snapshot(before, sizeof(before));
	ck_assert_int_eq(put("one\n", &wrote, &res), 0);
	ck_assert(!wrote);
	/* whatever was seen before */
	ck_assert_int_eq(nk_homefile_replace(&alice, &none, "one\n", 4, &now,
	    &wrote, &res), 0);
	ck_assert(!wrote && now.file.present);
	snapshot(after, sizeof(after));
	ck_assert_str_eq(before, after);
}
END_TEST

START_TEST(write_second)
{
	struct nk_homefile_result res;
	bool wrote;

	ck_assert_int_eq(put("one\n", &wrote, &res), 0);
	ck_assert_int_eq(put("two\n", &wrote, &res), 0);
	ck_assert(wrote);
	check_text("two\n");
	ck_assert_int_eq(put("", &wrote, &res), 0);
	check_text("");
	check_file(KEYS, S_IFREG | 0600);
	check_count("homes/alice/.ssh", 1);
}
END_TEST

START_TEST(largest)
{
	struct nk_homefile_result res;
	struct nk_homefile seen, now;
	char *text, *got;
	bool wrote;

	text = calloc(1, NK_PRESENT_MAX + 1);
	ck_assert_ptr_nonnull(text);
	ck_assert_int_eq(nk_homefile_replace(&alice, &none, text,
	    NK_PRESENT_MAX + 1, &now, &wrote, &res), -EFBIG);
	ck_assert_int_eq(res.outcome, NK_HOMEFILE_FILE_SIZE);
	ck_assert_int_eq(nk_homefile_replace(&alice, &none, text,
	    NK_PRESENT_MAX, &now, &wrote, &res), 0);
	ck_assert_int_eq(nk_homefile_read(&alice, &seen, &got, &res), 0);
	ck_assert_mem_eq(&seen, &now, sizeof(now));
	ck_assert_mem_eq(got, text, NK_PRESENT_MAX);
	free(got);
	free(text);
	ck_assert_int_eq(nk_homefile_remove(&alice, &seen, &res), 0);
	run("cd homes/alice/.ssh; truncate -s 4194305 authorized_keys;"
	    "chown 4242 authorized_keys");
	ck_assert_int_eq(look(&seen, &res), -EFBIG);
	ck_assert_int_eq(res.outcome, NK_HOMEFILE_FILE_SIZE);
}
END_TEST

START_TEST(remove_file)
{
	struct nk_homefile_result res;
	struct nk_homefile seen;
	bool wrote;

	ck_assert_int_eq(nk_homefile_remove(&alice, &none, &res), 0);
	ck_assert_int_eq(put("one\n", &wrote, &res), 0);
	ck_assert_int_eq(look(&seen, &res), 0);
	ck_assert_int_eq(nk_homefile_remove(&alice, &seen, &res), 0);
	check_count("homes/alice/.ssh", 0);
	ck_assert_int_eq(nk_homefile_remove(&alice, &seen, &res), 0);
	ck_assert_int_eq(res.outcome, NK_HOMEFILE_DONE);
}
END_TEST

static const struct {
	const char	*command;	/* in .ssh */
} modes[] = {
	{ "chmod 644 authorized_keys" },
	{ "chmod 4600 authorized_keys" },
	{ "chmod 660 authorized_keys" },
	{ "chmod 777 ." },
	{ "chmod 2700 ." },
	{ "chmod 500 ." },
	{ "chmod 755 .; chmod 666 authorized_keys" },
};

/* Modes are put right, without a new file where the text is. */
START_TEST(put_modes_right)
{
	struct nk_homefile_result res;
	struct nk_homefile seen;
	char command[256];
	struct stat st;
	bool wrote;

	ck_assert_int_eq(put("one\n", &wrote, &res), 0);
	ck_assert_int_eq(look(&seen, &res), 0);
	(void)snprintf(command, sizeof(command), "cd homes/alice/.ssh; %s",
	    modes[_i].command);
	run(command);
	ck_assert_int_eq(put("one\n", &wrote, &res), 0);
	ck_assert(wrote);
	ck_assert_int_eq(stat(KEYS, &st), 0);
	ck_assert_uint_eq(st.st_ino, seen.file.ino);
	check_file(KEYS, S_IFREG | 0600);
	check_file("homes/alice/.ssh", S_IFDIR | 0700);
	run(command);
	ck_assert_int_eq(put("two\n", &wrote, &res), 0);
	check_file(KEYS, S_IFREG | 0600);
	check_file("homes/alice/.ssh", S_IFDIR | 0700);
}
END_TEST

/* ---- ACLs: version 2, then entries of tag, rights and id ---- */

struct acl {
	uint32_t	version;
	struct {
		uint16_t	tag, perm;
		uint32_t	id;
	} entry[5];
};

static const struct acl open_acl = { 2, {
	{ 0x01, 7, ~0u },	/* owner */
	{ 0x02, 7, 4711 },	/* somebody */
	{ 0x04, 5, ~0u },	/* group */
	{ 0x10, 7, ~0u },	/* mask */
	{ 0x20, 0, ~0u },	/* others */
} };

static bool
set_acl(const char *path, const char *which)
{
	return setxattr(path, which, &open_acl, sizeof(open_acl), 0) == 0;
}

static void
check_no_acl(const char *path)
{
	ck_assert_int_eq(getxattr(path, "system.posix_acl_access", NULL, 0),
	    -1);
	ck_assert_int_eq(getxattr(path, "system.posix_acl_default", NULL, 0),
	    -1);
}

START_TEST(acls)
{
	static const char home[] = "homes/alice", ssh[] = "homes/alice/.ssh";
	struct nk_homefile_result res;
	bool wrote;

	if (!set_acl(home, "system.posix_acl_default"))
		return;		/* this kernel's tmpfs has none */
	ck_assert_int_eq(put("one\n", &wrote, &res), 0);
	check_no_acl(ssh);
	check_no_acl(KEYS);
	check_file(ssh, S_IFDIR | 0700);
	check_file(KEYS, S_IFREG | 0600);
	ck_assert(set_acl(ssh, "system.posix_acl_default"));
	ck_assert(set_acl(ssh, "system.posix_acl_access"));
	ck_assert(set_acl(KEYS, "system.posix_acl_access"));
	ck_assert_int_eq(put("one\n", &wrote, &res), 0);
	ck_assert(wrote);
	check_no_acl(ssh);
	check_no_acl(KEYS);
	check_file(ssh, S_IFDIR | 0700);
	check_file(KEYS, S_IFREG | 0600);
	ck_assert(set_acl(KEYS, "system.posix_acl_access"));
	ck_assert_int_eq(put("two\n", &wrote, &res), 0);
	check_no_acl(KEYS);
	/* the home is not ours to change */
	ck_assert_int_gt(getxattr(home, "system.posix_acl_default", NULL, 0),
	    0);
}
END_TEST

/* ---- what is refused ---- */

#define FILE_OF(how)	"mkdir .ssh; " how "; chown 4242 .ssh"

static const struct {
	const char			*command;	/* in the home */
	enum nk_homefile_outcome	 outcome;
	int				 r;
} refusals[] = {
	{ "cd ..; rmdir alice", NK_HOMEFILE_NO_HOME, -ENOENT },
	{ "cd ..; mv alice b; ln -s b alice; chown -h 4242 alice",
	    NK_HOMEFILE_HOME_LINK, -ELOOP },
	{ "cd ..; mv alice b; ln -s b alice", NK_HOMEFILE_HOME_LINK,
	    -ELOOP },
	{ "cd ..; rmdir alice; >alice", NK_HOMEFILE_HOME_KIND, -ENOTDIR },
	{ "cd ..; rmdir alice; mkfifo alice", NK_HOMEFILE_HOME_KIND,
	    -ENOTDIR },
	{ "chown 0 .", NK_HOMEFILE_HOME_FOREIGN, -EPERM },
	{ "chown 4711 .; chmod 700 .", NK_HOMEFILE_HOME_FOREIGN, -EPERM },
	{ "chmod 777 ..", NK_HOMEFILE_ABOVE, -EPERM },
	{ "chmod 1777 ..", NK_HOMEFILE_ABOVE, -EPERM },
	{ "chown 4242 ..", NK_HOMEFILE_ABOVE, -EPERM },
	{ "cd /mnt; mv homes h; ln -s h homes; chown -h 4711 homes",
	    NK_HOMEFILE_ABOVE, -EPERM },
	{ "cd /mnt; mv homes h; ln -s homes homes", NK_HOMEFILE_ABOVE,
	    -EPERM },
	{ "cd /mnt; mv homes h; >homes", NK_HOMEFILE_NO_HOME, -ENOENT },
	{ "cd /mnt; mv homes h", NK_HOMEFILE_NO_HOME, -ENOENT },
	{ "chmod 700 /mnt/homes", NK_HOMEFILE_DENIED, -EACCES },
	{ "mkdir s; chown 4242 s; ln -s s .ssh", NK_HOMEFILE_SSH_LINK,
	    -ELOOP },
	{ "ln -s /etc .ssh", NK_HOMEFILE_SSH_LINK, -ELOOP },
	{ "ln -s nowhere .ssh", NK_HOMEFILE_SSH_LINK, -ELOOP },
	{ ">.ssh", NK_HOMEFILE_SSH_KIND, -ENOTDIR },
	{ "mkfifo .ssh", NK_HOMEFILE_SSH_KIND, -ENOTDIR },
	{ "mknod .ssh c 1 3", NK_HOMEFILE_SSH_KIND, -ENOTDIR },
	{ "mkdir .ssh", NK_HOMEFILE_SSH_FOREIGN, -EPERM },
	{ "mkdir -m 700 .ssh; chown 4711 .ssh", NK_HOMEFILE_SSH_FOREIGN,
	    -EPERM },
	{ "mkdir .ssh; mount -t tmpfs -o uid=4242 none .ssh",
	    NK_HOMEFILE_SSH_MOUNT, -EXDEV },
	{ "mkdir .ssh s; chown 4242 .ssh s; mount --bind s .ssh",
	    NK_HOMEFILE_SSH_MOUNT, -EXDEV },
	{ FILE_OF("ln -s /etc/shadow .ssh/authorized_keys"),
	    NK_HOMEFILE_FILE_LINK, -ELOOP },
	{ FILE_OF("ln -s f .ssh/authorized_keys; >.ssh/f; chown 4242 .ssh/f"),
	    NK_HOMEFILE_FILE_LINK, -ELOOP },
	{ FILE_OF("mkfifo .ssh/authorized_keys"),
	    NK_HOMEFILE_FILE_KIND, -EINVAL },
	{ FILE_OF("mkdir .ssh/authorized_keys"),
	    NK_HOMEFILE_FILE_KIND, -EINVAL },
	{ FILE_OF("mknod .ssh/authorized_keys c 1 5"),
	    NK_HOMEFILE_FILE_KIND, -EINVAL },
	{ FILE_OF("mknod -m 666 .ssh/authorized_keys c 1 3;"
	    "chown 4242 .ssh/authorized_keys"),
	    NK_HOMEFILE_FILE_KIND, -EINVAL },
	{ FILE_OF(">.ssh/authorized_keys"), NK_HOMEFILE_FILE_FOREIGN,
	    -EPERM },
	{ FILE_OF(">/mnt/other/secret; chown 4711 /mnt/other/secret;"
	    "chmod 600 /mnt/other/secret;"
	    "ln /mnt/other/secret .ssh/authorized_keys"),
	    NK_HOMEFILE_FILE_FOREIGN, -EPERM },
	{ FILE_OF(">mine; chown 4242 mine; ln mine .ssh/authorized_keys"),
	    NK_HOMEFILE_FILE_LINKED, -EMLINK },
	{ FILE_OF(">mine; >.ssh/authorized_keys; chown 4242 mine;"
	    "mount --bind mine .ssh/authorized_keys"),
	    NK_HOMEFILE_FILE_MOUNT, -EXDEV },
	{ FILE_OF("truncate -s 4194305 .ssh/authorized_keys;"
	    "chown 4242 .ssh/authorized_keys"),
	    NK_HOMEFILE_FILE_SIZE, -EFBIG },
	{ FILE_OF(">.ssh/authorized_keys; chown 4242 .ssh/authorized_keys;"
	    "chmod 0 .ssh/authorized_keys"), NK_HOMEFILE_DENIED, -EACCES },
	{ FILE_OF("chmod 0 .ssh"), NK_HOMEFILE_DENIED, -EACCES },
};

START_TEST(refuse)
{
	char before[8192], after[8192], command[512];
	struct nk_homefile_result res;
	struct nk_homefile seen, now;
	const int want = refusals[_i].r;
	bool wrote = false;

	(void)snprintf(command, sizeof(command), "umask 022;"
	    "cd /mnt/homes/alice; %s", refusals[_i].command);
	run(command);
	snapshot(before, sizeof(before));
	ck_assert_msg(look(&seen, &res) == want &&
	    res.outcome == refusals[_i].outcome, "%s: read: %s", command,
	    nk_homefile_sentence(res.outcome));
	ck_assert_mem_eq(&seen, &none, sizeof(seen));
	ck_assert_int_eq(nk_homefile_replace(&alice, &none, "x", 1, &now,
	    &wrote, &res), want);
	ck_assert_int_eq(res.outcome, refusals[_i].outcome);
	ck_assert_mem_eq(&now, &none, sizeof(now));
	ck_assert(!wrote);
	ck_assert_int_eq(nk_homefile_remove(&alice, &none, &res), want);
	ck_assert_int_eq(res.outcome, refusals[_i].outcome);
	ck_assert_int_eq(res.error, -want);
	snapshot(after, sizeof(after));
	ck_assert_str_eq(before, after);
}
END_TEST

/* What only writing cannot do; and the file stays what it was. */
static const struct {
	const char			*command;	/* in the home */
	enum nk_homefile_outcome	 outcome;
} no_writing[] = {
	{ "mount -o remount,ro /mnt", NK_HOMEFILE_READ_ONLY },
	{ "mount --bind . .; mount -o remount,bind,ro .",
	    NK_HOMEFILE_READ_ONLY },
};

START_TEST(refuse_writing)
{
	char before[8192], after[8192], command[512];
	struct nk_homefile_result res;
	struct nk_homefile seen, now;
	bool wrote;

	ck_assert_int_eq(put("one\n", &wrote, &res), 0);
	(void)snprintf(command, sizeof(command), "cd /mnt/homes/alice; %s",
	    no_writing[_i].command);
	run(command);
	snapshot(before, sizeof(before));
	ck_assert_int_eq(look(&seen, &res), 0);
	ck_assert_int_lt(nk_homefile_replace(&alice, &seen, "two\n", 4, &now,
	    &wrote, &res), 0);
	ck_assert_int_eq(res.outcome, no_writing[_i].outcome);
	ck_assert_int_lt(nk_homefile_remove(&alice, &seen, &res), 0);
	ck_assert_int_eq(res.outcome, no_writing[_i].outcome);
	check_text("one\n");
	snapshot(after, sizeof(after));
	ck_assert_str_eq(before, after);
}
END_TEST

/* A file that is not the one seen stays. */
START_TEST(changed)
{
	struct nk_homefile_result res;
	struct nk_homefile seen, now;
	bool wrote;

	ck_assert_int_eq(put("one\n", &wrote, &res), 0);
	ck_assert_int_eq(look(&seen, &res), 0);
	ck_assert_int_eq(nk_homefile_replace(&alice, &none, "x", 1, &now,
	    &wrote, &res), -ESTALE);
	ck_assert_int_eq(res.outcome, NK_HOMEFILE_CHANGED);
	ck_assert_int_eq(nk_homefile_remove(&alice, &none, &res), -ESTALE);
	check_text("one\n");
	run("printf 'hand' >" KEYS);
	ck_assert_int_eq(nk_homefile_replace(&alice, &seen, "x", 1, &now,
	    &wrote, &res), -ESTALE);
	ck_assert_int_eq(nk_homefile_remove(&alice, &seen, &res), -ESTALE);
	check_text("hand");
	run("rm -r homes/alice/.ssh");
	ck_assert_int_eq(nk_homefile_replace(&alice, &seen, "x", 1, &now,
	    &wrote, &res), -ESTALE);
	ck_assert(!wrote);
	check_count("homes/alice", 0);
}
END_TEST

START_TEST(bad_who)
{
	struct nk_homefile_who who = alice;
	struct nk_homefile_result res;
	struct nk_homefile seen;
	char *text;

	who.home = "mnt/homes/alice";
	ck_assert_int_eq(nk_homefile_read(&who, &seen, &text, &res),
	    -EINVAL);
	who.home = "/mnt/homes/../homes/alice";
	ck_assert_int_eq(nk_homefile_read(&who, &seen, &text, &res),
	    -EINVAL);
	who = alice;
	who.seconds = 0;
	ck_assert_int_eq(nk_homefile_read(&who, &seen, &text, &res),
	    -EINVAL);
	who.seconds = NK_HOMEFILE_SECONDS_MAX + 1;
	ck_assert_int_eq(nk_homefile_read(&who, &seen, &text, &res),
	    -EINVAL);
	who = alice;
	who.uid = (uid_t)-1;
	ck_assert_int_eq(nk_homefile_read(&who, &seen, &text, &res),
	    -ENOTSUP);
	ck_assert_int_eq(res.outcome, NK_HOMEFILE_FAILED);
}
END_TEST

/* ---- root, and links above ---- */

START_TEST(of_root)
{
	const struct nk_homefile_who root = { .home = "/mnt/root",
	    .seconds = 10 };
	struct nk_homefile_result res;
	struct nk_homefile seen, now;
	struct stat st;
	bool wrote;

	run("umask 022; mkdir root");
	ck_assert_int_eq(nk_homefile_replace(&root, &none, "one\n", 4, &now,
	    &wrote, &res), 0);
	ck_assert_int_eq(stat("root/.ssh/authorized_keys", &st), 0);
	ck_assert_uint_eq(st.st_uid, 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	seen = now;
	run("ln /mnt/root/.ssh/authorized_keys other/x");
	ck_assert_int_eq(nk_homefile_remove(&root, &seen, &res), -EMLINK);
	run("rm other/x; chmod 775 root");
	ck_assert_int_eq(nk_homefile_remove(&root, &seen, &res), -EPERM);
	ck_assert_int_eq(res.outcome, NK_HOMEFILE_HOME_OPEN);
	/* another's home is another's for root too */
	run("chmod 755 root; chown 4242 root");
	ck_assert_int_eq(nk_homefile_remove(&root, &seen, &res), -EPERM);
	ck_assert_int_eq(res.outcome, NK_HOMEFILE_HOME_FOREIGN);
	run("chown 0 root; chown 4242 root/.ssh");
	ck_assert_int_eq(nk_homefile_remove(&root, &seen, &res), -EPERM);
	ck_assert_int_eq(res.outcome, NK_HOMEFILE_SSH_FOREIGN);
	run("chown 0 root/.ssh");
	ck_assert_int_eq(nk_homefile_remove(&root, &seen, &res), 0);
}
END_TEST

START_TEST(link_above)
{
	struct nk_homefile_who who = alice;
	struct nk_homefile_result res;
	struct nk_homefile now;
	bool wrote;

	run("ln -s /mnt/homes link; ln -s link/ other/link2");
	run("mount -t tmpfs -o mode=755,uid=4242 none homes/alice");
	who.home = "/mnt/link/alice/";
	ck_assert_int_eq(nk_homefile_replace(&who, &none, "one\n", 4, &now,
	    &wrote, &res), 0);
	check_text("one\n");
}
END_TEST

/* ---- time, and what is left behind ---- */

/* As the user, stop the test's other children for ever. */
static void
stop_others(void)
{
	char path[64], text[256], *p, *end;
	ssize_t n;
	long pid;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/task/%d/children",
	    (int)getppid(), (int)getppid());
	if ((fd = open(path, O_RDONLY)) == -1 ||
	    setresuid(USER, USER, USER) == -1 ||
	    prctl(PR_SET_PDEATHSIG, SIGKILL) == -1)
		_exit(1);
	for (;;) {
		n = pread(fd, text, sizeof(text) - 1, 0);
		text[n < 0 ? 0 : n] = '\0';
		for (p = text; (pid = strtol(p, &end, 10)) > 0; p = end) {
			if (pid != getpid())
				(void)kill((pid_t)pid, SIGSTOP);
		}
	}
}

/* A user who stops the child stops only the child. */
START_TEST(stopped)
{
	struct nk_homefile_who who = alice;
	struct nk_homefile_result res;
	struct nk_homefile seen;
	unsigned int tries;
	char *text;
	pid_t pid;

	who.seconds = 1;
	if ((pid = fork()) == 0)
		stop_others();
	/* until it was stopped once */
	for (tries = 0; tries < 10000; tries++) {
		if (nk_homefile_read(&who, &seen, &text, &res) < 0)
			break;
	}
	ck_assert_int_eq(res.outcome, NK_HOMEFILE_TIMEOUT);
	ck_assert_int_eq(res.error, ETIMEDOUT);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
}
END_TEST

static void
make_temp(const char *name, const char *command)
{
	char text[256];

	(void)snprintf(text, sizeof(text), "cd homes/alice/.ssh; %s "
	    NK_TEMP_PREFIX "%s", command, name);
	run(text);
}

START_TEST(leftovers)
{
	static const char hex[] = "0123456789abcdef0123456789abcdef";
	static const char hey[] = "0123456789abcdef0123456789abcdeg";
	static const char hez[] = "ffffffffffffffffffffffffffffffff";
	struct nk_place p = NK_PLACE_NONE;
	struct nk_homefile_result res;
	struct stat st;
	bool wrote;

	ck_assert_int_eq(put("one\n", &wrote, &res), 0);
	make_temp(hex, "setpriv --reuid 4242 touch");
	make_temp(hey, "setpriv --reuid 4242 touch");
	make_temp(hez, "mkdir");
	ck_assert_int_eq(put("two\n", &wrote, &res), 0);
	check_count("homes/alice/.ssh", 4);	/* none is old */
	ck_assert_int_eq(nk_place_open(&p, alice.home, USER, 0, &res), 0);
	ck_assert_int_eq(fstatat(p.ssh, NK_PRESENT_FILE, &st, 0), 0);
	nk_temp_sweep(&p, st.st_ctime);
	check_count("homes/alice/.ssh", 4);
	nk_temp_sweep(&p, st.st_ctime + NK_TEMP_AGE + 10);
	check_count("homes/alice/.ssh", 3);
	nk_place_close(&p);
	check_text("two\n");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("home_file");
	TCase *tc = tcase_create("file");
	SRunner *sr = srunner_create(s);
	int failed;

	if (geteuid() == 0) {
		tcase_add_checked_fixture(tc, setup, NULL);
		tcase_set_timeout(tc, 60);
		tcase_add_test(tc, read_none);
		tcase_add_test(tc, read_text);
		tcase_add_test(tc, write_first);
		tcase_add_test(tc, write_same);
		tcase_add_test(tc, write_second);
		tcase_add_test(tc, largest);
		tcase_add_test(tc, remove_file);
		tcase_add_loop_test(tc, put_modes_right, 0,
		    (int)(sizeof(modes) / sizeof(modes[0])));
		tcase_add_test(tc, acls);
		tcase_add_loop_test(tc, refuse, 0,
		    (int)(sizeof(refusals) / sizeof(refusals[0])));
		tcase_add_loop_test(tc, refuse_writing, 0,
		    (int)(sizeof(no_writing) / sizeof(no_writing[0])));
		tcase_add_test(tc, changed);
		tcase_add_test(tc, bad_who);
		tcase_add_test(tc, of_root);
		tcase_add_test(tc, link_above);
		tcase_add_test(tc, stopped);
		tcase_add_test(tc, leftovers);
	}
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
