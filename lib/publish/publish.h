/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_PUBLISH_H
#define NASKEYS_PUBLISH_H

/*
 * The bracket around every edit: the one lock, the repair of what a killed
 * holder left, BEGIN, room in the maps, COMMIT, and the maps.  A change is
 * acknowledged only after nk_edit_commit() has returned 0: then it is
 * durable and every reader sees it.
 */

#include <stdbool.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/conf/conf.h"
#include "lib/store/store.h"

/*
 * Where a machine's state lies.  Paths are absolute; the struct and what
 * it points at outlive what was opened with it.
 */
struct nk_state {
	const char	*store;		/* .../naskeys.db */
	const char	*session;	/* .../session.db */
	const char	*revoked;	/* .../revoked.krl */
	const char	*central;	/* .../authorized_keys, a folder */
	const char	*maps;		/* folder of the maps */
	const char	*lock;		/* lock file, 0600 */
	const char	*feed;		/* feed.h: told of each edit, or NULL */
	const char	*jobs;		/* the same, of jobs in session.db */
	const char	*seal_key;	/* .../seal.key */
	const char	*sudoers;	/* file of rules; NULL: none of ours */
	const char	*visudo;	/* the program that checks it */
	bool		 system;	/* the machine's own: nscd is told */
	bool		 threads;	/* a rebuild may use one more: see
					   nk_store_several_threads() */
	uint32_t	 owner;		/* uid that has the rank of root */
	uint32_t	 keys_gid;	/* group of keys.map */
	uint32_t	 managed_gid;	/* naskeys-managed, 0: not there */
};

struct nk_publisher;
struct nk_session;

/*
 * Open store and maps.  When maps are missing, damaged, of another boot or
 * of another store, or lack what a killed holder left, it takes the lock and
 * brings both into agreement; otherwise it waits for nobody.  mode as in
 * nk_store_open();
 * NK_STORE_READ opens the store alone, takes no lock and changes nothing.
 * Results as of nk_store_open() and nk_edit_begin(); -EROFS, the store can
 * only be read.
 */
int	nk_publisher_open(struct nk_publisher **pp,
	    const struct nk_state *state, const struct nk_conf *conf,
	    enum nk_store_mode mode) NK_MUST_CHECK;

/*
 * The same in two parts, for who wants to look at the maps first.  Between
 * them nk_publisher_verify() sees the maps as they were; only where there
 * is no store that can be opened does the first part what both do.
 * nk_publisher_mend() is for once; when it fails, nothing but
 * nk_publisher_free() may follow.
 */
int	nk_publisher_open_as_is(struct nk_publisher **pp,
	    const struct nk_state *state, const struct nk_conf *conf,
	    enum nk_store_mode mode) NK_MUST_CHECK;
int	nk_publisher_mend(struct nk_publisher *p) NK_MUST_CHECK;

/*
 * How many changes that were published the store did not have when the maps
 * were last brought into agreement with it: an older copy of it was put
 * back, or the end of its log was damaged.  The store is believed; that it
 * has lost something is for the log.
 */
int64_t	nk_publisher_missing(const struct nk_publisher *p);
#define NK_MISSING_TEXT	"the store is older than what was published: the " \
	"last %" PRId64 " changes are lost, unless a backup has them"

/*
 * Is the file of revoked keys current?  0, or the -errno with which it could
 * not be written when that was last tried.  It says less than the store
 * then: sshd may accept a revoked key from a file of its own.  Every holder
 * of the lock tries again; edits go on, for what they restrict must not
 * wait for a disk with room.
 */
int	nk_publisher_revoked(const struct nk_publisher *p);

/*
 * Do the central authorized_keys files say what the store says?  0, or the
 * -errno with which one could not be written when that was last tried: sshd
 * may accept a key that is no more.  Every holder of the lock tries again.
 */
int	nk_publisher_central(const struct nk_publisher *p);

/*
 * What the last edit or sync made of the file of rules for sudo: 0, also
 * where nothing was to be done; -ENOPKG, there are rules, and no sudo;
 * -EBADMSG, some are left out, for sudo does not take them; -EEXIST,
 * somebody else's file is in its place; or the -errno with which it could
 * not be written: then it was removed, and nobody has rules.
 */
int	nk_publisher_sudo(const struct nk_publisher *p);

void	nk_publisher_free(struct nk_publisher *p);
struct nk_store *nk_publisher_store(struct nk_publisher *p);

/*
 * Take the lock, finish what a killed holder left, BEGIN.  0; -EAGAIN, it
 * was not to be had within 30 s, or another file stands in the store's
 * place, so that the publisher must be opened anew; -ENOSPC, the maps are
 * to be built and do not fit; -EPERM, lock or folder of the maps are not
 * their owner's alone; -EROFS after NK_STORE_READ; -EINVAL inside an edit;
 * others as of nk_store_begin().  The lock is held after 0 only.
 */
int	nk_edit_begin(struct nk_publisher *p) NK_MUST_CHECK;

