/* SPDX-License-Identifier: ISC */
#include "lib/account/password.h"

#include <sys/random.h>

#include <crypt.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>


#define HASH_MIN	13		/* the oldest method's */
#define MODERN_MIN	20		/* "$id$salt$...", and BSDi's "_" */

/* 0 or -EINVAL. */
static int
check_password(const char *password)
{
	return strlen(password) <= NK_PASSWORD_MAX ? 0 : -EINVAL;
}

static void
free_data(struct crypt_data *data)
{
	if (data != NULL)
		explicit_bzero(data, sizeof(*data));
	free(data);
}

static const char *
prefix_of(const char *method)
{
	static const struct {
		const char	*method, *prefix;
	} prefixes[] = {
		{ "yescrypt",		"$y$" },
		{ "gost-yescrypt",	"$gy$" },
		{ "bcrypt",		"$2b$" },
		{ "sha512",		"$6$" },
	};
	size_t i;

	if (method == NULL || method[0] == '\0')
		return prefixes[0].prefix;
	for (i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		if (strcmp(prefixes[i].method, method) == 0)
			return prefixes[i].prefix;
	}
	return NULL;
}

int
nk_password_hash(const char *password, const char *method, unsigned long cost,
    char hash[NK_PASSWORD_HASH_MAX + 1])
{
	const char *prefix = prefix_of(method);
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];
	struct crypt_data *data = NULL;
	const char *out;
	size_t len;
	int r;

	hash[0] = '\0';
	if ((r = check_password(password)) < 0)
		return r;
	if (prefix == NULL || crypt_gensalt_rn(prefix, cost, NULL, 0, setting,
	    sizeof(setting)) == NULL)
		return -ENOTSUP;
	if ((data = calloc(1, sizeof(*data))) == NULL)
		return -ENOMEM;
	out = crypt_r(password, setting, data);
	if (out == NULL || out[0] == '*' ||
	    (len = strlen(out)) > NK_PASSWORD_HASH_MAX) {
		hash[0] = '\0';
		r = -ENOTSUP;
	} else
		memcpy(hash, out, len + 1);
	free_data(data);
	return r;
}

/* Compare in a time that does not tell where they differ. */
static bool
is_equal(const char *a, const char *b)
{
	size_t len = strlen(a), i;
	unsigned char differ = 0;

	if (strlen(b) != len)
		return false;
	for (i = 0; i < len; i++)
		differ |= (unsigned char)(a[i] ^ b[i]);
	return differ == 0;
}

int
nk_password_verify(const char *password, const char *hash)
{
	struct crypt_data *data;
	const char *out;
	int r = -EACCES;

	if (check_password(password) < 0 || strlen(hash) < HASH_MIN ||
	    hash[0] == '*' || hash[0] == '!')
		return -EACCES;
	if ((data = calloc(1, sizeof(*data))) == NULL)
		return -ENOMEM;
	out = crypt_r(password, hash, data);
	if (out != NULL && out[0] != '*' && is_equal(out, hash))
		r = 0;
	free_data(data);
	return r;
}

int
nk_password_random(char password[NK_PASSWORD_RANDOM + 1])
{
	/* No 0 O 1 l I; 57 of them. */
	static const char alphabet[] = "abcdefghijkmnopqrstuvwxyz"
	    "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
	const size_t n = sizeof(alphabet) - 1;
	uint8_t bytes[64];
	size_t i, done = 0;

	while (done < NK_PASSWORD_RANDOM) {
		if (getrandom(bytes, sizeof(bytes), 0) !=
		    (ssize_t)sizeof(bytes)) {
			explicit_bzero(password, NK_PASSWORD_RANDOM + 1);
			return -EIO;
		}
		for (i = 0; i < sizeof(bytes) &&
		    done < NK_PASSWORD_RANDOM; i++) {
			/* The uneven rest would favour the first ones. */
			if (bytes[i] < 256 - 256 % n)
				password[done++] = alphabet[bytes[i] % n];
		}
	}
	password[done] = '\0';
	explicit_bzero(bytes, sizeof(bytes));
	return 0;
}

/* Only what may stand in a field of shadow(5), and is in some hash. */
static bool
is_hash_text(const char *text)
{
	size_t i;

	for (i = 0; text[i] != '\0'; i++) {
		if (text[i] <= ' ' || text[i] >= 0x7f ||
		    strchr(":;*!\\", text[i]) != NULL)
			return false;
	}
	if (text[0] == '$')
		return i >= MODERN_MIN && i <= NK_PASSWORD_IMPORT_MAX;
	return i == (text[0] == '_' ? MODERN_MIN : HASH_MIN);
}

int
nk_password_check_hash(const char *text, enum nk_hash_kind *kindp,
    const char **hashp)
{
	const char *hash = text;
	int method;

	while (*hash == '!' && hash - text < 2)
		hash++;
	if (text[0] != '\0' && (*hash == '\0' || strcmp(hash, "*") == 0)) {
		*kindp = NK_HASH_NONE;
		*hashp = "*";
		return 0;
	}
	if (!is_hash_text(hash))
		return -EINVAL;
	method = crypt_checksalt(hash);
	if (method != CRYPT_SALT_OK && method != CRYPT_SALT_METHOD_LEGACY)
		return -EINVAL;
	*kindp = hash == text ? NK_HASH_PLAIN : NK_HASH_LOCKED;
	*hashp = hash;
	return 0;
}
