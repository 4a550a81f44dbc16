/* SPDX-License-Identifier: ISC */
#include "lib/keyfile/look.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/keyfile/homelock.h"
#include "lib/keyfile/plan.h"

/* Under the lock of the home. */
static int
each_foreign(const struct nk_homefile_who *who,
    const struct nk_keyfile_plan *plan,
    int (*fn)(void *arg, size_t number, const char *line, size_t len),
    void *arg, const char **reasonp)
{
	struct nk_homefile_result res;
	struct nk_homefile seen;
	struct nk_merge m;
	char *file;
	int r;

	if (nk_homefile_read(who, &seen, &file, &res) < 0) {
		*reasonp = nk_homefile_sentence(res.outcome);
		return 0;
	}
	m = nk_keyfile_plan_merge(plan, file, (size_t)seen.file.size);
	r = nk_merge_foreign(&m, fn, arg);
	if (file != NULL)	/* nobody knows what is in it */
		explicit_bzero(file, (size_t)seen.file.size);
	free(file);
	return r;
}

int
nk_keyfile_each_foreign(const struct nk_keyfile_work *w,
    const struct nk_user *u,
    int (*fn)(void *arg, size_t number, const char *line, size_t len),
    void *arg, const char **reasonp)
{
	struct nk_homefile_result res;
	struct nk_keyfile_plan plan;
	struct nk_homefile_who who;
	struct nk_homelock lock;
	int r;

	*reasonp = NULL;
	r = nk_keyfile_plan_read(nk_publisher_store(w->publisher), w->conf,
	    w->state, u->id, u->home, (int64_t)time(NULL), &plan);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	who = nk_keyfile_plan_who(&plan, w->state->owner,
	    w->conf->lookup_timeout, NULL);
	if (nk_homelock_enter(&lock, w->state, &who, NK_HOMELOCK_MS,
	    &res) < 0) {
		*reasonp = nk_homefile_sentence(res.outcome);
	} else {
		r = each_foreign(&who, &plan, fn, arg, reasonp);
		nk_homelock_drop(&lock);
	}
	nk_keyfile_plan_clear(&plan);
	return r;
}

bool
nk_keyfile_is_same(const struct nk_homefile_who *who,
    const struct nk_homefile *seen, const char *home)
{
	struct nk_homefile_who there = *who;
	struct nk_homefile_result res;
	struct nk_homefile other;
	char *file;

	there.home = home;
	if (!seen->file.present ||
	    nk_homefile_read(&there, &other, &file, &res) < 0)
		return false;
	if (file != NULL)
		explicit_bzero(file, (size_t)other.file.size);
	free(file);
	return other.file.present && other.file.dev == seen->file.dev &&
	    other.file.ino == seen->file.ino;
}
