/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_MAP_RECORD_H
#define NASKEYS_MAP_RECORD_H

/* Loading one record; what reader and writer share below reader.h. */

#include <stdbool.h>

#include "lib/map/reader.h"

/*
 * Copy the record at unit to buf (aligned to 8, size bytes) and check it in
 * the copy.  Returns 0: *buf begins with a struct nk_record of this kind
 * with a good sum, and the rest of its length follows; -EAGAIN: torn or
 * corrupt, read the slot again and then this; -ESTALE: behind what v knows,
 * but the file has grown; -ERANGE: longer than size; -EIO.
 */
int	nk_record_load(const struct nk_view *v, uint32_t unit,
	    enum nk_record_kind kind, void *buf, size_t size) NK_MUST_CHECK;

/*
 * A record of at most a page; -EAGAIN, too, for one that says to be longer.
 */
int	nk_page_load(const struct nk_view *v, uint32_t unit,
	    enum nk_record_kind kind, uint8_t page[NK_RECORD_PAGE_MAX])
	    NK_MUST_CHECK;

/* What is left of a record behind what has been taken from it. */
struct nk_rest {
	const uint8_t	*p;
	size_t		 left;
};

/* A string of len bytes and its NUL; false when there is no such thing. */
bool	nk_take_string(struct nk_rest *rest, uint16_t len, const char **sp);

/* count things of size bytes; NULL when there are not as many. */
const uint8_t *nk_take_array(struct nk_rest *rest, uint32_t count,
	    size_t size);

/* Load and decode; results as above, and -EIO for what makes no sense. */
int	nk_user_at(const struct nk_view *v, uint32_t unit,
	    struct nk_map_user *u) NK_MUST_CHECK;
int	nk_group_at(const struct nk_view *v, uint32_t unit,
	    struct nk_map_group *g) NK_MUST_CHECK;
int	nk_members_at(const struct nk_view *v, uint32_t unit,
	    struct nk_map_members *m) NK_MUST_CHECK;
int	nk_keyset_at(const struct nk_view *v, uint32_t unit,
	    struct nk_map_keyset *k) NK_MUST_CHECK;
int	nk_secret_at(const struct nk_view *v, uint32_t unit,
	    struct nk_map_secret *s) NK_MUST_CHECK;

/* The words that the sum of a record of so many bytes covers, and sum. */
size_t	nk_record_words(uint32_t length);
uint64_t nk_record_sum(const uint64_t salt[2], uint32_t unit,
	    const void *record, uint32_t length);

#endif /* NASKEYS_MAP_RECORD_H */
