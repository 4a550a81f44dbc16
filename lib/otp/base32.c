/* SPDX-License-Identifier: ISC */
#include "lib/otp/base32.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

int
nk_base32_encode(const void *bytes, size_t n, struct nk_secret *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	const uint8_t *p = bytes;
	uint32_t bits = 0;
	unsigned int held = 0;		/* of them not written yet */
	size_t i;
	int r;

	for (i = 0; i < n; i++) {
		bits = bits << 8 | p[i];
		for (held += 8; held >= 5; held -= 5)
			if ((r = nk_secret_append(out,
			    &digits[bits >> (held - 5) & 31], 1)) < 0)
				return r;
	}
	if (held == 0)
		return 0;
	return nk_secret_append(out, &digits[bits << (5 - held) & 31], 1);
}

/* -1: none of the characters. */
static int
value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a';
	if (c >= '2' && c <= '7')
		return c - '2' + 26;
	return -1;
}

static bool
is_gap(char c)
{
	return c == ' ' || c == '\t' || c == '-';
}

int
nk_base32_decode(const char *text, struct nk_secret *out)
{
	uint32_t bits = 0;
	unsigned int held = 0;
	uint8_t byte;
	int v, r;

	for (; *text != '\0' && *text != '='; text++) {
		if (is_gap(*text))
			continue;
		if ((v = value_of(*text)) == -1)
			return -EBADMSG;
		bits = (bits << 5 | (uint32_t)v) & 0xfff;
		if ((held += 5) < 8)
			continue;
		held -= 8;
		byte = (uint8_t)(bits >> held);
		if ((r = nk_secret_append(out, &byte, 1)) < 0)
			return r;
	}
	for (; *text != '\0'; text++)
		if (*text != '=' && !is_gap(*text))
			return -EBADMSG;
	return held >= 5 || (bits & ((1u << held) - 1)) != 0 ? -EBADMSG : 0;
}
