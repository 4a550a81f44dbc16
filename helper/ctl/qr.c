/* SPDX-License-Identifier: ISC */
#include "helper/ctl/qr.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* White on black, and as it was. */
#define COLOURED	"\033[97;40m"
#define PLAIN		"\033[0m"

#define CHARACTER_MAX	3	/* bytes of a half block */

static bool
is_dark(const uint8_t *modules, size_t width, size_t x, size_t y)
{
	return x >= QR_QUIET && x < width + QR_QUIET && y >= QR_QUIET &&
	    y < width + QR_QUIET &&
	    modules[(y - QR_QUIET) * width + x - QR_QUIET] != 0;
}

static char *
add(char *p, const char *text)
{
	while (*text != '\0')
		*p++ = *text++;
	return p;
}

char *
qr_format(const uint8_t *modules, size_t width, bool colour, size_t *lenp)
{
	/* by the upper and the lower module */
	static const char *const blocks[2][2] = {
		{ "\xe2\x96\x88", "\xe2\x96\x80" },	/* full, upper */
		{ "\xe2\x96\x84", " " },		/* lower */
	};
	size_t all = width + 2 * (size_t)QR_QUIET, x, y;
	char *text, *p;

	text = malloc((all / 2 + 1) * (all * CHARACTER_MAX +
	    sizeof(COLOURED) + sizeof(PLAIN) + 1));
	if (text == NULL)
		return NULL;
	p = text;
	for (y = 0; y < all; y += 2) {
		p = add(p, colour ? COLOURED : "");
		for (x = 0; x < all; x++)
			p = add(p, blocks[is_dark(modules, width, x, y)]
			    [is_dark(modules, width, x, y + 1)]);
		p = add(p, colour ? PLAIN "\n" : "\n");
	}
	*lenp = (size_t)(p - text);
	return text;
}

#ifdef HAVE_QRENCODE

#include <sys/ioctl.h>

#include <qrencode.h>
#include <unistd.h>

#include "helper/ctl/text.h"

/* A terminal that can move its cursor, and is wide enough. */
static bool
fits(size_t columns)
{
	const char *term = getenv("TERM");
	struct winsize size;

	return isatty(STDOUT_FILENO) && term != NULL &&
	    strcmp(term, "dumb") != 0 &&
	    (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == -1 ||
	    size.ws_col == 0 || size.ws_col >= columns);
}

static uint8_t *
modules_of(const QRcode *code)
{
	size_t n = (size_t)code->width * (size_t)code->width, i;
	uint8_t *modules = malloc(n);

	for (i = 0; modules != NULL && i < n; i++)
		modules[i] = code->data[i] & 1;
	return modules;
}

bool
qr_print(const char *text)
{
	QRcode *code = QRcode_encodeString(text, 0, QR_ECLEVEL_L, QR_MODE_8,
	    1);
	uint8_t *modules;
	char *drawn = NULL;
	size_t width, len = 0;

	if (code == NULL)
		return false;
	width = (size_t)code->width;
	modules = modules_of(code);
	explicit_bzero(code->data, width * width);
	QRcode_free(code);
	if (modules != NULL && fits(width + 2 * (size_t)QR_QUIET))
		drawn = qr_format(modules, width,
		    ctl_text_colour(STDOUT_FILENO), &len);
	if (drawn != NULL) {
		(void)fwrite(drawn, 1, len, stdout);
		explicit_bzero(drawn, len);
	}
	if (modules != NULL)
		explicit_bzero(modules, width * width);
	free(modules);
	free(drawn);
	return len > 0;
}

#else

bool
qr_print(const char *text)
{
	(void)text;
	return false;
}

#endif
