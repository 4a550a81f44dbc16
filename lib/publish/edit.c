/* SPDX-License-Identifier: ISC */
/*
 * What this part promises.  Tests quote the numbers.
 *
 *  1. It MUST hold the one lock from before the repair until the maps say
 *     what the store says: one lock spans repair, BEGIN, COMMIT, publish.
 *  2. Whoever takes the lock MUST first finish what a killed holder left:
 *     what was committed and not published becomes published, before
 *     anything else.
 *  3. It MUST NOT report success before the change is durable in the store
 *     and is in every map.
 *  4. An edit MUST happen whole or not at all: on any failure before COMMIT
 *     nothing has changed, neither in the store nor for a reader.
 *  5. The room that an edit needs in the maps MUST be allocated before
 *     COMMIT; without it the edit is refused with -ENOSPC.
 *  6. What only restricts (removal, lock, expiry, deletion) MUST work when
 *     the maps' file system is full.
 *  7. What restricts MUST be published in the accounts first, what permits
 *     last, so that old keys never meet a new account, nor new keys an
 *     account that is no more.
 *  8. A key whose removal was reported MUST NOT be accepted afterwards.
 *  9. The cost of an edit MUST NOT grow with the store, and it makes one
 *     sync: the store's; and those of central files, for users who have one.
 * 10. Maps that are missing, damaged, of another boot or of another store
 *     MUST be built anew before an edit begins; when that fails the edit is
 *     refused.
 * 11. New files that an edit needs MUST be complete before COMMIT, and be
 *     installed after it, the accounts last.
 * 12. When COMMIT has succeeded and publishing has not, it MUST say so
 *     (-EINPROGRESS), and the change is published by the next holder.
 * 13. A lookup of whether the store's file was replaced MUST come before
 *     any change: nothing is written to a file that nobody will find.
 * 14. The file of revoked keys MUST be replaced before success is reported
 *     (revoked.h).  Where that fails the change stands, and who has asked
 *     for it is told (nk_publisher_revoked()): a key is better out of store
 *     and maps alone than nowhere.
 * 15. Compaction, checkpoint and the audit log's retention MUST come after
 *     the answer, not inside an edit, save where a table has no room left.
 * 16. Central files MUST be written before COMMIT and replaced after it,
 *     before the maps note the change (central.h).  Where they cannot be
 *     replaced it is as with maps: MUST 12.
 * 17. What an edit makes of files in homes MUST be noted in its own
 *     transaction (homes.h), and nothing be done there under the lock.
 * 18. The file of rules for sudo MUST be replaced before success is
 *     reported (sudofile.h).  Where that fails it MUST go, so that nobody
 *     has a rule that was taken away.
 */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "lib/publish/central.h"
#include "lib/publish/feed.h"
#include "lib/publish/internal.h"
#include "lib/publish/nscd.h"
#include "lib/publish/revoked.h"
#include "lib/publish/sudofile.h"
#include "lib/store/revoked.h"
#include "lib/store/sudo.h"

#define SECONDS_A_DAY	86400

/* What an edit has to do to the maps. */
struct work {
	struct nk_changes	 changes;
	struct nk_plan		 plan;
	struct nk_rebuild	 fresh;
	struct nk_revoked_file	 revoked;	/* where the list changes */
	struct nk_sudo_file	 sudo;		/* where the rules change */
	bool			 has_sudo;
	struct nk_central	 central;
	bool			 anew;		/* fresh is used, not plan */
	int64_t			 seq;
};

static void
work_clear(struct work *w)
{
	nk_plan_clear(&w->plan);
	nk_rebuild_clear(&w->fresh);
	nk_changes_clear(&w->changes);
	nk_revoked_file_clear(&w->revoked);
	nk_sudo_file_clear(&w->sudo);
	nk_central_clear(&w->central);
}

/*
 * BEGIN, and see that the maps are those of the store, and where it is.  It
 * is asked within the transaction, which costs less than another one.
 */
static int
begin_agreed(struct nk_publisher *p)
{
	int64_t seq;
	int r;

	if ((r = nk_store_begin(p->store)) < 0)
		return r;
	if ((r = nk_publish_identify(p)) != 0) {
		r = r == 1 ? -ESTALE : r;
		goto out;
	}
	if ((r = nk_store_seq(p->store, &seq)) < 0)
		goto out;
	p->base = nk_publish_published(p);
	if (p->base != seq)
		r = -ESTALE;
	else if ((r = nk_revoked_revision(p->store, &p->revision)) == 0)
		r = nk_sudo_revision(p->store, &p->sudo_revision);
 out:
	if (r < 0)
		nk_store_rollback(p->store);
	return r;
}

