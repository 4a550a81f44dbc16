/* SPDX-License-Identifier: ISC */
#include "lib/backup/restore.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/backup/body.h"
#include "lib/backup/wrap.h"
#include "lib/keychain/keychain.h"
#include "lib/keychain/trial.h"

static int
refuse(struct nk_restore *rs, int r, const char *why)
{
	(void)snprintf(rs->why, sizeof(rs->why), "%s", why);
	return r;
}

/* The first fault will do. */
static void
report(void *arg, const char *what)
{
	struct nk_restore *rs = arg;

	if (rs->why[0] == '\0')
		(void)snprintf(rs->why, sizeof(rs->why), "%s", what);
}

/* ---- reading it ---- */

static int
read_file(struct nk_restore *rs, int fd, unsigned int seconds)
{
	const char *why = NULL;
	int r;

	if ((r = nk_backup_take_head(fd, seconds, &rs->head, &why)) == 0 &&
	    rs->head.schema > nk_store_version_known()) {
		why = "its store is newer than this naskeys: update it first";
		r = -ENOTSUP;
	}
	if (r == 0 && (r = nk_backup_copy_make(rs->state, ".restore",
	    &rs->copy)) == 0)
		r = nk_backup_take_body(fd, seconds, rs->copy.lock,
		    &rs->head, &why);
	return why != NULL ? refuse(rs, r, why) : r;
}

/* Is it the store that the head speaks of? */
static int
check_identity(struct nk_restore *rs)
{
	char id[NK_SEALKEY_ID + 1] = "";
	uint8_t store_id[16];
	int r;

	if ((r = nk_store_id(rs->store, store_id)) < 0)
		return refuse(rs, r, "its store has no id");
	r = nk_store_seal_key_get(rs->store, id, sizeof(id));
	if (r < 0 && r != -ENOENT)
		return refuse(rs, r, "its store does not say which key its "
		    "secrets are sealed with");
	if (memcmp(store_id, rs->head.store_id, sizeof(store_id)) != 0 ||
	    strcmp(id, rs->head.seal_id) != 0)
		return refuse(rs, -EBADMSG, "its first part is of another "
		    "store");
	return 0;
}

static int
open_store(struct nk_restore *rs)
{
	int r;

	r = nk_store_open(&rs->store, rs->copy.path, NK_STORE_WRITE);
	if (r == -ENOTSUP)
		return refuse(rs, r, "its store is newer than this naskeys: "
		    "update it first");
	if (r == -EBADMSG || r == -ENOENT)
		return refuse(rs, -EBADMSG, "there is no store in it");
	if (r < 0 || (r = check_identity(rs)) < 0)
		return r;
	if ((r = nk_store_verify(rs->store, report, rs)) < 0)
		return rs->why[0] != '\0' ? -EBADMSG : r;
	return nk_store_tally(rs->store, &rs->tally);
}

/* ---- its secrets ---- */

/*
 * Who gives a passphrase wants the file that was made under it, which the
 * tag proves; one without a tag could be anybody's.
 */
static int
find_key(struct nk_restore *rs, const char *passphrase)
{
	int r;

	rs->key_from = NK_RESTORE_KEY_NONE;
	if (passphrase != NULL && rs->head.kind != NK_BACKUP_KEY_WRAPPED)
		return refuse(rs, -EBADMSG, "a passphrase is given, and it "
		    "has no key under one; give none if you know who made it");
	if (rs->head.seal_id[0] == '\0')
		return 0;
	rs->key_from = NK_RESTORE_KEY_BACKUP;
	if ((r = nk_backup_unwrap(&rs->head, passphrase, &rs->key)) == 0)
		return 0;
	if (r == -EBADMSG)
		return refuse(rs, r, "the sealing key in it is another one");
	if (r != -ENOENT)
		return r;
	/* whatever stands there: what is in force is not to be changed */
	rs->key_from = NK_RESTORE_KEY_MISSING;
	if (nk_sealkey_load(&rs->key, rs->state->seal_key, NULL) == 0 &&
	    strcmp(rs->key.id, rs->head.seal_id) == 0)
		rs->key_from = NK_RESTORE_KEY_MACHINE;
	else
		nk_sealkey_clear(&rs->key);
	return 0;
}

