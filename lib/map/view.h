/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_MAP_VIEW_H
#define NASKEYS_MAP_VIEW_H

/* What reader and writer share below reader.h. */

#include <stdbool.h>

#include "lib/map/reader.h"
#include "lib/map/wait.h"

/*
 * Read and check the header of the map of this kind behind fd, length bytes
 * long: every offset and size in it lies within the file.  Returns 0;
 * -ESTALE when it is a map of another version; -EIO.
 */
int	nk_header_read(int fd, uint64_t length, enum nk_map_kind kind,
	    struct nk_map_header *h) NK_MUST_CHECK;

/*
 * Wait for whoever may be writing what was found torn; false when it has
 * been long enough.
 */
static inline bool
nk_view_wait(const struct nk_view *v, unsigned int *triesp)
{
	return v->alone == 0 && nk_wait(triesp);
}

/* A view that reads through fd, which stays the caller's. */
void	nk_view_init(struct nk_view *v, int fd, uint64_t length,
	    const struct nk_map_header *h);

/* Map what a view from nk_view_init() reads: 0 or -errno. */
int	nk_view_map(struct nk_view *v) NK_MUST_CHECK;

/*
 * len bytes of the file, len and at being multiples of 8 and within it:
 * copied as they are at the moment, part before and part after a change.
 */
int	nk_view_read(const struct nk_view *v, uint64_t at, void *buf,
	    size_t len) NK_MUST_CHECK;

/*
 * A cell of size bytes at offset at, whose last 8 bytes are its sum.  Read
 * again until the sum is right: 0 or -EIO.
 */
int	nk_cell_read(const struct nk_view *v, uint64_t at, void *buf,
	    size_t size) NK_MUST_CHECK;

/* The sum that belongs at the end of such a cell. */
uint64_t nk_cell_sum(const uint64_t salt[2], uint64_t at, const void *buf,
	    size_t size);

#endif /* NASKEYS_MAP_VIEW_H */
