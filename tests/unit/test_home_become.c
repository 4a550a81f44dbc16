/* SPDX-License-Identifier: ISC */
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/home/become.h"
#include "tests/unit/tmp.h"

#define USER	4242u
#define GROUP	4243u

extern char **environ;

static const gid_t groups[] = { 4244, 4245 };
static const struct nk_become user = {
	.uid = USER, .gid = GROUP, .groups = groups, .n_groups = 2,
	.seconds = 5, .file_max = 4096,
};
static const struct nk_become root = {
	.uid = 0, .gid = 0, .seconds = 5, .file_max = 4096,
};

/* Run look(b) in a child, which ends with 0 when all is well. */
static int
in_child(void (*look)(const struct nk_become *b), const struct nk_become *b)
{
	int status;
	pid_t pid;

	if ((pid = fork()) == 0) {
		look(b);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* In the child: say what is not so, and end. */
static void
need(bool is_so, const char *what)
{
	if (is_so)
		return;
	(void)fprintf(stderr, "not so: %s\n", what);
	_exit(1);
}
#define NEED(condition)	need((condition), #condition)

/* Has /proc/self/status this line? */
static int
has_line(const char *want)
{
	char text[8192];
	const char *at;
	ssize_t n;
	int fd;

	if ((fd = open("/proc/self/status", O_RDONLY)) == -1)
		return 0;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n < 0)
		return 0;
	text[n] = '\0';
	at = strstr(text, want);
	return at != NULL && at[strlen(want)] == '\n';
}

static int
has_limit(__rlimit_resource_t which, rlim_t most)
{
	struct rlimit l;

	return getrlimit(which, &l) == 0 && l.rlim_cur == most &&
	    l.rlim_max == most;
}

static void
look_common(void)
{
	char cwd[8];
	int sig;

	NEED(has_line("CapInh:\t0000000000000000"));
	NEED(has_line("CapPrm:\t0000000000000000"));
	NEED(has_line("CapEff:\t0000000000000000"));
	NEED(has_line("CapBnd:\t0000000000000000"));
	NEED(has_line("CapAmb:\t0000000000000000"));
	NEED(has_line("NoNewPrivs:\t1"));
	NEED(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0);
	NEED(prctl(PR_GET_PDEATHSIG, &sig, 0, 0, 0) == 0 && sig == SIGKILL);
	NEED(environ == NULL || environ[0] == NULL);
	NEED(getcwd(cwd, sizeof(cwd)) != NULL && strcmp(cwd, "/") == 0);
	NEED(umask(0) == 077);
	NEED(has_limit(RLIMIT_CORE, 0) && has_limit(RLIMIT_NPROC, 0));
	NEED(has_limit(RLIMIT_FSIZE, 4096) && has_limit(RLIMIT_CPU, 6));
	NEED(has_limit(RLIMIT_NOFILE, NK_BECOME_DESCRIPTORS));
	NEED(setgroups(0, NULL) == -1);
}

static void
look_user(const struct nk_become *b)
{
	int fd;

	NEED(nk_become(b) == 0);
	/* what is not dumpable is root's in /proc, but its status is not */
	NEED(has_line("Uid:\t4242\t4242\t4242\t4242"));
	NEED(has_line("Gid:\t4243\t4243\t4243\t4243"));
	NEED(has_line("Groups:\t4244 4245 "));
	look_common();
	NEED(setuid(0) == -1 && setresuid(0, 0, 0) == -1);
	NEED(setgid(0) == -1 && setresgid(0, 0, 0) == -1);
	NEED(open("/etc/shadow", O_RDONLY) == -1 && errno == EACCES);
	NEED(fork() == -1);
	NEED((fd = memfd_create("x", MFD_CLOEXEC)) != -1);
	NEED(pwrite(fd, "x", 1, 4095) == 1);
	NEED(pwrite(fd, "x", 1, 4096) == -1 && errno == EFBIG);
}

START_TEST(become_user)
{
	ck_assert_int_eq(in_child(look_user, &user), 0);
}
END_TEST

static void
look_alone(const struct nk_become *b)
{
	struct nk_become alone = *b;

	alone.n_groups = 0;
	alone.groups = NULL;
	NEED(nk_become(&alone) == 0);
	NEED(getgroups(0, NULL) == 0);
	look_common();
}

START_TEST(without_groups)
{
	ck_assert_int_eq(in_child(look_alone, &user), 0);
}
END_TEST

static char path[128];

/* Root's files it may use, and nobody else's. */
static void
look_root(const struct nk_become *b)
{
	NEED(nk_become(b) == 0);
	look_common();
	NEED(open(path, O_RDONLY) == -1 && errno == EACCES);
	NEED(chown(path, 0, 0) == -1);
	NEED(open("/etc/shadow", O_RDONLY) != -1);
}

START_TEST(become_root)
{
	int fd;

	ck_assert_int_ne(fd = mkstemp(tmp_name(path, sizeof(path), "b")), -1);
	ck_assert_int_eq(fchmod(fd, 0600), 0);
	ck_assert_int_eq(fchown(fd, USER, USER), 0);
	close(fd);
	ck_assert_int_eq(in_child(look_root, &root), 0);
	ck_assert_int_eq(unlink(path), 0);
}
END_TEST

/* Every one is refused before anything has been given up. */
static void
look_refused(const struct nk_become *b)
{
	NEED(nk_become(b) == -EINVAL);
	NEED(getuid() == 0);
}

static const struct nk_become refused[] = {
	{ .uid = (uid_t)-1, .gid = GROUP },
	{ .uid = USER, .gid = (gid_t)-1 },
	{ .uid = USER, .gid = GROUP, .n_groups = 1 },
	{ .uid = USER, .gid = GROUP, .groups = groups,
	    .n_groups = NK_BECOME_GROUPS_MAX + 1 },
};

START_TEST(refuses)
{
	ck_assert_int_eq(in_child(look_refused, &refused[_i]), 0);
}
END_TEST

/* A process that is not root can be nobody but itself. */
static void
look_other(const struct nk_become *b)
{
	struct nk_become own = *b;

	NEED(setgroups(0, NULL) == 0);
	NEED(setresgid(4300, 4300, 4300) == 0);
	NEED(setresuid(4300, 4300, 4300) == 0);
	NEED(nk_become(b) == -EPERM);
	own.uid = own.gid = 4300;
	NEED(nk_become(&own) == 0);
}

START_TEST(not_root)
{
	ck_assert_int_eq(in_child(look_other, &user), 0);
}
END_TEST

/* MUST 3: the user's own processes neither trace nor read it. */
static void
look_tracer(const struct nk_become *b)
{
	char name[64], secret[8] = "secret", got[8];
	struct iovec mine = { got, sizeof(got) };
	struct iovec its = { secret, sizeof(secret) };
	int fds[2];
	pid_t pid;
	char c;

	NEED(pipe(fds) == 0);
	if ((pid = fork()) == 0) {
		c = nk_become(b) == 0 ? 'y' : 'n';
		if (write(fds[1], &c, 1) == 1)
			(void)pause();
		_exit(0);
	}
	NEED(read(fds[0], &c, 1) == 1 && c == 'y');
	NEED(setgroups(b->n_groups, b->groups) == 0);
	NEED(setresgid(b->gid, b->gid, b->gid) == 0);
	NEED(setresuid(b->uid, b->uid, b->uid) == 0);
	NEED(ptrace(PTRACE_ATTACH, pid, NULL, NULL) == -1);
	NEED(process_vm_readv(pid, &mine, 1, &its, 1, 0) == -1);
	(void)snprintf(name, sizeof(name), "/proc/%d/mem", (int)pid);
	NEED(open(name, O_RDONLY) == -1);
	(void)snprintf(name, sizeof(name), "/proc/%d/fd", (int)pid);
	NEED(open(name, O_RDONLY) == -1);
	NEED(kill(pid, SIGKILL) == 0);	/* that he may */
}

START_TEST(no_tracing)
{
	ck_assert_int_eq(in_child(look_tracer, &user), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("home_become");
	TCase *tc = tcase_create("become");
	SRunner *sr = srunner_create(s);
	int failed;

	if (geteuid() == 0) {
		tcase_add_test(tc, become_user);
		tcase_add_test(tc, without_groups);
		tcase_add_test(tc, become_root);
		tcase_add_loop_test(tc, refuses, 0,
		    (int)(sizeof(refused) / sizeof(refused[0])));
		tcase_add_test(tc, not_root);
		tcase_add_test(tc, no_tracing);
	}
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
