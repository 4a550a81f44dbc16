/* SPDX-License-Identifier: ISC */
/*
 * A full disk under the store (a small ext4 on a loop device), a full tmpfs
 * under the maps, and both: an edit is refused whole, what only restricts
 * gets through while the disk takes it, and once there is room all goes on.
 *
 *	full_disk [-n STEPS] [-s SEED]
 */
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/attr.h"
#include "tests/fault/edits.h"
#include "tests/fault/look.h"
#include "tests/fault/place.h"

#define DISK_SIZE	(16 * 1024 * 1024)
#define MAPS_SIZE	(640 * 1024)
#define BLOCK		4096
#define EDITS_MAX	5000

extern char **environ;

struct test {
	char		*dir;
	char		 disk[MODEL_TEXT], image[MODEL_TEXT];
	char		 ballast[2][MODEL_TEXT];	/* disk, maps */
	struct edits_place place;
	struct nk_publisher *p;
	struct look	 look, mapped;	/* as a process with NSS in it */
	struct model	 m;
	uint64_t	 seed;
	int		 refused, done, restricted;
	bool		 used_up;	/* one that adds a little was refused */
};

static void __attribute__((noreturn)) NK_PRINTF(2, 3)
fail(struct test *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)printf("FAIL: seed %" PRIu64 ", after edit %" PRIu64
	    ": ", t->seed, t->m.edits);
	(void)vprintf(fmt, ap);
	(void)printf("\n");
	va_end(ap);
	(void)umount2(t->disk, MNT_DETACH);
	exit(EXIT_FAILURE);
}

static int
run(const char *const argv[])
{
	pid_t pid;
	int status;

	if (posix_spawnp(&pid, argv[0], NULL, NULL,
	    (char *const *)(uintptr_t)argv, environ) != 0 ||
	    waitpid(pid, &status, 0) == -1)
		return -1;
	return status;
}

static void
text(struct test *t, char buf[MODEL_TEXT], const char *name)
{
	int n = snprintf(buf, MODEL_TEXT, "%s/%s", t->dir, name);

	if (n < 0 || n >= (int)MODEL_TEXT)
		fail(t, "path too long");
}

/* A disk of its own for the store; false: not possible here. */
static bool
make_disk(struct test *t)
{
	const char *const mkfs[] = { "mkfs.ext4", "-q", "-F", t->image,
	    NULL };
	const char *const mount_it[] = { "mount", "-o", "loop", t->image,
	    t->disk, NULL };
	int fd;

	text(t, t->disk, "disk");
	text(t, t->image, "image");
	text(t, t->ballast[0], "disk/ballast");
	text(t, t->ballast[1], "maps/ballast");
	if (mkdir(t->disk, 0755) == -1 || (fd = open(t->image, O_RDWR |
	    O_CREAT, 0600)) == -1 || ftruncate(fd, DISK_SIZE) == -1)
		fail(t, "%s: %s", t->image, strerror(errno));
	(void)close(fd);
	return run(mkfs) == 0 && run(mount_it) == 0;
}

static void
prepare(struct test *t)
{
	int r;

	edits_place_init(&t->place, t->disk);
	text(t, t->place.maps, "maps");
	text(t, t->place.lock, "lock");
	t->place.conf.wal_limit = 64 * 1024;
	if ((r = nk_publisher_open(&t->p, &t->place.state, &t->place.conf,
	    NK_STORE_CREATE)) < 0 || (r = edits_setup(t->p)) < 0)
		fail(t, "no store: %s", strerror(-r));
	look_init(&t->look, t->place.maps);
	look_init(&t->mapped, t->place.maps);
	t->mapped.mode = NK_VIEW_MAPPED;
	model_init(&t->m, t->seed);
}

static void
fill(struct test *t, int where)
{
	static const char zeros[BLOCK];
	int fd;

	if ((fd = open(t->ballast[where], O_WRONLY | O_CREAT | O_APPEND,
	    0600)) == -1)
		fail(t, "%s: %s", t->ballast[where], strerror(errno));
	while (write(fd, zeros, sizeof(zeros)) > 0)
		continue;
	if (errno != ENOSPC)
		fail(t, "%s: %s", t->ballast[where], strerror(errno));
	(void)fsync(fd);
	(void)close(fd);
}

/* Give blocks back. */
static void
give(struct test *t, int where, off_t blocks)
{
	struct stat st;
	off_t size;

	if (stat(t->ballast[where], &st) == -1)
		return;
	size = st.st_size - blocks * BLOCK;
	if (truncate(t->ballast[where], size < 0 ? 0 : size) == -1)
		fail(t, "%s: %s", t->ballast[where], strerror(errno));
}

static void
unfill(const struct test *t, int where)
{
	(void)unlink(t->ballast[where]);
}

