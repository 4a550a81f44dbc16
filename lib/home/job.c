/* SPDX-License-Identifier: ISC */
#include "lib/home/job.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/home/place.h"
#include "lib/home/temp.h"

static void
describe(struct nk_homejob_file *file, const struct stat *st)
{
	file->present = true;
	file->dev = st->st_dev;
	file->ino = st->st_ino;
	file->size = (uint64_t)st->st_size;
	file->mtime = st->st_mtim.tv_sec;
	file->mtime_ns = (uint32_t)st->st_mtim.tv_nsec;
}

/* Is f what the caller has seen?  Public text: memcmp(3) will do. */
static bool
is_seen(const struct nk_homejob *j, const struct nk_present *f)
{
	if (f->fd == -1)
		return !j->seen;
	return j->seen && memcmp(f->hash, j->seen_hash,
	    sizeof(f->hash)) == 0;
}

static int
do_read(const struct nk_present *f, struct nk_homejob_answer *a)
{
	if (f->fd != -1)
		describe(&a->file, &f->st);
	return 0;
}

/* The text is there already; are the modes right? */
static int
put_right(const struct nk_present *f, struct nk_homejob_answer *a)
{
	int r;

	if ((r = nk_place_set_mode(f->fd, 0600, &a->wrote)) < 0)
		return nk_homefile_errno(&a->result, -r);
	describe(&a->file, &f->st);
	return 0;
}

static int
do_replace(const struct nk_homejob *j, struct nk_place *p,
    const struct nk_present *f, struct nk_homejob_answer *a)
{
	bool equal = f->fd != -1 && f->len == j->len &&
	    memcmp(f->text, j->text, j->len) == 0;
	struct nk_temp t;
	int r;

	if (!equal && !is_seen(j, f))
		return nk_homefile_set(&a->result, NK_HOMEFILE_CHANGED);
	if ((r = nk_place_prepare(p, &a->wrote, &a->result)) < 0)
		return r;
	if (equal)
		return put_right(f, a);
	if ((r = nk_temp_write(&t, p, j->text, j->len, &a->result)) < 0)
		return r;
	if ((r = nk_temp_place(&t, p, f, &a->result)) == 0) {
		a->wrote = true;
		describe(&a->file, &t.st);
	}
	nk_temp_drop(&t, p);
	return r;
}

static int
do_remove(const struct nk_homejob *j, const struct nk_place *p,
    const struct nk_present *f, struct nk_homejob_answer *a)
{
	int r;

	if (f->fd == -1)
		return 0;
	if (!is_seen(j, f))
		return nk_homefile_set(&a->result, NK_HOMEFILE_CHANGED);
	if ((r = nk_temp_remove_present(p, f, &a->result)) == 0)
		a->wrote = true;
	return r;
}

static int
do_kind(const struct nk_homejob *j, struct nk_place *p,
    const struct nk_present *f, struct nk_homejob_answer *a)
{
	switch (j->kind) {
	case NK_HOMEJOB_READ:
		return do_read(f, a);
	case NK_HOMEJOB_REPLACE:
		return do_replace(j, p, f, a);
	case NK_HOMEJOB_REMOVE:
		return do_remove(j, p, f, a);
	}
	return nk_homefile_errno(&a->result, EINVAL);
}

void
nk_homejob_do(const struct nk_homejob *j, struct nk_homejob_answer *a,
    char **textp)
{
	struct nk_present f = NK_PRESENT_NONE;
	struct nk_place p;

	*textp = NULL;
	memset(a, 0, sizeof(*a));
	if (nk_place_open(&p, j->home, j->uid, j->root, &a->result) < 0)
		return;
	if (nk_present_read(&f, &p, &a->result) == 0 &&
	    do_kind(j, &p, &f, a) == 0 && j->kind == NK_HOMEJOB_READ) {
		*textp = f.text;
		f.text = NULL;
	}
	nk_present_close(&f);
	nk_place_close(&p);
}
