/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_TESTS_HOMES_FIXTURE_H
#define NASKEYS_TESTS_HOMES_FIXTURE_H

#include <sys/mount.h>
#include <sys/wait.h>

#include <check.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/home/homefile.h"

/*
 * A tmpfs in a mount namespace of the test's own, as for the homes that
 * root makes: nobody else may write to a folder above a home.
 */
#define USER	4242u

static const struct nk_homefile_who alice = {
	.uid = USER, .gid = USER, .home = "/mnt/homes/alice", .seconds = 10,
};

/* Run a shell command; what it prints, up to len. */
static inline void
shell(const char *command, char *out, size_t len)
{
	char *const argv[] = { strdup("sh"), strdup("-c"), strdup(command),
	    NULL };
	int fds[2], status, i;
	size_t at = 0;
	ssize_t n = 0;
	pid_t pid;

	ck_assert_int_eq(pipe(fds), 0);
	if ((pid = fork()) == 0) {
		(void)dup2(fds[1], 1);
		(void)execv("/bin/sh", argv);
		_exit(127);
	}
	close(fds[1]);
	while (at + 1 < len && (n = read(fds[0], out + at,
	    len - at - 1)) > 0)
		at += (size_t)n;
	ck_assert_int_eq(n, 0);
	out[at] = '\0';
	close(fds[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(status == 0, "%s: %#x", command, status);
	for (i = 0; i < 3; i++)
		free(argv[i]);
}

static inline void
run(const char *command)
{
	char out[256];

	shell(command, out, sizeof(out));
}

static inline void
setup(void)
{
	ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
	ck_assert_int_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL),
	    0);
	ck_assert_int_eq(mount("none", "/mnt", "tmpfs", 0, "mode=0755"), 0);
	ck_assert_int_eq(chdir("/mnt"), 0);
	run("umask 022; mkdir homes other; cd homes; mkdir alice;"
	    "chown 4242:4242 alice; chmod 755 alice");
}

/* All that there is, with owners, modes, times and texts. */
static inline void
snapshot(char *out, size_t len)
{
	shell("cd /mnt; find . -printf '%p %y %U %G %m %n %s %i %l %T@ %C@\\n'"
	    " | sort; find . -type f -exec md5sum {} + | sort", out, len);
}

#endif /* NASKEYS_TESTS_HOMES_FIXTURE_H */
