/* SPDX-License-Identifier: ISC */
#include "lib/backup/wrap.h"

#include <sys/random.h>

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#define LOG_N		16u	/* 64 MiB, some tenths of a second */
#define SCRYPT_R	8u
#define SCRYPT_P	1u
#define MEMORY_MAX	((uint64_t)300 << 20)	/* above 128 * r * N */
#define KEY_SIZE	32u

/* Of the passphrase, into *key. */
static int
derive(const struct nk_backup_head *h, const char *passphrase,
    struct nk_secret *key)
{
	size_t len = strnlen(passphrase, NK_BACKUP_PASSPHRASE_MAX + 1);
	int r, ok;

	if (len == 0 || len > NK_BACKUP_PASSPHRASE_MAX)
		return -EINVAL;
	if ((r = nk_secret_reserve(key, KEY_SIZE)) < 0)
		return r;
	(void)ERR_set_mark();
	ok = EVP_PBE_scrypt(passphrase, len, h->salt, sizeof(h->salt),
	    (uint64_t)1 << h->log_n, SCRYPT_R, SCRYPT_P, MEMORY_MAX, key->p,
	    KEY_SIZE);
	(void)ERR_pop_to_mark();
	key->len = KEY_SIZE;
	return ok == 1 ? 0 : -ENOMEM;
}

/* Keyed, and bound to what stands before the encrypted bytes; or NULL. */
static EVP_CIPHER_CTX *
start(const struct nk_backup_head *h, const struct nk_secret *key,
    int encrypt)
{
	uint8_t bytes[NK_BACKUP_HEAD];
	EVP_CIPHER_CTX *ctx;
	int n, r;

	r = nk_backup_head_format(h, bytes);
	ctx = r == 0 ? EVP_CIPHER_CTX_new() : NULL;
	if (ctx != NULL && (EVP_CipherInit_ex(ctx, EVP_aes_256_gcm(), NULL,
	    key->p, h->nonce, encrypt) != 1 ||
	    EVP_CipherUpdate(ctx, NULL, &n, bytes, NK_BACKUP_BOUND) != 1)) {
		EVP_CIPHER_CTX_free(ctx);
		ctx = NULL;
	}
	explicit_bzero(bytes, sizeof(bytes));
	return ctx;
}

static bool
encrypt_into(struct nk_backup_head *h, const struct nk_secret *key,
    const struct nk_sealkey *k)
{
	uint8_t out[NK_SEALKEY_SIZE], none[NK_BACKUP_TAG];
	EVP_CIPHER_CTX *ctx;
	int n, rest;
	bool ok;

	if ((ctx = start(h, key, 1)) == NULL)
		return false;
	ok = EVP_CipherUpdate(ctx, out, &n, k->key.p, NK_SEALKEY_SIZE) == 1 &&
	    n == NK_SEALKEY_SIZE &&
	    EVP_CipherFinal_ex(ctx, none, &rest) == 1 && rest == 0 &&
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, NK_BACKUP_TAG,
	    h->tag) == 1;
	EVP_CIPHER_CTX_free(ctx);
	if (ok)
		memcpy(h->key, out, sizeof(h->key));
	return ok;
}

int
nk_backup_wrap(struct nk_backup_head *h, const struct nk_sealkey *k,
    const char *passphrase)
{
	struct nk_secret key = NK_SECRET_NONE;
	bool ok;
	int r;

	if (k->key.len != NK_SEALKEY_SIZE)
		return -EINVAL;
	memcpy(h->seal_id, k->id, sizeof(h->seal_id));
	if (passphrase == NULL) {
		h->kind = NK_BACKUP_KEY_PLAIN;
		memcpy(h->key, k->key.p, sizeof(h->key));
		return 0;
	}
	h->kind = NK_BACKUP_KEY_WRAPPED;
	h->log_n = LOG_N;
	if (getrandom(h->salt, sizeof(h->salt), 0) !=
	    (ssize_t)sizeof(h->salt) || getrandom(h->nonce,
	    sizeof(h->nonce), 0) != (ssize_t)sizeof(h->nonce))
		return -EIO;
	if ((r = derive(h, passphrase, &key)) == 0) {
		(void)ERR_set_mark();
		ok = encrypt_into(h, &key, k);
		(void)ERR_pop_to_mark();
		r = ok ? 0 : -ENOMEM;
	}
	nk_secret_clear(&key);
	return r;
}

/* 0, -EACCES or -ENOMEM. */
static int
decrypt(const struct nk_backup_head *h, const struct nk_secret *key,
    struct nk_secret *out)
{
	uint8_t tag[NK_BACKUP_TAG], none[NK_BACKUP_TAG];
	EVP_CIPHER_CTX *ctx;
	int n, rest, r = -ENOMEM;

	memcpy(tag, h->tag, sizeof(tag));
	if ((ctx = start(h, key, 0)) == NULL)
		return -ENOMEM;
	if (EVP_CipherUpdate(ctx, out->p, &n, h->key,
	    (int)sizeof(h->key)) == 1 && n == (int)sizeof(h->key) &&
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, NK_BACKUP_TAG,
	    tag) == 1)
		r = EVP_CipherFinal_ex(ctx, none, &rest) == 1 ? 0 : -EACCES;
	EVP_CIPHER_CTX_free(ctx);
	return r;
}

static int
unwrap(const struct nk_backup_head *h, const char *passphrase,
    struct nk_secret *out)
{
	struct nk_secret key = NK_SECRET_NONE;
	int r;

	if (h->kind == NK_BACKUP_KEY_PLAIN) {
		memcpy(out->p, h->key, sizeof(h->key));
		return 0;
	}
	if (passphrase == NULL)
		return -EINVAL;
	if ((r = derive(h, passphrase, &key)) == 0) {
		(void)ERR_set_mark();
		r = decrypt(h, &key, out);
		(void)ERR_pop_to_mark();
	}
	nk_secret_clear(&key);
	return r;
}

int
nk_backup_unwrap(const struct nk_backup_head *h, const char *passphrase,
    struct nk_sealkey *k)
{
	struct nk_secret bytes = NK_SECRET_NONE;
	int r;

	if (h->kind == NK_BACKUP_KEY_NONE)
		return -ENOENT;
	if ((r = nk_secret_reserve(&bytes, NK_SEALKEY_SIZE)) < 0)
		return r;
	bytes.len = NK_SEALKEY_SIZE;
	if ((r = unwrap(h, passphrase, &bytes)) == 0 &&
	    (r = nk_sealkey_set(k, bytes.p)) == 0 &&
	    strcmp(k->id, h->seal_id) != 0) {
		nk_sealkey_clear(k);
		r = -EBADMSG;
	}
	nk_secret_clear(&bytes);
	return r;
}
