/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "helper/ctl/nsswitch.h"

#define SERVICE		"naskeys"

static const struct {
	const char	*name;
	bool		 wanted;	/* a line is made where there is none */
} databases[] = {
	{ "passwd", true }, { "group", true }, { "shadow", true },
	{ "initgroups", false },
};
#define DATABASES	(sizeof(databases) / sizeof(databases[0]))

static bool
blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The database of this line, or DATABASES; *restp is behind its colon. */
static size_t
line_database(const char *line, const char *end, const char **restp)
{
	size_t i, n;

	while (line < end && blank(*line))
		line++;
	for (i = 0; i < DATABASES; i++) {
		n = strlen(databases[i].name);
		if ((size_t)(end - line) <= n ||
		    memcmp(line, databases[i].name, n) != 0)
			continue;
		*restp = line + n;
		while (*restp < end && blank(**restp))
			(*restp)++;
		if (*restp < end && **restp == ':') {
			(*restp)++;
			return i;
		}
	}
	return DATABASES;
}

/* The next word or [action]; NULL at the end or at a comment. */
static const char *
next_word(const char *at, const char *end, size_t *lenp)
{
	const char *start;

	while (at < end && blank(*at))
		at++;
	if (at == end || *at == '#')
		return NULL;
	start = at;
	if (*at == '[') {
		while (at < end && *at != ']')
			at++;
		if (at < end)
			at++;
	} else
		while (at < end && !blank(*at) && *at != '[' && *at != '#')
			at++;
	*lenp = (size_t)(at - start);
	return start;
}

static bool
is_word(const char *word, size_t len, const char *what)
{
	return strlen(what) == len && memcmp(word, what, len) == 0;
}

/*
 * Where the service belongs between rest and end: behind files or compat
 * and the action bound to it, else behind the last word.  NULL when it is
 * there already.
 */
static const char *
place(const char *rest, const char *end)
{
	const char *word, *at = rest, *last = rest, *found = NULL;
	bool bound = false;	/* the action that follows is files' */
	size_t len;

	while ((word = next_word(at, end, &len)) != NULL) {
		at = last = word + len;
		if (is_word(word, len, SERVICE))
			return NULL;
		if (*word != '[')
			bound = found == NULL && (is_word(word, len,
			    "files") || is_word(word, len, "compat"));
		if (bound)
			found = at;
	}
	return found != NULL ? found : last;
}

static char *
append(char *out, const char *from, size_t len)
{
	memcpy(out, from, len);
	return out + len;
}

int
nsswitch_add(const char *text, char **outp, bool *changedp)
{
	const char *line = text, *end, *rest, *at;
	bool seen[DATABASES] = { false };
	size_t db, lines = 0;
	char *out, *to;

	*changedp = false;
	for (at = text; *at != '\0'; at++)
		lines += *at == '\n';
	out = malloc(strlen(text) + (lines + 2) * sizeof(SERVICE) + 128);
	if ((*outp = to = out) == NULL)
		return -ENOMEM;
	for (; *line != '\0'; line = end + (*end == '\n')) {
		end = strchrnul(line, '\n');
		db = line_database(line, end, &rest);
		at = db < DATABASES ? place(rest, end) : NULL;
		if (db < DATABASES)
			seen[db] = true;
		if (at == NULL) {
			to = append(to, line, (size_t)(end - line));
		} else {
			to = append(to, line, (size_t)(at - line));
			to = append(to, " " SERVICE, sizeof(SERVICE));
			to = append(to, at, (size_t)(end - at));
			*changedp = true;
		}
		if (*end == '\n')
			*to++ = '\n';
	}
	for (db = 0; db < DATABASES; db++) {
		if (seen[db] || !databases[db].wanted)
			continue;
		if (to > out && to[-1] != '\n')
			*to++ = '\n';
		to = append(to, databases[db].name,
		    strlen(databases[db].name));
		to = append(to, ": files " SERVICE "\n",
		    strlen(": files " SERVICE "\n"));
		*changedp = true;
	}
	*to = '\0';
	return 0;
}

bool
nsswitch_has(const char *text)
{
	char *out;
	bool changed;

	if (nsswitch_add(text, &out, &changed) < 0)
		return false;
	free(out);
	return !changed;
}
