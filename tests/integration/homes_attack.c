/* SPDX-License-Identifier: ISC */
/*
 * Jobs in a home while its owner attacks it: one process of his, and one of
 * root that does what he would like root to do (mounts on his folders,
 * devices and hard links in them, his home another one), change what the
 * paths mean as fast as they can.
 *
 *	homes_attack [-n ROUNDS] [-s SEED] DIR
 *
 * DIR is an empty folder of root's on a file system of its own.  Nothing
 * outside of the home may be written, given away or read; each job ends in
 * time; nothing is left behind here.
 */
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/attr.h"
#include "lib/home/homedir.h"
#include "lib/home/homefile.h"
#include "lib/home/temp.h"
#include "tests/integration/homes_outside.h"

#define MALLORY		4300u
#define SECONDS		3u	/* of a job */
#define MEET_SECONDS	600	/* that rounds may go on for a rare one */
#define SLACK		30.0	/* more, on a busy machine */
#define VARIANTS	12
#define REBUILD		50	/* attacks */
#define RESTORE		16
#define KILL_ONE_IN	64
#define LEFT_MAX	8	/* where he swapped them himself */

/* Of each 32 rounds, the last ones. */
enum { EMPTY_COPY, COPY_HOME, SET_HOME, REMOVE_SSH, JOBS_OF_HOMES };
#define ROUNDS_OF_HOMES	32

struct shared {
	unsigned long	 swaps, mounts, kills;
};

struct attack {
	const char	*dir;
	char		 home[256];
	unsigned int	 seed;
	struct shared	*shared;
	pid_t		 parent, mallory, accomplice;
	struct nk_homefile seen;	/* last */
	unsigned long	 outcomes[NK_HOMEFILE_OUTCOMES];
	unsigned long	 whole[JOBS_OF_HOMES];	/* that were done */
};

static void __attribute__((noreturn)) NK_PRINTF(2, 3)
fail(struct attack *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)printf("FAIL: ");
	(void)vprintf(fmt, ap);
	(void)printf("\n");
	va_end(ap);
	(void)kill(t->mallory, SIGKILL);
	(void)kill(t->accomplice, SIGKILL);
	exit(EXIT_FAILURE);
}

static unsigned int
pick(struct attack *t, unsigned int n)
{
	return (unsigned int)rand_r(&t->seed) % n;
}

/* ---- what stands in the place of something else ---- */

/* Folders, links and what else he can make, in the home's folder "v". */
static int
make_variant(const struct attack *t, int v, int i)
{
	static const char *const targets[] = { "victim/.ssh", "etc/shadow",
	    "outside", "outside/authorized_keys" };
	char name[16], target[512];
	int fd, r;

	(void)snprintf(name, sizeof(name), "%d", i);
	switch (i) {
	case 0: case 1: case 2:		/* folders of his own */
		return mkdirat(v, name, 0755);
	case 3: case 4: case 5: case 6:
		(void)snprintf(target, sizeof(target), "%s/%s", t->dir,
		    targets[i - 3]);
		return symlinkat(target, v, name);
	case 7:
		return mkfifoat(v, name, 0666);
	case 8:
		(void)snprintf(target, sizeof(target), "%s/outside/keep",
		    t->dir);
		return linkat(AT_FDCWD, target, v, name, 0);
	default:			/* files of his own */
		fd = openat(v, name, O_WRONLY | O_CREAT | O_EXCL |
		    O_NOFOLLOW, 0644);
		if (fd == -1)
			return -1;
		r = write(fd, "hand\n", 5) == 5 ? 0 : -1;
		close(fd);
		return r;
	}
}

