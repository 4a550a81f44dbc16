/* SPDX-License-Identifier: ISC */
/*
 * What opens was sealed: the same bytes sealed by libcrypto alone, with the
 * nonce that stands there, give the same value.  What we seal opens, and
 * does not once a bit of it, of its length or of its place is another.
 */
#include <openssl/evp.h>

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/seal/seal.h"

#define FRONT	21	/* version, id, nonce */
#define TAG	16

static const uint8_t key_bytes[NK_SEALKEY_SIZE] = {
	0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18,
	19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
};
static const uint8_t key_front[] = {
	1, 0x87, 0xbf, 0x56, 0x77, 0x60, 0xe6, 0x98, 0x24,
};
static const struct nk_seal_place here = {
	.store = "0123456789abcde", .table = "t", .row = 258, .column = "cd",
};
/* as bound: version and id, store, "\1t", row, "\2cd" */
static const uint8_t bound[] = {
	1, 0x87, 0xbf, 0x56, 0x77, 0x60, 0xe6, 0x98, 0x24,
	'0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c',
	'd', 'e', 0, 1, 't', 0, 0, 0, 0, 0, 0, 1, 2, 2, 'c', 'd',
};

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(int ok)
{
	if (!ok)
		abort();
}

/* The sealed value of bytes with that nonce, by the standard alone. */
static void
seal_again(const struct nk_secret *bytes, const uint8_t *nonce, uint8_t *out)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n;

	require(ctx != NULL);
	memcpy(out, key_front, sizeof(key_front));
	memcpy(out + sizeof(key_front), nonce, FRONT - sizeof(key_front));
	require(EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key_bytes,
	    nonce) == 1);
	require(EVP_EncryptUpdate(ctx, NULL, &n, bound, sizeof(bound)) == 1);
	if (bytes->len > 0)
		require(EVP_EncryptUpdate(ctx, out + FRONT, &n, bytes->p,
		    (int)bytes->len) == 1);
	require(EVP_EncryptFinal_ex(ctx, out + FRONT + bytes->len, &n) == 1);
	require(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG,
	    out + FRONT + bytes->len) == 1);
	EVP_CIPHER_CTX_free(ctx);
}

static void
open_outside(const struct nk_sealkey *k, const uint8_t *data, size_t size)
{
	struct nk_secret out = NK_SECRET_NONE;
	uint8_t *again;
	int r;

	r = nk_unseal(k, &here, data, size, &out);
	if (r < 0) {
		require(r == -EBADMSG || r == -ESTALE);
		require(out.p == NULL);
		return;
	}
	require(out.len + NK_SEAL_OVERHEAD == size);
	require((again = malloc(size)) != NULL);
	seal_again(&out, data + sizeof(key_front), again);
	require(memcmp(again, data, size) == 0);
	free(again);
	nk_secret_clear(&out);
}

static int
opens(const struct nk_sealkey *k, const struct nk_seal_place *at,
    const uint8_t *sealed, size_t n)
{
	struct nk_secret out = NK_SECRET_NONE;
	int r = nk_unseal(k, at, sealed, n, &out);

	nk_secret_clear(&out);
	return r == 0;
}

/* data: which bit is another, how much is cut off, which row; the bytes */
static void
seal_and_change(const struct nk_sealkey *k, const uint8_t *data, size_t size)
{
	struct nk_seal_place there = here;
	struct nk_secret out = NK_SECRET_NONE;
	size_t len, bit, cut;
	uint8_t *sealed;

	if (size < 4)
		return;
	require(nk_seal(k, &here, data + 4, size - 4, &sealed, &len) == 0);
	require(nk_unseal(k, &here, sealed, len, &out) == 0);
	require(out.len == size - 4);
	require(out.len == 0 || memcmp(out.p, data + 4, out.len) == 0);
	nk_secret_clear(&out);
	there.row ^= (int64_t)1 << (data[3] & 63);
	require(!opens(k, &there, sealed, len));
	cut = data[2] % len;
	require(cut == 0 || !opens(k, &here, sealed, len - cut));
	bit = ((size_t)data[0] << 8 | data[1]) % (8 * len);
	sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
	require(!opens(k, &here, sealed, len));
	free(sealed);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nk_sealkey k = NK_SEALKEY_NONE;

	require(nk_secret_append(&k.key, key_bytes, sizeof(key_bytes)) == 0);
	memcpy(k.id, "87bf567760e69824", sizeof(k.id));
	open_outside(&k, data, size);
	seal_and_change(&k, data, size);
	nk_sealkey_clear(&k);
	return 0;
}
