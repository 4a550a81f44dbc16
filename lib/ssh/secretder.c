/* SPDX-License-Identifier: ISC */
#include "lib/ssh/secretder.h"

#include <errno.h>

#include "lib/ssh/der.h"

int
nk_secretder_put_header(struct nk_secret *s, uint8_t tag, size_t len)
{
	uint8_t header[5] = { tag };
	size_t n = 0, i;

	if (len > NK_SECRET_MAX)
		return -E2BIG;
	if (len < 0x80) {
		header[1] = (uint8_t)len;
		return nk_secret_append(s, header, 2);
	}
	while (len >> (8 * n) != 0)
		n++;
	header[1] = (uint8_t)(0x80 | n);
	for (i = 0; i < n; i++)
		header[2 + i] = (uint8_t)(len >> (8 * (n - 1 - i)));
	return nk_secret_append(s, header, 2 + n);
}

int
nk_secretder_put(struct nk_secret *s, uint8_t tag, const void *content,
    size_t len)
{
	int r;

	if ((r = nk_secretder_put_header(s, tag, len)) < 0)
		return r;
	return nk_secret_append(s, content, len);
}

int
nk_secretder_put_number(struct nk_secret *s, const uint8_t *n, size_t len)
{
	size_t sign;
	int r;

	for (; len > 0 && n[0] == 0; len--)
		n++;
	sign = len == 0 || (n[0] & 0x80) != 0;
	if ((r = nk_secretder_put_header(s, NK_DER_INTEGER,
	    len + sign)) < 0 ||
	    (r = nk_secret_append(s, "", sign)) < 0)
		return r;
	return nk_secret_append(s, n, len);
}
