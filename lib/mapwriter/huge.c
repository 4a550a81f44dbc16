/* SPDX-License-Identifier: ISC */

/*
 * Large pages for what everybody looks up in, and for what is filled in
 * memory at random.  A lookup in a large map costs little but waiting for
 * memory, and half of that is for the page tables; with pages of 2 MiB these
 * stay in the processor.
 *
 * Nobody but us knows the file yet, and the mapping is only read from, and
 * only by the kernel.  Where large pages are not to be had, all is as it
 * was.
 */

#include <sys/mman.h>
#include <sys/stat.h>

#include <errno.h>
#include <stdint.h>
#include <unistd.h>

#include "lib/mapwriter/writer.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25
#endif

void
nk_huge_memory(void *p, size_t size)
{
	size_t skip = -(uintptr_t)p % NK_MAP_PAGE;

	if (size >= NK_MAP_HUGE)
		(void)madvise((uint8_t *)p + skip, size - skip,
		    MADV_HUGEPAGE);
}

/* The bytes of a map of that length that are to lie on large pages. */
static uint64_t
large_part(uint64_t length)
{
	uint64_t size = length / NK_MAP_HUGE * NK_MAP_HUGE;

	return length - size >= NK_MAP_HUGE_LEAST ? size + NK_MAP_HUGE : size;
}

/* 0, or -errno: not all of the file from "from" to "to" lies on them. */
static int
collapse(const struct nk_mapwriter *w, uint64_t length, uint64_t from,
    uint64_t to)
{
	struct nk_view v = w->view;
	uint8_t *p;
	int r;

	v.length = length;
	if ((r = nk_view_map(&v)) < 0)
		return r;
	p = (uint8_t *)(uintptr_t)v.base;
	if ((uintptr_t)p % NK_MAP_HUGE != 0 || to > v.mapped)
		r = -ENOTSUP;
	else if (madvise(p + from, (size_t)(to - from), MADV_COLLAPSE) == -1)
		r = -errno;
	(void)munmap(p, v.mapped);
	return r;
}

void
nk_file_collapse(const struct nk_mapwriter *w)
{
	uint64_t size = large_part(w->view.length);

	if (size > 0)
		(void)collapse(w, w->view.length, 0, size);
}

/* A large page is made of a small one, not of none at all. */
static int
begin_each(struct nk_mapwriter *w, uint64_t from, uint64_t to)
{
	uint64_t at;
	int r;

	for (at = from; at < to; at += NK_MAP_HUGE) {
		if ((r = nk_file_write(w, at, "", 1)) < 0)
			return r;
	}
	return 0;
}

int
nk_file_extend(struct nk_mapwriter *w, uint64_t end)
{
	uint64_t from = w->view.length, to = large_part(end);
	struct stat st;
	int r;

	if (to <= from || from % NK_MAP_HUGE != 0)
		return 0;
	if (fstat(w->fd, &st) == -1)
		return -errno;
	/* what has been written is not to be overwritten */
	if ((uint64_t)st.st_size > from)
		from = ((uint64_t)st.st_size + NK_MAP_HUGE - 1) /
		    NK_MAP_HUGE * NK_MAP_HUGE;
	if ((r = begin_each(w, from, to)) < 0 ||
	    (r = ftruncate(w->fd, (off_t)to) == -1 ? -errno : 0) < 0 ||
	    (r = collapse(w, to, w->view.length, to)) < 0) {
		if (ftruncate(w->fd, st.st_size) == -1)
			return -errno;
		return r;
	}
	w->view.length = to;
	return 0;
}
