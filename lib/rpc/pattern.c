/* SPDX-License-Identifier: ISC */
#include <sys/types.h>

#include <errno.h>
#include <regex.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/rpc/pattern.h"

#define RENEW_AFTER	4096	/* bytes of text, then states are dropped */

struct nk_pattern {
	regex_t	 compiled;
	bool	 is_compiled;
	size_t	 seen;		/* bytes of text since it was compiled */
	char	 source[NK_PATTERN_LEN_MAX + 4];	/* ^(...) */
	char	 text[NK_PATTERN_TEXT_MAX + 1];		/* a long text's start */
};

/*
 * What the walk over a pattern adds up: how large it is once what repeats
 * is written out, for each group that is open.
 */
struct survey {
	const char	*p;
	size_t		 depth;				/* open groups */
	size_t		 size[NK_PATTERN_LEN_MAX + 1];	/* of each */
	size_t		 last;		/* of what a repetition repeats */
	const char	*why;
};

static bool
refuse(struct survey *s, const char *why)
{
	s->why = why;
	return false;
}

/* [abc], []abc], [^a-z], [[:alpha:]]: s->p stands behind "[". */
static bool
skip_bracket(struct survey *s)
{
	const char *p = s->p, *close;
	char end[3] = { '\0', ']', '\0' };

	if (*p == '^')
		p++;
	if (*p == ']')
		p++;
	for (; *p != ']'; p++) {
		if (*p == '\0')
			return refuse(s, "a [ is not closed");
		if (*p != '[' || strchr(":.=", p[1]) == NULL || p[1] == '\0')
			continue;
		end[0] = p[1];
		if ((close = strstr(p + 2, end)) == NULL)
			return refuse(s, "a [ is not closed");
		p = close + 1;
	}
	s->p = p + 1;
	return true;
}

static bool
skip_escape(struct survey *s)
{
	char c = *s->p;

	if (c >= '1' && c <= '9')
		return refuse(s, "back-references are not supported");
	if (c == '\0')
		return refuse(s, "it ends with a backslash");
	if (((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '0') &&
	    strchr("wWsSbB", c) == NULL)
		return refuse(s, "an escape is not supported: write [0-9] "
		    "for \\d and [^0-9] for \\D");
	s->p++;
	return true;
}

static bool
add_atom(struct survey *s, size_t size)
{
	s->last = size;
	s->size[s->depth] += size;
	return s->size[s->depth] <= NK_PATTERN_SIZE_MAX ||
	    refuse(s, "it repeats too much");
}

/* The last atom stands there so many times. */
static bool
repeat(struct survey *s, size_t times)
{
	size_t once = s->last;

	if (times > NK_PATTERN_SIZE_MAX)
		return refuse(s, "it repeats too much");
	if (times > 1 && !add_atom(s, once * (times - 1)))
		return false;
	s->last = once * (times > 1 ? times : 1) + 1;
	s->size[s->depth]++;
	return true;
}

static size_t
take_number(const char **pp)
{
	size_t n = 0;

	for (; **pp >= '0' && **pp <= '9'; (*pp)++) {
		if (n <= NK_PATTERN_SIZE_MAX)
			n = n * 10 + (size_t)(**pp - '0');
	}
	return n;
}

/* {n}, {n,}, {n,m}: s->p stands behind "{". */
static bool
take_interval(struct survey *s)
{
	size_t least, most;

	if (*s->p < '0' || *s->p > '9')
		return refuse(s, "a { does not begin an interval");
	least = most = take_number(&s->p);
	if (*s->p == ',') {
		s->p++;
		/* {n,}: n of them, and one that repeats */
		most = *s->p == '}' ? least + 1 : take_number(&s->p);
	}
	if (*s->p != '}' || most < least)
		return refuse(s, "an interval is malformed");
	s->p++;
	return repeat(s, most);
}

static bool
close_group(struct survey *s)
{
	size_t size;

	if (s->depth == 0)	/* it would close the one that anchors */
		return refuse(s, "a ) has no (");
	size = s->size[s->depth--];
	return add_atom(s, size + 1);
}

static bool
take_part(struct survey *s)
{
	switch (*s->p++) {
	case '\\':
		return skip_escape(s) && add_atom(s, 1);
	case '[':
		return skip_bracket(s) && add_atom(s, 1);
	case '{':
		return take_interval(s);
	case '+':
		return repeat(s, 2);	/* a+ is aa* to the C library */
	case '*':
	case '?':
		return repeat(s, 1);
	case '(':
		s->size[++s->depth] = 0;
		s->last = 0;
		return true;
	case ')':
		return close_group(s);
	default:
		return add_atom(s, 1);
	}
}

/* Are all parts of the pattern among those that are bounded? */
static bool
survey(struct survey *s)
{
	while (*s->p != '\0') {
		if (!take_part(s))
			return false;
	}
	return s->depth == 0 || refuse(s, "a ( is not closed");
}

static int
compile(struct nk_pattern *p)
{
	int r;

	if (p->is_compiled)
		regfree(&p->compiled);
	p->is_compiled = false;
	p->seen = 0;
	r = regcomp(&p->compiled, p->source, REG_EXTENDED | REG_NOSUB);
	if (r == REG_ESPACE)
		return -ENOMEM;
	if (r != 0)
		return -EINVAL;
	p->is_compiled = true;
	return 0;
}

int
nk_pattern_new(struct nk_pattern **pp, const char *text, const char **whyp)
{
	struct survey s = { .p = text };
	struct nk_pattern *p;
	int r;

	*pp = NULL;
	if (strlen(text) > NK_PATTERN_LEN_MAX) {
		*whyp = "it is longer than 256 bytes";
		return -EINVAL;
	}
	if (!survey(&s)) {
		*whyp = s.why;
		return -EINVAL;
	}
	if ((p = calloc(1, sizeof(*p))) == NULL)
		return -ENOMEM;
	(void)snprintf(p->source, sizeof(p->source), "^(%s)", text);
	if ((r = compile(p)) < 0) {
		*whyp = "it is not a POSIX extended regular expression";
		nk_pattern_free(p);
		return r;
	}
	*pp = p;
	return 0;
}

void
nk_pattern_free(struct nk_pattern *p)
{
	if (p == NULL)
		return;
	if (p->is_compiled)
		regfree(&p->compiled);
	explicit_bzero(p->text, sizeof(p->text));
	free(p);
}

int
nk_pattern_match(struct nk_pattern *p, const char *text)
{
	size_t len = strnlen(text, NK_PATTERN_TEXT_MAX + 1);
	int flags = 0, r;

	if (p->seen + len > RENEW_AFTER && (r = compile(p)) < 0)
		return -ENOMEM;
	p->seen += len;
	if (len > NK_PATTERN_TEXT_MAX) {
		memcpy(p->text, text, NK_PATTERN_TEXT_MAX);
		p->text[NK_PATTERN_TEXT_MAX] = '\0';
		text = p->text;
		flags = REG_NOTEOL;	/* its end is not the text's */
	}
	r = regexec(&p->compiled, text, 0, NULL, flags);
	if (r == REG_ESPACE)
		return -ENOMEM;
	return r == 0 ? 1 : 0;
}
