/* SPDX-License-Identifier: ISC */
#include "lib/keychain/keychain.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/seal/seal.h"
#include "lib/store/sshd_keys.h"

#define CHUNK	256	/* rows sealed anew at a time */

void
nk_keychain_init(struct nk_keychain *kc, struct nk_store *store,
    const char *seal_key_path)
{
	*kc = (struct nk_keychain){
		.store = store, .path = seal_key_path,
		.key = NK_SEALKEY_NONE, .next = NK_SEALKEY_NONE,
	};
}

void
nk_keychain_clear(struct nk_keychain *kc)
{
	nk_sealkey_clear(&kc->key);
	nk_sealkey_clear(&kc->next);
}

/* The names are authenticated with each value: they never change. */
static int
place_of(struct nk_store *s, enum nk_sealed what, int64_t id,
    struct nk_seal_place *at)
{
	static const struct {
		const char	*table, *column;
	} places[] = {
		[NK_SEALED_KEYPAIR] = { "credentials", "sealed" },
		[NK_SEALED_OTP_SEED] = { "otp", "seed" },
		[NK_SEALED_OTP_RECOVERY] = { "otp", "recovery" },
		[NK_SEALED_SSHD_KEY] = { "sshd_keys", "sealed" },
	};

	*at = (struct nk_seal_place){
		.table = places[what].table, .row = id,
		.column = places[what].column,
	};
	return nk_store_id(s, at->store);
}

static int
read_sealed(struct nk_store *s, enum nk_sealed what, int64_t id,
    uint8_t **sealedp, size_t *lenp)
{
	switch (what) {
	case NK_SEALED_KEYPAIR:
		return nk_credential_sealed_get(s, id, sealedp, lenp);
	case NK_SEALED_OTP_SEED:
		return nk_otp_sealed_get(s, id, NK_OTP_SEED, sealedp, lenp);
	case NK_SEALED_OTP_RECOVERY:
		return nk_otp_sealed_get(s, id, NK_OTP_RECOVERY, sealedp,
		    lenp);
	case NK_SEALED_SSHD_KEY:
		return nk_sshd_key_sealed_get(s, id, sealedp, lenp);
	default:
		return -EINVAL;
	}
}

static int
write_sealed(struct nk_store *s, enum nk_sealed what, int64_t id,
    const uint8_t *sealed, size_t len)
{
	switch (what) {
	case NK_SEALED_KEYPAIR:
		return nk_credential_sealed_set(s, id, sealed, len);
	case NK_SEALED_OTP_SEED:
		return nk_otp_sealed_set(s, id, NK_OTP_SEED, sealed, len);
	case NK_SEALED_OTP_RECOVERY:
		return nk_otp_sealed_set(s, id, NK_OTP_RECOVERY, sealed,
		    len);
	case NK_SEALED_SSHD_KEY:
		return nk_sshd_key_sealed_set(s, id, sealed, len);
	default:
		return -EINVAL;
	}
}

/* What the key file's faults are to those who only want it opened. */
static int
no_key(int r)
{
	switch (r) {
	case -ENOENT:
	case -ESTALE:
	case -EPERM:
	case -ELOOP:
	case -EBADMSG:
		return -ENOKEY;
	default:
		return r;
	}
}

static int
no_stale(int r)
{
	return r == -ESTALE ? -ENOKEY : r;
}

/*
 * The key that the store names, and its id.  -ENOENT: it names none; -ESTALE:
 * the file has another one, which a rotation in between explains, too.
 */
static int
load_once(struct nk_keychain *kc, char id[NK_SEALKEY_ID + 1])
{
	int r;

	id[0] = '\0';
	if ((r = nk_store_seal_key_get(kc->store, id,
	    NK_SEALKEY_ID + 1)) < 0)
		return r;
	if (kc->key.key.p != NULL && strcmp(kc->key.id, id) == 0)
		return 0;
	nk_sealkey_clear(&kc->key);
	r = nk_sealkey_load(&kc->key, kc->path, id);
	return r == -ESTALE ? r : no_key(r);
}