static int
try_key(struct nk_restore *rs)
{
	struct nk_keychain kc;
	int r;

	if (rs->key_from != NK_RESTORE_KEY_BACKUP &&
	    rs->key_from != NK_RESTORE_KEY_MACHINE)
		return 0;
	nk_keychain_init(&kc, rs->store, rs->state->seal_key);
	kc.key = rs->key;		/* lent to it */
	r = nk_keychain_try_all(&kc, report, rs);
	return r < 0 && rs->why[0] != '\0' ? -EBADMSG : r;
}

int
nk_restore_read(struct nk_restore *rs, const struct nk_state *state, int fd,
    unsigned int seconds, const char *passphrase)
{
	int r;

	*rs = (struct nk_restore){ .state = state,
	    .copy = NK_BACKUP_COPY_NONE, .key = NK_SEALKEY_NONE };
	if ((r = read_file(rs, fd, seconds)) < 0 ||
	    (r = find_key(rs, passphrase)) < 0 ||
	    (r = open_store(rs)) < 0)
		return r;
	return try_key(rs);
}

void
nk_restore_clear(struct nk_restore *rs)
{
	nk_store_close(rs->store);
	rs->store = NULL;
	nk_backup_copy_remove(&rs->copy);
	nk_backup_head_clear(&rs->head);
	nk_sealkey_clear(&rs->key);
}

/* ---- putting it in force ---- */

struct apply {
	struct nk_restore	*rs;
	int			(*audit)(struct nk_store *s, void *arg);
	void			*arg;
};

/* What the new store takes over from the one that is there. */
static int
succeed(struct apply *a, struct nk_store *old)
{
	struct nk_store *s = a->rs->store;
	int r;

	if ((r = nk_store_begin(s)) < 0)
		return r;
	if ((r = nk_store_succeed(s, old, &a->rs->revoked)) < 0 ||
	    (r = a->audit(s, a->arg)) < 0) {
		nk_store_rollback(s);
		return r;
	}
	return nk_store_commit(s);
}

/*
 * Lay the new key beside the old one, unless it is the old one.  A rotation
 * that was killed is completed first, since its key is in force.
 */
static int
prepare_key(struct nk_restore *rs, struct nk_store *old, bool *preparedp)
{
	struct nk_sealkey now = NK_SEALKEY_NONE;
	char id[NK_SEALKEY_ID + 1];
	bool same;
	int r;

	*preparedp = false;
	if (rs->key_from != NK_RESTORE_KEY_BACKUP)
		return 0;
	if (nk_store_seal_key_get(old, id, sizeof(id)) == 0)
		r = nk_sealkey_load(&now, rs->state->seal_key, id);
	else
		r = -ENOENT;
	if (r < 0)
		r = nk_sealkey_load(&now, rs->state->seal_key, NULL);
	same = r == 0 && strcmp(now.id, rs->key.id) == 0;
	nk_sealkey_clear(&now);
	if (same)
		return 0;
	r = nk_sealkey_prepare(&rs->key, rs->state->seal_key);
	*preparedp = r == 0;
	return r;
}

static int
replace(struct nk_store *old, void *arg)
{
	struct apply *a = arg;
	struct nk_restore *rs = a->rs;
	bool prepared;
	int r, s;

	if ((r = succeed(a, old)) < 0 ||
	    (r = prepare_key(rs, old, &prepared)) < 0)
		return r;
	if ((r = nk_store_replace(old, rs->store)) < 0) {
		if (prepared && (s = nk_sealkey_abandon(
		    rs->state->seal_key)) < 0)
			r = s;
		return r;
	}
	/* where it fails, who next needs the key makes up for it */
	if (prepared && (s = nk_sealkey_install(rs->state->seal_key)) < 0)
		(void)s;
	return 0;
}

int
nk_restore_apply(struct nk_restore *rs, struct nk_publisher *p,
    int (*audit)(struct nk_store *s, void *arg), void *arg)
{
	struct apply a = { rs, audit, arg };

	return nk_publisher_replace(p, replace, &a);
}
