/* SPDX-License-Identifier: ISC */
#include "lib/seal/seal.h"

#include <sys/random.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/*
 * 1. A nonce MUST never be used twice with a key: each is random, which SP
 *    800-38D (8.3) allows for 2^32 values of one key.
 * 2. The version, the id of the key and the whole place MUST be
 *    authenticated, in a form that no two places share.
 * 3. Nothing MUST reach the caller before the tag has been found right.
 */

#define VERSION		1
#define ID_SIZE		8
#define NONCE_SIZE	12
#define TAG_SIZE	16
#define HEAD_SIZE	(1 + ID_SIZE)		/* version and id */
#define FRONT_SIZE	(HEAD_SIZE + NONCE_SIZE)

_Static_assert(FRONT_SIZE + TAG_SIZE == NK_SEAL_OVERHEAD, "the layout");

static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* Version and id.  -EINVAL: k is no key. */
static int
put_head(const struct nk_sealkey *k, uint8_t head[HEAD_SIZE])
{
	int high, low;
	size_t i;

	if (k->key.len != NK_SEALKEY_SIZE ||
	    strnlen(k->id, sizeof(k->id)) != NK_SEALKEY_ID)
		return -EINVAL;
	head[0] = VERSION;
	for (i = 0; i < ID_SIZE; i++) {
		high = digit(k->id[2 * i]);
		low = digit(k->id[2 * i + 1]);
		if (high < 0 || low < 0)
			return -EINVAL;
		head[1 + i] = (uint8_t)(high << 4 | low);
	}
	return 0;
}

static bool
fits(const struct nk_seal_place *at)
{
	return strnlen(at->table, NK_SEAL_NAME_MAX + 1) <= NK_SEAL_NAME_MAX &&
	    strnlen(at->column, NK_SEAL_NAME_MAX + 1) <= NK_SEAL_NAME_MAX;
}

/* One name with its length in front, so that no two lists look alike. */
static bool
bind_name(EVP_CIPHER_CTX *ctx, const char *name)
{
	uint8_t len = (uint8_t)strlen(name);
	int n;

	return EVP_CipherUpdate(ctx, NULL, &n, &len, 1) == 1 &&
	    (len == 0 || EVP_CipherUpdate(ctx, NULL, &n,
	    (const uint8_t *)name, len) == 1);
}

static bool
bind_place(EVP_CIPHER_CTX *ctx, const uint8_t head[HEAD_SIZE],
    const struct nk_seal_place *at)
{
	uint64_t row = (uint64_t)at->row;
	uint8_t number[8];
	int i, n;

	for (i = 0; i < 8; i++)
		number[i] = (uint8_t)(row >> (56 - 8 * i));
	return EVP_CipherUpdate(ctx, NULL, &n, head, HEAD_SIZE) == 1 &&
	    EVP_CipherUpdate(ctx, NULL, &n, at->store,
	    (int)sizeof(at->store)) == 1 &&
	    bind_name(ctx, at->table) &&
	    EVP_CipherUpdate(ctx, NULL, &n, number, sizeof(number)) == 1 &&
	    bind_name(ctx, at->column);
}

/* A context that is keyed and bound, or NULL. */
static EVP_CIPHER_CTX *
start(const struct nk_sealkey *k, const uint8_t front[FRONT_SIZE],
    const struct nk_seal_place *at, int encrypt)
{
	EVP_CIPHER_CTX *ctx;

	if ((ctx = EVP_CIPHER_CTX_new()) == NULL)
		return NULL;
	if (EVP_CipherInit_ex(ctx, EVP_aes_256_gcm(), NULL, k->key.p,
	    front + HEAD_SIZE, encrypt) != 1 || !bind_place(ctx, front, at)) {
		EVP_CIPHER_CTX_free(ctx);
		return NULL;
	}
	return ctx;
}

/* All of in[n] to out; GCM keeps nothing back. */
static bool
crypt_all(EVP_CIPHER_CTX *ctx, uint8_t *out, const void *in, size_t n)
{
	int got = 0;

	if (n == 0)
		return true;	/* NULL would be bound and not encrypted */
	return EVP_CipherUpdate(ctx, out, &got, in, (int)n) == 1 &&
	    got == (int)n;
}

