/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_MAP_RECORD_H
#define NASKEYS_MAP_RECORD_H

/* Loading one record; what reader and writer share below reader.h. */

#include <stdbool.h>
#include <string.h>

#include "lib/map/reader.h"
#include "lib/map/word.h"

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

/* How many of the 8 bytes of w are NUL. */
static inline uint64_t
nk_count_nuls_of(uint64_t w)
{
	const uint64_t low = UINT64_C(0x7f7f7f7f7f7f7f7f);

	w = ~(((w & low) + low) | w | low) >> 7;
	return w * UINT64_C(0x0101010101010101) >> 56;
}

/*
 * How many of the len bytes at p are NUL.  p lies in a record that was
 * loaded, so the word in which the last byte stands may be read.
 */
static inline uint64_t
nk_count_nuls(const uint8_t *p, size_t len)
{
	uint64_t n = 0;

	for (; len >= sizeof(n); len -= sizeof(n), p += sizeof(n))
		n += nk_count_nuls_of(nk_load_le(p));
	if (len > 0)			/* what is behind them counts not */
		n += nk_count_nuls_of(nk_load_le(p) |
		    UINT64_MAX << (8 * len));
	return n;
}

/*
 * A string of len bytes and its NUL; false when it does not fit.  Whether
 * there are NULs within is for nk_count_nuls() to tell, of all strings of a
 * record at once.
 */
static inline bool
nk_take_string(struct nk_rest *rest, uint16_t len, const char **sp)
{
	if (len >= rest->left || rest->p[len] != '\0')
		return false;
	*sp = (const char *)rest->p;
	rest->p += len + 1u;
	rest->left -= len + 1u;
	return true;
}

/* count things of size bytes; NULL when there are not as many. */
static inline const uint8_t *
nk_take_array(struct nk_rest *rest, uint32_t count, size_t size)
{
	const uint8_t *p = rest->p;

	if (count > rest->left / size)
		return NULL;
	rest->p += count * size;
	rest->left -= count * size;
	return p;
}

/* Where the texts of a user's record begin, in bytes. */
static inline size_t
nk_user_text_at(const struct nk_user_record *rec)
{
	return sizeof(*rec) + rec->ngroups * sizeof(struct nk_user_group);
}

/*
 * Does a user's record make sense?  rec was loaded, is as long as its fixed
 * part at least, and text is where its texts are, if they are any.
 */
static inline bool
nk_user_is_sane(const struct nk_user_record *rec, const char *text)
{
	size_t fixed = nk_user_text_at(rec), len, gecos, home, shell;

	gecos = rec->name_len + 1u;
	home = gecos + rec->gecos_len + 1u;
	shell = home + rec->home_len + 1u;
	len = shell + rec->shell_len + 1u;
	/* Four NULs, each behind its string: so none is within one. */
	return rec->r.length >= fixed && rec->r.length - fixed == len &&
	    rec->name_len != 0 && (text[gecos - 1] | text[home - 1] |
	    text[shell - 1] | text[len - 1]) == '\0' &&
	    nk_count_nuls((const uint8_t *)text, len) == 4;
}

/* Where its texts begin, or NULL when it makes no sense. */
static inline const char *
nk_user_text(const struct nk_user_record *rec)
{
	const char *text = (const char *)rec + nk_user_text_at(rec);

	return nk_user_is_sane(rec, text) ? text : NULL;
}

/* The same of a group's record: its name. */
static inline const char *
nk_group_text(const struct nk_group_record *rec)
{
	const char *name = (const char *)(rec + 1);

	if (rec->r.length - sizeof(*rec) != rec->name_len + 1u ||
	    rec->name_len == 0 || name[rec->name_len] != '\0' ||
	    nk_count_nuls((const uint8_t *)name, rec->name_len) != 0)
		return NULL;
	return name;
}

/*
 * Decode what nk_page_load() has put into the page: 0, or -EIO for what makes
 * no sense.
 */
int	nk_user_take(struct nk_map_user *u) NK_MUST_CHECK;
int	nk_group_take(struct nk_map_group *g) NK_MUST_CHECK;
int	nk_keyset_take(struct nk_map_keyset *k) NK_MUST_CHECK;
int	nk_secret_take(struct nk_map_secret *s) NK_MUST_CHECK;

/* Load and decode; results as of both. */
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

/* The words of a record of so many bytes, and its sum. */
static inline size_t
nk_record_words(uint32_t length)
{
	return ((size_t)length + sizeof(uint64_t) - 1) / sizeof(uint64_t);
}

uint64_t nk_record_sum(const uint64_t salt[2], uint32_t unit,
	    const void *record, uint32_t length);

#endif /* NASKEYS_MAP_RECORD_H */
