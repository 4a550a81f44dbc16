/* SPDX-License-Identifier: ISC */
/*
 * A key is printed only if all of this holds:
 *
 *  1. accounts.map has the name, byte for byte.
 *  2. The account is neither locked nor expired, nor one whose uid was
 *     changed elsewhere.
 *  3. The uid that sshd will log in is the account's.
 *  4. The key belongs to the account's row and generation.
 *  5. After the keys were read, the account still is what it was: a lock
 *     published between the two is seen.
 *  6. The line has not expired, and could accept the key that was offered.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "helper/authorized-keys/collect.h"
#include "helper/authorized-keys/report.h"
#include "lib/map/reader.h"

#define MAPS_DIR	NK_RUNSTATEDIR "/naskeys/maps/"
#define TRIES		8	/* maps or accounts that change under us */

static const char accounts_path[] = MAPS_DIR NK_MAP_ACCOUNTS;
static const char keys_path[] = MAPS_DIR NK_MAP_KEYS;

/* Read at most once; most accounts and keys never ask for it. */
struct clock {
	int64_t	now;		/* 0: not read yet */
};

static bool
has_expired(int64_t expires_at, struct clock *c)
{
	struct timespec ts;

	if (expires_at == NK_NEVER)
		return false;
	if (c->now == 0) {
		if (clock_gettime(CLOCK_REALTIME, &ts) == -1)
			return true;
		c->now = ts.tv_sec;
	}
	return expires_at <= c->now;
}

static bool
equals(const char *text, size_t len, const char *word)
{
	return strlen(word) == len && memcmp(text, word, len) == 0;
}

static bool
is_certificate(const char *type)
{
	static const char suffix[] = "-cert-v01@openssh.com";
	size_t len = strlen(type);

	return len >= sizeof(suffix) - 1 &&
	    strcmp(type + len - (sizeof(suffix) - 1), suffix) == 0;
}

/* A cert-authority line accepts certificates and nothing else. */
static bool
is_of_interest(const struct nk_request *q, uint32_t flags)
{
	if (q->type == NULL)
		return true;
	return is_certificate(q->type) ==
	    ((flags & NK_KEY_CERT_AUTHORITY) != 0);
}

/* Public keys are no secrets: plain comparison. */
static bool
could_accept(const struct nk_request *q, const struct nk_map_keyline *l)
{
	if (!is_of_interest(q, l->flags))
		return false;
	if (q->type == NULL || (l->flags & NK_KEY_CERT_AUTHORITY) != 0)
		return true;
	return equals(l->type, l->type_len, q->type) &&
	    equals(l->blob, l->blob_len, q->blob);
}

/*
 * What is read from the maps, one thing after another; in one place, since
 * each page of memory that a program touches costs its start.  A common
 * symbol lies behind all other data, so that its beginning, which is all
 * that most records fill, shares their page.
 */
union nk_scratch {
	struct nk_map_user	user;
	struct nk_map_keyset	keyset;
};

union nk_scratch nk_scratch __attribute__((common));

/* What is known of the account while its keys are looked for. */
struct account {
	uint64_t	row;
	uint64_t	generation;
	int64_t		expires_at;
	uint32_t	uid;
	uint32_t	flags;
};

/* Most lines fit into what is left; more is asked for when one does not. */
static int
read_line(const struct nk_view *v, uint32_t unit, uint64_t row,
    struct nk_output *o, struct nk_map_keyline *l)
{
	char *place = NULL;
	size_t left = nk_output_left(o, &place);
	int r = -ERANGE;

	if (left > 0)
		r = nk_map_keyline_at(v, unit, row, place, left, l);
	if (r != -ERANGE)
		return r;
	if ((r = nk_output_room(o, NK_RECORD_MAX, &place)) < 0)
		return r;
	return nk_map_keyline_at(v, unit, row, place, NK_RECORD_MAX, l);
}

static int
collect_line(const struct nk_view *v, uint32_t unit, uint64_t row,
    const struct nk_request *q, struct clock *c, struct nk_output *o)
{
	struct nk_map_keyline l;
	int r;

	if ((r = read_line(v, unit, row, o, &l)) < 0)
		return r;
	if (!could_accept(q, &l) || has_expired(l.expires_at, c))
		return 0;
	nk_output_append(o, l.text, l.text_len);
	nk_output_append(o, "\n", 1);	/* there was a header before it */
	return 0;
}

/*
 * The lines of the account.  A line that is not there belongs to a set that
 * was changed just now: -EAGAIN, as when the whole set does.
 */
static int
collect_lines(const struct nk_view *v, const struct account *a,
    const struct nk_request *q, struct clock *c, struct nk_map_keyset *k,
    struct nk_output *o)
{
	uint32_t i;
	int r;