static bool
seal_into(const struct nk_sealkey *k, const struct nk_seal_place *at,
    const void *bytes, size_t n, uint8_t *sealed)
{
	uint8_t *tag = sealed + FRONT_SIZE + n, none[TAG_SIZE];
	EVP_CIPHER_CTX *ctx;
	bool ok;
	int rest;

	if ((ctx = start(k, sealed, at, 1)) == NULL)
		return false;
	ok = crypt_all(ctx, sealed + FRONT_SIZE, bytes, n) &&
	    EVP_CipherFinal_ex(ctx, none, &rest) == 1 && rest == 0 &&
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_SIZE,
	    tag) == 1;
	EVP_CIPHER_CTX_free(ctx);	/* wipes what it knew of the key */
	return ok;
}

int
nk_seal(const struct nk_sealkey *k, const struct nk_seal_place *at,
    const void *bytes, size_t n, uint8_t **sealedp, size_t *lenp)
{
	uint8_t *sealed;
	bool ok;
	int r;

	*sealedp = NULL;
	*lenp = 0;
	if (n > NK_SECRET_MAX || !fits(at))
		return -E2BIG;
	if ((sealed = malloc(n + NK_SEAL_OVERHEAD)) == NULL)
		return -ENOMEM;
	if ((r = put_head(k, sealed)) < 0)
		goto out;
	r = -EIO;
	if (getrandom(sealed + HEAD_SIZE, NONCE_SIZE, 0) != NONCE_SIZE)
		goto out;
	(void)ERR_set_mark();
	ok = seal_into(k, at, bytes, n, sealed);
	(void)ERR_pop_to_mark();
	if (!ok)
		goto out;
	*sealedp = sealed;
	*lenp = n + NK_SEAL_OVERHEAD;
	sealed = NULL;
	r = 0;
 out:
	free(sealed);		/* holds nothing that is not sealed */
	return r;
}

/* 0, -EBADMSG or -ENOMEM; *out has n bytes of room. */
static int
open_into(const struct nk_sealkey *k, const struct nk_seal_place *at,
    const uint8_t *sealed, size_t n, struct nk_secret *out)
{
	uint8_t tag[TAG_SIZE], none[TAG_SIZE];
	EVP_CIPHER_CTX *ctx;
	int rest, r = -ENOMEM;

	memcpy(tag, sealed + FRONT_SIZE + n, TAG_SIZE);
	if ((ctx = start(k, sealed, at, 0)) == NULL)
		return -ENOMEM;
	if (crypt_all(ctx, out->p, sealed + FRONT_SIZE, n) &&
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_SIZE,
	    tag) == 1)
		r = EVP_CipherFinal_ex(ctx, none, &rest) == 1 ? 0 : -EBADMSG;
	EVP_CIPHER_CTX_free(ctx);
	return r;
}

int
nk_unseal(const struct nk_sealkey *k, const struct nk_seal_place *at,
    const uint8_t *sealed, size_t n, struct nk_secret *out)
{
	uint8_t head[HEAD_SIZE];
	int r;

	if ((r = put_head(k, head)) < 0)
		return r;
	if (n < NK_SEAL_OVERHEAD || n - NK_SEAL_OVERHEAD > NK_SECRET_MAX ||
	    sealed[0] != VERSION || !fits(at))
		return -EBADMSG;
	/* The id is no secret. */
	if (memcmp(sealed + 1, head + 1, ID_SIZE) != 0)
		return -ESTALE;
	n -= NK_SEAL_OVERHEAD;
	if ((r = nk_secret_reserve(out, n)) < 0)
		return r;
	(void)ERR_set_mark();
	r = open_into(k, at, sealed, n, out);
	(void)ERR_pop_to_mark();
	if (r < 0) {
		nk_secret_clear(out);
		return r;
	}
	out->len = n;		/* its pages came zeroed: a NUL follows */
	return 0;
}