int
nk_edit_begin(struct nk_publisher *p)
{
	int r;

	if (p->mode == NK_STORE_READ)
		return -EROFS;
	if ((r = nk_publish_lock_only(p, NK_LOCK_WAIT_MS)) < 0)
		return r;
	nk_ids_clear(&p->homes);
	p->written = 0;
	p->bound = p->beyond = false;
	p->sudo = 0;
	if ((r = nk_publish_refresh(p)) == 0)
		r = begin_agreed(p);
	if (r == -ESTALE && (r = nk_publish_identify(p)) >= 0 &&
	    (r = nk_publish_agree(p, false, NULL, NULL)) == 0)
		r = begin_agreed(p);
	if (r == -ESTALE)	/* somebody edits without the lock */
		r = -EAGAIN;
	if (r == 0 && nk_publish_central_is_late(p) &&
	    (r = nk_publish_central(p)) < 0)
		nk_store_rollback(p->store);
	if (r < 0) {
		nk_publish_unlock(p);
		return r;
	}
	if (!nk_revoked_file_is(&p->revoked_file, p->state, p->revision))
		(void)nk_publish_revoked(p);
	if (!nk_sudo_file_is(p->store, p->state, p->sudo_revision))
		nk_publish_sudo(p);
	return 0;
}

void
nk_edit_bound(struct nk_publisher *p)
{
	p->bound = true;
}

bool
nk_edit_is_beyond(const struct nk_publisher *p)
{
	return p->beyond;
}

void
nk_edit_abort(struct nk_publisher *p)
{
	if (p->lock == -1)
		return;
	nk_store_rollback(p->store);
	nk_publish_unlock(p);
}

/* Room for the plan; a table that is too full is made anew, once. */
static int
plan_room(struct nk_publisher *p, struct work *w)
{
	size_t i;
	int r;

	if ((r = nk_plan_make(p, &w->changes, &w->plan)) < 0 ||
	    (r = nk_plan_reserve(p, &w->plan)) != -EFBIG)
		return r;
	for (i = 0; i < NK_PUB_MAPS; i++)
		if (nk_mapwriter_wants_compaction(p->map[i]) &&
		    (r = nk_mapwriter_compact(p->map[i])) < 0)
			return r;
	return nk_plan_reserve(p, &w->plan);
}

static int
revoked_prepare(struct nk_publisher *p, struct work *w)
{
	int64_t revision;
	int r;

	if ((r = nk_revoked_revision(p->store, &revision)) < 0 ||
	    revision == p->revision)
		return r;
	return nk_revoked_file_make(p->store, &w->revoked);
}

static int
sudo_prepare(struct nk_publisher *p, struct work *w)
{
	int64_t revision;
	int r;

	if ((r = nk_sudo_revision(p->store, &revision)) < 0 ||
	    revision == p->sudo_revision ||
	    (r = nk_sudo_file_make(p->store, p->state, &w->sudo)) < 0)
		return r;
	w->has_sudo = true;
	return 0;
}

/* All that can fail for want of room or memory, before COMMIT. */
static int
work_prepare(struct nk_publisher *p, struct work *w)
{
	int r;

	if ((r = revoked_prepare(p, w)) < 0 ||
	    (r = sudo_prepare(p, w)) < 0 ||
	    (r = nk_store_seq(p->store, &w->seq)) < 0)
		return r;
	if (w->seq == p->base)
		return 0;
	r = nk_store_changes(p->store, p->base, &w->changes);
	if (r < 0 && r != -ERANGE)
		return r;
	w->anew = r == -ERANGE || nk_plan_is_large(&w->changes);
	if ((r = nk_central_prepare(p->store, p->state, w->anew ? NULL :
	    &w->changes, &w->central)) < 0)
		return p->central = r;
	if ((r = nk_publish_homes(p, w->anew ? NULL : &w->changes)) < 0)
		return r;
	if (!w->anew) {
		r = plan_room(p, w);
		if (r != -EBADMSG && r != -EFBIG)
			goto out;
		w->anew = true;
	}
	r = nk_rebuild_make(p, w->seq, &w->fresh, NULL, NULL);
 out:
	if (r == 0 && w->seq / NK_TRIM_EVERY != p->base / NK_TRIM_EVERY)
		r = nk_store_changes_trim(p->store, p->base);
	return r;
}

static int
install_maps(struct nk_publisher *p, struct work *w)
{
	int r;

	if (w->anew)
		return nk_rebuild_install(p, &w->fresh);
	if ((r = nk_plan_publish(p, &w->plan)) < 0)
		return r;
	return nk_publish_note(p, w->seq);
}

/* COMMIT is behind us: whatever goes wrong now, try to end it well. */
static int
work_publish(struct nk_publisher *p, struct work *w)
{
	int r;

	if (w->seq == p->base)
		return 0;
	if ((r = nk_central_install(&w->central)) == 0 &&
	    (r = install_maps(p, w)) == 0)
		return 0;
	if ((r = nk_publish_agree(p, false, NULL, NULL)) < 0)
		r = nk_publish_agree(p, true, NULL, NULL);
	return r < 0 || p->central < 0 ? -EINPROGRESS : 0;
}

