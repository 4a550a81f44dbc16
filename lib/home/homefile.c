/* SPDX-License-Identifier: ISC */
#include "lib/home/homefile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/account/child.h"
#include "lib/fullio.h"
#include "lib/home/answer.h"
#include "lib/home/become.h"

/* ---- the child ---- */

struct task {
	const struct nk_homefile_who	*who;
	struct nk_homejob		 job;
};

static int
work(void *arg, int fd)
{
	const struct task *t = arg;
	const struct nk_become become = {
		.uid = t->who->uid,
		.gid = t->who->gid,
		.groups = t->who->groups,
		.n_groups = t->who->n_groups,
		.seconds = t->who->seconds,
		.file_max = NK_PRESENT_MAX,
	};
	struct nk_homejob_answer a;
	char *text = NULL;

	memset(&a, 0, sizeof(a));
	/* Its EPERM is none of the home's. */
	if (nk_become(&become) == 0)
		nk_homejob_do(&t->job, &a, &text);
	else if (nk_homefile_errno(&a.result, ENOTSUP) == 0)
		return 1;
	if (nk_write_full(fd, &a, sizeof(a)) < 0 || (text != NULL &&
	    nk_write_full(fd, text, (size_t)a.file.size) < 0))
		return 1;
	return 0;
}

/* ---- the parent ---- */

static int
check_who(const struct nk_homefile_who *who, struct nk_homefile_result *res)
{
	if (who->seconds < 1 || who->seconds > NK_HOMEFILE_SECONDS_MAX ||
	    who->n_groups > NK_BECOME_GROUPS_MAX)
		return nk_homefile_errno(res, EINVAL);
	return 0;
}

static int
take(void *arg, const void *bytes, size_t len)
{
	return nk_homeanswer_take(arg, bytes, len);
}

/* Have the job done; a->head is sound then.  0, or -res->error. */
static int
run(struct task *t, struct nk_homeanswer *a, struct nk_homefile_result *res)
{
	int r;

	memset(a, 0, sizeof(*a));
	a->kind = t->job.kind;
	t->job.uid = t->who->uid;
	t->job.root = t->who->root;
	t->job.home = t->who->home;
	if ((r = check_who(t->who, res)) < 0)
		return r;
	r = nk_child_run(work, t, t->who->lock, t->who->seconds, take, a);
	if (r == -EIO || (r == 0 && !nk_homeanswer_is_whole(a)))
		return nk_homefile_set(res, NK_HOMEFILE_KILLED);
	if (r < 0)
		return nk_homefile_errno(res, -r);
	*res = a->head.result;
	return -res->error;
}

static void
set_seen(struct nk_homejob *j, const struct nk_homefile *seen)
{
	j->seen = seen->file.present;
	memcpy(j->seen_hash, seen->hash, sizeof(j->seen_hash));
}

int
nk_homefile_read(const struct nk_homefile_who *who, struct nk_homefile *seen,
    char **textp, struct nk_homefile_result *res)
{
	struct task t = { .who = who, .job = { .kind = NK_HOMEJOB_READ } };
	uint8_t hash[NK_PRESENT_HASH];
	struct nk_homeanswer a;
	int r;

	*textp = NULL;
	memset(seen, 0, sizeof(*seen));
	/* Once here, or every child would have to set up the library. */
	if ((r = nk_present_hash("", 0, hash)) < 0)
		return nk_homefile_errno(res, -r);
	if ((r = run(&t, &a, res)) == 0 && a.text != NULL &&
	    (r = nk_present_hash(a.text, a.len, hash)) < 0)
		r = nk_homefile_errno(res, -r);
	if (r == 0 && a.text != NULL) {
		seen->file = a.head.file;
		memcpy(seen->hash, hash, sizeof(hash));
		*textp = a.text;
		a.text = NULL;
	}
	free(a.text);
	return r;
}

int
nk_homefile_replace(const struct nk_homefile_who *who,
    const struct nk_homefile *seen, const char *text, size_t len,
    struct nk_homefile *now, bool *wrotep, struct nk_homefile_result *res)
{
	struct task t = { .who = who, .job = { .kind = NK_HOMEJOB_REPLACE,
	    .text = text, .len = len } };
	uint8_t hash[NK_PRESENT_HASH];
	struct nk_homeanswer a;
	int r;

	memset(now, 0, sizeof(*now));
	*wrotep = false;
	if (len > NK_PRESENT_MAX)
		return nk_homefile_set(res, NK_HOMEFILE_FILE_SIZE);
	if ((r = nk_present_hash(text, len, hash)) < 0)
		return nk_homefile_errno(res, -r);
	set_seen(&t.job, seen);
	if ((r = run(&t, &a, res)) < 0)
		return r;
	if (a.head.file.size != len)
		return nk_homefile_set(res, NK_HOMEFILE_KILLED);
	now->file = a.head.file;
	memcpy(now->hash, hash, sizeof(hash));
	*wrotep = a.head.wrote;
	return 0;
}

int
nk_homefile_remove(const struct nk_homefile_who *who,
    const struct nk_homefile *seen, struct nk_homefile_result *res)
{
	struct task t = { .who = who, .job = { .kind = NK_HOMEJOB_REMOVE } };
	uint8_t hash[NK_PRESENT_HASH];
	struct nk_homeanswer a;
	int r;

	if ((r = nk_present_hash("", 0, hash)) < 0)
		return nk_homefile_errno(res, -r);
	set_seen(&t.job, seen);
	return run(&t, &a, res);
}
