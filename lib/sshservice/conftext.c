/* SPDX-License-Identifier: ISC */
#include "lib/sshservice/conftext.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool
nk_conftext_next(const char **textp, char *line, size_t len)
{
	size_t n = strcspn(*textp, "\n"), keep;

	if (**textp == '\0')
		return false;
	keep = n < len ? n : len - 1;
	memcpy(line, *textp, keep);
	while (keep > 0 && strchr(" \t\r", line[keep - 1]) != NULL)
		keep--;
	line[keep] = '\0';
	*textp += n + ((*textp)[n] == '\n' ? 1 : 0);
	return true;
}

const char *
nk_conftext_value(const char *line, const char *keyword)
{
	size_t n = strlen(keyword);

	line += strspn(line, " \t");
	if (strncasecmp(line, keyword, n) != 0 ||
	    strchr(" \t=", line[n]) == NULL || line[n] == '\0')
		return NULL;
	line += n;
	line += strspn(line, " \t");
	if (*line == '=')
		line += 1 + strspn(line + 1, " \t");
	return line;
}

bool
nk_conftext_keyword(const char *line, char *keyword, size_t len)
{
	size_t n;

	line += strspn(line, " \t");
	n = strcspn(line, " \t=");
	if (n == 0 || *line == '#' || n >= len)
		return false;
	memcpy(keyword, line, n);
	keyword[n] = '\0';
	return true;
}

bool
nk_conftext_has(const char *text, const char *keyword)
{
	char line[NK_CONFTEXT_LINE_MAX];

	while (nk_conftext_next(&text, line, sizeof(line)))
		if (nk_conftext_value(line, keyword) != NULL)
			return true;
	return false;
}

/* ---- marks ---- */

/* 0 when all has been written, and *outp is what. */
static int
finish(FILE *f, char **outp, char **text)
{
	bool failed = ferror(f) != 0;

	if (fclose(f) == EOF || failed) {
		free(*text);
		return -ENOMEM;
	}
	*outp = *text;
	return 0;
}

int
nk_conftext_mark(const char *text, const unsigned int *lines, size_t n,
    char **outp)
{
	unsigned int number = 0;
	size_t i = 0, len, room;
	char *out = NULL;
	FILE *f;

	*outp = NULL;
	if ((f = open_memstream(&out, &room)) == NULL)
		return -ENOMEM;
	for (; *text != '\0'; text += len) {
		len = strcspn(text, "\n");
		len += text[len] == '\n';
		if (i < n && ++number == lines[i]) {
			fputs(NK_CONFTEXT_MARK, f);
			i++;
		}
		fwrite(text, 1, len, f);
	}
	return finish(f, outp, &out);
}

/* Is the line [len] one of the text's? */
static bool
has_line(const char *text, const char *line, size_t len)
{
	size_t n;

	for (; *text != '\0'; text += n + (text[n] == '\n')) {
		n = strcspn(text, "\n");
		if (n == len && memcmp(text, line, len) == 0)
			return true;
	}
	return false;
}

int
nk_conftext_unmark(const char *text, const char *but, char **outp)
{
	const size_t mark = sizeof(NK_CONFTEXT_MARK) - 1;
	size_t len, room, skip;
	char *out = NULL;
	FILE *f;

	*outp = NULL;
	if ((f = open_memstream(&out, &room)) == NULL)
		return -ENOMEM;
	for (; *text != '\0'; text += len) {
		len = strcspn(text, "\n");
		skip = strncmp(text, NK_CONFTEXT_MARK, mark) == 0 &&
		    (but == NULL || !has_line(but, text, len)) ? mark : 0;
		len += text[len] == '\n';
		fwrite(text + skip, 1, len - skip, f);
	}
	return finish(f, outp, &out);
}
