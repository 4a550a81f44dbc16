/* SPDX-License-Identifier: ISC */
#include "lib/keychain/trial.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/store/sshd_keys.h"

struct check {
	struct nk_keychain	*kc;
	void			(*report)(void *arg, const char *what);
	void			*arg;
	bool			 bad;
};

static int
say(struct check *k, const char *before, const char *what, const char *after)
{
	char *text;

	if (asprintf(&text, "%s%s%s", before, what, after) == -1)
		return -ENOMEM;
	k->report(k->arg, text);
	k->bad = true;
	free(text);
	return 0;
}

/* 1: without the key nothing more can be said. */
static int
say_no_key(struct check *k)
{
	int r = say(k, "", k->kc->path, ": it is missing, others can read it, "
	    "or it is not the key that private halves and second factors are "
	    "sealed with; put the right key file back, nothing is lost");

	return r < 0 ? r : 1;
}

static int
try(void *arg, const struct nk_credential *row)
{
	struct nk_secret text = NK_SECRET_NONE;
	struct check *k = arg;
	int r;

	if (!row->has_private)
		return 0;
	r = nk_keychain_open(k->kc, row->id, &text);
	nk_secret_clear(&text);
	switch (r) {
	case -EBADMSG:
		return say(k, "keypair ", row->name, ": what is stored of "
		    "its private half is damaged");
	case -ENOKEY:
		return say_no_key(k);
	default:
		return r;
	}
}

/* 1: as above. */
static int
try_otp(void *arg, const struct nk_otp *o)
{
	struct nk_secret text = NK_SECRET_NONE;
	struct nk_user *u = NULL;
	struct check *k = arg;
	int r;

	r = nk_keychain_get(k->kc, NK_SEALED_OTP_SEED, o->user_id, &text);
	nk_secret_clear(&text);
	if (r == 0)
		r = nk_keychain_get(k->kc, NK_SEALED_OTP_RECOVERY,
		    o->user_id, &text);
	nk_secret_clear(&text);
	if (r == -ENOKEY)
		return say_no_key(k);
	if (r != -EBADMSG && r != -ENOENT)
		return r;
	if ((r = nk_user_get(k->kc->store, o->user_id, &u)) == 0)
		r = say(k, "user ", u->name, ": what is stored of the second "
		    "factor is damaged");
	nk_user_free(u);
	return r;
}

/* 1: as above. */
static int
try_sshd_key(void *arg, const struct nk_sshd_key *row)
{
	struct nk_secret text = NK_SECRET_NONE;
	struct check *k = arg;
	int r;

	if (row->certificate)
		return 0;
	r = nk_keychain_get(k->kc, NK_SEALED_SSHD_KEY, row->id, &text);
	nk_secret_clear(&text);
	switch (r) {
	case -EBADMSG:
	case -ENOENT:
		return say(k, "host key ", row->path, ": what is stored of "
		    "its private half is damaged");
	case -ENOKEY:
		return say_no_key(k);
	default:
		return r;
	}
}

int
nk_keychain_try_all(struct nk_keychain *kc,
    void (*report)(void *arg, const char *what), void *arg)
{
	struct check k = { .kc = kc, .report = report, .arg = arg,
	    .bad = false };
	int r;

	if ((r = nk_keychain_read_begin(kc)) == 0) {
		if ((r = nk_credential_each(kc->store, 0, try, &k)) == 0)
			r = nk_otp_each(kc->store, 0, try_otp, &k);
		if (r == 0)
			r = nk_sshd_key_each(kc->store, 0, try_sshd_key, &k);
		nk_store_read_end(kc->store);
	}
	if (r < 0)
		return r;
	return k.bad ? -EBADMSG : 0;
}
