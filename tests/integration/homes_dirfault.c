/* SPDX-License-Identifier: ISC */
/*
 * A fault in each system call of a job on a whole home: what a quota, a file
 * server or a disk may answer at any of them.  Whatever fails, what is not
 * the job's stays as it is; an answer of success is true; and the same job
 * without a fault then does what is left to do.
 *
 *	homes_dirfault [-q] HOMES_DIR DIR UID	-q: fewer errors
 *
 * DIR is an empty folder of root's, above which only root may write.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syscall.h>
#include <unistd.h>

#include "lib/account/tree.h"
#include "lib/home/outcome.h"
#include "tests/integration/homes_turn.h"

#define CALLS_MAX	1000
#define ARGS		16

enum kind { SET, COPY, EMPTY, REMOVE };

struct test {
	char		*program, *dir, *uid;
	enum kind	 kind;
	struct homes_turn run;
	int		 fault;
	unsigned int	 faults, refused;
	char		*old;		/* as the old home is at first */
};

/* ---- the homes ---- */

static uid_t
owner(const struct test *t)
{
	return (uid_t)strtoul(t->uid, NULL, 10);
}

static void
make_folder(const struct test *t, const char *path, mode_t mode)
{
	if (mkdir(path, 0700) == -1 ||
	    chown(path, owner(t), owner(t)) == -1 ||
	    chmod(path, mode) == -1)
		turn_fail(&t->run, "%s: %s", path, strerror(errno));
}

static void
make_file(const struct test *t, const char *path, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);

	if (fd == -1 || write(fd, "text\n", 5) != 5 ||
	    fchown(fd, owner(t), owner(t)) == -1 ||
	    fchmod(fd, mode) == -1 || close(fd) == -1)
		turn_fail(&t->run, "%s: %s", path, strerror(errno));
}

static void
empty(const struct test *t)
{
	int fd = open(".", O_RDONLY | O_DIRECTORY);

	if (fd == -1 || nk_tree_empty(fd, NULL, NULL) < 0)
		turn_fail(&t->run, "cannot empty the folder");
	close(fd);
}

/* In the folder that this process is in. */
static void
make_homes(const struct test *t)
{
	empty(t);
	make_folder(t, "old", 0755);
	make_file(t, "old/f", 0640);
	make_folder(t, "old/d", 0751);
	make_file(t, "old/d/g", 0400);
	if (symlink("nowhere", "old/l") == -1 ||
	    lchown("old/l", owner(t), owner(t)) == -1)
		turn_fail(&t->run, "symlink: %s", strerror(errno));
	make_folder(t, "old/.ssh", 0700);
	make_file(t, "old/.ssh/authorized_keys", 0600);
	make_folder(t, "new", 0700);
	make_folder(t, "skel", 0755);
	make_file(t, "skel/s", 0644);
	make_file(t, "skel/f", 0600);
}

static const char *const names[] = { "f", "d", "d/g", "l", ".ssh",
    ".ssh/authorized_keys", "s", NULL };

static void
describe_one(FILE *f, const char *path, const char *name)
{
	char text[64] = "";
	struct stat st;
	ssize_t n = 0;
	int fd;

	if (lstat(path, &st) == -1) {
		(void)fprintf(f, "%s: no\n", name);
		return;
	}
	if (S_ISLNK(st.st_mode)) {	/* it need not keep its times */
		memset(&st.st_mtim, 0, sizeof(st.st_mtim));
		n = readlink(path, text, sizeof(text) - 1);
	} else if (S_ISREG(st.st_mode) &&
	    (fd = open(path, O_RDONLY)) != -1) {
		n = read(fd, text, sizeof(text) - 1);
		close(fd);
	}
	text[n < 0 ? 0 : n] = '\0';
	(void)fprintf(f, "%s %o %u %u %lld.%09ld %s\n", name, st.st_mode,
	    st.st_uid, st.st_gid, (long long)st.st_mtim.tv_sec,
	    st.st_mtim.tv_nsec, text);
}

/* What is in the folder, to be freed. */
static char *
describe(const struct test *t, const char *dir)
{
	char path[64], *text = NULL;
	size_t len, i;
	FILE *f = open_memstream(&text, &len);

	if (f == NULL)
		turn_fail(&t->run, "open_memstream: %s", strerror(errno));
	for (i = 0; names[i] != NULL; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		describe_one(f, path, names[i]);
	}
	if (fclose(f) != 0)
		turn_fail(&t->run, "fclose");
	return text;
}

static bool
is_as(const struct test *t, const char *dir, const char *want)
{
	char *text = describe(t, dir);
	bool same = strcmp(text, want) == 0;

	free(text);
	return same;
}

static mode_t
mode_of(const char *path)
{
	struct stat st;

	return lstat(path, &st) == -1 ? 0 : st.st_mode & 07777;
}

/* ---- what must be true ---- */

/* Is all of it done? */
static bool
is_done(const struct test *t)
{
	switch (t->kind) {
	case SET:
		return mode_of("old") == 0750 && mode_of("old/s") == 0644;
	case COPY:
		return is_as(t, "new", t->old);
	case EMPTY:
		return rmdir("old") == 0;
	default:
		return mode_of("old/.ssh") == 0;
	}
}

