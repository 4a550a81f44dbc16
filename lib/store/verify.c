/* SPDX-License-Identifier: ISC */

/*
 * What no constraint of a table can say, and what a table that was changed
 * behind our back may no longer hold.
 */

#include <errno.h>
#include <stdio.h>

#include "lib/store/connections.h"
#include "lib/store/apikeys.h"
#include "lib/store/consumers.h"
#include "lib/store/internal.h"
#include "lib/store/keyfiles.h"
#include "lib/store/revoked.h"

#define ROWS_MAX	20	/* reported for each invariant */

/* sql selects the ids of the rows that break the invariant. */
static const struct {
	const char	*what;		/* before the id */
	const char	*fault;		/* after it */
	const char	*sql;
} invariants[] = {
	{ "user row", "must be root, unmanaged, uid 0",
	  "SELECT 1 FROM (SELECT COUNT(*) AS n FROM users WHERE id = 1"
	  " AND managed = 0 AND builtin = 1 AND uid = 0) AS r"
	  " WHERE r.n <> 1" },
	{ "group row", "must be builtin",
	  "SELECT 1 FROM (SELECT COUNT(*) AS n FROM groups WHERE id = 1"
	  " AND builtin = 1) AS r WHERE r.n <> 1" },
	{ "user row", "is managed but not in the managed group, or uid 0",
	  "SELECT id FROM users WHERE managed = 1"
	  " AND (in_managed_group = 0 OR uid = 0)" },
	{ "user row", "has a name, hash or generation that cannot be",
	  "SELECT id FROM users WHERE name = '' OR hash = ''"
	  " OR generation < 1 OR name LIKE '%/%' OR name LIKE '%:%'"
	  " OR name LIKE '-%'" },
	{ "user row", "has the name of another one",
	  "SELECT MAX(id) FROM users GROUP BY name HAVING COUNT(*) > 1" },
	{ "user row", "is managed and has the uid of another managed one",
	  "SELECT MAX(id) FROM users WHERE managed = 1 GROUP BY uid"
	  " HAVING COUNT(*) > 1" },
	{ "user row", "has a primary group that is not there",
	  "SELECT id FROM users WHERE group_id IS NOT NULL"
	  " AND group_id NOT IN (SELECT id FROM groups)" },
	{ "group row", "has the name or gid of another one",
	  "SELECT MAX(id) FROM groups GROUP BY name HAVING COUNT(*) > 1"
	  " UNION SELECT MAX(id) FROM groups GROUP BY gid"
	  " HAVING COUNT(*) > 1" },
	{ "user row", "is not there but a member of a group",
	  "SELECT DISTINCT user_id FROM members"
	  " WHERE user_id NOT IN (SELECT id FROM users)" },
	{ "group row", "is not there but has members",
	  "SELECT DISTINCT group_id FROM members"
	  " WHERE group_id NOT IN (SELECT id FROM groups)" },
	{ "user row", "is not there but has keys",
	  "SELECT DISTINCT user_id FROM keys"
	  " WHERE user_id NOT IN (SELECT id FROM users)" },
	{ "user row", "has two key lines at one position",
	  "SELECT user_id FROM keys GROUP BY user_id, position"
	  " HAVING COUNT(*) > 1" },
	{ "key row", "lacks a type, blob or fingerprint",
	  "SELECT id FROM keys WHERE kind = 0 AND (type IS NULL"
	  " OR blob IS NULL OR fingerprint IS NULL)" },
	{ "change", "in the journal is out of its bounds",
	  "SELECT seq FROM journal WHERE"
	  " seq > (SELECT value FROM counters WHERE name = 'change') OR"
	  " seq <= (SELECT value FROM counters WHERE name = 'trimmed')" },
	{ "user row", "has an id that was not given yet",
	  "SELECT id FROM users WHERE id >"
	  " (SELECT value FROM counters WHERE name = 'user')" },
	{ "group row", "has an id that was not given yet",
	  "SELECT id FROM groups WHERE id >"
	  " (SELECT value FROM counters WHERE name = 'group')" },
	{ "key row", "has an id that was not given yet",
	  "SELECT id FROM keys WHERE id >"
	  " (SELECT value FROM counters WHERE name = 'key')" },
	{ "credential row", "has an id that was not given yet",
	  "SELECT id FROM credentials WHERE id >"
	  " (SELECT value FROM counters WHERE name = 'credential')" },
	{ "credential row", "has the name of another one",
	  "SELECT MAX(id) FROM credentials GROUP BY name"
	  " HAVING COUNT(*) > 1" },
	{ "credential row", "is sealed, but with no key that is known",
	  "SELECT id FROM credentials WHERE sealed IS NOT NULL AND NOT EXISTS"
	  " (SELECT 1 FROM properties WHERE name = 'seal_key')" },
	{ "connection row", "is that of no credential",
	  "SELECT id FROM connections WHERE id NOT IN"
	  " (SELECT id FROM credentials WHERE type = 1)" },
	{ "connection row", "is missing",
	  "SELECT id FROM credentials WHERE type = 1"
	  " AND id NOT IN (SELECT id FROM connections)" },
	{ "connection row", "has a keypair that is not there",
	  "SELECT id FROM connections WHERE keypair_id NOT IN"
	  " (SELECT id FROM credentials WHERE type = 0)" },
	{ "connection row", "is on its way to a keypair that is not there",
	  "SELECT connection_id FROM rotations WHERE connection_id NOT IN"
	  " (SELECT id FROM connections) OR keypair_id NOT IN"
	  " (SELECT id FROM credentials WHERE type = 0)" },
	{ "consumer row", "has a credential that is not there",
	  "SELECT id FROM consumers WHERE credential_id IS NOT NULL"
	  " AND credential_id NOT IN (SELECT id FROM credentials)" },
	{ "consumer row", "has an id that was not given yet",
	  "SELECT id FROM consumers WHERE id >"
	  " (SELECT value FROM counters WHERE name = 'consumer')" },
	{ "host key row", "has an id that was not given yet",
	  "SELECT id FROM sshd_keys WHERE id >"
	  " (SELECT value FROM counters WHERE name = 'sshd_key')" },
	{ "host key row", "has no private half, or has one as a certificate",
	  "SELECT id FROM sshd_keys WHERE (sealed IS NULL) <>"
	  " (certificate = 1)" },
	{ "user row", "is not there but has a second factor",
	  "SELECT user_id FROM otp"
	  " WHERE user_id NOT IN (SELECT id FROM users)" },
	{ "user row", "has a second factor without seed or recovery codes",
	  "SELECT user_id FROM otp WHERE seed IS NULL OR recovery IS NULL" },
	{ "user row", "has a second factor, sealed with no key that is known",
	  "SELECT user_id FROM otp WHERE NOT EXISTS"
	  " (SELECT 1 FROM properties WHERE name = 'seal_key')" },
	{ "API key row", "has an id that was not given yet",
	  "SELECT id FROM api_keys WHERE id >"
	  " (SELECT value FROM counters WHERE name = 'api_key')" },
	{ "API key row", "has a number that was not given yet",
	  "SELECT id FROM api_keys WHERE number >"
	  " (SELECT value FROM counters WHERE name = 'api_key_number')" },
	{ "API key row", "is of a user who is not there",
	  "SELECT id FROM api_keys WHERE user_id <> 0"
	  " AND user_id NOT IN (SELECT id FROM users)" },
	{ "keyfile row", "has an id that was not given yet",
	  "SELECT id FROM keyfile_homes WHERE id >"
	  " (SELECT value FROM counters WHERE name = 'keyfile_home')" },
	{ "keyfile row", "is not there but has lines",
	  "SELECT DISTINCT home_id FROM keyfile_lines"
	  " WHERE home_id NOT IN (SELECT id FROM keyfile_homes)" },
	{ "user row", "has a central file of another uid, or should not",
	  "SELECT c.user_id FROM keyfile_central AS c WHERE NOT EXISTS"
	  " (SELECT 1 FROM users AS u WHERE u.id = c.user_id"
	  " AND u.uid = c.uid AND u.keyfile_mode <> 0)" },
	{ "user row", "should have a central file",
	  "SELECT id FROM users WHERE keyfile_mode = 2"
	  " AND id NOT IN (SELECT user_id FROM keyfile_central)" },
	{ "audit row", "has an id that was not given yet",
	  "SELECT id FROM audit WHERE id >"
	  " (SELECT value FROM counters WHERE name = 'audit')" },
	{ "counter of audit rows, off by", "",
	  "SELECT value - (SELECT COUNT(*) FROM audit) FROM counters"
	  " WHERE name = 'audit_rows'"
	  " AND value <> (SELECT COUNT(*) FROM audit)" },
	{ "counter of audit bytes, off by", "",
	  "SELECT c.value - a.bytes FROM counters AS c, (SELECT"
	  " COALESCE(SUM(" NK_AUDIT_SIZE "), 0) AS bytes FROM audit"
	  " WHERE id <= (SELECT value FROM counters"
	  " WHERE name = 'audit_counted')) AS a"
	  " WHERE c.name = 'audit_bytes' AND c.value <> a.bytes" },
	/* its removal and its revocation are one transaction */
	{ "key", "is revoked, and still authorises",
	  "SELECT k.id FROM keys AS k, revoked AS r"
	  " WHERE r.fingerprint = k.fingerprint" },
	/* each id in use lies in a span, and spans hold nothing else */
	{ "uid", "is in use but in no span",
	  "SELECT uid FROM users WHERE NOT EXISTS (SELECT 1 FROM spans"
	  " WHERE kind = 0 AND first_id = (SELECT MAX(first_id) FROM spans"
	  " WHERE kind = 0 AND first_id <= uid) AND last_id >= uid)" },
	{ "gid", "is in use but in no span",
	  "SELECT gid FROM groups WHERE NOT EXISTS (SELECT 1 FROM spans"
	  " WHERE kind = 1 AND first_id = (SELECT MAX(first_id) FROM spans"
	  " WHERE kind = 1 AND first_id <= gid) AND last_id >= gid)" },
	{ "uids in spans above those in use:", "",
	  "SELECT s.n - u.n FROM (SELECT SUM(last_id - first_id + 1) AS n"
	  " FROM spans WHERE kind = 0) AS s,"
	  " (SELECT COUNT(DISTINCT uid) AS n FROM users) AS u"
	  " WHERE s.n IS DISTINCT FROM u.n" },
	{ "gids in spans above those in use:", "",
	  "SELECT s.n - u.n FROM (SELECT SUM(last_id - first_id + 1) AS n"
	  " FROM spans WHERE kind = 1) AS s,"
	  " (SELECT COUNT(*) AS n FROM groups) AS u"
	  " WHERE s.n IS DISTINCT FROM u.n" },
};

