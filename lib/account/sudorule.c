/* SPDX-License-Identifier: ISC */
#include "lib/account/sudorule.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/account/shellword.h"

/*
 * What sudoers reads of it is the pattern: a backslash before a wildcard is
 * left for fnmatch(3), one before its own signs is taken off.
 */
static void
put_pattern(FILE *f, const char *p)
{
	for (; *p != '\0'; p++) {
		if (*p == '\\' && p[1] == '\\') {
			fputs("\\\\\\\\", f);
			p++;
		} else if (*p == '\\') {
			putc('\\', f);
			putc(*++p, f);
		} else {
			if (strchr(",:=# ", *p) != NULL)
				putc('\\', f);
			putc(*p, f);
		}
	}
}

static int
refuse(const char **whyp, const char *why)
{
	*whyp = why;
	return -EINVAL;
}

static int
put_path(FILE *f, const struct nk_shellword *w, const char **whyp)
{
	const char *slash = strrchr(w->text, '/');

	if (w->text[0] != '/')
		return refuse(whyp, "Executable must be an absolute path");
	if (strchr(w->pattern, '\\') != NULL)
		return refuse(whyp, "A wildcard or backslash of the path "
		    "itself cannot be told from one of sudo's");
	if (slash != NULL && strcmp(slash, "/sudoedit") == 0)
		return refuse(whyp, "sudoedit takes no path in sudoers");
	put_pattern(f, w->pattern);
	return 0;
}

/* Is a sign quoted that means itself between brackets only by a backslash? */
static bool
has_quoted_sign(const char *p)
{
	for (; *p != '\0'; p++)
		if (*p == '\\' && strchr("!^-", *++p) != NULL)
			return true;
	return false;
}

/* The arguments after the path, if any. */
static int
put_arguments(FILE *f, const char *rest, bool folder, const char **whyp)
{
	struct nk_shellword w = NK_SHELLWORD_NONE;
	bool empty = false, quotes = false, sign = false;
	size_t n;
	int r;

	for (n = 0; (r = nk_shellword_next(&rest, &w, whyp)) == 1; n++) {
		putc(' ', f);
		if (w.text[0] == '\0')
			empty = true;
		else if (n == 0 && w.text[0] == '^')
			putc('\\', f);	/* no regular expression */
		quotes = strcmp(w.text, "\"\"") == 0;
		sign = sign || has_quoted_sign(w.pattern);
		put_pattern(f, w.pattern);
		nk_shellword_clear(&w);
	}
	if (r < 0)
		return r;
	if (quotes && n == 1)
		return refuse(whyp, "Two double quotes as the argument "
		    "would mean that there is none");
	if (sign)
		return refuse(whyp, "A quoted '!', '^' or '-' behind a '[' "
		    "cannot be told from one of sudo's");
	if (n > 0 && folder)
		return refuse(whyp, "A folder takes no arguments");
	if (empty && n > 1)
		return refuse(whyp, "An empty argument can only stand alone");
	if (empty)
		fputs("\"\"", f);	/* none at all */
	return 0;
}

static int
format(FILE *f, const char *command, const char **whyp)
{
	struct nk_shellword path = NK_SHELLWORD_NONE;
	size_t len;
	int r;

	if ((r = nk_shellword_next(&command, &path, whyp)) <= 0)
		return r < 0 ? r : refuse(whyp, "There is no command");
	if ((r = put_path(f, &path, whyp)) == 0) {
		len = strlen(path.text);
		r = put_arguments(f, command, path.text[len - 1] == '/',
		    whyp);
	}
	nk_shellword_clear(&path);
	return r < 0 ? r : 0;
}

int
nk_sudorule_format(const char *command, char **rulep, const char **whyp)
{
	const char *p;
	char *text = NULL;
	size_t len;
	FILE *f;
	int r = 0;

	*rulep = NULL;
	for (p = command; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return refuse(whyp, "A command must be one line "
			    "without control characters");
	if ((f = open_memstream(&text, &len)) == NULL)
		return -ENOMEM;
	if (strcmp(command, "ALL") == 0)
		fputs(command, f);
	else
		r = format(f, command, whyp);
	if (fclose(f) == EOF && r == 0)
		r = -ENOMEM;
	if (r < 0)
		free(text);
	else
		*rulep = text;
	return r;
}
