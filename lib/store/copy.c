/* SPDX-License-Identifier: ISC */
#include "lib/store/copy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/store/apikeys.h"
#include "lib/store/dbfile.h"
#include "lib/store/internal.h"
#include "lib/store/keyfiles.h"
#include "lib/store/revoked.h"
#include "lib/store/ssh_service.h"

int
nk_store_copy(struct nk_store *s, const char *path)
{
	const struct nk_db_options options = {
		.busy_ms = NK_STORE_BUSY_MS,
		.cache_kib = NK_STORE_CACHE_KIB,
	};
	struct nk_db *to = NULL;
	char *real = NULL;
	int r;

	if ((r = nk_dbfile_prepare(path, false, &real)) < 0)
		return r;
	if ((r = nk_db_open(&to, real, &options)) == 0)
		r = nk_db_copy(to, s->db);
	nk_db_close(to);
	free(real);
	return r;
}

int
nk_store_replace(struct nk_store *s, struct nk_store *from)
{
	int r;

	if (s->writing || s->readers > 0 || from->writing ||
	    from->readers > 0)
		return -EINVAL;
	if ((r = nk_db_copy(s->db, from->db)) < 0)
		nk_store_void(s);
	nk_counters_forget(s);
	nk_notes_forget(s);
	nk_user_forget(s);
	return r;
}

int
nk_store_version(struct nk_store *s, uint32_t *versionp)
{
	int64_t application, version;
	bool empty;
	int r;

	if ((r = nk_db_get_version(s->db, &application, &version,
	    &empty)) < 0)
		return r;
	if (version < 1 || version > UINT32_MAX)
		return -EBADMSG;
	*versionp = (uint32_t)version;
	return 0;
}

uint32_t
nk_store_version_known(void)
{
	return (uint32_t)nk_nmigrations;
}

int
nk_store_tally(struct nk_store *s, struct nk_tally *t)
{
	const struct {
		const char	*sql;
		int64_t		*np;
	} rows[] = {
		{ "SELECT COUNT(*) FROM users", &t->users },
		{ "SELECT COUNT(*) FROM groups", &t->groups },
		{ "SELECT COUNT(*) FROM keys WHERE fingerprint IS NOT NULL",
		    &t->keys },
		{ "SELECT COUNT(*) FROM credentials WHERE type = 0",
		    &t->keypairs },
		{ "SELECT COUNT(*) FROM credentials WHERE type = 1",
		    &t->connections },
		{ "SELECT COUNT(*) FROM otp", &t->factors },
		{ "SELECT COUNT(*) FROM sshd_keys WHERE certificate = 0",
		    &t->host_keys },
		{ "SELECT COUNT(*) FROM revoked", &t->revoked },
	};
	size_t i;
	int r;

	if ((r = nk_store_read_begin(s)) < 0)
		return r;
	for (i = 0; r == 0 && i < sizeof(rows) / sizeof(rows[0]); i++)
		r = nk_db_get(s->db, rows[i].sql, 0, NULL, rows[i].np);
	nk_store_read_end(s);
	return r;
}

/* ---- what the new one takes over from the old ---- */

struct heir {
	struct nk_store	*s, *old;
	bool		 same;		/* is it an older copy of old? */
	int64_t		 revoked;	/* that it had not */
	int64_t		 home;		/* whose lines are taken over */
	struct nk_keyfile_homes homes;	/* all of them */
};

static int
take_counter(struct heir *h, enum nk_counter c, int64_t more)
{
	int64_t mine, theirs;
	int r;

	if ((r = nk_counter_get(h->s, c, &mine)) < 0 ||
	    (r = nk_counter_get(h->old, c, &theirs)) < 0)
		return r;
	if (theirs > mine)
		mine = theirs;
	if (mine == 0)		/* there was never one */
		return 0;
	return mine > INT64_MAX - more ? -EOVERFLOW :
	    nk_counter_set(h->s, c, mine + more);
}

/* What nobody has had yet, and what every reader takes for news. */
static int
take_counters(struct heir *h)
{
	static const enum nk_counter ids[] = { NK_COUNTER_USER,
	    NK_COUNTER_GROUP, NK_COUNTER_KEY, NK_COUNTER_CREDENTIAL,
	    NK_COUNTER_KEYFILE_HOME, NK_COUNTER_CONSUMER,
	    NK_COUNTER_SSHD_KEY, NK_COUNTER_API_KEY,
	    NK_COUNTER_API_KEY_NUMBER, NK_COUNTER_CHANGE };
	int64_t seq;
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < sizeof(ids) / sizeof(ids[0]); i++)
		r = take_counter(h, ids[i], 0);
	if (r == 0 && (r = take_counter(h, NK_COUNTER_REVOKED, 1)) == 0 &&
	    (r = take_counter(h, NK_COUNTER_SUDO, 1)) == 0 &&
	    (r = nk_store_seq(h->s, &seq)) == 0)
		r = nk_store_changes_trim(h->s, seq);
	return r < 0 ? r : nk_change_note(h->s, NK_CHANGE_ALL, 0);
}

static int
take_generations(struct heir *h)
{
	int64_t most;
	int r;

	r = nk_db_get(h->old->db, "SELECT MAX(generation) FROM users", 0,
	    NULL, &most);
	if (r < 0)
		return r;
	nk_user_forget(h->s);
	if ((r = nk_db_run(h->s->db, "UPDATE users SET generation ="
	    " generation + $1", 1, &most, NULL)) < 0)
		return r;
	/* of accounts without a row it says nothing */
	return nk_db_run(h->s->db, "UPDATE api_keys SET generation ="
	    " generation + $1 WHERE user_id > 0", 1, &most, NULL);
}

