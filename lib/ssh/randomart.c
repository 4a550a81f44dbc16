/* SPDX-License-Identifier: ISC */

/*
 * "The drunken bishop": two bits of the digest after another say into which
 * of the four diagonal directions a piece goes on a board of 17 by 9; each
 * square shows how often it was visited.
 */

#include "lib/ssh/randomart.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ssh/base64.h"
#include "lib/ssh/fingerprint.h"

#define WIDTH	17
#define HEIGHT	9
#define LINE	(WIDTH + 3)		/* with its frame and newline */
#define TEXT	(LINE * (HEIGHT + 2))

static const char visits[] = " .o+=*BOX@%&#/^";
#define VISITS_MAX	(sizeof(visits) - 2)

const char *
nk_keytype_short(const struct nk_keytype *type)
{
	static const char *const names[][2] = {
		[NK_ALG_ED25519] = { "ED25519", "ED25519-CERT" },
		[NK_ALG_RSA] = { "RSA", "RSA-CERT" },
		[NK_ALG_ECDSA] = { "ECDSA", "ECDSA-CERT" },
		[NK_ALG_SK_ED25519] = { "ED25519-SK", "ED25519-SK-CERT" },
		[NK_ALG_SK_ECDSA] = { "ECDSA-SK", "ECDSA-SK-CERT" },
	};

	return names[type->alg][type->certificate ? 1 : 0];
}

/* One square on, unless the edge is there. */
static int
step(int at, bool up, int size)
{
	if (up)
		return at + 1 < size ? at + 1 : at;
	return at > 0 ? at - 1 : at;
}

static void
walk(const uint8_t *digest, size_t len, char board[HEIGHT][WIDTH])
{
	unsigned int seen[HEIGHT][WIDTH] = { { 0 } };
	int x = WIDTH / 2, y = HEIGHT / 2, move;
	size_t i;

	for (i = 0; i < len; i++) {
		for (move = 0; move < 8; move += 2) {
			x = step(x, (digest[i] >> move & 1) != 0, WIDTH);
			y = step(y, (digest[i] >> move & 2) != 0, HEIGHT);
			if (seen[y][x] < VISITS_MAX)
				seen[y][x]++;
		}
	}
	for (i = 0; i < (size_t)HEIGHT * WIDTH; i++)
		board[i / WIDTH][i % WIDTH] =
		    visits[seen[i / WIDTH][i % WIDTH]];
	board[HEIGHT / 2][WIDTH / 2] = 'S';
	board[y][x] = 'E';
}

/* "+--[title]--+", where the title has WIDTH characters at most. */
static char *
put_edge(char *p, const char *title)
{
	char *at = p + 1 + (WIDTH - strlen(title)) / 2;

	memset(p, '-', LINE);
	p[0] = p[WIDTH + 1] = '+';
	while (*title != '\0')
		*at++ = *title++;
	p[WIDTH + 2] = '\n';
	return p + LINE;
}

static char *
draw(char *p, const char *title, char board[HEIGHT][WIDTH])
{
	int y;

	p = put_edge(p, title);
	for (y = 0; y < HEIGHT; y++) {
		p[0] = p[WIDTH + 1] = '|';
		memcpy(p + 1, board[y], WIDTH);
		p[WIDTH + 2] = '\n';
		p += LINE;
	}
	return put_edge(p, "[SHA256]");
}

/* The digest back out of "SHA256:..." */
static int
digest_of(const uint8_t *blob, size_t len, uint8_t **digestp, size_t *lenp)
{
	char *fp, padded[64];
	int r;

	if ((r = nk_fingerprint_sha256(blob, len, &fp)) < 0)
		return r;
	(void)snprintf(padded, sizeof(padded), "%s=", strchr(fp, ':') + 1);
	free(fp);
	return nk_base64_decode(padded, strlen(padded), digestp, lenp);
}

int
nk_randomart(const uint8_t *blob, size_t len, const struct nk_keytype *type,
    unsigned int bits, char **textp)
{
	const char *name = nk_keytype_short(type);
	char board[HEIGHT][WIDTH], title[WIDTH], *text;
	uint8_t *digest;
	size_t n;
	int r;

	*textp = NULL;
	if ((r = digest_of(blob, len, &digest, &n)) < 0)
		return r;
	if ((text = malloc(TEXT)) == NULL) {
		free(digest);
		return -ENOMEM;
	}
	walk(digest, n, board);
	/* what has just one character too many is cut, as ssh-keygen does */
	if (snprintf(title, sizeof(title), "[%s %u]", name, bits) > WIDTH)
		(void)snprintf(title, sizeof(title), "[%s]", name);
	(void)draw(text, title, board);
	text[TEXT - 1] = '\0';		/* in place of the last newline */
	free(digest);
	*textp = text;
	return 0;
}
