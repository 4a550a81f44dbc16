/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_MAPWRITER_WRITER_H
#define NASKEYS_MAPWRITER_WRITER_H

/* What the files of the map writer share; nobody else includes this. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/map/hash.h"
#include "lib/map/marks.h"
#include "lib/map/record.h"
#include "lib/map/view.h"
#include "lib/mapwriter/mapwriter.h"

#define NK_MAP_GROW	(64u * 1024u)	/* a file grows by multiples of it */
#define NK_MAP_NAME_MAX	32u
/*
 * Room for a longer version.  Groups and sets rarely need any, and of a whole
 * map that is built at once, most records are never changed.
 */
#define NK_RECORD_SLACK	64u
#define NK_RECORD_SLACK_SMALL 8u

struct nk_bulk;

/* Where in a table something is, or may be put. */
struct nk_place {
	uint64_t	index;
	uint32_t	table;
	uint32_t	unit;		/* what the slot says, 0: not found */
	uint16_t	tag;
	bool		free;		/* index may be used, if not found */
	bool		fresh;		/* it is an empty slot */
};

/*
 * The row that was looked for last, and its record.  The lock is held, so it
 * stays so until we write to the file ourselves, or let go of the lock.
 */
struct nk_found {
	enum nk_record_kind kind;
	uint64_t	row;		/* 0: none */
	bool		read;		/* there may be something in page */
	struct nk_place	at;
	_Alignas(8) uint8_t page[NK_RECORD_PAGE_MAX];
};

struct nk_mapwriter {
	int		dirfd;
	int		fd;
	enum nk_map_kind kind;
	bool		installed;	/* fd has its name */
	bool		dirty;		/* the file must have the state before
					   a slot is written */
	char		name[NK_MAP_NAME_MAX];
	char		temp[NK_MAP_NAME_MAX];
	struct nk_map_header header;
	struct nk_map_state state;
	struct nk_map_settings settings;
	struct nk_map_marks marks;
	struct nk_view	view;		/* pread through fd */
	struct nk_bulk	*bulk;		/* being built: nobody reads it */
	uint64_t	wanted_slots;	/* what reserve() could not promise */
	struct nk_found	found;		/* by nk_edit_find() */
	_Alignas(8) uint8_t page[NK_RECORD_PAGE_MAX];	/* being composed */
};

/* What a reader's function says, as the writer's callers know it. */
int	nk_writer_error(int r);

static inline uint32_t
nk_round_units(uint32_t bytes)
{
	return (bytes + NK_MAP_UNIT - 1) / NK_MAP_UNIT * NK_MAP_UNIT;
}

/*
 * Where behind pos a record goes that is least bytes long and would like
 * *capacityp, a multiple of the unit: not over the end of a page, unless it
 * is longer than one.  *capacityp may become less, never below least.
 */
static inline uint64_t
nk_fit(uint64_t pos, uint32_t least, uint32_t *capacityp)
{
	uint32_t room = NK_MAP_PAGE - (uint32_t)(pos % NK_MAP_PAGE);

	if (*capacityp > NK_MAP_PAGE || *capacityp <= room)
		return pos;
	if (least > room)
		return pos + room;
	*capacityp = room;
	return pos;
}

/* The most bytes that nk_fit() may use up for such a record. */
static inline uint64_t
nk_fit_most(uint32_t least, uint32_t capacity)
{
	if (capacity > NK_MAP_PAGE)
		return capacity;
	return (uint64_t)capacity + nk_round_units(least) - NK_MAP_UNIT;
}

/* The capacity, slack included, that a record of length bytes gets. */
static inline uint32_t
nk_capacity_for(uint32_t length, uint32_t slack)
{
	uint32_t capacity = nk_round_units(length + slack);

	return length <= NK_MAP_PAGE && capacity > NK_MAP_PAGE ?
	    NK_MAP_PAGE : capacity;
}

/* ---- file.c ---- */

/* Write all of buf at offset at: 0 or -errno. */
int	nk_file_write(struct nk_mapwriter *w, uint64_t at, const void *buf,
	    size_t len) NK_MUST_CHECK;
/* Allocate until the file is length bytes long: no byte of it is a hole. */
int	nk_file_grow(struct nk_mapwriter *w, uint64_t length) NK_MUST_CHECK;
/* Room for bytes behind the last record: 0 or -errno. */
int	nk_file_ensure(struct nk_mapwriter *w, uint64_t bytes) NK_MUST_CHECK;
/*
 * Ask for large pages for memory that was just allocated, if there is so much
 * of it.
 */