/* The same where nobody can rotate: inside an edit. */
static int
load(struct nk_keychain *kc)
{
	char id[NK_SEALKEY_ID + 1];

	return no_stale(load_once(kc, id));
}

/* The same; the first of all takes the file that is there, or makes it. */
static int
load_or_create(struct nk_keychain *kc)
{
	int r;

	if ((r = load(kc)) != -ENOENT)
		return r;
	nk_sealkey_clear(&kc->key);
	r = nk_sealkey_load(&kc->key, kc->path, NULL);
	if (r == -ENOENT)
		r = nk_sealkey_create(&kc->key, kc->path);
	if (r == -EROFS)		/* it was to be handed over */
		r = -ENOENT;
	if (r < 0)
		return no_key(r);
	return nk_store_seal_key_set(kc->store, kc->key.id);
}

static int
open_once(struct nk_keychain *kc, enum nk_sealed what, int64_t row,
    struct nk_secret *out, char id[NK_SEALKEY_ID + 1])
{
	struct nk_seal_place at;
	uint8_t *sealed;
	size_t len;
	int r;

	id[0] = '\0';
	if ((r = read_sealed(kc->store, what, row, &sealed, &len)) < 0)
		return r;
	r = load_once(kc, id);
	if (r == -ENOENT)		/* sealed, and nobody knows how */
		r = -ENOKEY;
	if (r == 0 && (r = place_of(kc->store, what, row, &at)) == 0)
		r = nk_unseal(&kc->key, &at, sealed, len, out);
	free(sealed);
	return r;
}

static bool
is_named(const struct nk_keychain *kc, const char *id)
{
	char now[NK_SEALKEY_ID + 1] = "";

	return nk_store_seal_key_get(kc->store, now, sizeof(now)) < 0 ||
	    strcmp(now, id) == 0;
}

/*
 * Value, id and file are read one after the other, and a rotation may have
 * come in between.  Then the store names another key than it did the last
 * time, for a value that was read too early, or than it does now, for a file
 * that was replaced.
 */
int
nk_keychain_get(struct nk_keychain *kc, enum nk_sealed what, int64_t id,
    struct nk_secret *out)
{
	char key[NK_SEALKEY_ID + 1], before[NK_SEALKEY_ID + 1] = "";
	int r;

	while ((r = open_once(kc, what, id, out, key)) == -ESTALE &&
	    (strcmp(key, before) != 0 || !is_named(kc, key)))
		memcpy(before, key, sizeof(before));
	return no_stale(r);
}

int
nk_keychain_open(struct nk_keychain *kc, int64_t id, struct nk_secret *out)
{
	return nk_keychain_get(kc, NK_SEALED_KEYPAIR, id, out);
}

int
nk_keychain_read_begin(struct nk_keychain *kc)
{
	char id[NK_SEALKEY_ID + 1], before[NK_SEALKEY_ID + 1] = "";
	int r;

	for (;;) {
		if ((r = nk_store_read_begin(kc->store)) < 0)
			return r;
		if (load_once(kc, id) != -ESTALE || strcmp(id, before) == 0)
			return 0;	/* opening says what is wrong */
		nk_store_read_end(kc->store);
		memcpy(before, id, sizeof(before));
	}
}

static int
seal_with(struct nk_keychain *kc, const struct nk_sealkey *key,
    enum nk_sealed what, int64_t id, const void *text, size_t len)
{
	struct nk_seal_place at;
	uint8_t *sealed;
	size_t sealed_len;
	int r;

	if ((r = place_of(kc->store, what, id, &at)) < 0 ||
	    (r = nk_seal(key, &at, text, len, &sealed, &sealed_len)) < 0)
		return r;
	r = write_sealed(kc->store, what, id, sealed, sealed_len);
	free(sealed);
	return r;
}

int
nk_keychain_put(struct nk_keychain *kc, enum nk_sealed what, int64_t id,
    const void *text, size_t len)
{
	int r;

	if ((r = load_or_create(kc)) < 0)
		return r;
	return seal_with(kc, &kc->key, what, id, text, len);
}

