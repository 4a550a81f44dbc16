/* SPDX-License-Identifier: ISC */
#include "lib/ssh/fingerprint.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "lib/ssh/base64.h"
#include "lib/ssh/keyblob.h"

#define SHA256_CHARS	43		/* of base64, without padding */
#define MD5_SIZE	16

static const char sha256_prefix[] = "SHA256:";
static const char md5_prefix[] = "MD5:";

/* Hash the key in blob[len]; digest has the size of md's result. */
static int
hash(const uint8_t *blob, size_t len, const EVP_MD *md, uint8_t *digest)
{
	uint8_t *plain = NULL;
	size_t plain_len;
	int r;

	if ((r = nk_keyblob_plain(blob, len, &plain, &plain_len)) < 0)
		return r;
	ERR_set_mark();
	if (EVP_Digest(plain, plain_len, digest, NULL, md, NULL) != 1)
		r = -ENOTSUP;
	ERR_pop_to_mark();
	free(plain);
	return r;
}

int
nk_fingerprint_sha256(const uint8_t *blob, size_t len, char **fpp)
{
	uint8_t digest[NK_FINGERPRINT_SHA256];
	const size_t prefix = sizeof(sha256_prefix) - 1;
	char *text = NULL, *fp = NULL;
	int r;

	*fpp = NULL;
	if ((r = hash(blob, len, EVP_sha256(), digest)) < 0 ||
	    (r = nk_base64_encode(digest, sizeof(digest), &text)) < 0)
		return r;
	if ((fp = malloc(prefix + SHA256_CHARS + 1)) == NULL) {
		r = -ENOMEM;
		goto out;
	}
	memcpy(fp, sha256_prefix, prefix);
	memcpy(fp + prefix, text, SHA256_CHARS);
	fp[prefix + SHA256_CHARS] = '\0';
	*fpp = fp;
	fp = NULL;
 out:
	free(text);
	free(fp);
	return r;
}

int
nk_fingerprint_md5(const uint8_t *blob, size_t len, char **fpp)
{
	static const char digits[] = "0123456789abcdef";
	const size_t prefix = sizeof(md5_prefix) - 1;
	uint8_t digest[MD5_SIZE];
	char *fp, *s;
	size_t i;
	int r;

	*fpp = NULL;
	if ((r = hash(blob, len, EVP_md5(), digest)) < 0)
		return r;
	if ((fp = malloc(prefix + 3 * MD5_SIZE)) == NULL)
		return -ENOMEM;
	memcpy(fp, md5_prefix, prefix);
	for (s = fp + prefix, i = 0; i < MD5_SIZE; i++) {
		*s++ = digits[digest[i] >> 4];
		*s++ = digits[digest[i] & 15];
		*s++ = i + 1 < MD5_SIZE ? ':' : '\0';
	}
	*fpp = fp;
	return 0;
}

static int
check_sha256(const char *s)
{
	size_t i;

	if (strlen(s) != SHA256_CHARS)
		return -EBADMSG;
	for (i = 0; i < SHA256_CHARS; i++) {
		if (nk_base64_value(s[i]) < 0)
			return -EBADMSG;
	}
	/* 256 bits leave two unused in the last character. */
	return (nk_base64_value(s[SHA256_CHARS - 1]) & 3) == 0 ? 0 : -EBADMSG;
}

static int
check_md5(const char *s)
{
	size_t i;

	if (strlen(s) != 3 * MD5_SIZE - 1)
		return -EBADMSG;
	for (i = 0; i < 3 * MD5_SIZE - 1; i++) {
		if (i % 3 == 2 ? s[i] != ':' :
		    strchr("0123456789abcdef", s[i]) == NULL)
			return -EBADMSG;
	}
	return 0;
}

int
nk_fingerprint_check(const char *text)
{
	size_t n = sizeof(sha256_prefix) - 1;

	if (strncmp(text, sha256_prefix, n) == 0)
		return check_sha256(text + n);
	n = sizeof(md5_prefix) - 1;
	if (strncmp(text, md5_prefix, n) == 0)
		return check_md5(text + n);
	return -EBADMSG;
}

int
nk_fingerprint_digest(const char *text,
    uint8_t digest[NK_FINGERPRINT_SHA256])
{
	const size_t n = sizeof(sha256_prefix) - 1;
	char padded[SHA256_CHARS + 1];
	uint8_t *bytes;
	size_t len;
	int r;

	if (strncmp(text, sha256_prefix, n) != 0 ||
	    check_sha256(text + n) < 0)
		return -EBADMSG;
	memcpy(padded, text + n, SHA256_CHARS);
	padded[SHA256_CHARS] = '=';
	if ((r = nk_base64_decode(padded, sizeof(padded), &bytes, &len)) < 0)
		return r;
	if (len == NK_FINGERPRINT_SHA256)
		memcpy(digest, bytes, NK_FINGERPRINT_SHA256);
	else
		r = -EBADMSG;
	free(bytes);
	return r;
}