void	nk_huge_memory(void *p, size_t size);
/* Ask for large pages for a file that nobody reads yet; it may have none. */
void	nk_file_collapse(const struct nk_mapwriter *w);
/*
 * Make such a file longer by large pages, before it is written up to "end":
 * asked for while they are empty, they need no copying.  0, also when there
 * is nothing to be done; a failure leaves the file as it was, and there is no
 * use in asking again.
 */
int	nk_file_extend(struct nk_mapwriter *w, uint64_t end) NK_MUST_CHECK;
int	nk_state_write(struct nk_mapwriter *w) NK_MUST_CHECK;
/*
 * What users' records say of the group is about to be no longer so: mark it.
 * Needs no room.
 */
int	nk_group_mark(struct nk_mapwriter *w, uint64_t group_row)
	    NK_MUST_CHECK;
/* Counted at the next writing of the state; a few may be lost by a kill. */
void	nk_garbage_add(struct nk_mapwriter *w, uint64_t bytes);

/*
 * Write the record r, complete but for sum and capacity, behind the last
 * one.  w->state.end moves on; the caller writes the state before it points
 * a slot at *unitp.
 */
int	nk_record_append(struct nk_mapwriter *w, struct nk_record *r,
	    uint32_t least, uint32_t capacity, uint32_t *unitp)
	    NK_MUST_CHECK;
/*
 * Write r, complete but for sum, over the record at unit that was old bytes
 * long: one pwrite within a page.
 */
int	nk_record_rewrite(struct nk_mapwriter *w, uint32_t unit,
	    struct nk_record *r, uint32_t old) NK_MUST_CHECK;

/* ---- table.c ---- */

/* What is sought in a table: the slot of this key of this row. */
struct nk_want {
	enum { NK_BY_ROW, NK_BY_NAME, NK_BY_ID } by;
	uint32_t	 table;
	enum nk_record_kind kind;	/* of the records */
	uint64_t	 row;
	const char	*name;
	size_t		 len;
	uint32_t	 id;
	uint32_t	 own;		/* a slot with this unit is ours; 0 */
	uint8_t		*page;		/* by row: where the record that is
					   found goes, undecoded; NULL */
};

struct nk_hash nk_want_key(const uint64_t salt[2], const struct nk_want *want);
int	nk_table_find(struct nk_mapwriter *w, const struct nk_want *want,
	    struct nk_place *place) NK_MUST_CHECK;
/* Count a slot that is about to be filled: 0, or -EFBIG. */
int	nk_table_claim(struct nk_mapwriter *w, const struct nk_place *place)
	    NK_MUST_CHECK;
int	nk_table_point(struct nk_mapwriter *w, const struct nk_place *place,
	    uint32_t unit) NK_MUST_CHECK;
int	nk_table_bury(struct nk_mapwriter *w, const struct nk_place *place)
	    NK_MUST_CHECK;
/* The record of a row: 0 and its unit, or -ENOENT. */
int	nk_row_find(struct nk_mapwriter *w, uint32_t table,
	    enum nk_record_kind kind, uint64_t row, uint32_t *unitp)
	    NK_MUST_CHECK;
/* At 7/8 full, tombstones included, a table takes no more. */
bool	nk_table_has_room(const struct nk_mapwriter *w, uint32_t table,
	    uint64_t slots);

/* ---- edit.c ---- */

/*
 * One entry, a record that slots of up to three tables point at, about to
 * be put or dropped.  id and name may be absent.
 */
struct nk_edit {
	enum nk_record_kind kind;
	uint32_t	 table;		/* of rows; + 1 of names, + 2 of ids */
	uint64_t	 row;
	/* What is there: by nk_edit_find() ... */
	uint32_t	 unit;		/* 0: nothing */
	uint32_t	 old_length;
	uint32_t	 old_capacity;
	const uint8_t	*old;		/* the record */
	/* ... and by the caller. */
	const char	*old_name;	/* NULL: has none */
	size_t		 old_name_len;
	bool		 old_has_id;
	uint32_t	 old_id;
	/* What shall be. */
	const char	*name;
	size_t		 name_len;
	bool		 has_id;
	uint32_t	 id;
	uint32_t	 length;
	uint32_t	 slack;
	/* What nk_edit_need() and nk_edit_plan() found. */
	bool		 fits;
	uint64_t	 bytes;		/* to allocate at most */
	uint32_t	 slots;		/* to fill at most; of names and
					   ids by nk_edit_need() alone */
	struct nk_place	 row_at, name_at, id_at, old_name_at, old_id_at;
};