static void
complain(void *arg, const char *what)
{
	(void)arg;
	(void)printf("full_disk: %s\n", what);
}

static void
check(struct test *t)
{
	char why[MODEL_TEXT];
	int r;

	if ((r = edits_check_store(nk_publisher_store(t->p), &t->m, why)) < 0)
		fail(t, "the store: %s (%d)", why, r);
	if ((r = look_all(&t->look, &t->m, why)) < 0)
		fail(t, "the maps: %s", why);
	if ((r = look_all(&t->mapped, &t->m, why)) < 0)
		fail(t, "the maps, mapped: %s", why);
	if ((r = nk_publisher_verify(t->p, complain, NULL)) < 0)
		fail(t, "verify: %s", strerror(-r));
}

static bool
only_restricts(const struct model *m, const struct op *op)
{
	struct model after = *m;

	switch (op->kind) {
	case OP_REMOVE_KEY:
	case OP_LOCK:
	case OP_DELETE:
	case OP_LEAVE:
	case OP_GROUP_DELETE:
		return true;
	case OP_EXPIRE:
		model_apply(&after, op);
		return after.users[op->user].expires_at <
		    m->users[op->user].expires_at;
	default:
		return false;
	}
}

/* The stream's next edit: in, or refused for want of room. */
static void
try_next(struct test *t, bool disk_full)
{
	struct op op = model_next(&t->m);
	bool restricts = only_restricts(&t->m, &op);
	int r = edits_do(t->p, &t->m, &op);

	if (r == 0) {
		model_apply(&t->m, &op);
		t->done++;
		t->restricted += restricts;
	} else if (r != -ENOSPC)
		fail(t, "%s: %s", op_names[op.kind], strerror(-r));
	else if (!disk_full && restricts)
		fail(t, "%s was refused", op_names[op.kind]);
	else {
		t->refused++;
		/* a bulk edit needs new files, and proves nothing */
		t->used_up = t->used_up || op.kind != OP_BULK;
		t->m.edits++;		/* go on with another one */
	}
	r = nk_publisher_tidy(t->p);
	if (r < 0 && r != -ENOSPC)
		fail(t, "tidying up: %s", strerror(-r));
}

static void
report(struct test *t, bool disk, const char *what)
{
	if (t->refused == 0 || (!disk && t->restricted == 0))
		fail(t, "%s: it was never full, or nothing restricted", what);
	(void)printf("PASS: %s: %d edits refused and nothing "
	    "changed, %d done, %d of them only restrict\n", what, t->refused,
	    t->done, t->restricted);
	t->refused = t->done = t->restricted = 0;
}

/* Maps have room in hand, which is theirs on a full file system as well. */
static void
use_up(struct test *t)
{
	int i;

	t->used_up = false;
	for (i = 0; i < EDITS_MAX && !t->used_up; i++)
		try_next(t, false);
	if (!t->used_up)
		fail(t, "the maps take %d edits without room", i);
}

static void
full(struct test *t, int steps, bool disk, bool maps, const char *what)
{
	int i;

	if (maps) {
		fill(t, 1);
		use_up(t);
	}
	for (i = 0; i < steps; i++) {
		if (disk && i % 50 == 0)
			fill(t, 0);
		if (maps && i % 50 == 0)
			fill(t, 1);
		try_next(t, disk);
		check(t);
		if (disk)
			give(t, 0, i % 50 / 10);
		if (maps && i % 50 > 45)
			give(t, 1, 4);
	}
	unfill(t, 0);
	unfill(t, 1);
	for (i = 0; i < 5; i++) {
		int before = t->refused;

		try_next(t, false);
		if (t->refused != before)
			fail(t, "there is room again, and yet refused");
	}
	check(t);
	report(t, disk, what);
}

int
main(int argc, char *argv[])
{
	struct test t = { .seed = 1 };
	int steps = 100, c, r;

	while ((c = getopt(argc, argv, "n:s:")) != -1) {
		if (c == 'n')
			steps = (int)strtol(optarg, NULL, 10);
		else if (c == 's')
			t.seed = strtoull(optarg, NULL, 10);
		else
			return 2;
	}
	if ((r = place_make(&t.dir, MAPS_SIZE)) < 0)
		fail(&t, "no place: %s", strerror(-r));
	if (!make_disk(&t)) {
		(void)printf("SKIP: full_disk: no loop device\n");
		place_remove(t.dir);
		return 77;
	}
	prepare(&t);
	full(&t, steps, true, false, "disk");
	full(&t, steps, false, true, "maps");
	full(&t, steps, true, true, "both");
	nk_publisher_free(t.p);
	look_end(&t.look);
	look_end(&t.mapped);
	(void)umount2(t.disk, MNT_DETACH);
	place_remove(t.dir);
	return EXIT_SUCCESS;
}