/* Unless it is another one just now, which he leaves alone. */
static int
open_home(const struct attack *t)
{
	struct stat st;
	int fd;

	fd = open(t->home, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd != -1 && (fstat(fd, &st) == -1 || st.st_uid != MALLORY)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Never through a link or a mount: what is outside is none of his. */
static int
open_in(int home, const char *name)
{
	return nk_place_openat(home, name,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

static void
rebuild(const struct attack *t, int home)
{
	char name[16];
	int v, i;

	(void)mkdirat(home, "v", 0755);
	if ((v = open_in(home, "v")) < 0)
		return;
	for (i = 0; i < VARIANTS; i++) {
		(void)snprintf(name, sizeof(name), "%d", i);
		if ((unlinkat(v, name, 0) == -1 && errno == EISDIR) ||
		    make_variant(t, v, i) == -1)
			continue;	/* a folder: any will do */
	}
	close(v);
}

/* A sound .ssh and file, or most jobs would end at the first look. */
static void
restore(int home)
{
	struct stat st;
	int ssh;

	if ((ssh = open_in(home, NK_PLACE_SSH)) < 0) {
		(void)unlinkat(home, NK_PLACE_SSH, 0);
		(void)mkdirat(home, NK_PLACE_SSH, 0755);
		return;
	}
	if (fstatat(ssh, NK_PRESENT_FILE, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    (!S_ISREG(st.st_mode) || st.st_nlink > 1 ||
	    st.st_uid != MALLORY))
		(void)unlinkat(ssh, NK_PRESENT_FILE,
		    S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0);
	close(ssh);
}

/* ---- the owner ---- */

static void
wait_a_little(struct attack *t)
{
	const struct timespec ts = { 0, (long)pick(t, 150000) };

	if (pick(t, 4) != 0)
		(void)nanosleep(&ts, NULL);
}

/* "name" in dirfd is another thing for a moment. */
static void
swap(struct attack *t, int home, int dirfd, const char *name)
{
	char variant[16];
	int v;

	if ((v = open_in(home, "v")) < 0)
		return;
	(void)snprintf(variant, sizeof(variant), "%u", pick(t, VARIANTS));
	if (renameat2(v, variant, dirfd, name, RENAME_EXCHANGE) == 0) {
		t->shared->swaps++;
		wait_a_little(t);
		(void)renameat2(v, variant, dirfd, name, RENAME_EXCHANGE);
	}
	close(v);
}

/* The layer's own new file, while it is being written. */
static void
swap_temp(struct attack *t, int home, int ssh)
{
	const struct dirent *d;
	DIR *dir;
	int fd;

	if ((fd = openat(ssh, ".", O_RDONLY | O_DIRECTORY)) == -1)
		return;
	if ((dir = fdopendir(fd)) == NULL) {
		close(fd);
		return;
	}
	while ((d = readdir(dir)) != NULL) {
		if (strncmp(d->d_name, NK_TEMP_PREFIX,
		    sizeof(NK_TEMP_PREFIX) - 1) != 0)
			continue;
		if (pick(t, 2) == 0)
			(void)unlinkat(ssh, d->d_name, 0);
		else
			swap(t, home, ssh, d->d_name);
	}
	(void)closedir(dir);
}

/* An edit by hand, in place. */
static void
edit(struct attack *t, int ssh)
{
	int fd = nk_place_openat(ssh, NK_PRESENT_FILE,
	    O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_APPEND);
	struct stat st;

	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_nlink == 1 && (st.st_size < 1000 ||
	    ftruncate(fd, 0) == 0) && write(fd, "hand\n", 5) == 5)
		(void)fchmod(fd, pick(t, 2) == 0 ? 0666 : 0600);
	close(fd);
}

/* He may signal what has become him. */
static void
kill_child(struct attack *t)
{
	char path[64], text[256], *p, *end;
	ssize_t n;
	long pid;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/task/%d/children",
	    (int)t->parent, (int)t->parent);
	if ((fd = open(path, O_RDONLY)) == -1)
		return;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n < 0 ? 0 : n] = '\0';
	for (p = text; (pid = strtol(p, &end, 10)) > 0; p = end) {
		if (pid == getpid())
			continue;
		(void)kill((pid_t)pid, SIGSTOP);
		if (pick(t, 4) == 0 && kill((pid_t)pid, SIGKILL) == 0)
			t->shared->kills++;
		(void)kill((pid_t)pid, SIGCONT);
	}
}

static void
attack_ssh(struct attack *t, int home)
{
	int ssh = open_in(home, NK_PLACE_SSH);

	if (ssh < 0) {
		(void)mkdirat(home, NK_PLACE_SSH, 0777);
		return;
	}
	switch (pick(t, 6)) {
	case 0:
		edit(t, ssh);
		break;
	case 1:
		swap_temp(t, home, ssh);
		break;
	case 2:
		(void)fchmod(ssh, pick(t, 2) == 0 ? 0777 : 0500);
		wait_a_little(t);
		(void)fchmod(ssh, 0700);
		break;
	default:
		swap(t, home, ssh, NK_PRESENT_FILE);
	}
	close(ssh);
}

static _Noreturn void
be_mallory(struct attack *t)
{
	unsigned long n;
	int home;

	if (setresgid(MALLORY, MALLORY, MALLORY) == -1 ||
	    setresuid(MALLORY, MALLORY, MALLORY) == -1)
		_exit(1);
	t->seed += 1;
	for (n = 0;; n++) {
		if ((home = open_home(t)) == -1)
			continue;	/* root has it elsewhere */
		if (n % REBUILD == 0)
			rebuild(t, home);
		if (n % RESTORE == 0)
			restore(home);
		if (pick(t, KILL_ONE_IN) == 0)
			kill_child(t);
		else if (pick(t, 3) == 0)
			swap(t, home, home, NK_PLACE_SSH);
		else
			attack_ssh(t, home);
		close(home);
		wait_a_little(t);
		wait_a_little(t);
	}
}

/* ---- root, who is on his side ---- */

/* Mount what is outside on what is open, for a moment. */
static void
mount_on(struct attack *t, const char *what, int on)
{
	char from[512], tree[64];
	int fd;

	(void)snprintf(from, sizeof(from), "%s/%s", t->dir, what);
	fd = open_tree(AT_FDCWD, from, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (fd == -1)
		return;
	if (move_mount(fd, "", on, "", MOVE_MOUNT_F_EMPTY_PATH |
	    MOVE_MOUNT_T_EMPTY_PATH) == 0) {
		t->shared->mounts++;
		wait_a_little(t);
		(void)snprintf(tree, sizeof(tree), "/proc/self/fd/%d", fd);
		(void)umount2(tree, MNT_DETACH);
	}
	close(fd);
}

static void
mount_something(struct attack *t, int home, int ssh)
{
	static const char *const folders[] = { "outside", "victim/.ssh" };
	static const char *const files[] = { "outside/authorized_keys",
	    "etc/shadow", "victim/.ssh/authorized_keys" };
	bool folder = pick(t, 2) == 0;
	int fd;

	fd = nk_place_openat(folder ? home : ssh,
	    folder ? NK_PLACE_SSH : NK_PRESENT_FILE, O_PATH | O_NOFOLLOW);
	if (fd < 0)
		return;
	mount_on(t, folder ? folders[pick(t, 2)] : files[pick(t, 3)], fd);
	close(fd);
}

/* His home is a link to another, or another's folder. */
static void
swap_home(struct attack *t)
{
	static const char *const others[] = { "link", "foreign", "nothome" };
	char other[512];

	(void)snprintf(other, sizeof(other), "%s/%s", t->dir,
	    others[pick(t, 3)]);
	if (renameat2(AT_FDCWD, other, AT_FDCWD, t->home,
	    RENAME_EXCHANGE) == -1)
		return;
	t->shared->swaps++;
	wait_a_little(t);
	(void)renameat2(AT_FDCWD, other, AT_FDCWD, t->home, RENAME_EXCHANGE);
}

/* A device, or another's file by a hard link, in the file's place. */
static void
plant(struct attack *t, int ssh)
{
	static const char name[] = "planted";
	char from[512];
	int r;

	(void)unlinkat(ssh, name, 0);
	if (pick(t, 3) == 0) {
		r = mknodat(ssh, name, S_IFCHR | 0666, makedev(1, 5));
	} else {
		(void)snprintf(from, sizeof(from), "%s/%s", t->dir,
		    pick(t, 2) == 0 ? "etc/shadow" :
		    "victim/.ssh/authorized_keys");
		r = linkat(AT_FDCWD, from, ssh, name, 0);
	}
	if (r == -1 || renameat2(ssh, name, ssh, NK_PRESENT_FILE,
	    RENAME_EXCHANGE) == -1)
		return;
	t->shared->swaps++;
	wait_a_little(t);
	(void)renameat2(ssh, name, ssh, NK_PRESENT_FILE, RENAME_EXCHANGE);
	(void)unlinkat(ssh, name, 0);
}

static _Noreturn void
be_accomplice(struct attack *t)
{
	const struct timespec pause = { 0, 400000 };
	int home, ssh;

	t->seed += 2;
	for (;;) {
		(void)nanosleep(&pause, NULL);
		if (pick(t, 3) == 0)
			swap_home(t);
		if ((home = open_home(t)) == -1)
			continue;
		if ((ssh = open_in(home, NK_PLACE_SSH)) >= 0) {
			if (pick(t, 3) != 0)
				plant(t, ssh);
			else
				mount_something(t, home, ssh);
			close(ssh);
		}
		close(home);
	}
}

/* ---- the jobs ---- */

static double
now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int
do_job(struct attack *t, unsigned long round, struct nk_homefile_result *res)
{
	const struct nk_homefile_who who = { .uid = MALLORY,
	    .gid = MALLORY, .home = t->home, .seconds = SECONDS };
	struct nk_homefile again;
	char text[64], *got;
	bool wrote;
	int r;

	switch (round % 8) {
	case 0: case 2: case 4: case 6:
		r = nk_homefile_read(&who, &t->seen, &got, res);
		if (got != NULL && outside_is_in(got,
		    (size_t)t->seen.file.size))
			fail(t, "round %lu: it read what is outside",
			    round);
		free(got);
		return r;
	case 7:
		return nk_homefile_remove(&who, &t->seen, res);
	default:
		(void)snprintf(text, sizeof(text), "layer %lu\n", round);
		r = nk_homefile_replace(&who, &t->seen, text, strlen(text),
		    &again, &wrote, res);
		if (r == 0)
			t->seen = again;
		return r;
	}
}

/*
 * A job on the whole home.  What stands in a copy's way is none of the
 * outcomes that are counted.
 */
static int
do_whole_job(struct attack *t, unsigned int job,
    struct nk_homefile_result *res)
{
	static const struct nk_homedir_watch watch = { .lost = NULL };
	struct nk_homefile_who who = { .uid = MALLORY, .gid = MALLORY,
	    .home = t->home, .seconds = SECONDS };
	struct nk_homedir_end end;
	char copy[256], skeleton[256];
	int r;

	(void)snprintf(copy, sizeof(copy), "%s/copy", t->dir);
	(void)snprintf(skeleton, sizeof(skeleton), "%s/outside", t->dir);
	switch (job) {
	case EMPTY_COPY:
		who.home = copy;
		r = nk_homedir_empty(&who, res);
		break;
	case COPY_HOME:
		r = nk_homedir_copy(&who, copy, false, &watch, &end, res);
		break;
	case SET_HOME:
		r = nk_homedir_set(&who, 0755, skeleton, NULL, res);
		break;
	default:
		r = nk_homedir_remove_ssh(&who, res);
	}
	t->whole[job] += r == 0;
	if (res->outcome == NK_HOMEFILE_FAILED && res->error != EEXIST &&
	    res->error != EXDEV && res->error != EAGAIN &&
	    res->error != ENODEV)
		fail(t, "job %u: %s", job, nk_homedir_sentence(res));
	return r;
}

static int
count_descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	while (d != NULL && readdir(d) != NULL)
		n++;
	if (d != NULL)
		(void)closedir(d);
	return n;
}

/* Of the attacks that are made, each must be met. */
static const enum nk_homefile_outcome wanted[] = {
	NK_HOMEFILE_DONE, NK_HOMEFILE_CHANGED, NK_HOMEFILE_HOME_LINK,
	NK_HOMEFILE_HOME_KIND, NK_HOMEFILE_HOME_FOREIGN,
	NK_HOMEFILE_SSH_LINK, NK_HOMEFILE_SSH_KIND, NK_HOMEFILE_SSH_MOUNT,
	NK_HOMEFILE_FILE_LINK, NK_HOMEFILE_FILE_KIND,
	NK_HOMEFILE_FILE_FOREIGN, NK_HOMEFILE_FILE_LINKED,
	NK_HOMEFILE_FILE_MOUNT, NK_HOMEFILE_KILLED,
};
#define WANTED	(sizeof(wanted) / sizeof(wanted[0]))

static bool
all_are_met(const struct attack *t)
{
	size_t i;

	for (i = 0; i < WANTED; i++) {
		if (t->outcomes[wanted[i]] == 0)
			return false;
	}
	for (i = 0; i < JOBS_OF_HOMES; i++) {
		if (t->whole[i] == 0)
			return false;
	}
	return true;
}

/* On a busy machine an attacker may need longer to make all of them. */
static void
run(struct attack *t, unsigned long rounds)
{
	struct nk_homefile_result res;
	int descriptors = count_descriptors(), r;
	double begun = now(), start, longest = 0, took;
	unsigned long i;
	bool whole;

	for (i = 0; i < rounds || (!all_are_met(t) &&
	    now() - begun < MEET_SECONDS); i++) {
		start = now();
		whole = i % ROUNDS_OF_HOMES >= ROUNDS_OF_HOMES -
		    JOBS_OF_HOMES;
		r = !whole ? do_job(t, i, &res) : do_whole_job(t,
		    (unsigned int)(i % ROUNDS_OF_HOMES) + JOBS_OF_HOMES -
		    ROUNDS_OF_HOMES, &res);
		took = now() - start;
		longest = took > longest ? took : longest;
		if (r != -res.error || !nk_homefile_is_sound(&res))
			fail(t, "round %lu: %d and %d", i, r, res.error);
		if (!whole)
			t->outcomes[res.outcome]++;
		if (!whole && res.outcome == NK_HOMEFILE_FAILED)
			fail(t, "round %lu: %s", i, strerror(res.error));
		if (took > SECONDS + SLACK)
			fail(t, "round %lu took %.1f s", i, took);
	}
	if (count_descriptors() != descriptors)
		fail(t, "descriptors leak: %d, then %d", descriptors,
		    count_descriptors());
	(void)printf("longest job %.3f s; %lu swaps, %lu mounts, %lu kills\n",
	    longest, t->shared->swaps, t->shared->mounts, t->shared->kills);
}

/* ---- the end ---- */

static void
stop(struct attack *t, pid_t pid)
{
	int status;

	if (waitpid(pid, &status, WNOHANG) != 0)
		fail(t, "an attacker has ended: %#x", (unsigned int)status);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
}

/* Everything that is still mounted below the home goes. */
static void
unmount_all(const struct attack *t)
{
	char line[1024], *at, *end;
	bool again = true;
	FILE *f;

	while (again && (f = fopen("/proc/self/mounts", "re")) != NULL) {
		again = false;
		while (!again && fgets(line, sizeof(line), f) != NULL) {
			if ((at = strchr(line, ' ')) == NULL ||
			    strncmp(at + 1, t->dir, strlen(t->dir)) != 0 ||
			    at[1 + strlen(t->dir)] != '/' ||
			    (end = strchr(at + 1, ' ')) == NULL)
				continue;
			*end = '\0';
			again = umount2(at + 1, MNT_DETACH) == 0;
		}
		(void)fclose(f);
	}
}

static void
check_outcomes(struct attack *t, unsigned long rounds)
{
	size_t i;

	for (i = 0; i < NK_HOMEFILE_OUTCOMES; i++) {
		if (t->outcomes[i] > 0)
			(void)printf("%7lu %s\n", t->outcomes[i],
			    nk_homefile_sentence(
			    (enum nk_homefile_outcome)i));
	}
	for (i = 0; i < WANTED; i++) {
		if (t->outcomes[wanted[i]] == 0)
			fail(t, "never met: %s",
			    nk_homefile_sentence(wanted[i]));
	}
	if (t->outcomes[NK_HOMEFILE_DONE] < rounds / 20)
		fail(t, "too few jobs were done");
	for (i = 0; i < JOBS_OF_HOMES; i++) {
		if (t->whole[i] == 0)
			fail(t, "job %zu on a home was never done", i);
	}
	(void)printf("%lu copies, %lu modes, %lu times without .ssh\n",
	    t->whole[COPY_HOME], t->whole[SET_HOME], t->whole[REMOVE_SSH]);
}

static void
start(struct attack *t)
{
	t->shared = mmap(NULL, sizeof(*t->shared), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (t->shared == MAP_FAILED)
		fail(t, "mmap: %s", strerror(errno));
	t->parent = getpid();
	if ((t->mallory = fork()) == 0)
		be_mallory(t);
	if ((t->accomplice = fork()) == 0)
		be_accomplice(t);
}

int
main(int argc, char *argv[])
{
	struct attack t = { .seed = 1 };
	char *before, *after;
	unsigned long rounds = 3000;
	int c, left;

	while ((c = getopt(argc, argv, "n:s:")) != -1) {
		if (c == 'n')
			rounds = strtoul(optarg, NULL, 10);
		else if (c == 's')
			t.seed = (unsigned int)strtoul(optarg, NULL, 10);
		else
			return 2;
	}
	if (argc - optind != 1)
		return 2;
	t.dir = argv[optind];
	(void)snprintf(t.home, sizeof(t.home), "%s/mallory", t.dir);
	(void)umask(022);
	outside_make(t.dir, MALLORY);
	before = outside_describe(t.dir);
	start(&t);
	run(&t, rounds);
	stop(&t, t.mallory);
	stop(&t, t.accomplice);
	if (waitpid(-1, NULL, WNOHANG) != -1)
		fail(&t, "a child is left");
	unmount_all(&t);
	after = outside_describe(t.dir);
	if (strcmp(before, after) != 0)
		fail(&t, "outside of the home:\n%sis now:\n%s", before,
		    after);
	check_outcomes(&t, rounds);
	left = outside_count_temps(t.home);
	if ((unsigned long)left > t.shared->kills + LEFT_MAX)
		fail(&t, "%d new files are left in .ssh", left);
	free(before);
	free(after);
	(void)printf("PASS: %lu rounds against the home's owner\n", rounds);
	return EXIT_SUCCESS;
}
