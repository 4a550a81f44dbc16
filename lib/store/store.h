/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_STORE_H
#define NASKEYS_STORE_H

/*
 * The store: the one authoritative database.  Nothing outside lib/store
 * knows SQL, or which database it is.  A store handle belongs to one
 * process, and to one thread at a time.
 *
 * Results: 0 or -errno.  -ENOENT no such row, or a row that is referred to
 * is not there; -EEXIST a name, id or key that must be unique is there
 * already; -EINVAL a row that no caller may write (a NULL that is not
 * allowed, a name that is empty or holds '/', ':' or a newline or begins
 * with '-', an empty hash, a key line with a newline ...); -EBUSY locked by
 * another process for longer than the time-out (10 s); -EBADMSG the database
 * is damaged; -ENOTSUP its schema is newer than this program; -ENOSPC, -EIO,
 * -EROFS as the disk says.  nk_store_error() has the database's own words,
 * for the log only; they never hold what a row holds.
 *
 * Writing functions must stand between nk_store_begin() and
 * nk_store_commit() and return -EINVAL elsewhere.  One that fails has
 * changed nothing and the transaction goes on, or nk_store_commit() returns
 * its error too: an operation that is half done is never committed.
 *
 * Each one that changes what a map shows notes the change in the journal of
 * its transaction, so that it is published (lib/publish) even when its
 * writer is killed: the row's own kind for a user, a user's keys, or a group;
 * NK_CHANGE_USER of each user who enters or leaves a group, and of each
 * member of a group whose gid changes.  A row is noted once in a transaction.
 *
 * What a walk (..._each) hands to its function belongs to the walk and is
 * gone when the function returns; the function may read from the store, but
 * not write.
 *
 * Strings in rows are UTF-8 without NUL, owned by the row; a NULL means
 * "not set" only where the comment says so.  Times are seconds since the
 * epoch.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/attr.h"

struct nk_store;

enum nk_store_mode {
	NK_STORE_READ,		/* must exist, nothing is written; -ESTALE:
				   its schema is older, write to it once */
	NK_STORE_WRITE,		/* must exist; migrated when it is older */
	NK_STORE_CREATE,	/* made (0600) when it is not there */
};

/*
 * This process has one thread, and so the database need not guard itself
 * against others.  Of use only before the first store is opened.
 */
void	nk_store_single_thread(void);
/*
 * Instead of it, as early: each store is used by one thread at a time, but
 * several threads have stores of their own.
 */
void	nk_store_several_threads(void);

/*
 * The file, and its log beside it, must be regular files of our effective
 * uid without access for others (-EPERM; -ELOOP a symbolic link), in a folder
 * that belongs to us or root and that nobody else may write to (-EPERM).
 * -ENOENT: none there, or one whose making was never finished.
 */
int	nk_store_open(struct nk_store **sp, const char *path,
	    enum nk_store_mode mode) NK_MUST_CHECK;
/* What is not committed is rolled back.  NULL is fine. */
void	nk_store_close(struct nk_store *s);
const char *nk_store_error(const struct nk_store *s);

/*
 * Would it take an edit?  0, also while somebody else is editing; -EROFS,
 * the file or its log could be opened for reading alone.
 */
int	nk_store_is_writable(struct nk_store *s) NK_MUST_CHECK;

/* Random, made with the store. */
int	nk_store_id(struct nk_store *s, uint8_t id[16]) NK_MUST_CHECK;

/* Takes the database's write lock at once. */
int	nk_store_begin(struct nk_store *s) NK_MUST_CHECK;
/* Durable when it returns 0; otherwise all has been rolled back. */
int	nk_store_commit(struct nk_store *s) NK_MUST_CHECK;
void	nk_store_rollback(struct nk_store *s);	/* no-op outside */

/*
 * A read transaction: everything until nk_store_read_end() sees one
 * snapshot.  Inside nk_store_begin() neither is needed.
 */
int	nk_store_read_begin(struct nk_store *s) NK_MUST_CHECK;
void	nk_store_read_end(struct nk_store *s);

/*
 * Savepoints inside a transaction, for work which is tried and then kept
 * (release) or taken back (rollback_to); both end the last savepoint.
 */
int	nk_store_savepoint(struct nk_store *s) NK_MUST_CHECK;
int	nk_store_release(struct nk_store *s) NK_MUST_CHECK;
void	nk_store_rollback_to(struct nk_store *s);

