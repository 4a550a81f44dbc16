/* SPDX-License-Identifier: ISC */
/*
 * One job on a whole home, for homes.sh and homes_dirfault:
 *
 *	homes_dir [-d] [-g GID] [-t SECONDS] UID HOME
 *	    set MODE [SKELETON] | copy NEW | empty | remove-ssh
 *
 * -d does it in this process, which becomes the user.  What failed goes to
 * standard error, and so does what a copy cannot take; the exit status is
 * the outcome's number.
 */
#include <sys/mman.h>

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/account/tree.h"
#include "lib/fullio.h"
#include "lib/home/become.h"
#include "lib/home/dirjob.h"
#include "lib/home/homedir.h"
#include "lib/home/report.h"

#define USAGE	100

struct want {
	struct nk_homefile_who	who;
	struct nk_dirjob	job;
	bool			direct;
};

static int
usage(void)
{
	(void)fprintf(stderr, "usage: homes_dir [-d] [-g GID] [-t SECONDS] "
	    "UID HOME set MODE [SKELETON]|copy NEW|empty|remove-ssh\n");
	return USAGE;
}

static int
parse_job(struct want *w, int argc, char *argv[])
{
	const char *what = argv[0];

	w->job.who = &w->who;
	w->job.seconds = 60;
	if (strcmp(what, "set") == 0 && argc >= 2) {
		w->job.kind = NK_DIRJOB_SET;
		w->job.mode = (mode_t)strtoul(argv[1], NULL, 8);
		w->job.skeleton = argc > 2 ? argv[2] : NULL;
	} else if (strcmp(what, "copy") == 0 && argc == 2) {
		w->job.kind = NK_DIRJOB_COPY;
		w->job.to = argv[1];
	} else if (strcmp(what, "empty") == 0) {
		w->job.kind = NK_DIRJOB_EMPTY;
	} else if (strcmp(what, "remove-ssh") == 0) {
		w->job.kind = NK_DIRJOB_REMOVE_SSH;
	} else {
		return -EINVAL;
	}
	return 0;
}

static int
parse(struct want *w, int argc, char *argv[])
{
	int c;

	memset(w, 0, sizeof(*w));
	w->who.seconds = 10;
	while ((c = getopt(argc, argv, "dg:t:")) != -1) {
		if (c == 'd')
			w->direct = true;
		else if (c == 'g')
			w->who.gid = (gid_t)strtoul(optarg, NULL, 10);
		else if (c == 't')
			w->who.seconds = (unsigned int)strtoul(optarg, NULL,
			    10);
		else
			return -EINVAL;
	}
	if (argc - optind < 3)
		return -EINVAL;
	w->who.uid = (uid_t)strtoul(argv[optind], NULL, 10);
	w->who.home = argv[optind + 1];
	return parse_job(w, argc - optind - 2, argv + optind + 2);
}

/* In this process, for who traces it; the report goes to a file. */
static int
do_direct(const struct want *w)
{
	const struct nk_become become = { .uid = w->who.uid,
	    .gid = w->who.gid, .seconds = w->job.seconds,
	    .file_max = SIZE_MAX, .descriptors = 3 * NK_TREE_DEPTH };
	struct nk_homereport report = { .progress = NULL };
	char text[65536];
	size_t len = 0;
	int fd, r;

	if ((fd = memfd_create("report", 0)) == -1 ||
	    nk_become(&become) < 0)
		return USAGE;
	/* where the faults begin and end */
	(void)getpgid(0);
	r = nk_dirjob_do(&w->job, fd);
	(void)getpgid(0);
	if (r == 0 && lseek(fd, 0, SEEK_SET) == 0 &&
	    (r = nk_read_full(fd, text, sizeof(text), &len)) == 0)
		r = nk_homereport_take(&report, text, len);
	return r != 0 || !nk_homereport_is_whole(&report) ?
	    NK_HOMEFILE_KILLED : (int)report.last.result.outcome;
}

static void
lost(void *arg, const char *path, const struct nk_homefile_result *why)
{
	(void)arg;
	(void)fprintf(stderr, "%s: %s\n", path, nk_homedir_sentence(why));
}

static int
do_job(const struct want *w, struct nk_homefile_result *res)
{
	static const struct nk_homedir_watch watch = { .lost = lost };
	const struct nk_dirjob *j = &w->job;
	struct nk_homedir_end end;

	switch (j->kind) {
	case NK_DIRJOB_SET:
		return nk_homedir_set(&w->who, j->mode, j->skeleton, NULL,
		    res);
	case NK_DIRJOB_COPY:
		return nk_homedir_copy(&w->who, j->to, false, &watch, &end,
		    res);
	case NK_DIRJOB_EMPTY:
		return nk_homedir_empty(&w->who, res);
	default:
		return nk_homedir_remove_ssh(&w->who, res);
	}
}

int
main(int argc, char *argv[])
{
	struct nk_homefile_result res;
	struct want w;

	if (parse(&w, argc, argv) < 0)
		return usage();
	if (w.direct)
		return do_direct(&w);
	if (do_job(&w, &res) < 0)
		(void)fprintf(stderr, "%s\n", nk_homedir_sentence(&res));
	return (int)res.outcome;
}
