/* SPDX-License-Identifier: ISC */
/*
 * A fault in each system call of a job in a home: what a quota, a file
 * server or a disk may answer at any of them.  Whatever fails, the file is
 * the old one or the new one, whole; an answer of success is true; no file
 * of ours stays beside it, but for one that could not be removed; and the
 * next job without a fault succeeds.  And the file edited by hand at each of
 * these calls: then the edit is there in the end.
 *
 *	homes_fault [-q] HOMES_JOB HOME UID	-q: fewer errors
 */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syscall.h>
#include <unistd.h>

#include "lib/home/outcome.h"
#include "tests/integration/homes_turn.h"

#define CALLS_MAX	500
#define ARGS		16

/* What happens at a call: an errno, or an edit by hand. */
#define IN_PLACE	(-1)
#define BY_RENAME	(-2)

struct test {
	char		*program, *home, *uid;
	struct homes_turn run;
	int		 fault;
	unsigned int	 faults, kept, done;
};

static const char *
name_of(int fault)
{
	return fault == IN_PLACE ? "edited in place" :
	    fault == BY_RENAME ? "edited by rename" : strerror(fault);
}

/* ---- the file ---- */

static int
open_ssh(const struct test *t)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/.ssh", t->home);
	return open(path, O_RDONLY | O_DIRECTORY);
}

/* Write "name" in .ssh, as the user's. */
static void
write_file(const struct test *t, int dirfd, const char *name,
    const char *text)
{
	const uid_t uid = (uid_t)strtoul(t->uid, NULL, 10);
	int fd;

	fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd == -1 || fchown(fd, uid, uid) == -1 ||
	    write(fd, text, strlen(text)) != (ssize_t)strlen(text) ||
	    close(fd) == -1)
		turn_fail(&t->run, "cannot write: %s", strerror(errno));
}

static void
set_file(const struct test *t, const char *text)
{
	const uid_t uid = (uid_t)strtoul(t->uid, NULL, 10);
	char path[256];
	int dirfd;

	(void)snprintf(path, sizeof(path), "%s/.ssh", t->home);
	if (mkdir(path, 0700) == -1 && errno != EEXIST)
		turn_fail(&t->run, "mkdir: %s", strerror(errno));
	if (chown(path, uid, uid) == -1 || (dirfd = open_ssh(t)) == -1)
		turn_fail(&t->run, "chown: %s", strerror(errno));
	(void)unlinkat(dirfd, "authorized_keys", 0);
	if (text != NULL)
		write_file(t, dirfd, "authorized_keys", text);
	close(dirfd);
}

/* As an editor does it: in the file, or in another that replaces it. */
static void
edit_by_hand(const struct test *t)
{
	int dirfd = open_ssh(t);

	if (dirfd == -1)
		turn_fail(&t->run, "open: %s", strerror(errno));
	if (t->fault == IN_PLACE) {
		write_file(t, dirfd, "authorized_keys", "hand\n");
	} else {
		write_file(t, dirfd, "edited", "hand\n");
		if (renameat(dirfd, "edited", dirfd, "authorized_keys") == -1)
			turn_fail(&t->run, "rename: %s", strerror(errno));
	}
	close(dirfd);
}

static bool
has_text(const struct test *t, const char *text)
{
	char got[64];
	int dirfd = open_ssh(t), fd;
	ssize_t n;

	fd = dirfd == -1 ? -1 : openat(dirfd, "authorized_keys", O_RDONLY);
	if (dirfd != -1)
		close(dirfd);
	if (fd == -1)
		return text == NULL;
	n = read(fd, got, sizeof(got));
	close(fd);
	return text != NULL && n == (ssize_t)strlen(text) &&
	    memcmp(got, text, (size_t)n) == 0;
}

/* The files beside it; they are removed. */
static int
take_others(const struct test *t)
{
	const struct dirent *d;
	int dirfd = open_ssh(t), n = 0;
	DIR *dir;

	if (dirfd == -1 || (dir = fdopendir(dirfd)) == NULL)
		return 0;
	while ((d = readdir(dir)) != NULL) {
		if (d->d_name[0] == '.' && d->d_name[1] != '\0' &&
		    strcmp(d->d_name, "..") != 0) {
			n++;
			(void)unlinkat(dirfd, d->d_name, 0);
		}
	}
	(void)closedir(dir);
	return n;
}

/* ---- a run with one fault ---- */

/* What happens at the call. */
static void
happen(struct tracer *tr, const void *arg)
{
	const struct test *t = arg;

	if (t->fault > 0)
		tracer_fail(tr, t->fault);
	else
		edit_by_hand(t);
}

struct job {
	const char	*what;
	const char	*before, *after;	/* NULL: no file */
	const char	*args[4];
};

