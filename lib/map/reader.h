/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_MAP_READER_H
#define NASKEYS_MAP_READER_H

/*
 * Reading a map.  Takes no lock, writes nothing, allocates nothing, needs
 * libc only.  What a lookup returns was copied out of the map and checked
 * in the copy, so no later write of anybody can change it.
 *
 * Results of every lookup: 0; -ENOENT, the map is good and has no such
 * entry; -EIO, the map or what the lookup met in it is torn or corrupt, or
 * could not be read: "unavailable", never to be taken for "unknown";
 * -ESTALE, the file was superseded or has grown beyond what this view saw:
 * open it again and ask again.
 */

#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/map/format.h"

enum nk_view_mode {
	NK_VIEW_PREAD,		/* keep the descriptor, pread(2) */
	NK_VIEW_ONCE,		/* the same, a system call less: for lookups
				   right after opening, and not for
				   nk_view_check() and nk_view_grow() */
	NK_VIEW_MAPPED,		/* mmap(2), no descriptor is kept; falls back
				   to pread where mmap is denied */
};

/*
 * One opened map file.  Plain data: no heap behind it.  Threads may share a
 * view, nk_view_grow() included; opening and closing are for one alone.
 */
struct nk_view {
	const uint8_t	*base;		/* NULL: read through fd */
	uint64_t	 length;	/* of the file, at the last fstat */
	uint64_t	 records;
	uint64_t	 salt[2];
	struct nk_map_table tables[NK_MAP_TABLES_MAX];
	uint32_t	 kind;
	uint32_t	 ntables;
	size_t		 mapped;	/* bytes of address space at base */
	uint64_t	 dev, ino;	/* of the file behind the view */
	int		 fd;		/* -1 when mapped */
	uint32_t	 foreign;	/* fd lies in a process that was to map:
					   it may have been closed and reused */
	uint32_t	 alone;		/* nobody else writes meanwhile: what is
					   torn is damaged, not waited for */
};

/*
 * Open the map "path" (relative to dirfd unless absolute) and check its
 * header.  Returns 0; -ENOENT or -EACCES as open(2) says; -EIO when it is
 * no map of this kind and version, too short, or not a regular file.
 * *v is untouched on failure.
 */
int	nk_view_open(struct nk_view *v, int dirfd, const char *path,
	    enum nk_map_kind kind, enum nk_view_mode mode) NK_MUST_CHECK;
void	nk_view_close(struct nk_view *v);

/* A view that owns nothing: nk_view_close() does nothing to it. */
#define NK_VIEW_NONE	((struct nk_view){ .fd = -1 })

/*
 * Is the view still the file that its path names?  Costs one load while the
 * file is not marked superseded, one stat(2) once it is.  Returns 0, or
 * -ESTALE: open again; -EIO.
 */
int	nk_view_check(const struct nk_view *v, int dirfd, const char *path)
	    NK_MUST_CHECK;

/*
 * Take notice that the file has grown: fstat through fd, or stat path and
 * see that it is the same file.  Returns 0: v->length is what it is now, so
 * that a lookup which said -ESTALE comes further; -ESTALE: another file, or
 * more than fits into the mapping: open again; -EIO: the file is shorter
 * than it says, and what pointed behind its end was corrupt.  The mapping
 * stays where it is.
 */
int	nk_view_grow(struct nk_view *v, int dirfd, const char *path)
	    NK_MUST_CHECK;

/* *sp is what the helper last said in accounts.map. */
int	nk_map_settings(const struct nk_view *v, struct nk_map_settings *sp)
	    NK_MUST_CHECK;

/*
 * A record copied out of a map.  The pointers point into page.  What a name
 * is: bytes, compared whole; strings end with NUL and contain none.
 */
struct nk_map_user {
	uint64_t	 row;
	uint64_t	 generation;
	int64_t		 expires_at;
	uint32_t	 uid;
	uint32_t	 gid;
	uint32_t	 flags;		/* NK_USER_... */
	uint32_t	 ngroups;
	const struct nk_user_group *groups;
	const char	*name, *gecos, *home, *shell;
	uint16_t	 name_len, gecos_len, home_len, shell_len;
	_Alignas(8) uint8_t page[NK_RECORD_PAGE_MAX];
};

struct nk_map_group {
	uint64_t	 row;
	uint32_t	 gid;
	uint32_t	 members;	/* unit of the newest chunk, or 0 */
	const char	*name;
	uint16_t	 name_len;
	_Alignas(8) uint8_t page[NK_RECORD_PAGE_MAX];
};

