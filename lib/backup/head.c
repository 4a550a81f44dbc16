/* SPDX-License-Identifier: ISC */
#include "lib/backup/head.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include <openssl/evp.h>

static const char magic[16] = "naskeys-backup\n";

enum {
	AT_FORMAT = 16, AT_SCHEMA = 20, AT_STORE_ID = 24, AT_MADE = 40,
	AT_SIZE = 48, AT_DIGEST = 56, AT_SEAL_ID = 88, AT_KIND = 104,
	AT_LOG_N = 108, AT_SALT = 112, AT_NONCE = 128, AT_KEY = 140,
	AT_TAG = 172, AT_ZERO = 188, AT_SUM = 224,
};

/* ---- numbers ---- */

static void
put_number(uint8_t *to, uint64_t v, size_t n)
{
	while (n > 0) {
		to[--n] = (uint8_t)v;
		v >>= 8;
	}
}

static uint64_t
get_number(const uint8_t *from, size_t n)
{
	uint64_t v = 0;

	while (n-- > 0)
		v = v << 8 | *from++;
	return v;
}

static uint32_t
get_u32(const uint8_t *from)
{
	return (uint32_t)get_number(from, 4);
}

static int
sum(const uint8_t *bytes, uint8_t digest[NK_BACKUP_DIGEST])
{
	unsigned int len;

	return EVP_Digest(bytes, AT_SUM, digest, &len, EVP_sha256(),
	    NULL) == 1 && len == NK_BACKUP_DIGEST ? 0 : -ENOMEM;
}

/* ---- writing ---- */

int
nk_backup_head_format(const struct nk_backup_head *h,
    uint8_t bytes[NK_BACKUP_HEAD])
{
	memset(bytes, 0, NK_BACKUP_HEAD);
	memcpy(bytes, magic, sizeof(magic));
	put_number(bytes + AT_FORMAT, NK_BACKUP_FORMAT, 4);
	put_number(bytes + AT_SCHEMA, h->schema, 4);
	memcpy(bytes + AT_STORE_ID, h->store_id, sizeof(h->store_id));
	put_number(bytes + AT_MADE, (uint64_t)h->made_at, 8);
	put_number(bytes + AT_SIZE, h->size, 8);
	memcpy(bytes + AT_DIGEST, h->digest, sizeof(h->digest));
	memcpy(bytes + AT_SEAL_ID, h->seal_id, strlen(h->seal_id));
	put_number(bytes + AT_KIND, h->kind, 4);
	if (h->kind == NK_BACKUP_KEY_WRAPPED) {
		put_number(bytes + AT_LOG_N, h->log_n, 4);
		memcpy(bytes + AT_SALT, h->salt, sizeof(h->salt));
		memcpy(bytes + AT_NONCE, h->nonce, sizeof(h->nonce));
		memcpy(bytes + AT_TAG, h->tag, sizeof(h->tag));
	}
	if (h->kind != NK_BACKUP_KEY_NONE)
		memcpy(bytes + AT_KEY, h->key, sizeof(h->key));
	return sum(bytes, bytes + AT_SUM);
}

/* ---- reading ---- */

static int
bad(const char **whyp, const char *why)
{
	*whyp = why;
	return -EBADMSG;
}

static bool
is_zero(const uint8_t *bytes, size_t from, size_t to)
{
	while (from < to)
		if (bytes[from++] != 0)
			return false;
	return true;
}

/* 16 digits, or none at all. */
static bool
get_seal_id(const uint8_t *from, char id[NK_SEALKEY_ID + 1])
{
	size_t i;

	memset(id, 0, NK_SEALKEY_ID + 1);
	if (is_zero(from, 0, NK_SEALKEY_ID))
		return true;
	for (i = 0; i < NK_SEALKEY_ID; i++)
		if (from[i] == 0 ||
		    strchr("0123456789abcdef", from[i]) == NULL)
			return false;
	memcpy(id, from, NK_SEALKEY_ID);
	return true;
}