static void
make_argv(const struct test *t, const struct job *j, char *argv[ARGS])
{
	static char direct[] = "-d", old[] = "-o";
	int n = 0, i;

	argv[n++] = t->program;
	argv[n++] = direct;
	if (j->before != NULL) {
		argv[n++] = old;
		argv[n++] = strdup(j->before);
	}
	argv[n++] = t->uid;
	argv[n++] = t->home;
	for (i = 0; j->args[i] != NULL; i++)
		argv[n++] = strdup(j->args[i]);
	argv[n] = NULL;
}

/*
 * A call that failed when it was only to say more, or to tidy up, need not
 * fail the job.
 */
static void
check(struct test *t, const struct job *j, int outcome)
{
	bool old = has_text(t, j->before), new = has_text(t, j->after);
	struct nk_homefile_result wanted;
	int others = take_others(t);

	t->faults++;
	/* CHANGED: what cannot be looked at is not known to be the same */
	if (nk_homefile_errno(&wanted, t->fault) == 0 ||
	    (outcome != NK_HOMEFILE_DONE && outcome != NK_HOMEFILE_CHANGED &&
	    outcome != (int)wanted.outcome))
		turn_fail(&t->run, "another outcome: %d", outcome);
	if (!old && !new)
		turn_fail(&t->run, "the file is neither");
	if (outcome == NK_HOMEFILE_DONE && !new)
		turn_fail(&t->run, "it is not done");
	if (outcome != NK_HOMEFILE_DONE && !old && t->run.nr != SYS_fsync &&
	    t->run.nr != SYS_unlinkat)
		turn_fail(&t->run, "it is done: %d", outcome);
	if (others > (t->run.nr == SYS_unlinkat ||
	    t->run.nr == SYS_newfstatat || t->run.nr == SYS_fstat ? 1 : 0))
		turn_fail(&t->run, "%d files left", others);
	t->kept += outcome != NK_HOMEFILE_DONE;
	t->done += outcome == NK_HOMEFILE_DONE;
}

/* Whoever comes first, the edit is not lost. */
static void
check_edit(struct test *t, int outcome)
{
	t->faults++;
	if (outcome != NK_HOMEFILE_DONE && outcome != NK_HOMEFILE_CHANGED)
		turn_fail(&t->run, "it fails: %d", outcome);
	if (!has_text(t, "hand\n"))
		turn_fail(&t->run, "the edit is lost");
	if (take_others(t) != 0)
		turn_fail(&t->run, "files are left");
	t->kept += outcome != NK_HOMEFILE_DONE;
	t->done += outcome == NK_HOMEFILE_DONE;
}

static void
run_job(struct test *t, const struct job *j)
{
	char *argv[ARGS];
	int outcome;

	make_argv(t, j, argv);
	t->run.what = j->what;
	t->faults = t->kept = t->done = 0;
	for (t->run.turn = 1; t->run.turn < CALLS_MAX; t->run.turn++) {
		set_file(t, j->before);
		if ((outcome = turn_run(&t->run, argv)) == -1)
			break;
		if (t->fault > 0)
			check(t, j, outcome);
		else
			check_edit(t, outcome);
	}
	t->run.turn = 0;
	set_file(t, j->before);
	if (turn_run(&t->run, argv) != NK_HOMEFILE_DONE ||
	    !has_text(t, j->after) || take_others(t) != 0)
		turn_fail(&t->run, "it fails without a fault");
	if (t->faults < 5)
		turn_fail(&t->run, "only %u calls", t->faults);
	if (j->after == NULL && (t->fault == EDQUOT || t->fault == ENOSPC) &&
	    t->done == 0)
		turn_fail(&t->run, "what only removes needs room");
	(void)printf("PASS: %s, %s: at %u calls, %u refused, %u done\n",
	    t->run.what, t->run.fault, t->faults, t->kept, t->done);
}

static const struct job jobs[] = {
	{ "replace", "old\n", "new\n", { "replace", "new\n", NULL } },
	{ "first", NULL, "new\n", { "replace", "new\n", NULL } },
	{ "remove", "old\n", NULL, { "remove", NULL } },
	{ "read", "old\n", "old\n", { "read", NULL } },
};
/*
 * The first ones in a quick run.  EINVAL: a file system that has no such
 * call, and another way is taken.
 */
static const int faults[] = { ESTALE, BY_RENAME, EDQUOT, EINVAL, IN_PLACE,
    ENOSPC, EIO, EROFS, EACCES };
#define FAULTS	(sizeof(faults) / sizeof(faults[0]))

static size_t
count_faults(const struct job *j, bool quick)
{
	if (!quick)
		return FAULTS;
	return strcmp(j->args[0], "replace") == 0 ? 5 : 3;
}

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
	t.home = argv[2];
	t.uid = argv[3];
	for (i = 0; i < sizeof(jobs) / sizeof(jobs[0]); i++) {
		for (k = 0; k < count_faults(&jobs[i], quick); k++) {
			t.fault = faults[k];
			t.run.fault = name_of(t.fault);
			run_job(&t, &jobs[i]);
		}
	}
	return EXIT_SUCCESS;
}
