/* SPDX-License-Identifier: ISC */
/*
 * A home on a file system in user space, whose server takes each question
 * for a name and never answers: what holds a process there no signal ends.
 *
 *	homes_hang HOME UID
 *
 * Jobs must end in time all the same.
 */
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <linux/fuse.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/home/homefile.h"
#include "lib/keyfile/homelock.h"

#define ASKED_MAX	(FUSE_MIN_READ_BUFFER + 65536)

static void
answer(int fd, const struct fuse_in_header *in, int error, const void *body,
    size_t len)
{
	char buf[sizeof(struct fuse_out_header) + 256];
	const struct fuse_out_header out = {
		.len = (uint32_t)(sizeof(out) + len),
		.error = -error,
		.unique = in->unique,
	};

	memcpy(buf, &out, sizeof(out));
	memcpy(buf + sizeof(out), body, len);
	if (write(fd, buf, out.len) == -1 && errno != ENOENT)
		_exit(1);
}

static void
answer_init(int fd, const struct fuse_in_header *in)
{
	const struct fuse_init_out out = {
		.major = FUSE_KERNEL_VERSION,
		.minor = FUSE_KERNEL_MINOR_VERSION,
		.max_write = 4096,
	};

	answer(fd, in, 0, &out, sizeof(out));
}

static void
answer_attr(int fd, const struct fuse_in_header *in, uid_t uid)
{
	const struct fuse_attr_out out = {
		.attr = { .ino = 1, .mode = S_IFDIR | 0755, .nlink = 2,
		    .uid = uid, .gid = uid },
	};

	answer(fd, in, 0, &out, sizeof(out));
}

static void
answer_open(int fd, const struct fuse_in_header *in)
{
	const struct fuse_open_out out = { .fh = 1 };

	answer(fd, in, 0, &out, sizeof(out));
}

static _Noreturn void
serve(int fd, uid_t uid)
{
	static char buf[ASKED_MAX];
	struct fuse_in_header in;
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) >= (ssize_t)sizeof(in)) {
		memcpy(&in, buf, sizeof(in));
		switch (in.opcode) {
		case FUSE_INIT:
			answer_init(fd, &in);
			break;
		case FUSE_GETATTR:
			answer_attr(fd, &in, uid);
			break;
		case FUSE_OPENDIR:
			answer_open(fd, &in);
			break;
		case FUSE_LOOKUP:
		case FUSE_INTERRUPT:
		case FUSE_FORGET:
			break;
		default:
			answer(fd, &in, ENOSYS, "", 0);
		}
	}
	_exit(0);
}

static double
now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int
ask(const char *home, uid_t uid, struct nk_homelock *lock)
{
	const struct nk_homefile_who who = { .uid = uid, .gid = uid,
	    .home = home, .seconds = 1, .lock = &lock->fd };
	struct nk_homefile_result res;
	struct nk_homefile seen;
	double start = now();
	char *text;

	if (nk_homefile_read(&who, &seen, &text, &res) != -ETIMEDOUT ||
	    res.outcome != NK_HOMEFILE_TIMEOUT) {
		(void)printf("FAIL: it does not time out: %s\n",
		    nk_homefile_sentence(res.outcome));
		return EXIT_FAILURE;
	}
	if (now() - start > 60) {
		(void)printf("FAIL: it took %.1f s\n", now() - start);
		return EXIT_FAILURE;
	}
	/* the one that is left behind: this test would show nothing else */
	if (waitpid(-1, NULL, WNOHANG) != 0) {
		(void)printf("FAIL: no child is left behind\n");
		return EXIT_FAILURE;
	}
	(void)printf("PASS: a home that never answers: %.1f s\n",
	    now() - start);
	return EXIT_SUCCESS;
}

/* Is there, until the child is gone, no lock for another one? */
static int
ask_again(const char *home, const struct nk_state *state, uid_t uid)
{
	struct nk_homelock lock;

	if (nk_homelock_take(&lock, state, uid, 0) != -EAGAIN) {
		(void)printf("FAIL: another child may follow it\n");
		return EXIT_FAILURE;
	}
	/* what waits is let go */
	(void)umount2(home, MNT_DETACH | MNT_FORCE);
	if (nk_homelock_take(&lock, state, uid, 60000) < 0) {
		(void)printf("FAIL: its lock outlives it\n");
		return EXIT_FAILURE;
	}
	nk_homelock_drop(&lock);
	if (access(lock.path, F_OK) == 0) {
		(void)printf("FAIL: the lock's file stays\n");
		return EXIT_FAILURE;
	}
	(void)printf("PASS: no other child before that one is gone\n");
	return EXIT_SUCCESS;
}

int
main(int argc, char *argv[])
{
	struct nk_state state = { .owner = getuid() };
	struct nk_homelock lock;
	char options[128], path[256];
	int fd, status;
	pid_t server;
	uid_t uid;

	if (argc != 3)
		return 2;
	uid = (uid_t)strtoul(argv[2], NULL, 10);
	if ((fd = open("/dev/fuse", O_RDWR | O_CLOEXEC)) == -1) {
		(void)printf("SKIP: no file systems in user space here\n");
		return EXIT_SUCCESS;
	}
	(void)snprintf(options, sizeof(options),
	    "fd=%d,rootmode=40755,user_id=%u,group_id=%u", fd, uid, uid);
	if (mount("hang", argv[1], "fuse", MS_NOSUID | MS_NODEV,
	    options) == -1) {
		(void)printf("FAIL: mount: %s\n", strerror(errno));
		return EXIT_FAILURE;
	}
	/* the server is not the child of who asks */
	if ((server = fork()) == 0) {
		if ((server = fork()) == 0)
			serve(fd, uid);
		_exit(0);
	}
	if (waitpid(server, NULL, 0) != server)
		return EXIT_FAILURE;
	close(fd);
	(void)snprintf(path, sizeof(path), "%s.lock", argv[1]);
	state.lock = path;
	if (nk_homelock_take(&lock, &state, uid, 0) < 0)
		return EXIT_FAILURE;
	status = ask(argv[1], uid, &lock);
	nk_homelock_drop(&lock);
	if (status == EXIT_SUCCESS)
		status = ask_again(argv[1], &state, uid);
	(void)umount2(argv[1], MNT_DETACH | MNT_FORCE);
	return status;
}
