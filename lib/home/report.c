/* SPDX-License-Identifier: ISC */
#include "lib/home/report.h"

#include <errno.h>
#include <string.h>

static bool
is_path(const struct nk_homereport *r)
{
	return r->head.len > 0 && r->head.len < sizeof(r->path);
}

/* Could it come after what has come? */
static bool
is_possible(const struct nk_homereport *r)
{
	const struct nk_homereport_record *h = &r->head, *before = &r->last;
	bool done = h->result.outcome == NK_HOMEFILE_DONE;

	if (r->ended || !nk_homefile_is_sound(&h->result) ||
	    h->mode > 07777 || h->elsewhere > 1 || h->done < before->done ||
	    h->lost < before->lost)
		return false;
	if (h->kind != NK_HOMEREPORT_END &&
	    (h->mode != 0 || h->elsewhere != 0))
		return false;
	switch (h->kind) {
	case NK_HOMEREPORT_PROGRESS:
		return h->len == 0 && done;
	case NK_HOMEREPORT_LOST:
		return is_path(r) && !done && h->lost > before->lost &&
		    r->named < NK_HOMEREPORT_LOST_MAX;
	case NK_HOMEREPORT_END:
		/* nothing is done that has lost something */
		return h->len == 0 && (!done || h->lost == 0);
	default:
		return false;
	}
}

/* The record is whole. */
static int
use(struct nk_homereport *r)
{
	const struct nk_homereport_record *h = &r->head;

	if (memchr(r->path, '\0', h->len) != NULL)
		return -EBADMSG;
	r->path[h->len] = '\0';
	if (h->kind == NK_HOMEREPORT_PROGRESS && r->progress != NULL)
		r->progress(r->arg, h->done, h->total);
	if (h->kind == NK_HOMEREPORT_LOST) {
		r->named++;
		if (r->lost != NULL)
			r->lost(r->arg, r->path, &h->result);
	}
	r->ended = h->kind == NK_HOMEREPORT_END;
	r->last = *h;
	r->got = 0;
	return 0;
}

/* Bytes that were used, at least one; or -EBADMSG. */
static ssize_t
take_some(struct nk_homereport *r, const unsigned char *p, size_t len)
{
	const size_t head = sizeof(r->head);
	size_t n;

	if (r->got < head) {
		n = head - r->got < len ? head - r->got : len;
		memcpy((unsigned char *)&r->head + r->got, p, n);
		r->got += n;
		if (r->got == head && !is_possible(r))
			return -EBADMSG;
	} else {
		n = head + r->head.len - r->got;
		n = n < len ? n : len;
		memcpy(r->path + (r->got - head), p, n);
		r->got += n;
	}
	if (r->got >= head && r->got == head + r->head.len && use(r) < 0)
		return -EBADMSG;
	return (ssize_t)n;
}

int
nk_homereport_take(struct nk_homereport *r, const void *bytes, size_t len)
{
	const unsigned char *p = bytes;
	ssize_t n;

	while (len > 0) {
		if ((n = take_some(r, p, len)) < 0)
			return (int)n;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

bool
nk_homereport_is_whole(const struct nk_homereport *r)
{
	return r->ended && r->got == 0;
}