/*
 * Move the log into the database when more than limit bytes of it are not
 * there yet.  It waits for nobody: what a reader still needs stays for the
 * next call.  Not inside a transaction (-EINVAL).
 */
int	nk_store_checkpoint(struct nk_store *s, uint64_t limit)
	    NK_MUST_CHECK;

/*
 * The database's own check of itself, then our invariants; a sentence for
 * each fault.  0 or -EBADMSG.
 */
int	nk_store_verify(struct nk_store *s,
	    void (*report)(void *arg, const char *what), void *arg)
	    NK_MUST_CHECK;

/* ---- users ---- */

enum nk_keyfile_mode {		/* authorized_keys_file */
	NK_KEYFILE_NONE,
	NK_KEYFILE_HOME,
	NK_KEYFILE_CENTRAL,
};

#define NK_USER_ROOT_ID		1	/* there from the start */
#define NK_GROUP_ADMINS_ID	1	/* builtin_administrators, gid 544 */

struct nk_user {
	int64_t		 id;		/* row id, never used again */
	bool		 managed;
	bool		 builtin;	/* root */
	bool		 admin;
	bool		 locked;
	bool		 password_disabled;
	bool		 ssh_password_enabled;
	bool		 smb, webshare;	/* inert */
	bool		 in_managed_group; /* naskeys-managed */
	bool		 must_change;	/* password, at the next login */
	uint32_t	 uid;
	int64_t		 group_id;	/* primary group; 0: none (unmanaged) */
	char		*name;
	char		*full_name;
	char		*home;
	char		*shell;
	char		*email;		/* may be NULL */
	char		*userns_idmap;	/* inert, may be NULL */
	char		*hash;		/* crypt(5) or "*" */
	char		*password_history; /* hash a line, may be NULL */
	char		*sudo_commands;	/* a command a line, or "" */
	char		*sudo_commands_nopasswd;
	enum nk_keyfile_mode keyfile_mode;
	int64_t		 generation;	/* from 1 */
	int64_t		 expires_at;	/* INT64_MAX: never */
	int64_t		 created_at;
	int64_t		 last_password_change;	/* 0: unknown */
	int64_t		 last_login_at;		/* 0: never */
	int32_t		 min_days, max_days, warn_days, inactive_days; /* -1 */
};

/* Free a row and what it owns (the hashes are wiped).  NULL is fine. */
void	nk_user_free(struct nk_user *u);
/*
 * A row with its defaults: strings that must not be NULL are "", the hash
 * is "*", there is no expiry and no ageing.  NULL: out of memory.
 */
struct nk_user *nk_user_new(void);

int	nk_user_get(struct nk_store *s, int64_t id, struct nk_user **up)
	    NK_MUST_CHECK;
int	nk_user_by_name(struct nk_store *s, const char *name,
	    struct nk_user **up) NK_MUST_CHECK;
int	nk_user_by_uid(struct nk_store *s, uint32_t uid,
	    struct nk_user **up) NK_MUST_CHECK;	/* managed first */
/* No more of the row than its id. */
int	nk_user_id(struct nk_store *s, const char *name, int64_t *idp)
	    NK_MUST_CHECK;
/* The first one who has it, but for the row id "but" (0: for nobody). */
int	nk_user_by_home(struct nk_store *s, const char *home, int64_t but,
	    struct nk_user **up) NK_MUST_CHECK;

/*
 * Call fn for each user in the order of row ids, from the first one above
 * "after"; it stops with the first non-zero result, which is returned.
 * The row belongs to the walk.
 */
int	nk_user_each(struct nk_store *s, int64_t after,
	    int (*fn)(void *arg, const struct nk_user *u), void *arg)
	    NK_MUST_CHECK;
/* All of them, but no more of each row than maps hold; the rest is empty. */
int	nk_user_each_mapped(struct nk_store *s,
	    int (*fn)(void *arg, const struct nk_user *u), void *arg)
	    NK_MUST_CHECK;
int	nk_user_count(struct nk_store *s, int64_t *np) NK_MUST_CHECK;