static int
check_invariant(struct nk_store *s, size_t i,
    void (*report)(void *arg, const char *what), void *arg)
{
	struct nk_stmt *st;
	char line[160];
	int faults = 0, r;

	if ((r = nk_db_stmt(s->db, invariants[i].sql, &st)) < 0)
		return r;
	while (faults < ROWS_MAX && (r = nk_stmt_step(st)) == 1) {
		(void)snprintf(line, sizeof(line), "%s %lld%s%s",
		    invariants[i].what, (long long)nk_stmt_int(st, 0,
		    INT64_MIN, INT64_MAX),
		    invariants[i].fault[0] == '\0' ? "" : " ",
		    invariants[i].fault);
		report(arg, line);
		faults++;
	}
	nk_stmt_end(st);
	return faults > 0 ? -EBADMSG : r;
}

/* Every row is read, so that what no row may hold is found. */
static int
read_user(void *arg, const struct nk_user *u)
{
	int64_t *last = arg;

	*last = u->id;
	return 0;
}

static int
read_group(void *arg, const struct nk_group *g)
{
	int64_t *last = arg;

	*last = g->id;
	return 0;
}

static int
read_key(void *arg, const struct nk_key *k)
{
	int64_t *last = arg;

	*last = k->id;
	return 0;
}