/* What there must be of each kind, and what not. */
static bool
get_key(const uint8_t *bytes, struct nk_backup_head *h)
{
	uint32_t kind = get_u32(bytes + AT_KIND);

	switch (kind) {
	case NK_BACKUP_KEY_NONE:
		h->kind = NK_BACKUP_KEY_NONE;
		return is_zero(bytes, AT_LOG_N, AT_SUM);
	case NK_BACKUP_KEY_PLAIN:
		h->kind = NK_BACKUP_KEY_PLAIN;
		memcpy(h->key, bytes + AT_KEY, sizeof(h->key));
		return h->seal_id[0] != '\0' &&
		    is_zero(bytes, AT_LOG_N, AT_KEY) &&
		    is_zero(bytes, AT_TAG, AT_SUM);
	case NK_BACKUP_KEY_WRAPPED:
		h->kind = NK_BACKUP_KEY_WRAPPED;
		h->log_n = get_u32(bytes + AT_LOG_N);
		memcpy(h->salt, bytes + AT_SALT, sizeof(h->salt));
		memcpy(h->nonce, bytes + AT_NONCE, sizeof(h->nonce));
		memcpy(h->key, bytes + AT_KEY, sizeof(h->key));
		memcpy(h->tag, bytes + AT_TAG, sizeof(h->tag));
		return h->seal_id[0] != '\0' &&
		    h->log_n >= NK_BACKUP_LOG_N_MIN &&
		    h->log_n <= NK_BACKUP_LOG_N_MAX &&
		    is_zero(bytes, AT_ZERO, AT_SUM);
	default:
		return false;
	}
}

static int
parse(const uint8_t *bytes, struct nk_backup_head *h, const char **whyp)
{
	uint8_t digest[NK_BACKUP_DIGEST];
	uint64_t made, size;
	int r;

	if (memcmp(bytes, magic, sizeof(magic)) != 0)
		return bad(whyp, "this is no backup of naskeys");
	/* whatever a newer one has else */
	if (get_u32(bytes + AT_FORMAT) > NK_BACKUP_FORMAT) {
		*whyp = "it was made by a newer naskeys: update this one";
		return -ENOTSUP;
	}
	if ((r = sum(bytes, digest)) < 0)
		return r;
	/* it guards against damage alone: no secret */
	if (memcmp(digest, bytes + AT_SUM, sizeof(digest)) != 0)
		return bad(whyp, "its first part is damaged");
	memcpy(h->sum, digest, sizeof(h->sum));
	h->schema = get_u32(bytes + AT_SCHEMA);
	memcpy(h->store_id, bytes + AT_STORE_ID, sizeof(h->store_id));
	made = get_number(bytes + AT_MADE, 8);
	size = get_number(bytes + AT_SIZE, 8);
	memcpy(h->digest, bytes + AT_DIGEST, sizeof(h->digest));
	if (get_u32(bytes + AT_FORMAT) != NK_BACKUP_FORMAT ||
	    h->schema == 0 || made > INT64_MAX || size == 0 ||
	    size > INT64_MAX - NK_BACKUP_HEAD ||
	    !get_seal_id(bytes + AT_SEAL_ID, h->seal_id) ||
	    !get_key(bytes, h))
		return bad(whyp, "its first part makes no sense");
	h->made_at = (int64_t)made;
	h->size = size;
	return 0;
}

int
nk_backup_head_parse(const uint8_t bytes[NK_BACKUP_HEAD],
    struct nk_backup_head *h, const char **whyp)
{
	int r;

	*h = (struct nk_backup_head){ .schema = 0 };
	if ((r = parse(bytes, h, whyp)) < 0)
		nk_backup_head_clear(h);
	return r;
}

void
nk_backup_head_clear(struct nk_backup_head *h)
{
	explicit_bzero(h, sizeof(*h));
}
