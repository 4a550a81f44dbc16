/* SPDX-License-Identifier: ISC */
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/helper/peer.h"

#define MANY	70	/* groups: more than any fixed array would have */

/* A child becomes (uid, gid, groups), connects, and waits to be told. */
static const struct {
	const char	*what;
	uid_t		 uid;
	gid_t		 gid;
	size_t		 ngroups;
} peers[] = {
	{ "root without groups",	0, 0, 0 },
	{ "user without groups",	12345, 12346, 0 },
	{ "user in one group",		12345, 12346, 1 },
	{ "user in many groups",	12345, 12346, MANY },
	{ "last uid",			4294967294u, 4294967294u, 2 },
};

static void
become_and_connect(const struct sockaddr_un *un, int row)
{
	gid_t groups[MANY];
	size_t i;
	char byte;
	int fd;

	for (i = 0; i < peers[row].ngroups; i++)
		groups[i] = (gid_t)(20000 + i);
	if (setgroups(peers[row].ngroups, groups) == -1 ||
	    setresgid(peers[row].gid, peers[row].gid, peers[row].gid) == -1 ||
	    setresuid(peers[row].uid, peers[row].uid, peers[row].uid) == -1)
		_exit(1);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd == -1 || connect(fd, (const struct sockaddr *)un,
	    sizeof(*un)) == -1)
		_exit(2);
	_exit(read(fd, &byte, 1) == 0 ? 0 : 3);
}

static int
listen_at(struct sockaddr_un *un)
{
	int fd;

	memset(un, 0, sizeof(*un));
	un->sun_family = AF_UNIX;
	(void)snprintf(un->sun_path + 1, sizeof(un->sun_path) - 1,
	    "test_peer.%d", (int)getpid());
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(bind(fd, (const struct sockaddr *)un, sizeof(*un)),
	    0);
	ck_assert_int_eq(listen(fd, 5), 0);
	return fd;
}

START_TEST(sockets)
{
	struct sockaddr_un un;
	struct nk_caller c;
	uid_t uid = 0;
	int fd, conn, status;
	size_t i;
	pid_t pid;

	if (geteuid() != 0)
		return;		/* nobody else can be somebody else */
	fd = listen_at(&un);
	if ((pid = fork()) == 0)
		become_and_connect(&un, _i);
	conn = accept(fd, NULL, NULL);
	ck_assert_int_ne(conn, -1);
	ck_assert_int_eq(peer_get(conn, &c), 0);
	ck_assert_uint_eq(c.uid, peers[_i].uid);
	ck_assert_uint_eq(c.gid, peers[_i].gid);
	ck_assert_uint_eq(c.ngroups, peers[_i].ngroups);
	for (i = 0; i < c.ngroups; i++)
		ck_assert_uint_eq(c.groups[i], 20000 + i);
	ck_assert_int_eq(c.pid, pid);
	ck_assert(!c.gateway);
	ck_assert_int_eq(peer_get_uid(conn, &uid), 0);
	ck_assert_uint_eq(uid, peers[_i].uid);
	peer_clear(&c);
	ck_assert_ptr_null(c.groups);
	peer_clear(&c);			/* does no harm */
	close(conn);
	close(fd);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

/* The peer is what it was when it connected, whatever became of it. */
START_TEST(changed_afterwards)
{
	struct nk_caller c;
	int pair[2];
	pid_t pid;

	if (geteuid() != 0)
		return;
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	if ((pid = fork()) == 0) {
		if (setresgid(12346, 12346, 12346) == -1 ||
		    setresuid(12345, 12345, 12345) == -1 ||
		    peer_get(pair[0], &c) < 0)
			_exit(1);
		_exit(c.uid == 0 && getuid() == 12345 ? 0 : 2);
	}
	ck_assert_int_eq(waitpid(pid, &pair[0], 0), pid);
	ck_assert_int_eq(pair[0], 0);
}
END_TEST

static void
check_is_process(int fd)
{
	struct nk_caller c;
	gid_t groups[1024];
	int n;

	n = getgroups(1024, groups);
	ck_assert_int_eq(peer_get(fd, &c), 0);
	ck_assert_uint_eq(c.uid, getuid());
	ck_assert_uint_eq(c.gid, getgid());
	ck_assert_uint_eq(c.ngroups, (size_t)n);
	if (n > 0)
		ck_assert_mem_eq(c.groups, groups,
		    (size_t)n * sizeof(gid_t));
	ck_assert_int_eq(c.pid, 0);
	peer_clear(&c);
}

START_TEST(other_files)
{
	int fd, pair[2];

	fd = open("/dev/null", O_RDONLY);
	check_is_process(fd);
	close(fd);
	fd = open("/proc/self/status", O_RDONLY);
	check_is_process(fd);
	close(fd);
	ck_assert_int_eq(pipe(pair), 0);
	check_is_process(pair[0]);
	close(pair[0]);
	close(pair[1]);
}
END_TEST

/* The real uid counts, not the effective one. */
START_TEST(effective_uid)
{
	struct nk_caller c;
	int status;
	pid_t pid;

	if (geteuid() != 0)
		return;
	if ((pid = fork()) == 0) {
		if (setresuid(12345, 0, 0) == -1 ||
		    peer_get(STDIN_FILENO, &c) < 0)
			_exit(1);
		_exit(c.uid == 12345 ? 0 : 2);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

static const struct {
	const char	*what;
	int		 domain, type;
} refused[] = {
	{ "TCP",	AF_INET,	SOCK_STREAM },
	{ "UDP",	AF_INET,	SOCK_DGRAM },
	{ "datagrams",	AF_UNIX,	SOCK_DGRAM },
	{ "packets",	AF_UNIX,	SOCK_SEQPACKET },
};

START_TEST(refused_sockets)
{
	struct nk_caller c;
	int fd;

	fd = socket(refused[_i].domain, refused[_i].type, 0);
	ck_assert_int_ne(fd, -1);
	ck_assert_msg(peer_get(fd, &c) == -EPROTOTYPE, "%s",
	    refused[_i].what);
	ck_assert_uint_eq(c.uid, (uid_t)-1);
	ck_assert_ptr_null(c.groups);
	close(fd);
}
END_TEST

START_TEST(no_peer)
{
	struct sockaddr_un un;
	struct nk_caller c;
	uid_t uid = 4711;
	int fd;

	fd = listen_at(&un);
	ck_assert_int_eq(peer_get(fd, &c), -EPROTOTYPE);
	close(fd);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);	/* connected to nobody */
	ck_assert_int_eq(peer_get(fd, &c), -EACCES);
	ck_assert_int_eq(peer_get_uid(fd, &uid), -EACCES);
	ck_assert_uint_eq(uid, 4711);
	close(fd);
	ck_assert_int_eq(peer_get(fd, &c), -EBADF);
	ck_assert_uint_eq(c.uid, (uid_t)-1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("peer");
	TCase *tc = tcase_create("credentials");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_loop_test(tc, sockets, 0,
	    (int)(sizeof(peers) / sizeof(peers[0])));
	tcase_add_test(tc, changed_afterwards);
	tcase_add_test(tc, other_files);
	tcase_add_test(tc, effective_uid);
	tcase_add_loop_test(tc, refused_sockets, 0,
	    (int)(sizeof(refused) / sizeof(refused[0])));
	tcase_add_test(tc, no_peer);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
