/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_MAP_FORMAT_H
#define NASKEYS_MAP_FORMAT_H

/*
 * The layout of a map file, shared by the reader (lib/map) and the writer
 * (lib/mapwriter).  Maps live on this machine's tmpfs until the next boot:
 * integers are in the machine's own byte order.
 *
 *	+--------+---------+-- ... --+--------------------------------+
 *	| header | table 0 | table n | records ...      | allocated   |
 *	+--------+---------+-- ... --+--------------------------------+
 *	0        4096                 header.records     state.end
 *
 * What a reader may rely on:
 *
 *  1. The file never shrinks and has no holes.
 *  2. Everything from 0 to the state cell is written once, before the file
 *     has its name.  The cells, the slots and the records may be rewritten
 *     in place while readers look on.
 *  3. One rewrite is one pwrite(2) which does not cross a page, so a writer
 *     that is killed has made it whole or not at all.  A reader that runs
 *     beside the writer may see part of it: the check in each slot and the
 *     sum in each cell and record tell.  The reader then reads it again.
 *  4. A record of up to a page never crosses a page.  A longer record (a
 *     key line) is complete before anything points at it; no more than its
 *     first NK_MAP_UNIT bytes are ever rewritten.  No unit is used for a
 *     second record in the same file.
 *  5. A record is found by what it says, not only by the slot that points
 *     at it: a name, id or row that differs from the one sought means that
 *     the slot belongs to another key.
 *  6. A slot of a key that is there never moves.  The file is at least as
 *     long as state.end says, and no slot points behind that.
 */

#include <stddef.h>
#include <stdint.h>

#define NK_MAP_MAGIC		"NASKEYSM"
#define NK_MAP_VERSION		3u
#define NK_MAP_UNIT		64u	/* alignment of records */
#define NK_MAP_PAGE		4096u
#define NK_MAP_HEADER_SIZE	4096u
#define NK_MAP_TABLES_MAX	6u
#define NK_MAP_BITS_MIN		9u	/* a table fills a page ... */
#define NK_MAP_BITS_MAX		30u	/* ... and its size 64 bits */

/*
 * Not a part of the format: where so much of a file would lie in a large
 * page, it is asked for, and the file is mapped at a multiple of its size.
 */
#define NK_MAP_HUGE		(2u << 20)
#define NK_MAP_HUGE_LEAST	(NK_MAP_HUGE / 4)

/* The names of the files, below the maps' folder. */
#define NK_MAP_ACCOUNTS		"accounts.map"
#define NK_MAP_KEYS		"keys.map"
#define NK_MAP_SECRETS		"secrets.map"

enum nk_map_kind {
	NK_MAP_KIND_ACCOUNTS = 1,
	NK_MAP_KIND_KEYS = 2,
	NK_MAP_KIND_SECRETS = 3,
};

/* Indices into nk_map_header.tables: of accounts.map ... */
enum nk_map_accounts_table {
	NK_TABLE_USER_ROW,	/* by row id; also the order of enumeration */
	NK_TABLE_USER_NAME,
	NK_TABLE_USER_UID,	/* managed users only */
	NK_TABLE_GROUP_ROW,
	NK_TABLE_GROUP_NAME,
	NK_TABLE_GROUP_GID,
	NK_ACCOUNTS_TABLES
};
/* ... and of keys.map and secrets.map, which know nothing but rows. */
enum nk_map_row_table {
	NK_TABLE_ROW,
	NK_ROW_TABLES
};

struct nk_map_table {
	uint64_t	offset;		/* bytes, a multiple of the page */
	uint32_t	bits;		/* the table has 1 << bits slots */
	uint32_t	reserved;
};

/* At 0.  sum covers all that stands before it. */
struct nk_map_header {
	char			magic[8];
	uint32_t		version;
	uint32_t		kind;		/* enum nk_map_kind */
	uint64_t		salt[2];	/* random, of this file */
	uint8_t			boot_id[16];
	uint8_t			store_id[16];
	uint64_t		records;	/* where the records begin */
	uint32_t		ntables;
	uint32_t		reserved;
	struct nk_map_table	tables[NK_MAP_TABLES_MAX];
	uint64_t		sum;
};

