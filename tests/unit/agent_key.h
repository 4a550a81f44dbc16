/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_TESTS_AGENT_KEY_H
#define NASKEYS_TESTS_AGENT_KEY_H

/* An agent with one Ed25519 key, whose private half is 32 times "k". */

#include <openssl/evp.h>

#include <check.h>
#include <stdint.h>
#include <string.h>

#include "lib/ssh/wire.h"

#define AGENT_KEY_TYPE	"ssh-ed25519"

struct agent_key {
	EVP_PKEY	*pkey;
	uint8_t		 blob[64];
	size_t		 len;
};

static inline void
make_agent_key(struct agent_key *k)
{
	struct nk_wire_out o = { k->blob, sizeof(k->blob) };
	uint8_t private[32], public[32];
	size_t len = sizeof(public);

	memset(private, 'k', sizeof(private));
	k->pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL,
	    private, sizeof(private));
	ck_assert_ptr_nonnull(k->pkey);
	ck_assert_int_eq(EVP_PKEY_get_raw_public_key(k->pkey, public, &len),
	    1);
	ck_assert_int_eq(nk_wire_put_string(&o, AGENT_KEY_TYPE,
	    strlen(AGENT_KEY_TYPE)), 0);
	ck_assert_int_eq(nk_wire_put_string(&o, public, len), 0);
	k->len = sizeof(k->blob) - o.left;
}

/* The answer with which it lists itself; its length. */
static inline size_t
list_agent_key(const struct agent_key *k, uint8_t *buf, size_t room)
{
	struct nk_wire_out o = { buf, room };

	ck_assert_int_eq(nk_wire_put(&o, "\14\0\0\0\1", 5), 0);
	ck_assert_int_eq(nk_wire_put_string(&o, k->blob, k->len), 0);
	ck_assert_int_eq(nk_wire_put_string(&o, "comment", 7), 0);
	return room - o.left;
}

/* The answer with which it signs data[len]; its length. */
static inline size_t
sign_agent_key(const struct agent_key *k, const uint8_t *data, size_t len,
    uint8_t *buf, size_t room)
{
	struct nk_wire_out o = { buf, room }, inner;
	uint8_t raw[64], sig[100];
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t n = sizeof(raw);

	ck_assert_ptr_nonnull(ctx);
	ck_assert_int_eq(EVP_DigestSignInit(ctx, NULL, NULL, NULL, k->pkey),
	    1);
	ck_assert_int_eq(EVP_DigestSign(ctx, raw, &n, data, len), 1);
	EVP_MD_CTX_free(ctx);
	inner = (struct nk_wire_out){ sig, sizeof(sig) };
	ck_assert_int_eq(nk_wire_put_string(&inner, AGENT_KEY_TYPE,
	    strlen(AGENT_KEY_TYPE)), 0);
	ck_assert_int_eq(nk_wire_put_string(&inner, raw, n), 0);
	ck_assert_int_eq(nk_wire_put(&o, "\16", 1), 0);
	ck_assert_int_eq(nk_wire_put_string(&o, sig,
	    sizeof(sig) - inner.left), 0);
	return room - o.left;
}

#endif /* NASKEYS_TESTS_AGENT_KEY_H */