int
nk_keychain_seal(struct nk_keychain *kc, int64_t id, const void *text,
    size_t len)
{
	return nk_keychain_put(kc, NK_SEALED_KEYPAIR, id, text, len);
}

/* ---- rotation ---- */

struct chunk {
	int64_t	ids[CHUNK];
	size_t	n;
	int64_t	last;
};

static int
note(struct chunk *ch, int64_t id, bool sealed)
{
	ch->last = id;
	if (sealed)
		ch->ids[ch->n++] = id;
	return ch->n == CHUNK ? 1 : 0;
}

static int
note_credential(void *arg, const struct nk_credential *c)
{
	return note(arg, c->id, c->has_private);
}

static int
note_otp(void *arg, const struct nk_otp *o)
{
	return note(arg, o->user_id, true);
}

static int
note_sshd_key(void *arg, const struct nk_sshd_key *k)
{
	return note(arg, k->id, !k->certificate);
}

/* Fill the chunk.  1: there is more behind it; 0; -errno. */
static int
next_chunk(struct nk_keychain *kc, enum nk_sealed what, struct chunk *ch)
{
	ch->n = 0;
	switch (what) {
	case NK_SEALED_KEYPAIR:
		return nk_credential_each(kc->store, ch->last,
		    note_credential, ch);
	case NK_SEALED_SSHD_KEY:
		return nk_sshd_key_each(kc->store, ch->last, note_sshd_key,
		    ch);
	default:
		return nk_otp_each(kc->store, ch->last, note_otp, ch);
	}
}

static int
seal_anew(struct nk_keychain *kc, const struct nk_sealkey *key,
    enum nk_sealed what, int64_t id)
{
	struct nk_secret text = NK_SECRET_NONE;
	int r;

	if ((r = nk_keychain_get(kc, what, id, &text)) == 0)
		r = seal_with(kc, key, what, id, text.p, text.len);
	nk_secret_clear(&text);
	/* a row that lacks what each has is damaged */
	return r == -ENOENT ? -EBADMSG : r;
}

static int
seal_column(struct nk_keychain *kc, const struct nk_sealkey *key,
    enum nk_sealed what, int64_t *np)
{
	struct chunk ch = { .last = 0 };
	size_t i;
	int r;

	do {
		if ((r = next_chunk(kc, what, &ch)) < 0)
			return r;
		for (i = 0; i < ch.n; i++) {
			int s = seal_anew(kc, key, what, ch.ids[i]);

			if (s < 0)
				return s;
			++*np;
		}
	} while (r == 1);
	return 0;
}

static int
seal_all(struct nk_keychain *kc, const struct nk_sealkey *key, int64_t *np)
{
	int r;

	if ((r = seal_column(kc, key, NK_SEALED_KEYPAIR, np)) < 0 ||
	    (r = seal_column(kc, key, NK_SEALED_SSHD_KEY, np)) < 0 ||
	    (r = seal_column(kc, key, NK_SEALED_OTP_SEED, np)) < 0)
		return r;
	return seal_column(kc, key, NK_SEALED_OTP_RECOVERY, np);
}

int
nk_keychain_rotate_prepare(struct nk_keychain *kc, int64_t *np)
{
	int r;

	*np = 0;
	nk_sealkey_clear(&kc->next);	/* of one that was rolled back */
	if ((r = load(kc)) < 0)
		return r;
	r = nk_sealkey_prepare(&kc->next, kc->path);
	if (r == -EACCES || r == -EPERM)
		return -EROFS;
	if (r < 0 || (r = seal_all(kc, &kc->next, np)) < 0)
		return r;
	return nk_store_seal_key_set(kc->store, kc->next.id);
}

int
nk_keychain_rotate_install(struct nk_keychain *kc)
{
	int r = nk_sealkey_install(kc->path);

	nk_keychain_clear(kc);		/* its lock goes with the new key */
	return r;
}