/*
 * A cell of its own, 64 bits: non-zero once another file is about to take
 * this one's name.  The file stays valid for as long as its path names its
 * inode.  Each lookup looks here, at the settings, and perhaps at the marks:
 * they share 64 bytes.
 */
#define NK_MAP_SUPERSEDED_AT	2104u
#define NK_MAP_SUPERSEDED	0x53555052u

/*
 * At NK_MAP_STATE_AT: the writer's book-keeping.  Readers look at end only,
 * to tell a file that has grown from a slot that points nowhere.
 */
#define NK_MAP_STATE_AT		1088u
struct nk_map_state {
	uint64_t	published;	/* the last change that is in here */
	uint64_t	end;		/* first byte behind the last record */
	uint64_t	garbage;	/* bytes of records given up */
	uint64_t	used[NK_MAP_TABLES_MAX]; /* slots not empty */
	uint64_t	sum;
};

/* At NK_MAP_SETTINGS_AT, in accounts.map: what readers obey. */
#define NK_MAP_SETTINGS_AT	2048u
struct nk_map_settings {
	uint32_t	managed_gid;	/* naskeys-managed; 0: no such group */
	uint32_t	min_id;		/* uids and gids below are not served */
	uint32_t	flags;
	uint16_t	max_days;	/* of a password that says nothing; 0:
					   for ever */
	uint16_t	warn_days;	/* before that */
	uint64_t	sum;
};
#define NK_MAP_SHADOW_HASHES	0x1u	/* settings.flags */

/*
 * At NK_MAP_MARKS_AT, in accounts.map: a bit for each group that was dropped
 * from this file, or got another gid, by its row modulo NK_MAP_MARKS.  What
 * a user's record says of a group without a mark is so; of a group with one,
 * which may be another's, its own record must be asked.  A mark is made
 * before what it stands for, and stays for as long as the file.
 */
#define NK_MAP_MARKS_AT		2072u
#define NK_MAP_MARKS		192u
struct nk_map_marks {
	uint64_t	groups[NK_MAP_MARKS / 64];
	uint64_t	sum;
};

/*
 * A slot is 64 bits: the record's offset in units (32), a tag from the
 * hash of its key (16) and a check of both, of the slot's own index and of
 * the file's salt (16).  All zero is an empty slot; unit NK_SLOT_TOMBSTONE
 * is one that was in use, over which a search goes on.
 *
 * A key is sought at its home, home + step, home + 2 * step and so on, over
 * the end to the beginning.  For names, uids and gids home is a keyed hash
 * and step is 1.  A row id is its own home, so that a freshly built table
 * lies in the order of the rows; its step is an odd number of its own, so
 * that rows which are equal modulo the table's size do not pile up.
 */
#define NK_SLOT_TOMBSTONE	1u

enum nk_record_kind {
	NK_RECORD_USER = 1,
	NK_RECORD_GROUP = 2,
	NK_RECORD_MEMBERS = 3,
	NK_RECORD_KEYSET = 4,
	NK_RECORD_KEYLINE = 5,
	NK_RECORD_SECRET = 6,
};

/*
 * At the start of each record, at a multiple of NK_MAP_UNIT.  sum covers
 * the record's unit, the file's salt, and the bytes from "length" up to
 * "length" bytes from the record's start, filled up with zeros to a
 * multiple of 8.
 */
struct nk_record {
	uint64_t	sum;
	uint32_t	length;		/* bytes, this header included */
	uint16_t	kind;		/* enum nk_record_kind */
	uint16_t	capacity;	/* units that belong to this record */
	uint64_t	row;		/* user's or group's row id, never 0 */
};

#define NK_RECORD_PAGE_MAX	NK_MAP_PAGE	/* all but key lines */
#define NK_RECORD_MAX		(64u * 1024u)	/* key lines */

/*
 * A supplementary group, as its member's record has it.  It counts for as
 * long as the group of that row exists, and its gid is what the group's own
 * record says: dropping or changing a group does not touch its members, but
 * marks the group.
 */