/* Find the row: e->unit is its record, which goes to page, or 0. */
int	nk_edit_find(struct nk_mapwriter *w, struct nk_edit *e,
	    uint8_t page[NK_RECORD_PAGE_MAX]) NK_MUST_CHECK;
/* What it will take: bytes and slots. */
int	nk_edit_need(struct nk_mapwriter *w, struct nk_edit *e)
	    NK_MUST_CHECK;
/* The places of all keys, for nk_edit_put(). */
int	nk_edit_plan(struct nk_mapwriter *w, struct nk_edit *e)
	    NK_MUST_CHECK;
/* Is there room for the edit, and extra bytes?  Nothing fails for it then. */
int	nk_edit_ensure(struct nk_mapwriter *w, const struct nk_edit *e,
	    uint64_t extra) NK_MUST_CHECK;
/* Put r, complete but for sum and capacity. */
int	nk_edit_put(struct nk_mapwriter *w, struct nk_edit *e,
	    struct nk_record *r) NK_MUST_CHECK;
/* Take the slots away; *e as for a plan in which nothing shall be. */
int	nk_edit_drop(struct nk_mapwriter *w, struct nk_edit *e)
	    NK_MUST_CHECK;

/* ---- members.c ---- */

/*
 * The most that adding a member may allocate is added to *bytesp.  *gidp is
 * the group's gid; -ENOENT when it is not there.
 */
int	nk_members_need(struct nk_mapwriter *w, uint64_t group_row,
	    uint64_t *bytesp, uint32_t *gidp) NK_MUST_CHECK;
/* Let a chunk of the group list the user: *unitp is which. */
int	nk_members_add(struct nk_mapwriter *w, uint64_t group_row,
	    uint64_t user_row, uint32_t *unitp) NK_MUST_CHECK;
int	nk_members_remove(struct nk_mapwriter *w, uint32_t unit,
	    uint64_t group_row, uint64_t user_row) NK_MUST_CHECK;

/* The next chunk of a group whose newest has capacity bytes, or 0. */
uint32_t nk_members_capacity(uint32_t capacity);
#define NK_MEMBERS_LEAST(capacity)	((capacity) / 2)

/* ---- the kinds of records, composed in w->page ---- */

struct nk_record *nk_compose_user(uint8_t page[NK_RECORD_PAGE_MAX],
	    const struct nk_put_user *u, const struct nk_user_group *groups);
struct nk_record *nk_compose_group(uint8_t page[NK_RECORD_PAGE_MAX],
	    const struct nk_put_group *g, uint32_t members);
struct nk_record *nk_compose_keyset(uint8_t page[NK_RECORD_PAGE_MAX],
	    const struct nk_put_keyset *k, const uint32_t *units);
struct nk_record *nk_compose_keyline(void *buf, uint64_t row,
	    const struct nk_put_keyline *l);
struct nk_record *nk_compose_secret(uint8_t page[NK_RECORD_PAGE_MAX],
	    const struct nk_put_secret *s);

/* ---- bulk.c ---- */

/*
 * A file that nobody reads yet is built in memory: tables whole, records
 * through a buffer.  The puts below add what is not yet there; -EEXIST says
 * that it is, and that the caller must leave this mode first.
 */
int	nk_bulk_new(struct nk_bulk **bp, const struct nk_mapwriter *w)
	    NK_MUST_CHECK;
void	nk_bulk_free(struct nk_bulk *b);
/* Write all of it to the file, and let w go on slot by slot. */
int	nk_bulk_leave(struct nk_mapwriter *w) NK_MUST_CHECK;
int	nk_bulk_put_user(struct nk_mapwriter *w, const struct nk_put_user *u)
	    NK_MUST_CHECK;
int	nk_bulk_put_group(struct nk_mapwriter *w,
	    const struct nk_put_group *g) NK_MUST_CHECK;
int	nk_bulk_put_keyset(struct nk_mapwriter *w,
	    const struct nk_put_keyset *k) NK_MUST_CHECK;
int	nk_bulk_put_secret(struct nk_mapwriter *w,
	    const struct nk_put_secret *s) NK_MUST_CHECK;

/* A set in two steps: each line, then the set with the lines' units. */
int	nk_bulk_put_line(struct nk_mapwriter *w, uint64_t row,
	    const struct nk_put_keyline *l, uint32_t *unitp) NK_MUST_CHECK;
int	nk_bulk_put_units(struct nk_mapwriter *w,
	    const struct nk_put_keyset *k, const uint32_t *units)
	    NK_MUST_CHECK;

#endif /* NASKEYS_MAPWRITER_WRITER_H */