static int
copy_api_key(void *arg, const struct nk_api_key *k)
{
	struct nk_api_key *copy = arg;

	*copy = *k;
	return 1;
}

/*
 * One that the old store has not, or no longer as that one, was taken away
 * there: who had it must not have it again.
 */
static int
take_api_keys(struct heir *h)
{
	struct nk_api_key k = { .id = 0 }, theirs;
	int r;

	while ((r = nk_api_key_each(h->s, k.id, copy_api_key, &k)) == 1) {
		r = nk_api_key_by_number(h->old, k.number, &theirs);
		if (r < 0 && r != -ENOENT)
			return r;
		if (k.revoked || (r == 0 && !theirs.revoked))
			continue;
		k.revoked = true;
		if ((r = nk_api_key_update(h->s, &k, false)) < 0)
			return r;
	}
	return r;
}

/* The key leaves its users, and whatever naskeys wrote into homes. */
static int
take_revoked(void *arg, const struct nk_revoked *row)
{
	struct nk_keys ks = { NULL, 0 };
	struct heir *h = arg;
	size_t i, n;
	int r;

	if ((r = nk_revoked_add(h->s, row)) < 0)
		return r == -EEXIST ? 0 : r;
	h->revoked++;
	if ((r = nk_keys_by_fingerprint(h->s, row->fingerprint, &ks)) < 0)
		return r;
	for (i = 0; r == 0 && i < ks.n; i++)
		if (i == 0 || ks.v[i].user_id != ks.v[i - 1].user_id)
			r = nk_keys_remove(h->s, ks.v[i].user_id,
			    row->fingerprint, &n);
	nk_keys_clear(&ks);
	for (i = 0; r == 0 && i < h->homes.n; i++)
		r = nk_keyfile_line_bury(h->s, h->homes.v[i].id,
		    row->fingerprint);
	return r;
}

static int
take_line(void *arg, const struct nk_keyfile_line *l)
{
	struct heir *h = arg;

	return nk_keyfile_line_add(h->s, h->home, l);
}

/*
 * What was written into a home is the new one's to take back.  Of another
 * store's user it is nobody's.
 */
static int
take_home(void *arg, const struct nk_keyfile_home *theirs)
{
	struct nk_keyfile_home *mine = NULL, row = *theirs;
	struct heir *h = arg;
	int r = -ENOENT;

	row.id = 0;
	row.pending = true;
	if (h->same)
		r = nk_keyfile_home_get(h->s, row.user_id, row.home, &mine);
	else if ((r = nk_counter_next(h->s, NK_COUNTER_USER,
	    &row.user_id)) == 0)
		r = -ENOENT;
	if (r == -ENOENT)
		r = nk_keyfile_home_put(h->s, &row);
	else if (r == 0)
		row.id = mine->id;
	nk_keyfile_home_free(mine);
	if (r < 0)
		return r;
	h->home = row.id;
	return nk_keyfile_lines_each(h->old, theirs->id, take_line, h);
}

static int
take_homes(struct heir *h)
{
	size_t i;
	int r;

	if ((r = nk_keyfile_home_each(h->old, 0, false, take_home, h)) < 0 ||
	    (r = nk_keyfile_homes_get(h->s, 0, false, &h->homes)) < 0)
		return r;
	for (i = 0; r == 0 && i < h->homes.n; i++) {
		h->homes.v[i].pending = true;
		r = nk_keyfile_home_put(h->s, &h->homes.v[i]);
	}
	return r;
}

/*
 * What waits for its confirmation is this machine's: without the row nobody
 * would put sshd's old files back.  A backup's own is nobody's.
 */
static int
take_pending(struct heir *h)
{
	struct nk_ssh_pending p;
	int r;

	if ((r = nk_db_run(h->s->db, "DELETE FROM ssh_pending", 0, NULL,
	    NULL)) < 0)
		return r;
	if ((r = nk_ssh_pending_get(h->old, &p)) < 0)
		return r == -ENOENT ? 0 : r;
	r = nk_ssh_pending_insert(h->s, &p);
	nk_ssh_pending_clear(&p);
	return r;
}

static int
take_audit(void *arg, const struct nk_audit *a)
{
	struct nk_audit row = *a;
	struct heir *h = arg;

	return nk_audit_add(h->s, &row);
}

int
nk_store_succeed(struct nk_store *s, struct nk_store *old,
    int64_t *revokedp)
{
	struct heir h = { .s = s, .old = old };
	uint8_t mine[16], theirs[16];
	int64_t last;
	int r;

	if ((r = nk_store_may_write(s)) < 0 ||
	    (r = nk_store_id(s, mine)) < 0 ||
	    (r = nk_store_id(old, theirs)) < 0 ||
	    (r = nk_counter_get(s, NK_COUNTER_AUDIT, &last)) < 0)
		return r;
	h.same = memcmp(mine, theirs, sizeof(mine)) == 0;
	if ((r = nk_store_read_begin(old)) < 0)
		return r;
	if ((r = take_counters(&h)) == 0 &&
	    (r = take_generations(&h)) == 0 &&
	    (r = take_homes(&h)) == 0 &&
	    (r = nk_revoked_each(old, take_revoked, &h)) == 0 &&
	    (r = take_pending(&h)) == 0 && h.same &&
	    (r = take_api_keys(&h)) == 0)
		r = nk_audit_each(old, last, 0, take_audit, &h);
	nk_store_read_end(old);
	nk_keyfile_homes_clear(&h.homes);
	*revokedp = h.revoked;
	return nk_store_half(s, r);
}