/* *u gets its id and generation; managed users get in_managed_group. */
int	nk_user_insert(struct nk_store *s, struct nk_user *u) NK_MUST_CHECK;
/*
 * The whole row by id.  The generation is the store's: it rises when
 * locked, admin, managed, uid, name, hash or expires_at change, whatever u
 * says (nk_user_get() tells).  in_managed_group stays set for managed users;
 * for others u may clear it.
 */
int	nk_user_update(struct nk_store *s, const struct nk_user *u)
	    NK_MUST_CHECK;
/* With its memberships, keys and second factor.  -EPERM: root. */
int	nk_user_delete(struct nk_store *s, int64_t id) NK_MUST_CHECK;

/* Last login: no journal. */
int	nk_user_set_last_login(struct nk_store *s, int64_t id, int64_t when)
	    NK_MUST_CHECK;

/* Likewise, for those with "admin". */
int	nk_user_each_admin(struct nk_store *s,
	    int (*fn)(void *arg, const struct nk_user *u), void *arg)
	    NK_MUST_CHECK;
/* How many unlocked managed administrators there are besides "but". */
int	nk_user_count_admins(struct nk_store *s, int64_t but, int64_t *np)
	    NK_MUST_CHECK;

/* ---- groups ---- */

struct nk_group {
	int64_t		 id;
	uint32_t	 gid;
	bool		 builtin;
	bool		 smb;		/* inert */
	char		*name;
	char		*userns_idmap;	/* inert, may be NULL */
	char		*sudo_commands;
	char		*sudo_commands_nopasswd;
};

void	nk_group_free(struct nk_group *g);
struct nk_group *nk_group_new(void);
int	nk_group_get(struct nk_store *s, int64_t id, struct nk_group **gp)
	    NK_MUST_CHECK;
int	nk_group_by_name(struct nk_store *s, const char *name,
	    struct nk_group **gp) NK_MUST_CHECK;
int	nk_group_by_gid(struct nk_store *s, uint32_t gid,
	    struct nk_group **gp) NK_MUST_CHECK;
/* No more of the row than its gid. */
int	nk_group_gid(struct nk_store *s, int64_t id, uint32_t *gidp)
	    NK_MUST_CHECK;
int	nk_group_each(struct nk_store *s, int64_t after,
	    int (*fn)(void *arg, const struct nk_group *g), void *arg)
	    NK_MUST_CHECK;
int	nk_group_insert(struct nk_store *s, struct nk_group *g)
	    NK_MUST_CHECK;
int	nk_group_update(struct nk_store *s, const struct nk_group *g)
	    NK_MUST_CHECK;
/*
 * With its memberships.  -EBUSY while it is somebody's primary group;
 * -EPERM: builtin_administrators.
 */
int	nk_group_delete(struct nk_store *s, int64_t id) NK_MUST_CHECK;

/* ---- memberships (supplementary) ---- */

struct nk_ids {
	int64_t	*v;
	size_t	 n;
};
void	nk_ids_clear(struct nk_ids *ids);

/* Sorted by id. */
int	nk_groups_of_user(struct nk_store *s, int64_t user,
	    struct nk_ids *groups) NK_MUST_CHECK;
int	nk_members_of_group(struct nk_store *s, int64_t group,
	    struct nk_ids *users) NK_MUST_CHECK;
int	nk_primary_members_of_group(struct nk_store *s, int64_t group,
	    struct nk_ids *users) NK_MUST_CHECK;
/* Call fn for each of the user's groups, in the order of their ids. */
int	nk_member_each_gid(struct nk_store *s, int64_t user,
	    int (*fn)(void *arg, int64_t group, uint32_t gid, bool builtin),
	    void *arg) NK_MUST_CHECK;
/* Call fn for each membership, in the order of user ids, then group ids. */
int	nk_member_each(struct nk_store *s,
	    int (*fn)(void *arg, int64_t user, int64_t group), void *arg)
	    NK_MUST_CHECK;
/* Make it so; what is so already is no change. */
int	nk_member_add(struct nk_store *s, int64_t group, int64_t user)
	    NK_MUST_CHECK;
int	nk_member_remove(struct nk_store *s, int64_t group, int64_t user)
	    NK_MUST_CHECK;

/* ---- ids ---- */

/*
 * The smallest id that is not below first, not above last, and neither in
 * use in the store nor refused by taken(arg, id), which returns 1, 0 or
 * -errno (taken may be NULL).  -ENOSPC: none.
 */