/* With what else there is of a connection. */
struct credentials {
	struct nk_store	*s;
	int64_t		*last;
};

static int
read_credential(void *arg, const struct nk_credential *c)
{
	struct credentials *cs = arg;
	struct nk_connection row;
	struct nk_rotation ro;
	int r;

	if (c->type == NK_CREDENTIAL_CONNECTION) {
		r = nk_connection_get(cs->s, c->id, &row);
		nk_connection_clear(&row);
		if (r == 0)
			r = nk_rotation_get(cs->s, c->id, &ro);
		if (r < 0 && r != -ENOENT)	/* an invariant says so */
			return r;
	}
	*cs->last = c->id;
	return 0;
}

static int
read_consumer(void *arg, const struct nk_consumer *c)
{
	int64_t *last = arg;

	*last = c->id;
	return 0;
}

static int
read_otp(void *arg, const struct nk_otp *o)
{
	int64_t *last = arg;

	*last = o->user_id;
	return 0;
}

static int
read_api_key(void *arg, const struct nk_api_key *k)
{
	int64_t *last = arg;

	*last = k->id;
	return 0;
}

/* These have no number: it is how many there were. */
static int
read_revoked(void *arg, const struct nk_revoked *row)
{
	int64_t *last = arg;

	(void)row;
	(*last)++;
	return 0;
}

