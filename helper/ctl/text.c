/* SPDX-License-Identifier: ISC */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>
#include <wctype.h>

#include "helper/ctl/text.h"

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
		if (n != 0 && n <= len && iswprint((wint_t)wc)) {
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
	const char *no = getenv("NO_COLOR");

	return isatty(fd) && (no == NULL || no[0] == '\0');
}