int	nk_uid_next(struct nk_store *s, uint32_t first, uint32_t last,
	    int (*taken)(void *arg, uint32_t id), void *arg, uint32_t *uidp)
	    NK_MUST_CHECK;
int	nk_gid_next(struct nk_store *s, uint32_t first, uint32_t last,
	    int (*taken)(void *arg, uint32_t id), void *arg, uint32_t *gidp)
	    NK_MUST_CHECK;

/* ---- authorized keys: lines ---- */

enum nk_key_kind {
	NK_KEY_KEY,
	NK_KEY_COMMENT,
	NK_KEY_BLANK,
};

struct nk_key {
	int64_t		 id;
	int64_t		 user_id;
	int64_t		 position;	/* order in the file, not dense */
	enum nk_key_kind kind;
	bool		 cert_authority;
	uint32_t	 bits;
	char		*type;		/* NULL for comments and blanks */
	uint8_t		*blob;
	size_t		 blob_len;
	char		*fingerprint;	/* SHA256:... */
	char		*options;	/* may be NULL */
	char		*comment;	/* may be NULL; a comment line, whole */
	char		*added_by;
	int64_t		 added_at;
	int64_t		 expires_at;	/* INT64_MAX: never */
	int64_t		 last_used_at;	/* 0: never */
	char		*last_used_from; /* may be NULL */
};

struct nk_keys {
	struct nk_key	*v;
	size_t		 n;
};
void	nk_key_clear(struct nk_key *k);
void	nk_keys_clear(struct nk_keys *ks);

/* In order of position. */
int	nk_keys_of_user(struct nk_store *s, int64_t user, struct nk_keys *ks)
	    NK_MUST_CHECK;
/* Call fn for each key of all users, in the order of user id, position. */
int	nk_key_each(struct nk_store *s,
	    int (*fn)(void *arg, const struct nk_key *k), void *arg)
	    NK_MUST_CHECK;
/* The same, but no more of each row than maps hold; the rest is empty. */
int	nk_key_each_mapped(struct nk_store *s,
	    int (*fn)(void *arg, const struct nk_key *k), void *arg)
	    NK_MUST_CHECK;
/* Of all users, lines with this fingerprint; in the order of user ids. */
int	nk_keys_by_fingerprint(struct nk_store *s, const char *fingerprint,
	    struct nk_keys *ks) NK_MUST_CHECK;
/* Has the user a line with this fingerprint?  1; 0; -errno. */
int	nk_user_has_key(struct nk_store *s, int64_t user,
	    const char *fingerprint) NK_MUST_CHECK;
/*
 * The users, in the order of their ids and at most max of them, who have a
 * line with this fingerprint; "but" is not among them.
 */
int	nk_key_holders(struct nk_store *s, const char *fingerprint,
	    int64_t but, size_t max, struct nk_ids *users) NK_MUST_CHECK;
/*
 * At the end of its user's lines; k gets its id and position.  A key line
 * that is there already (same type, blob, options, comment, expiry) changes
 * nothing, and k gets the id and position of that one.  An unmanaged user's
 * first key sets in_managed_group.
 */
int	nk_key_append(struct nk_store *s, struct nk_key *k) NK_MUST_CHECK;
/*
 * Replace all lines of the user by these.  A line that is equal to an old
 * one (options, type, blob, comment, expiry) keeps the old one's row: its id
 * and what is known of its adding and use; ks->v[i].id tells.  A key line
 * that stands twice in ks is kept once, where it stands first; both get its
 * id.
 */
int	nk_keys_replace(struct nk_store *s, int64_t user, struct nk_keys *ks)
	    NK_MUST_CHECK;
/* All lines of the user with this fingerprint; *np of them. */
int	nk_keys_remove(struct nk_store *s, int64_t user,
	    const char *fingerprint, size_t *np) NK_MUST_CHECK;
/* Last use: no journal, no audit. */
int	nk_key_set_last_used(struct nk_store *s, int64_t id, int64_t when,
	    const char *from) NK_MUST_CHECK;

/* ---- credentials: the NAS's own SSH keypairs and connections ---- */

enum nk_credential_type {
	NK_CREDENTIAL_KEYPAIR,
	NK_CREDENTIAL_CONNECTION,	/* the rest of it: connections.h */
};