	if ((r = nk_map_keyset_find(v, a->row, a->generation, k)) < 0)
		return r;
	for (i = 0; i < k->count; i++) {
		if (!is_of_interest(q, k->entries[i].flags))
			continue;
		r = collect_line(v, k->entries[i].unit, a->row, q, c, o);
		if (r == -EIO || r == -ENOENT)
			return -EAGAIN;
		if (r < 0)
			return r;
	}
	return 0;
}

static int
read_keys(const struct account *a, const struct nk_request *q,
    struct clock *c, struct nk_map_keyset *k, struct nk_output *o)
{
	struct nk_view v;
	int r;

	if ((r = nk_view_open(&v, AT_FDCWD, keys_path, NK_MAP_KIND_KEYS,
	    NK_VIEW_ONCE)) < 0) {
		nk_report(LOG_ERR, q->user, keys_path, strerror(-r));
		return r == -ENOENT ? -EIO : r;
	}
	r = collect_lines(&v, a, q, c, k, o);
	if (r < 0)		/* else the end of the program does it */
		nk_view_close(&v);
	return r;
}

/*
 * May the account's keys be given out?  *chainp: may another source be
 * asked?
 */
static bool
may_log_in(const struct account *u, const struct nk_request *q,
    struct clock *c, bool *chainp)
{
	bool managed = (u->flags & NK_USER_MANAGED) != 0;

	*chainp = false;
	if ((u->flags & NK_USER_UID_MISMATCH) != 0) {
		nk_report(LOG_NOTICE, q->user, "refused: the account's uid "
		    "was changed elsewhere", NULL);
		return false;
	}
	if ((u->flags & NK_USER_LOCKED) != 0 || has_expired(u->expires_at, c))
		return false;
	if (q->has_uid && q->uid != u->uid) {
		nk_report(LOG_NOTICE, q->user, "refused: sshd's uid is not "
		    "the account's", NULL);
		return false;
	}
	if (managed && u->uid == 0) {
		nk_report(LOG_ERR, q->user, "refused: it has the uid of root",
		    NULL);
		return false;
	}
	*chainp = !managed;
	return true;
}

static int
find_account(const struct nk_view *v, const struct nk_request *q,
    struct nk_map_user *u, struct account *a)
{
	int r;

	if ((r = nk_map_user_by_name(v, q->user, strlen(q->user), u)) < 0)
		return r;
	*a = (struct account){ .row = u->row, .generation = u->generation,
	    .expires_at = u->expires_at, .uid = u->uid, .flags = u->flags };
	return 0;
}

/* Is the account what it was when its keys were looked for? */
static int
check_again(const struct nk_view *v, const struct nk_request *q,
    struct nk_map_user *u, const struct account *a)
{
	struct account now;
	int r;

	if ((r = nk_view_check(v, AT_FDCWD, accounts_path)) < 0)
		return r;
	if ((r = find_account(v, q, u, &now)) < 0)
		return r == -ENOENT ? -EAGAIN : r;
	return now.row == a->row && now.generation == a->generation &&
	    now.expires_at == a->expires_at && now.uid == a->uid &&
	    now.flags == a->flags ? 0 : -EAGAIN;
}

static int
collect_from(const struct nk_view *v, const struct nk_request *q,
    struct clock *c, struct nk_output *o, bool *chainp)
{
	union nk_scratch *s = &nk_scratch;
	struct account a;
	int r;

	*chainp = false;
	r = find_account(v, q, &s->user, &a);
	if (r == -ENOENT) {
		*chainp = true;
		return 0;
	}
	if (r < 0)
		return r;
	if (!may_log_in(&a, q, c, chainp))
		return 0;
	r = read_keys(&a, q, c, &s->keyset, o);
	if (r < 0 && r != -ENOENT)	/* no keys: if nothing has changed */
		return r;
	return check_again(v, q, &s->user, &a);
}

int
nk_collect(const struct nk_request *q, struct nk_output *o, bool *chainp)
{
	struct clock c = { 0 };
	struct nk_view v;
	int r = -EIO, tries;

	for (tries = 0; tries < TRIES; tries++) {
		o->len = 0;
		if ((r = nk_view_open(&v, AT_FDCWD, accounts_path,
		    NK_MAP_KIND_ACCOUNTS, NK_VIEW_PREAD)) < 0)
			break;
		r = collect_from(&v, q, &c, o, chainp);
		if (r != -ESTALE && r != -EAGAIN)
			break;	/* and all is closed with the program */
		nk_view_close(&v);
	}
	if (r < 0)
		nk_report(LOG_ERR, q->user, "no answer from the maps in "
		    MAPS_DIR, strerror(-r));
	return r;
}
