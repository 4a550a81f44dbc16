/* SPDX-License-Identifier: ISC */
#include "lib/ssh/base64.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* What is not named here is 0; so each value stands one too high. */
static const uint8_t value_plus_1[256] = {
	['A'] = 1, ['B'] = 2, ['C'] = 3, ['D'] = 4, ['E'] = 5, ['F'] = 6,
	['G'] = 7, ['H'] = 8, ['I'] = 9, ['J'] = 10, ['K'] = 11, ['L'] = 12,
	['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16, ['Q'] = 17,
	['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22,
	['W'] = 23, ['X'] = 24, ['Y'] = 25, ['Z'] = 26, ['a'] = 27,
	['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
	['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37,
	['l'] = 38, ['m'] = 39, ['n'] = 40, ['o'] = 41, ['p'] = 42,
	['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47,
	['v'] = 48, ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52,
	['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56, ['4'] = 57,
	['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62,
	['+'] = 63, ['/'] = 64,
};

int
nk_base64_value(char c)
{
	return (int)value_plus_1[(unsigned char)c] - 1;
}

size_t
nk_base64_values(const char *s, size_t len, uint8_t *out, size_t *np)
{
	size_t i, n = 0;
	uint8_t v;

	for (i = 0; i < len; i++) {
		if ((v = value_plus_1[(unsigned char)s[i]]) != 0)
			out[n++] = v - 1;
		else if (s[i] != ' ' && s[i] != '\t' && s[i] != '\r' &&
		    s[i] != '\n')
			break;
	}
	*np = n;
	return i;
}

/*
 * Decode n characters (2 to 4) of one group into n - 1 bytes.
 * Returns 0, or -EBADMSG: a strange character, or unused bits set.
 */
static int
decode_group(const char *s, size_t n, uint8_t *out)
{
	uint32_t v = 0;
	size_t i;
	int c;

	for (i = 0; i < 4; i++) {
		if ((c = i < n ? nk_base64_value(s[i]) : 0) < 0)
			return -EBADMSG;
		v = v << 6 | (uint32_t)c;
	}
	if ((n == 2 && (v & 0xffff) != 0) || (n == 3 && (v & 0xff) != 0))
		return -EBADMSG;
	for (i = 0; i < n - 1; i++)
		out[i] = (uint8_t)(v >> (16 - 8 * i));
	return 0;
}

int
nk_base64_decode(const char *text, size_t len, uint8_t **bufp, size_t *lenp)
{
	uint8_t *buf = NULL;
	size_t i, n, out = 0;
	int r = 0;

	*bufp = NULL;
	*lenp = 0;
	if (len % 4 != 0)
		return -EBADMSG;
	if ((buf = malloc(len / 4 * 3 + 1)) == NULL)
		return -ENOMEM;
	for (i = 0; i < len && r == 0; i += 4) {
		n = 4;
		if (i + 4 == len && text[i + 3] == '=')
			n = text[i + 2] == '=' ? 2 : 3;
		r = decode_group(text + i, n, buf + out);
		out += n - 1;
	}
	if (r < 0) {
		free(buf);
		return r;
	}
	*bufp = buf;
	*lenp = out;
	return 0;
}

int
nk_base64_encode(const uint8_t *buf, size_t len, char **textp)
{
	char *text, *t;
	size_t i, n, k;
	uint32_t v;

	*textp = NULL;
	if (len > SIZE_MAX / 4 * 3 - 4 ||
	    (text = malloc((len + 2) / 3 * 4 + 1)) == NULL)
		return -ENOMEM;
	for (t = text, i = 0; i < len; i += 3) {
		n = len - i < 3 ? len - i : 3;
		v = (uint32_t)buf[i] << 16;
		v |= n > 1 ? (uint32_t)buf[i + 1] << 8 : 0;
		v |= n > 2 ? buf[i + 2] : 0;
		for (k = 0; k < 4; k++)
			*t++ = k <= n ? alphabet[v >> (18 - 6 * k) & 63] : '=';
	}
	*t = '\0';
	*textp = text;
	return 0;
}