struct nk_user_group {
	uint64_t	group_row;
	uint32_t	gid;
	uint32_t	members;	/* unit of the chunk that lists us */
};

/* struct nk_user_record.flags */
#define NK_USER_MANAGED		0x01u	/* NSS serves it */
#define NK_USER_LOCKED		0x02u
#define NK_USER_ADMIN		0x04u
#define NK_USER_IN_MANAGED	0x08u	/* member of naskeys-managed */
#define NK_USER_PASSWORD_DISABLED 0x10u
#define NK_USER_SSH_PASSWORD	0x20u
#define NK_USER_UID_MISMATCH	0x40u	/* unmanaged, uid changed elsewhere */

#define NK_NEVER		INT64_MAX	/* expires_at: it does not */

/*
 * Followed by ngroups struct nk_user_group, then by name, gecos, home and
 * shell, each with its NUL (the lengths do not count it).
 */
struct nk_user_record {
	struct nk_record r;
	uint64_t	generation;
	int64_t		expires_at;	/* seconds since the epoch */
	uint32_t	uid;
	uint32_t	gid;
	uint32_t	flags;
	uint16_t	ngroups;
	uint16_t	name_len;
	uint16_t	gecos_len;
	uint16_t	home_len;
	uint16_t	shell_len;
	uint16_t	reserved;
};

/* Followed by the name with its NUL. */
struct nk_group_record {
	struct nk_record r;
	uint32_t	gid;
	uint32_t	members;	/* unit of the newest chunk, 0: none */
	uint16_t	name_len;
	uint16_t	reserved[3];
};

/*
 * A chunk of a group's members; r.row is the group's.  Followed by count
 * row ids of users.  An entry counts only if the user's own record lists
 * the group and this chunk: the user's record is what makes a membership.
 * next is always a smaller unit than the chunk's own.
 */
struct nk_members_record {
	struct nk_record r;
	uint32_t	next;		/* unit of the chunk before, 0: none */
	uint32_t	count;
};

/* struct nk_keyset_entry.flags */
#define NK_KEY_CERT_AUTHORITY	0x1u

struct nk_keyset_entry {
	uint32_t	unit;		/* of the key line */
	uint32_t	flags;
};

/*
 * The keys of the user r.row, in order; valid for an account whose
 * generation is one of the two.  Followed by count struct nk_keyset_entry.
 */
struct nk_keyset_record {
	struct nk_record r;
	uint64_t	generation[2];
	uint32_t	count;
	uint32_t	reserved;
};
#define NK_KEYSET_MAX	((NK_RECORD_PAGE_MAX - \
    sizeof(struct nk_keyset_record)) / sizeof(struct nk_keyset_entry))

/*
 * One line of authorized_keys(5), ready to be printed.  Followed by the
 * text, without newline or NUL: options, if any, and a space; then
 * type, space, base64, and if there is a comment, space and comment.
 */
struct nk_keyline_record {
	struct nk_record r;
	int64_t		expires_at;	/* NK_NEVER or seconds */
	uint32_t	text_len;
	uint32_t	type_at;	/* offsets into the text */
	uint32_t	blob_at;
	uint16_t	type_len;
	uint16_t	flags;		/* NK_KEY_... */
	uint32_t	blob_len;	/* of the base64 */
	uint32_t	reserved;
};

/* struct nk_secret_record.flags */
#define NK_SECRET_OTP		0x1u	/* a second factor is set */
#define NK_SECRET_MUST_CHANGE	0x2u	/* password change required */

/* Ageing as in shadow(5), -1: not set.  Followed by the hash and a NUL. */
struct nk_secret_record {
	struct nk_record r;
	uint64_t	generation[2];	/* as in nk_keyset_record */
	int64_t		locked_until;	/* CLOCK_BOOTTIME seconds, 0: not */
	int32_t		last_change;	/* days since the epoch */
	int32_t		min_days;
	int32_t		max_days;
	int32_t		warn_days;
	int32_t		inactive_days;
	uint32_t	flags;
	uint16_t	hash_len;
	uint16_t	reserved[3];
};
#define NK_HASH_MAX		511u

#endif /* NASKEYS_MAP_FORMAT_H */