void
nk_publish_tell_nscd(const struct nk_publisher *p)
{
	const char *path;

	if (p->state->system && (path = nk_nscd_socket()) != NULL)
		nk_nscd_forget(path);
}

static void
tell_nscd(const struct nk_publisher *p, const struct work *w)
{
	bool accounts = w->anew || w->plan.ngroups > 0;
	size_t i;

	for (i = 0; i < w->plan.nusers && !accounts; i++)
		accounts = w->plan.users[i].account ||
		    w->plan.users[i].user == NULL;
	if (accounts)
		nk_publish_tell_nscd(p);
}

int
nk_edit_commit(struct nk_publisher *p)
{
	struct work w = { .central = NK_CENTRAL_NONE };
	int r;

	if (p->lock == -1)
		return -EINVAL;
	if ((r = work_prepare(p, &w)) < 0 ||
	    (r = nk_store_commit(p->store)) < 0) {
		nk_edit_abort(p);
		goto out;
	}
	p->edited = true;
	p->done = w.seq;
	r = work_publish(p, &w);
	if (w.revoked.bytes != NULL)	/* MUST 14 */
		p->revoked = nk_revoked_file_write(p->state, &w.revoked);
	if (w.has_sudo) {				/* MUST 18 */
		p->sudo = nk_sudo_file_write(p->state, &w.sudo);
		if (p->sudo == 0)
			p->sudo = w.sudo.fault;
	}
	nk_publish_unlock(p);
	tell_nscd(p, &w);
	if (p->state->feed != NULL)
		nk_feed_tell(p->state->feed);
 out:
	work_clear(&w);
	return r;
}

static bool
maps_are_due(const struct nk_publisher *p)
{
	size_t i;

	for (i = 0; i < NK_PUB_MAPS; i++)
		if (p->map[i] != NULL &&
		    nk_mapwriter_wants_compaction(p->map[i]))
			return true;
	return false;
}

/* A bite for every so many edits, whoever makes them. */
static bool
audit_is_due(const struct nk_publisher *p)
{
	return p->done / NK_TIDY_EVERY != p->tidied / NK_TIDY_EVERY;
}

static int
tidy_maps(struct nk_publisher *p)
{
	size_t i;
	int r;

	if ((r = nk_publish_refresh(p)) < 0)
		/* the next edit builds them anew */
		return r == -ESTALE ? 0 : r;
	for (i = 0; i < NK_PUB_MAPS; i++) {
		if (!nk_mapwriter_wants_compaction(p->map[i]))
			continue;
		/* without room the old file goes on serving */
		r = nk_mapwriter_compact(p->map[i]);
		if (r < 0 && r != -ENOSPC)
			return r;
	}
	return 0;
}

/* A bite off the audit log's end, as a transaction of its own. */
static int
tidy_audit(struct nk_publisher *p)
{
	const struct nk_audit_limits limits = {
		.before = (int64_t)time(NULL) -
		    (int64_t)p->conf->audit_days * SECONDS_A_DAY,
		.rows = p->conf->audit_rows,
		.bytes = (int64_t)p->conf->audit_size << 20,
		.fresh = NK_TIDY_FRESH,
	};
	int64_t n = 0;
	int r;

	if ((r = nk_store_begin(p->store)) < 0)
		return r;
	if ((r = nk_audit_trim(p->store, &limits, NK_TIDY_BITE, &n)) == 0)
		r = nk_store_commit(p->store);
	else
		nk_store_rollback(p->store);
	if (r == 0)
		p->tidied = p->done;
	return r;
}

static int
tidy_locked(struct nk_publisher *p)
{
	int r = 0;

	if ((r = nk_publish_lock(p, NK_TIDY_WAIT_MS)) < 0)
		return r == -EAGAIN ? 0 : r;	/* another time */
	if (maps_are_due(p))
		r = tidy_maps(p);
	if (r == 0 && audit_is_due(p))
		r = tidy_audit(p);
	nk_publish_unlock(p);
	return r;
}

/* The checkpoint needs no lock of ours: others may edit meanwhile. */
int
nk_publisher_tidy(struct nk_publisher *p)
{
	int checkpoint, r = 0;

	if (p->lock != -1)
		return -EINVAL;
	if (!p->edited)
		return 0;
	p->edited = false;
	if (maps_are_due(p) || audit_is_due(p))
		r = tidy_locked(p);
	checkpoint = nk_store_checkpoint(p->store, p->conf->wal_limit);
	return r < 0 ? r : checkpoint;
}