struct nk_map_members {
	uint64_t	 group_row;
	uint32_t	 next;		/* unit of the next chunk, or 0 */
	uint32_t	 count;
	const uint64_t	*rows;
	_Alignas(8) uint8_t page[NK_RECORD_PAGE_MAX];
};

struct nk_map_keyset {
	uint64_t	 row;
	uint64_t	 generation[2];
	uint32_t	 count;
	const struct nk_keyset_entry *entries;
	_Alignas(8) uint8_t page[NK_RECORD_PAGE_MAX];
};

/* text and what lies in it are not NUL-terminated. */
struct nk_map_keyline {
	int64_t		 expires_at;
	uint16_t	 flags;
	const char	*text, *type, *blob;
	uint32_t	 text_len, type_len, blob_len;
};

struct nk_map_secret {
	uint64_t	 row;
	uint64_t	 generation[2];
	int64_t		 locked_until;
	int32_t		 last_change, min_days, max_days, warn_days;
	int32_t		 inactive_days;
	uint32_t	 flags;		/* NK_SECRET_... */
	const char	*hash;
	uint16_t	 hash_len;
	_Alignas(8) uint8_t page[NK_RECORD_PAGE_MAX];
};

/*
 * accounts.map.  name need not end with NUL; its bytes are compared whole.
 * These return every user and group of the map, managed or not, whatever
 * its id: it is for the caller to leave out what it must not serve.
 */
int	nk_map_user_by_name(const struct nk_view *v, const char *name,
	    size_t len, struct nk_map_user *u) NK_MUST_CHECK;
int	nk_map_user_by_uid(const struct nk_view *v, uint32_t uid,
	    struct nk_map_user *u) NK_MUST_CHECK;
int	nk_map_user_by_row(const struct nk_view *v, uint64_t row,
	    struct nk_map_user *u) NK_MUST_CHECK;
int	nk_map_group_by_name(const struct nk_view *v, const char *name,
	    size_t len, struct nk_map_group *g) NK_MUST_CHECK;
int	nk_map_group_by_gid(const struct nk_view *v, uint32_t gid,
	    struct nk_map_group *g) NK_MUST_CHECK;
int	nk_map_group_by_row(const struct nk_view *v, uint64_t row,
	    struct nk_map_group *g) NK_MUST_CHECK;

/*
 * One chunk of the members of group_row.  -EIO when unit holds no chunk of
 * that group, also while the writer changes it.
 */
int	nk_map_members_at(const struct nk_view *v, uint32_t unit,
	    uint64_t group_row, struct nk_map_members *m) NK_MUST_CHECK;

/* Does u's own record list the group? */
int	nk_map_user_in_group(const struct nk_map_user *u, uint64_t group_row);

/*
 * The same, for an entry of the chunk at unit.  A chunk may hold a row that
 * no longer counts while another chunk has it anew; asking for both says
 * yes exactly once.
 */
int	nk_map_user_in_chunk(const struct nk_map_user *u, uint64_t group_row,
	    uint32_t unit);

/*
 * Enumeration, in the order of the row table.  *posp starts at 0 and moves
 * on; -ENOENT at the end.  A user that is there throughout comes exactly
 * once, whatever the writer does meanwhile.  A corrupt slot or record is
 * -EIO and *posp has moved past it.
 */
int	nk_map_user_next(const struct nk_view *v, uint64_t *posp,
	    struct nk_map_user *u) NK_MUST_CHECK;
int	nk_map_group_next(const struct nk_view *v, uint64_t *posp,
	    struct nk_map_group *g) NK_MUST_CHECK;

/*
 * keys.map: the keys of the account (row, generation) as accounts.map has
 * it.  -ENOENT when there are none, and also when what is there belongs to
 * another generation; the caller then looks at the account once more, and
 * only if it has not changed takes it for an answer.
 */
int	nk_map_keyset_find(const struct nk_view *v, uint64_t row,
	    uint64_t generation, struct nk_map_keyset *k) NK_MUST_CHECK;

/*
 * The key line at unit, which must be of the user row.  buf holds the copy
 * and must outlive *l; -ERANGE when it is too small (NK_RECORD_MAX always
 * is enough).
 */
int	nk_map_keyline_at(const struct nk_view *v, uint32_t unit,
	    uint64_t row, void *buf, size_t len, struct nk_map_keyline *l)
	    NK_MUST_CHECK;

/* secrets.map; as nk_map_keyset_find(). */
int	nk_map_secret_find(const struct nk_view *v, uint64_t row,
	    uint64_t generation, struct nk_map_secret *s) NK_MUST_CHECK;

#endif /* NASKEYS_MAP_READER_H */
