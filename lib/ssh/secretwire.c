/* SPDX-License-Identifier: ISC */
#include "lib/ssh/secretwire.h"

#include <errno.h>

int
nk_secretwire_put_u32(struct nk_secret *s, uint32_t v)
{
	const uint8_t b[4] = { (uint8_t)(v >> 24), (uint8_t)(v >> 16),
	    (uint8_t)(v >> 8), (uint8_t)v };

	return nk_secret_append(s, b, sizeof(b));
}

int
nk_secretwire_put_string(struct nk_secret *s, const void *bytes, size_t len)
{
	int r;

	if (len > NK_SECRET_MAX)
		return -E2BIG;
	if ((r = nk_secretwire_put_u32(s, (uint32_t)len)) < 0)
		return r;
	return nk_secret_append(s, bytes, len);
}

int
nk_secretwire_put_mpint(struct nk_secret *s, const uint8_t *n, size_t len)
{
	size_t sign;
	int r;

	for (; len > 0 && n[0] == 0; len--)
		n++;
	if (len > NK_SECRET_MAX)
		return -E2BIG;
	sign = len > 0 && (n[0] & 0x80) != 0;
	if ((r = nk_secretwire_put_u32(s, (uint32_t)(len + sign))) < 0 ||
	    (r = nk_secret_append(s, "", sign)) < 0)
		return r;
	return nk_secret_append(s, n, len);
}
