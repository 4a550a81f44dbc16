/* SPDX-License-Identifier: ISC */
#include "lib/home/answer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NS_MAX	999999999u

/* Are these bools, which came as bytes? */
static bool
are_bools(const struct nk_homejob_answer *a)
{
	unsigned char wrote, present;

	memcpy(&wrote, &a->wrote, 1);
	memcpy(&present, &a->file.present, 1);
	return wrote <= 1 && present <= 1;
}

/* Could it be the answer to a job of this kind? */
static bool
is_possible(const struct nk_homeanswer *a)
{
	static const struct nk_homejob_file none;
	const struct nk_homejob_file *f = &a->head.file;

	if (!are_bools(&a->head) ||
	    !nk_homefile_is_sound(&a->head.result) ||
	    f->size > NK_PRESENT_MAX || f->mtime_ns > NS_MAX)
		return false;
	if (!f->present && (f->size != none.size || f->ino != none.ino ||
	    f->dev != none.dev || f->mtime != none.mtime ||
	    f->mtime_ns != none.mtime_ns))
		return false;
	if (a->head.result.outcome != NK_HOMEFILE_DONE)
		return !f->present;
	switch (a->kind) {
	case NK_HOMEJOB_READ:
		return !a->head.wrote;
	case NK_HOMEJOB_REPLACE:
		return f->present;
	case NK_HOMEJOB_REMOVE:
		return !f->present;
	}
	return false;
}

static int
take_head(struct nk_homeanswer *a, const unsigned char **pp, size_t *lenp)
{
	size_t n = sizeof(a->head) - a->got;

	if (n > *lenp)
		n = *lenp;
	memcpy((unsigned char *)&a->head + a->got, *pp, n);
	a->got += n;
	*pp += n;
	*lenp -= n;
	if (a->got < sizeof(a->head))
		return 0;
	if (!is_possible(a))
		return -EBADMSG;
	if (a->kind != NK_HOMEJOB_READ || !a->head.file.present)
		return 0;
	a->len = (size_t)a->head.file.size;
	return (a->text = calloc(1, a->len + 1)) == NULL ? -ENOMEM : 0;
}

int
nk_homeanswer_take(struct nk_homeanswer *a, const void *bytes, size_t len)
{
	const unsigned char *p = bytes;
	size_t at;
	int r;

	if (a->got < sizeof(a->head) && (r = take_head(a, &p, &len)) < 0)
		return r;
	if (len == 0)
		return 0;
	at = a->got - sizeof(a->head);
	if (a->text == NULL || len > a->len - at)
		return -EBADMSG;
	memcpy(a->text + at, p, len);
	a->got += len;
	return 0;
}

bool
nk_homeanswer_is_whole(const struct nk_homeanswer *a)
{
	return a->got == sizeof(a->head) + a->len;
}
