/* SPDX-License-Identifier: ISC */
#include "lib/ssh/secretbase64.h"

#include <errno.h>
#include <string.h>

/* All bits set when low <= c <= high, else none; all are below 256. */
static uint32_t
within(uint32_t c, uint32_t low, uint32_t high)
{
	return (((low - 1 - c) & (c - high - 1)) >> 8 & 1) * UINT32_MAX;
}

/* The value of one character, or 64: it is not in the alphabet. */
static uint32_t
value(char letter)
{
	const uint32_t c = (unsigned char)letter;
	uint32_t v = 65;		/* one too high everywhere */

	v += within(c, 'A', 'Z') & (c - 'A' - 64);
	v += within(c, 'a', 'z') & (c - 'a' + 26 - 64);
	v += within(c, '0', '9') & (c - '0' + 52 - 64);
	v += within(c, '+', '+') & (uint32_t)(62 - 64);
	v += within(c, '/', '/') & (uint32_t)(63 - 64);
	return v - 1;
}

static char
letter(uint32_t v)
{
	uint32_t c = 0;

	c |= within(v, 0, 25) & ('A' + v);
	c |= within(v, 26, 51) & ('a' + v - 26);
	c |= within(v, 52, 61) & ('0' + v - 52);
	c |= within(v, 62, 62) & '+';
	c |= within(v, 63, 63) & '/';
	return (char)c;
}

/*
 * Decode the n characters (2 to 4) of one group into n - 1 bytes.  Returns
 * what is wrong with it: not 0 for a strange character or unused bits.
 */
static uint32_t
decode_group(const char *s, size_t n, uint8_t out[static 3])
{
	uint32_t v = 0, c, bad = 0;
	size_t i;

	for (i = 0; i < 4; i++) {
		c = i < n ? value(s[i]) : 0;
		bad |= c & 64;
		v = v << 6 | (c & 63);
	}
	bad |= n == 2 ? v & 0xffff : n == 3 ? v & 0xff : 0;
	for (i = 0; i < 3; i++)
		out[i] = (uint8_t)(v >> (16 - 8 * i));
	return bad;
}

int
nk_secretbase64_decode(const char *text, size_t len, struct nk_secret *out)
{
	uint8_t group[3];
	uint32_t bad = 0;
	size_t i, n;
	int r;

	if (len % 4 != 0)
		return -EBADMSG;
	if (len / 4 * 3 > NK_SECRET_MAX - out->len)
		return -E2BIG;
	if ((r = nk_secret_reserve(out, out->len + len / 4 * 3)) < 0)
		return r;
	for (i = 0; i < len && r == 0; i += 4) {
		n = 4;
		if (i + 4 == len && text[i + 3] == '=')
			n = text[i + 2] == '=' ? 2 : 3;
		bad |= decode_group(text + i, n, group);
		r = nk_secret_append(out, group, n - 1);
	}
	explicit_bzero(group, sizeof(group));
	if (r < 0)
		return r;
	return bad == 0 ? 0 : -EBADMSG;
}

/* Encode n bytes (1 to 3) as one group. */
static void
encode_group(const uint8_t *bytes, size_t n, char out[static 4])
{
	uint32_t v = 0;
	size_t i;

	for (i = 0; i < 3; i++)
		v = v << 8 | (i < n ? bytes[i] : 0);
	for (i = 0; i < 4; i++)
		out[i] = i <= n ? letter(v >> (18 - 6 * i) & 63) : '=';
}

int
nk_secretbase64_encode(const uint8_t *bytes, size_t len, size_t width,
    struct nk_secret *out)
{
	size_t i, k, column = 0;
	char group[4];
	int r = 0;

	for (i = 0; i < len; i += 3) {
		encode_group(bytes + i, len - i < 3 ? len - i : 3, group);
		for (k = 0; k < sizeof(group) && r == 0; k++) {
			r = nk_secret_append(out, group + k, 1);
			if (++column == width && r == 0) {
				r = nk_secret_append(out, "\n", 1);
				column = 0;
			}
		}
	}
	explicit_bzero(group, sizeof(group));
	if (r == 0 && column > 0)
		r = nk_secret_append(out, "\n", 1);
	return r;
}
