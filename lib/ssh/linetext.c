/* SPDX-License-Identifier: ISC */
#include "lib/ssh/linetext.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/ssh/refuse.h"

/*
 * Take one character of more than one byte off s[len], its first byte
 * included.  Returns its length, or 0: not UTF-8 in the shortest form, a
 * surrogate, or beyond Unicode.
 */
static size_t
get_character(const unsigned char *s, size_t len, uint32_t *cp)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t c;
	size_t i, n;

	if (s[0] >= 0xf8 || s[0] < 0xc0)
		return 0;
	n = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
	if (n > len)
		return 0;
	c = s[0] & (0x7fU >> n);
	for (i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < smallest[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*cp = c;
	return n;
}

/* Does c end a line, control a terminal, or turn the text around it? */
static bool
is_control(uint32_t c)
{
	return (c < 0x20 && c != '\t') || (c >= 0x7f && c < 0xa0) ||
	    c == 0x2028 || c == 0x2029 || (c >= 0x202a && c <= 0x202e) ||
	    (c >= 0x2066 && c <= 0x2069);
}

int
nk_linetext_check(const char *text, size_t len, const char **whyp)
{
	const unsigned char *s = (const unsigned char *)text;
	uint32_t c;
	size_t n;

	for (; len > 0; s += n, len -= n) {
		n = 1;
		c = s[0];
		if (c >= 0x80 && (n = get_character(s, len, &c)) == 0)
			return nk_refuse(whyp, -EBADMSG,
			    "the line is not valid UTF-8 text: "
			    "save it as UTF-8, or take out the strange bytes");
		if (is_control(c))
			return nk_refuse(whyp, -EBADMSG,
			    "the line contains a control character: "
			    "give each key on one line of plain text");
	}
	return 0;
}