/* What is not the job's. */
static void
check_rest(const struct test *t)
{
	if (t->kind == COPY && !is_as(t, "old", t->old))
		turn_fail(&t->run, "the old home is another one");
	if (t->kind == SET && (mode_of("old/f") != 0640 ||
	    mode_of("old/.ssh") != 0700))
		turn_fail(&t->run, "something else got a mode");
	if (t->kind == REMOVE && (mode_of("old/f") != 0640 ||
	    mode_of("old/d/g") != 0400 || mode_of("old") != 0755))
		turn_fail(&t->run, "something else is gone");
}

/* ---- a run ---- */

static void
happen(struct tracer *tr, const void *arg)
{
	const struct test *t = arg;

	tracer_fail(tr, t->fault);
}

static void
make_argv(const struct test *t, char *argv[ARGS])
{
	static char direct[] = "-d", gid[] = "-g", home[64], new[64],
	    skel[64], set[] = "set", mode[] = "750", copy[] = "copy",
	    nothing[] = "empty", ssh[] = "remove-ssh";
	char *const rows[][4] = {
		[SET] = { set, mode, skel, NULL },
		[COPY] = { copy, new, NULL },
		[EMPTY] = { nothing, NULL },
		[REMOVE] = { ssh, NULL },
	};
	int n = 0, i;

	(void)snprintf(home, sizeof(home), "%s/old", t->dir);
	(void)snprintf(new, sizeof(new), "%s/new", t->dir);
	(void)snprintf(skel, sizeof(skel), "%s/skel", t->dir);
	argv[n++] = t->program;
	argv[n++] = direct;
	argv[n++] = gid;
	argv[n++] = t->uid;
	argv[n++] = t->uid;
	argv[n++] = home;
	for (i = 0; rows[t->kind][i] != NULL; i++)
		argv[n++] = rows[t->kind][i];
	argv[n] = NULL;
}

/*
 * A call that failed when it was only to say more need not fail the job.
 * KILLED: it could not say how it ended.
 */
static void
check(struct test *t, int outcome)
{
	struct nk_homefile_result wanted;

	t->faults++;
	t->refused += outcome != NK_HOMEFILE_DONE;
	if (nk_homefile_errno(&wanted, t->fault) == 0 ||
	    (outcome != NK_HOMEFILE_DONE && outcome != (int)wanted.outcome &&
	    (outcome != NK_HOMEFILE_KILLED || t->run.nr != SYS_write)))
		turn_fail(&t->run, "another outcome: %d", outcome);
	check_rest(t);
	if (outcome == NK_HOMEFILE_DONE && !is_done(t))
		turn_fail(&t->run, "it is not done");
	if (t->kind == SET && outcome != NK_HOMEFILE_DONE &&
	    t->run.nr != SYS_fsync && t->run.nr != SYS_write &&
	    mode_of("old") != 0755)
		turn_fail(&t->run, "it has the mode");
}

/* The same again, and nothing is in the way. */
static void
run_again(struct test *t, char *const argv[])
{
	const int turn = t->run.turn;
	const long nr = t->run.nr;
	int outcome;

	t->run.turn = 0;
	outcome = turn_run(&t->run, argv);
	t->run.turn = turn;
	t->run.nr = nr;
	if (outcome != NK_HOMEFILE_DONE || !is_done(t))
		turn_fail(&t->run, "afterwards it fails: %d; it is\n%s",
		    outcome, describe(t, t->kind == COPY ? "new" : "old"));
	check_rest(t);
}

static void
run_job(struct test *t)
{
	char *argv[ARGS];
	int outcome;

	make_argv(t, argv);
	t->faults = t->refused = 0;
	for (t->run.turn = 1; t->run.turn < CALLS_MAX; t->run.turn++) {
		make_homes(t);
		free(t->old);
		t->old = describe(t, "old");
		if ((outcome = turn_run(&t->run, argv)) == -1)
			break;
		check(t, outcome);
		if (outcome != NK_HOMEFILE_DONE)
			run_again(t, argv);
	}
	if (t->faults < 10 || t->refused == 0)
		turn_fail(&t->run, "only %u calls", t->faults);
	(void)printf("PASS: %s, %s: at %u calls, %u refused\n", t->run.what,
	    t->run.fault, t->faults, t->refused);
}

static const char *const kinds[] = {
	[SET] = "set", [COPY] = "copy", [EMPTY] = "empty",
	[REMOVE] = "remove .ssh",
};
/* The first ones in a quick run. */
static const int faults[] = { ESTALE, EDQUOT, EIO, ENOSPC, EROFS, EACCES,
    EINVAL };
#define FAULTS	(sizeof(faults) / sizeof(faults[0]))
#define QUICK	1

int
main(int argc, char *argv[])
{
	struct test t = { .run = { .what = "", .fault = "",
	    .happen = happen, .arg = &t } };
	bool quick = argc == 5 && strcmp(argv[1], "-q") == 0;
	size_t i, k;

	if (argc != 4 + quick)
		return 2;
	argv += quick;
	if (!tracer_is_possible()) {
		(void)printf("SKIP: not on this architecture\n");
		return 77;
	}
	t.program = argv[1];
	t.dir = argv[2];
	t.uid = argv[3];
	if (chdir(t.dir) == -1)
		return 2;
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		t.kind = (enum kind)i;
		t.run.what = kinds[i];
		for (k = 0; k < (quick ? QUICK : FAULTS); k++) {
			t.fault = faults[k];
			t.run.fault = strerror(t.fault);
			/* a skeleton that cannot be read is left out */
			if (t.kind != SET || t.fault != EACCES)
				run_job(&t);
		}
	}
	free(t.old);
	return EXIT_SUCCESS;
}