struct nk_credential {
	int64_t		 id;
	enum nk_credential_type type;
	bool		 has_private;	/* a private half is there, sealed */
	unsigned int	 bits;		/* these of a keypair; 0 and "" ... */
	char		*key_type;	/* "ssh-ed25519" ... */
	char		*fingerprint;	/* "SHA256:..." */
	char		*public_key;	/* text, as it is shown */
	int64_t		 created_at;	/* ... of a connection */
	char		*name;		/* unique over all types */
	char		*created_by;
};

void	nk_credential_clear(struct nk_credential *c);
int	nk_credential_get(struct nk_store *s, int64_t id,
	    struct nk_credential *c) NK_MUST_CHECK;
int	nk_credential_by_name(struct nk_store *s, const char *name,
	    struct nk_credential *c) NK_MUST_CHECK;
/* In the order of ids, from the first one above "after". */
int	nk_credential_each(struct nk_store *s, int64_t after,
	    int (*fn)(void *arg, const struct nk_credential *c), void *arg)
	    NK_MUST_CHECK;

/*
 * These change nothing that a map shows: no journal.  insert gives *c its
 * id; has_private is not looked at, a new row has no private half yet.
 * update writes everything but the type, the private half, created_at and
 * created_by.  delete takes a connection's own row with it; -EBUSY: a
 * connection or consumer uses it.
 */
int	nk_credential_insert(struct nk_store *s, struct nk_credential *c)
	    NK_MUST_CHECK;
int	nk_credential_update(struct nk_store *s,
	    const struct nk_credential *c) NK_MUST_CHECK;
int	nk_credential_delete(struct nk_store *s, int64_t id) NK_MUST_CHECK;

/*
 * The sealed private half, which no other function reads: malloc'd bytes
 * that mean nothing to the store.  -ENOENT: no such row, or it has none.
 */
int	nk_credential_sealed_get(struct nk_store *s, int64_t id,
	    uint8_t **sealedp, size_t *lenp) NK_MUST_CHECK;
/* len 0 takes it away. */
int	nk_credential_sealed_set(struct nk_store *s, int64_t id,
	    const uint8_t *sealed, size_t len) NK_MUST_CHECK;

/* ---- second factors: one-time passwords ---- */

enum nk_otp_kind {
	NK_OTP_TOTP,		/* by the time, RFC 6238 */
	NK_OTP_HOTP,		/* by a counter, RFC 4226 */
};

enum nk_otp_hash {
	NK_OTP_SHA1,
	NK_OTP_SHA256,
	NK_OTP_SHA512,
};

struct nk_otp {
	int64_t		 user_id;
	enum nk_otp_kind kind;
	enum nk_otp_hash hash;
	unsigned int	 digits;	/* 6 or 8 */
	unsigned int	 period;	/* s; 0 for HOTP */
	unsigned int	 window;	/* moving factors that are tried */
	int64_t		 next;		/* none below it is taken any more */
	int64_t		 created_at;
	int64_t		 last_used_at;	/* 0: never */
};

int	nk_otp_get(struct nk_store *s, int64_t user, struct nk_otp *o)
	    NK_MUST_CHECK;
/* In the order of user ids, from the first one above "after". */
int	nk_otp_each(struct nk_store *s, int64_t after,
	    int (*fn)(void *arg, const struct nk_otp *o), void *arg)
	    NK_MUST_CHECK;
/* In the place of the user's old row, with nothing sealed yet. */
int	nk_otp_put(struct nk_store *s, const struct nk_otp *o)
	    NK_MUST_CHECK;
int	nk_otp_delete(struct nk_store *s, int64_t user) NK_MUST_CHECK;
/*
 * A code was used: no journal.  -ENOENT: no such row, or its next is above
 * this one.
 */
int	nk_otp_set_used(struct nk_store *s, int64_t user, int64_t next,
	    int64_t when) NK_MUST_CHECK;

/* The sealed parts, as nk_credential_sealed_get() and _set(). */
enum nk_otp_part {
	NK_OTP_SEED,
	NK_OTP_RECOVERY,
};
int	nk_otp_sealed_get(struct nk_store *s, int64_t user,
	    enum nk_otp_part part, uint8_t **sealedp, size_t *lenp)
	    NK_MUST_CHECK;
int	nk_otp_sealed_set(struct nk_store *s, int64_t user,
	    enum nk_otp_part part, const uint8_t *sealed, size_t len)
	    NK_MUST_CHECK;

