/* SPDX-License-Identifier: ISC */

/*
 * Large pages for what everybody looks up in.  A lookup in a large map costs
 * little but waiting for memory, and half of that is for the page tables;
 * with pages of 2 MiB these stay in the processor.
 *
 * Nobody but us knows the file yet, and the mapping is only read from, and
 * only by the kernel.  Where large pages are not to be had, all is as it
 * was.
 */

#include <sys/mman.h>

#include <stdint.h>

#include "lib/mapwriter/writer.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25
#endif

void
nk_file_collapse(const struct nk_mapwriter *w)
{
	uint64_t size = w->view.length / NK_MAP_HUGE * NK_MAP_HUGE;
	struct nk_view v = w->view;
	void *p;

	if (w->view.length - size >= NK_MAP_HUGE_LEAST)
		size += NK_MAP_HUGE;
	if (size == 0 || nk_view_map(&v) < 0)
		return;
	p = (void *)(uintptr_t)v.base;
	if ((uintptr_t)p % NK_MAP_HUGE == 0 && size <= v.mapped)
		(void)madvise(p, (size_t)size, MADV_COLLAPSE);
	(void)munmap(p, v.mapped);
}
