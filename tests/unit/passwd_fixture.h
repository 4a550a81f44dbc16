/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_TESTS_PASSWD_FIXTURE_H
#define NASKEYS_TESTS_PASSWD_FIXTURE_H

/*
 * The sandbox's user, in a copy of /etc/passwd that lies over the machine's
 * own.  For root; anybody else's sandbox stays who it is.
 */

#include <sys/mount.h>

#include <check.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/sandbox/sandbox.h"

static inline void
put_passwd_file(const char *dir)
{
	char text[65536], copy[128];
	ssize_t n;
	int fd;

	if (geteuid() != 0)
		return;
	ck_assert_int_ge(fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC), 0);
	ck_assert_int_gt(n = read(fd, text, sizeof(text)), 0);
	close(fd);
	(void)snprintf(copy, sizeof(copy), "%s/passwd", dir);
	ck_assert_int_ge(fd = open(copy, O_WRONLY | O_CREAT, 0644), 0);
	ck_assert_int_eq(write(fd, text, (size_t)n), n);
	ck_assert_int_gt(dprintf(fd, NK_SANDBOX_USER ":x:64123:64124::"
	    "/nonexistent:/usr/sbin/nologin\n"), 0);
	close(fd);
	ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
	ck_assert_int_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL),
	    0);
	ck_assert_int_eq(mount(copy, "/etc/passwd", NULL, MS_BIND, NULL), 0);
}

static inline void
drop_passwd_file(void)
{
	if (geteuid() == 0)
		(void)umount2("/etc/passwd", MNT_DETACH);
}

#endif /* NASKEYS_TESTS_PASSWD_FIXTURE_H */
