/* SPDX-License-Identifier: ISC */
/*
 * One job in a home, for homes.sh and homes_fault:
 *
 *	homes_job [-d] [-g GID] [-t SECONDS] [-o OLD] UID HOME
 *	    read | replace TEXT | remove
 *
 * -d does it in this process, which becomes the user.  -o is the text that
 * was seen; without it, what is there now is, and with -d nothing.  Prints
 * the text that was read, or "changed" or "unchanged"; what failed goes to
 * standard error.  The exit status is the outcome's number.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/attr.h"
#include "lib/home/become.h"
#include "lib/home/homefile.h"

#define USAGE	100

struct want {
	struct nk_homefile_who	who;
	struct nk_homefile	seen;
	bool			direct, has_old;
	enum nk_homejob_kind	kind;
	const char		*text;
};

static int
usage(void)
{
	(void)fprintf(stderr, "usage: homes_job [-d] [-g GID] [-t SECONDS] "
	    "[-o OLD] UID HOME read|replace TEXT|remove\n");
	return USAGE;
}

static int
parse(struct want *w, int argc, char *argv[])
{
	int c;

	memset(w, 0, sizeof(*w));
	w->who.seconds = 10;
	while ((c = getopt(argc, argv, "dg:t:o:")) != -1) {
		if (c == 'd') {
			w->direct = true;
		} else if (c == 'g') {
			w->who.gid = (gid_t)strtoul(optarg, NULL, 10);
		} else if (c == 't') {
			w->who.seconds = (unsigned int)strtoul(optarg, NULL,
			    10);
		} else if (c == 'o') {
			w->has_old = w->seen.file.present = true;
			if (nk_present_hash(optarg, strlen(optarg),
			    w->seen.hash) < 0)
				return -EINVAL;
		} else {
			return -EINVAL;
		}
	}
	if (argc - optind < 3)
		return -EINVAL;
	w->who.uid = (uid_t)strtoul(argv[optind], NULL, 10);
	w->who.home = argv[optind + 1];
	w->text = argc - optind > 3 ? argv[optind + 3] : NULL;
	if (strcmp(argv[optind + 2], "read") == 0)
		w->kind = NK_HOMEJOB_READ;
	else if (strcmp(argv[optind + 2], "remove") == 0)
		w->kind = NK_HOMEJOB_REMOVE;
	else if (strcmp(argv[optind + 2], "replace") == 0 && w->text != NULL)
		w->kind = NK_HOMEJOB_REPLACE;
	else
		return -EINVAL;
	return 0;
}

/* In this process, for who traces it. */
static void
do_direct(const struct want *w, struct nk_homefile_result *res)
{
	const struct nk_become become = { .uid = w->who.uid,
	    .gid = w->who.gid, .seconds = w->who.seconds,
	    .file_max = NK_PRESENT_MAX };
	struct nk_homejob job = { .kind = w->kind, .uid = w->who.uid,
	    .root = 0, .home = w->who.home, .seen = w->has_old,
	    .text = w->text, .len = w->text == NULL ? 0 : strlen(w->text) };
	uint8_t hash[NK_PRESENT_HASH];
	struct nk_homejob_answer a;
	char *text;

	/* the library is set up as it is in a child */
	if (nk_present_hash("", 0, hash) < 0)
		_exit(USAGE);
	memcpy(job.seen_hash, w->seen.hash, sizeof(job.seen_hash));
	if (nk_become(&become) < 0)
		_exit(USAGE);
	/* where the faults begin */
	(void)getpgid(0);
	nk_homejob_do(&job, &a, &text);
	free(text);
	*res = a.result;
}

static int
do_job(struct want *w, struct nk_homefile_result *res)
{
	struct nk_homefile now;
	char *text = NULL;
	bool wrote = false;
	int r = 0;

	if (w->kind == NK_HOMEJOB_READ || !w->has_old) {
		r = nk_homefile_read(&w->who, &now, &text, res);
		if (r == 0 && w->kind == NK_HOMEJOB_READ && text != NULL)
			(void)fwrite(text, 1, (size_t)now.file.size, stdout);
		if (!w->has_old)
			w->seen = now;
		free(text);
	}
	if (r < 0 || w->kind == NK_HOMEJOB_READ)
		return r;
	if (w->kind == NK_HOMEJOB_REMOVE)
		return nk_homefile_remove(&w->who, &w->seen, res);
	r = nk_homefile_replace(&w->who, &w->seen, w->text, strlen(w->text),
	    &now, &wrote, res);
	if (r == 0)
		(void)puts(wrote ? "changed" : "unchanged");
	return r;
}

int
main(int argc, char *argv[])
{
	struct nk_homefile_result res;
	struct want w;
	int r;

	if (parse(&w, argc, argv) < 0)
		return usage();
	if (w.direct) {
		do_direct(&w, &res);
		return (int)res.outcome;
	}
	if ((r = do_job(&w, &res)) < 0)
		(void)fprintf(stderr, "%s (%s)\n",
		    nk_homefile_sentence(res.outcome), strerror(-r));
	return (int)res.outcome;
}