/* ---- which key seals ---- */

/*
 * The id of the key that everything sealed is sealed with, a string of at
 * most room - 1 characters.  -ENOENT: nothing was ever sealed; -EBADMSG:
 * no such string, and id may be empty.
 */
int	nk_store_seal_key_get(struct nk_store *s, char *id, size_t room)
	    NK_MUST_CHECK;
int	nk_store_seal_key_set(struct nk_store *s, const char *id)
	    NK_MUST_CHECK;

/* ---- the journal of what is to be published ---- */

enum nk_change_kind {
	NK_CHANGE_USER,		/* the account, its secret or its groups */
	NK_CHANGE_KEYS,		/* the user's keys */
	NK_CHANGE_GROUP,
	NK_CHANGE_ALL,		/* more than is worth listing */
	NK_CHANGE_CENTRAL,	/* the central file of this uid comes or
				   goes: see keyfiles.h */
};

struct nk_change {
	int64_t			seq;
	enum nk_change_kind	kind;
	int64_t			id;
};

struct nk_changes {
	struct nk_change	*v;
	size_t			 n;
};
void	nk_changes_clear(struct nk_changes *cs);

/* The last change that this store has seen; 0: none yet. */
int	nk_store_seq(struct nk_store *s, int64_t *seqp) NK_MUST_CHECK;
/*
 * All after "since", in order; -ERANGE when the journal begins later, or
 * ends before: then nothing less than everything will do.
 */
int	nk_store_changes(struct nk_store *s, int64_t since,
	    struct nk_changes *cs) NK_MUST_CHECK;
/* Forget those up to seq (inside a transaction); -EINVAL above the last. */
int	nk_store_changes_trim(struct nk_store *s, int64_t seq)
	    NK_MUST_CHECK;
/*
 * From now until commit, note one NK_CHANGE_ALL in place of each change,
 * and use more memory (some 200 MiB): for imports.  A transaction that
 * changes very many rows comes to NK_CHANGE_ALL by itself.
 */
int	nk_store_changes_bulk(struct nk_store *s) NK_MUST_CHECK;

/* ---- the audit log ---- */

struct nk_audit {
	int64_t		 id;
	int64_t		 at;
	uint32_t	 actor_uid;
	const char	*actor;		/* name, or "uid N" */
	const char	*action;	/* method */
	const char	*object_kind;	/* "user", "group", "key" ... */
	int64_t		 object_id;
	const char	*object;	/* its name */
	const char	*text;		/* "Create user alice" */
	const char	*before;	/* JSON text without secrets, or NULL */
	const char	*after;
};

/* *a gets its id. */
int	nk_audit_add(struct nk_store *s, struct nk_audit *a) NK_MUST_CHECK;
/* In the order of ids, above "after", not older than "since". */
int	nk_audit_each(struct nk_store *s, int64_t after, int64_t since,
	    int (*fn)(void *arg, const struct nk_audit *a), void *arg)
	    NK_MUST_CHECK;

/*
 * The highest ids that were given, in one snapshot: ids of rows only grow,
 * and none is given twice.
 */
enum nk_rows_kind {
	NK_ROWS_USER,
	NK_ROWS_GROUP,
	NK_ROWS_CREDENTIAL,
	NK_ROWS_API_KEY,
	NK_ROWS_KINDS
};
struct nk_last_ids {
	int64_t	audit;
	int64_t	rows[NK_ROWS_KINDS];
};
int	nk_store_last_ids(struct nk_store *s, struct nk_last_ids *ids)
	    NK_MUST_CHECK;

struct nk_audit_limits {
	int64_t		 before;	/* what is older goes */
	int64_t		 rows;		/* the oldest of more go */
	int64_t		 bytes;		/* likewise */
	int64_t		 fresh;		/* new rows: not yet worth counting */
};
/*
 * Delete what is above the limits, at most "most" rows a call, *np of them.
 * Bytes of new rows are counted when there are more than "fresh", and a
 * bite a call, so that the log may be larger for some calls after very many
 * rows have come at once.  Where nothing is to be done nothing is written.
 */
int	nk_audit_trim(struct nk_store *s, const struct nk_audit_limits *l,
	    int64_t most, int64_t *np) NK_MUST_CHECK;

#endif /* NASKEYS_STORE_H */