/*
 * Inside an edit: whoever asks for it is no administrator, and can add to a
 * file in a home that waits to be written only within bounds (homes.h).
 */
void	nk_edit_bound(struct nk_publisher *p);
/* Was it that for which the last nk_edit_commit() returned -EDQUOT? */
bool	nk_edit_is_beyond(const struct nk_publisher *p);

/*
 * Make room in the maps, COMMIT, publish, let go of the lock.  On failure
 * before COMMIT all is rolled back and nothing has changed (-ENOSPC: disk
 * or tmpfs full; -E2BIG: more than a map can show of one user; -EPERM,
 * -EISDIR: see lib/publish/central.h; -EDQUOT: see nk_edit_bound()).  When
 * COMMIT has succeeded and publishing fails, the change stands and is
 * published by the next holder: -EINPROGRESS, not to be acknowledged as
 * done.  -EINVAL outside an edit.
 */
int	nk_edit_commit(struct nk_publisher *p) NK_MUST_CHECK;

/* Roll back, let go of the lock. */
void	nk_edit_abort(struct nk_publisher *p);

/*
 * Inside an edit: the key must go from all files in homes of this user (0:
 * of everybody), though naskeys may not have written it there.
 */
int	nk_publisher_bury(struct nk_publisher *p, int64_t user_id,
	    const char *fingerprint) NK_MUST_CHECK;

/*
 * The users whose files in homes the last edit has made pending, in no order
 * and some of them twice; until the next edit (lib/keyfile/apply.h).
 */
const struct nk_ids *nk_publisher_homes(const struct nk_publisher *p);
/*
 * Has the last edit seen that none of this user's files is pending?  False
 * also where it has had no reason to look.
 */
bool	nk_publisher_homes_are_written(const struct nk_publisher *p,
	    int64_t user_id);

/*
 * Work that waits until the answer has been sent: checkpoint, compaction,
 * the audit log's retention.  Does nothing most of the time, and leaves it
 * for later when somebody else holds the lock.  -EINVAL inside an edit.
 */
int	nk_publisher_tidy(struct nk_publisher *p) NK_MUST_CHECK;

/*
 * Write into the store what no map shows and what is no edit (a last login,
 * the audit row of an attempt at one): work() between BEGIN and COMMIT,
 * under the lock.  Its result is returned; others as of nk_edit_begin().
 */
int	nk_publisher_record(struct nk_publisher *p,
	    int (*work)(struct nk_store *s, void *arg), void *arg)
	    NK_MUST_CHECK;

/*
 * Put into secrets.map until when session.db says that the user of this row
 * is locked out (lib/store/failures.h), or that it is not.  Changes nothing
 * in the store and needs no room.  0; -EAGAIN, the lock was not to be had
 * within NK_LOCKOUT_WAIT_MS; others as of nk_edit_begin().
 */
#define NK_LOCKOUT_WAIT_MS	2000u
int	nk_publisher_lock_out(struct nk_publisher *p, struct nk_session *s,
	    int64_t row) NK_MUST_CHECK;

/*
 * Bring maps, files and store into agreement; rebuild all maps when "force".
 * Fails also where nk_publisher_revoked() or nk_publisher_central() does.
 * nk_publisher_sudo() tells of what is no reason to fail.
 * progress (may be NULL) is called with users done and in all.
 */
int	nk_publisher_sync(struct nk_publisher *p, bool force,
	    void (*progress)(void *arg, int64_t done, int64_t all), void *arg)
	    NK_MUST_CHECK;

/*
 * Another content for the store.  Under the lock, work() puts it there with
 * nk_store_replace(), which is the last thing in it that can fail; then maps
 * and files are made of it.  work()'s result, and then nothing has changed;
 * 0; -EINPROGRESS, it is there, and what is not published yet is by the next
 * holder; others as of nk_edit_begin().
 */
int	nk_publisher_replace(struct nk_publisher *p,
	    int (*work)(struct nk_store *s, void *arg), void *arg)
	    NK_MUST_CHECK;

/* What to do about what nk_publisher_verify() has reported. */
#define NK_VERIFY_ADVICE	"\"naskeysctl sync\" brings maps and files " \
	"into agreement with the store; a fault of the store itself stays."

/*
 * Verify the store, each map, and that every map and every file on the disk
 * says what the store says, and nothing else.  A sentence for each fault
 * through report().  Works after NK_STORE_READ too, and changes no map; takes
 * the lock for the part that cannot be done beside edits.  0; -EBADMSG; or
 * why it could not.
 */
int	nk_publisher_verify(struct nk_publisher *p,
	    void (*report)(void *arg, const char *what), void *arg)
	    NK_MUST_CHECK;

/* The part of it about files on the disk; needs no maps. */
int	nk_publisher_verify_files(struct nk_store *s,
	    const struct nk_state *state,
	    void (*report)(void *arg, const char *what), void *arg)
	    NK_MUST_CHECK;

#endif /* NASKEYS_PUBLISH_H */
