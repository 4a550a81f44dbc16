/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_MAP_QUICK_H
#define NASKEYS_MAP_QUICK_H

/*
 * The undisturbed case of a lookup, for those who look up often: in a view
 * of accounts.map that is mapped, for a record that is short.  It makes the
 * same checks as reader.h, but answers only what is beyond doubt.
 *
 * Results of every function: 0; -ENOENT, there is no such entry; -EAGAIN,
 * something was torn, corrupt, longer or further away than usual: ask
 * reader.h, which waits, and finds out what it was.
 */

#include <stdint.h>

#include "lib/attr.h"
#include "lib/map/reader.h"

#define NK_QUICK_MAX	512u		/* bytes of a record */

/* A user's record, copied and checked as in struct nk_map_user. */
struct nk_quick_user {
	const char	*text;		/* name, gecos, home, shell */
	const struct nk_user_group *groups;
	uint32_t	 text_len;	/* the last NUL not included */
	union {
		struct nk_user_record rec;
		uint64_t	 word[NK_QUICK_MAX / sizeof(uint64_t)];
	} u;
};

/*
 * A search that has begun: what it reads first has been asked of memory, and
 * the caller does well to do something else meanwhile.
 */
struct nk_quick_search {
	const uint8_t	*slots;
	uint64_t	 index;
	uint64_t	 mask;
	uint32_t	 table;
	uint16_t	 tag;
	uint16_t	 left;
};
struct nk_quick_search nk_quick_name(const struct nk_view *v,
	    const char *name, size_t len);
struct nk_quick_search nk_quick_uid(const struct nk_view *v, uint32_t uid);

/* The user of a search by name, or of one by uid if name is NULL. */
int	nk_quick_user(const struct nk_view *v, struct nk_quick_search *s,
	    const char *name, size_t len, uint32_t uid,
	    struct nk_quick_user *q) NK_MUST_CHECK;

/* As nk_map_user_next(), but *posp moves only with a result of 0. */
int	nk_quick_user_next(const struct nk_view *v, uint64_t *posp,
	    struct nk_quick_user *q) NK_MUST_CHECK;

/*
 * Which of the count groups of q exist, with the gid that q says: the others
 * are taken out of gids[], which has room for NK_QUICK_GROUPS.  *countp
 * remain.
 */
#define NK_QUICK_GROUPS	(NK_QUICK_MAX / sizeof(struct nk_user_group))
int	nk_quick_groups(const struct nk_view *v,
	    const struct nk_quick_user *q, uint32_t gids[NK_QUICK_GROUPS],
	    uint32_t *countp) NK_MUST_CHECK;

#endif /* NASKEYS_MAP_QUICK_H */