static int
read_keyfile(void *arg, const struct nk_keyfile_home *h)
{
	int64_t *last = arg;

	*last = h->id;
	return 0;
}

static int
read_central(void *arg, int64_t user_id, uint32_t uid)
{
	int64_t *last = arg;

	(void)uid;
	*last = user_id;
	return 0;
}

static int
read_audit(void *arg, const struct nk_audit *a)
{
	int64_t *last = arg;

	*last = a->id;
	return 0;
}

/* Walk all rows of a kind; *lastp is the last one that could be read. */
static int
walk_rows(struct nk_store *s, int kind, int64_t *lastp)
{
	*lastp = 0;
	switch (kind) {
	case 0:
		return nk_user_each(s, 0, read_user, lastp);
	case 1:
		return nk_group_each(s, 0, read_group, lastp);
	case 2:
		return nk_key_each(s, read_key, lastp);
	case 3:
		return nk_credential_each(s, 0, read_credential,
		    &(struct credentials){ s, lastp });
	case 4:
		return nk_otp_each(s, 0, read_otp, lastp);
	case 5:
		return nk_revoked_each(s, read_revoked, lastp);
	case 6:
		return nk_keyfile_home_each(s, 0, false, read_keyfile,
		    lastp);
	case 7:
		return nk_keyfile_central_each(s, read_central, lastp);
	case 8:
		return nk_consumer_each(s, 0, 0, read_consumer, lastp);
	case 9:
		return nk_api_key_each(s, 0, read_api_key, lastp);
	default:
		return nk_audit_each(s, 0, 0, read_audit, lastp);
	}
}

static int
check_rows(struct nk_store *s, void (*report)(void *arg, const char *what),
    void *arg)
{
	static const char *const kinds[] = { "user", "group", "key",
	    "credential", "otp", "revoked key's", "keyfile",
	    "central file's", "consumer", "API key", "audit" };
	char line[160];
	uint8_t id[16];
	int64_t last;
	int faults, kind, r;

	if ((faults = nk_store_id(s, id)) < 0)
		report(arg, "the store's id is missing");
	for (kind = 0; kind < 11; kind++) {
		if ((r = walk_rows(s, kind, &last)) == 0)
			continue;
		(void)snprintf(line, sizeof(line), "the %s row after row %lld"
		    " cannot be read", kinds[kind], (long long)last);
		report(arg, line);
		faults = r;
	}
	return faults;
}

int
nk_store_verify(struct nk_store *s,
    void (*report)(void *arg, const char *what), void *arg)
{
	size_t i;
	int faults, r;

	if ((r = nk_store_read_begin(s)) < 0)
		return r;
	if ((faults = nk_schema_verify(s->db)) < 0)
		report(arg, "the tables are not defined as naskeys does it");
	r = nk_db_check(s->db, report, arg);
	if (faults == 0)
		faults = r;
	r = check_rows(s, report, arg);
	if (faults == 0)
		faults = r;
	for (i = 0; i < sizeof(invariants) / sizeof(invariants[0]); i++) {
		r = check_invariant(s, i, report, arg);
		if (r < 0 && r != -EBADMSG)
			report(arg, nk_db_error(s->db));
		if (faults == 0)
			faults = r;
	}
	nk_store_read_end(s);
	return faults;
}
