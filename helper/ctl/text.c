/* SPDX-License-Identifier: ISC */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>
#include <wctype.h>

#include "helper/ctl/ctl.h"
#include "helper/ctl/text.h"

/*
 * Characters that iswprint(3) lets pass, but that a reader cannot see or
 * that show the text around them in another order.
 */
static bool
is_hidden(wchar_t wc)
{
	static const struct {
		wchar_t	first, last;
	} hidden[] = {
		{ 0x00ad, 0x00ad }, { 0x061c, 0x061c }, { 0x180e, 0x180e },
		{ 0x200b, 0x200b }, { 0x200e, 0x200f }, { 0x202a, 0x202e },
		{ 0x2060, 0x206f }, { 0xfeff, 0xfeff }, { 0xfff9, 0xfffb },
		{ 0xe0000, 0xe007f },
	};
	size_t i;

	for (i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		if (wc >= hidden[i].first && wc <= hidden[i].last)
			return true;
	return false;
}

char *
ctl_text_safe(const char *s)
{
	size_t len = strlen(s), at = 0, n, i;
	mbstate_t state = { 0 };
	wchar_t wc;
	char *out;

	if ((out = malloc(4 * len + 1)) == NULL)
		return NULL;
	while (len > 0) {
		n = mbrtowc(&wc, s, len, &state);
		if (n != 0 && n <= len && iswprint((wint_t)wc) &&
		    !is_hidden(wc)) {
			memcpy(out + at, s, n);
			at += n;
		} else {
			if (n == 0 || n > len) {	/* no character */
				n = 1;
				memset(&state, 0, sizeof(state));
			}
			for (i = 0; i < n; i++)
				at += (size_t)snprintf(out + at, 5, "\\x%02x",
				    (unsigned char)s[i]);
		}
		s += n;
		len -= n;
	}
	out[at] = '\0';
	return out;
}

size_t
ctl_text_width(const char *s)
{
	size_t len = strlen(s), width = 0, n;
	mbstate_t state = { 0 };
	wchar_t wc;
	int w;

	while (len > 0) {
		n = mbrtowc(&wc, s, len, &state);
		if (n == 0 || n > len) {
			n = 1;
			memset(&state, 0, sizeof(state));
			width++;
		} else
			width += (w = wcwidth(wc)) > 0 ? (size_t)w : 0;
		s += n;
		len -= n;
	}
	return width;
}

bool
ctl_text_colour(int fd)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(fd) && (no == NULL || no[0] == '\0') &&
	    term != NULL && strcmp(term, "dumb") != 0;
}

/* ---- sentences ---- */

static void NK_PRINTF(3, 0)
print_line(FILE *to, const char *before, const char *fmt, va_list ap)
{
	char *text = NULL, *safe = NULL;

	if (vasprintf(&text, fmt, ap) == -1)
		text = NULL;
	if (text != NULL)
		safe = ctl_text_safe(text);
	fprintf(to, "%s%s\n", before, safe != NULL ? safe : "out of memory");
	free(safe);
	free(text);
}

static void NK_PRINTF(3, 0)
complain(const struct ctl *c, const char *kind, const char *fmt, va_list ap)
{
	char before[80];

	snprintf(before, sizeof(before), "naskeysctl: %s%s%s",
	    c->where != NULL ? c->where : "", c->where != NULL ? ": " : "",
	    kind);
	print_line(stderr, before, fmt, ap);
}

void
ctl_say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print_line(stdout, "", fmt, ap);
	va_end(ap);
}

void
ctl_warn(const struct ctl *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(c, "warning: ", fmt, ap);
	va_end(ap);
}

int
ctl_fail(const struct ctl *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(c, "", fmt, ap);
	va_end(ap);
	return CTL_FAILED;
}

int
ctl_misuse(const struct ctl *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(c, "", fmt, ap);
	va_end(ap);
	fprintf(stderr, "Try \"naskeysctl%s%s --help\".\n",
	    c->where != NULL ? " " : "", c->where != NULL ? c->where : "");
	return CTL_USAGE;
}
