/* SPDX-License-Identifier: ISC */
#include "lib/account/shellword.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Where in the word its reader is. */
struct reader {
	char	 quote;		/* the one that is open, or NUL */
	bool	 bracket;	/* there was a '[' that means a list */
	char	*text, *pattern;	/* where the next byte goes */
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void
put(struct reader *rd, char c, bool quoted)
{
	*rd->text++ = c;
	if (c == '[' && !quoted)
		rd->bracket = true;
	if (quoted && strchr(rd->bracket ? "*?[]\\!^-" : "*?[]\\", c) !=
	    NULL)
		*rd->pattern++ = '\\';
	*rd->pattern++ = c;
}

/* Take one character, or two after a backslash.  The number, or -EINVAL. */
static int
step(struct reader *rd, const char *s, const char **whyp)
{
	if (rd->quote != '\0' && *s == rd->quote) {
		rd->quote = '\0';
		return 1;
	}
	if (rd->quote == '\0' && (*s == '\'' || *s == '"')) {
		rd->quote = *s;
		return 1;
	}
	if (*s != '\\' || rd->quote == '\'') {
		put(rd, *s, rd->quote != '\0');
		return 1;
	}
	if (s[1] == '\0') {
		*whyp = "No escaped character";
		return -EINVAL;
	}
	/* Between double quotes it escapes only these. */
	if (rd->quote == '"' && s[1] != '"' && s[1] != '\\')
		put(rd, '\\', true);
	put(rd, s[1], true);
	return 2;
}

int
nk_shellword_next(const char **sp, struct nk_shellword *w,
    const char **whyp)
{
	struct reader rd = { .quote = '\0' };
	const char *s = *sp;
	size_t room;
	int n;

	while (is_blank(*s))
		s++;
	if (*s == '\0')
		return 0;
	room = strlen(s) + 1;
	if ((w->text = malloc(room)) == NULL ||
	    (w->pattern = calloc(room, 2)) == NULL) {
		nk_shellword_clear(w);
		return -ENOMEM;
	}
	rd.text = w->text;
	rd.pattern = w->pattern;
	while (*s != '\0' && (rd.quote != '\0' || !is_blank(*s))) {
		if ((n = step(&rd, s, whyp)) < 0) {
			nk_shellword_clear(w);
			return n;
		}
		s += n;
	}
	if (rd.quote != '\0') {
		*whyp = "No closing quotation";
		nk_shellword_clear(w);
		return -EINVAL;
	}
	*rd.text = *rd.pattern = '\0';
	*sp = s;
	return 1;
}

void
nk_shellword_clear(struct nk_shellword *w)
{
	free(w->text);
	free(w->pattern);
	*w = NK_SHELLWORD_NONE;
}
