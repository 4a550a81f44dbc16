/* SPDX-License-Identifier: ISC */
/*
 * A stream cut into pieces anywhere gives the same lines as the stream cut
 * at its newlines: no byte is lost, taken twice, or taken from behind a
 * newline; a line above the limit is refused, and nothing of it is kept.
 *
 * The first byte is the limit, the second seeds how the stream is cut.
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "helper/helper/framing.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(int ok)
{
	if (!ok)
		abort();
}

/* The line at p, as memchr(3) sees it: its length without the newline. */
static size_t
line_length(const char *p, size_t left)
{
	const char *newline = left > 0 ? memchr(p, '\n', left) : NULL;

	return newline == NULL ? left : (size_t)(newline - p);
}

static void
check_line(const struct framing *f, const char *line, size_t len)
{
	require(f->begun && f->len == len && len <= f->max);
	require(len == 0 || memcmp(f->buf, line, len) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *line, *p, *end;
	struct framing f;
	size_t n, share, before;
	uint32_t seed;
	int r;

	if (size < 2)
		return 0;
	framing_init(&f, data[0]);
	seed = data[1];
	line = p = (const char *)data + 2;
	end = (const char *)data + size;
	while (p < end) {
		seed = seed * 1103515245u + 12345u;
		n = 1 + (seed >> 16) % 64;
		if (n > (size_t)(end - p))
			n = (size_t)(end - p);
		share = framing_share(p, n);
		require(share >= 1 && share <= n);
		before = f.len;
		if ((r = framing_add(&f, p, share)) < 0) {
			require(r == -EMSGSIZE && f.len == before);
			require(line_length(line, (size_t)(end - line)) >
			    f.max);
			break;
		}
		p += share;
		if (!f.complete)
			continue;
		check_line(&f, line,
		    line_length(line, (size_t)(end - line)));
		require(p == line + f.len + 1);
		require(framing_add(&f, "x", 1) == -EINVAL);
		framing_next(&f);
		require(f.len == 0 && !f.begun && !f.complete);
		line = p;
	}
	if (p == end && p > line && !f.complete)
		check_line(&f, line, (size_t)(end - line));
	framing_clear(&f);
	return 0;
}
