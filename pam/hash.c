/* SPDX-License-Identifier: ISC */
#include "pam/hash.h"

#include <crypt.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* yescrypt at libxcrypt's default cost, of nobody's password. */
#define NOBODY	"$y$j9T$naskeysnobodynaskeysno"

/* The oldest method's is as long; a shorter one is no hash. */
#define HASH_MIN	13

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

/* crypt(3) says "*0" or "*1" of what it cannot compute, and at once. */
static bool
can_be_computed(const char *hash)
{
	return hash != NULL && strlen(hash) >= HASH_MIN && hash[0] != '*' &&
	    hash[0] != '!' && crypt_checksalt(hash) != CRYPT_SALT_INVALID &&
	    crypt_checksalt(hash) != CRYPT_SALT_METHOD_DISABLED;
}

int
nk_hash_verify(const char *password, const char *hash)
{
	struct crypt_data *data;	/* 32 KiB: not for the stack */
	const char *out;
	int r = -EPERM;

	if ((data = calloc(1, sizeof(*data))) == NULL)
		return -ENOMEM;
	if (can_be_computed(hash)) {
		out = crypt_r(password, hash, data);
		if (out != NULL && out[0] != '*' && is_equal(out, hash))
			r = 0;
	} else {
		(void)crypt_r(password, NOBODY, data);
	}
	explicit_bzero(data, sizeof(*data));
	free(data);
	return r;
}
