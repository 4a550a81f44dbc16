/* SPDX-License-Identifier: ISC */
#include "helper/net/place.h"

#include <stdlib.h>
#include <string.h>

bool
place_grow(struct place_text *t, size_t *roomp, size_t more)
{
	size_t room = t->len + more;
	char *p;

	if (room > PLACE_MAX)
		return false;
	if (room < *roomp)
		return true;
	if ((p = realloc(t->p, 2 * room + 1)) == NULL)
		return false;
	t->p = p;
	*roomp = 2 * room;
	return true;
}

/*
 * The end of the word at p: blanks between double quotes, in which \" is a
 * quote, belong to it, as they do to key options.
 */
static const char *
word_end(const char *p, const char *end)
{
	bool quoted = false;

	for (; p < end && (quoted || (*p != ' ' && *p != '\t')); p++) {
		if (*p == '\\' && p + 1 < end && p[1] == '"')
			p++;
		else if (*p == '"')
			quoted = !quoted;
	}
	return p;
}

static bool
is_word(const char *p, const char *end, const char *word)
{
	size_t len = strlen(word);

	return (size_t)(end - p) == len && memcmp(p, word, len) == 0;
}

/* Two words, one behind the other, are the key's. */
static bool
line_has_key(const char *p, const char *end, const char *type,
    const char *base64)
{
	bool after_type = false;
	const char *stop;

	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	if (p < end && *p == '#')
		return false;
	while (p < end) {
		stop = word_end(p, end);
		if (after_type && is_word(p, stop, base64))
			return true;
		after_type = is_word(p, stop, type);
		for (p = stop; p < end && (*p == ' ' || *p == '\t'); p++)
			;
	}
	return false;
}

bool
place_has_key(const struct place_text *t, const char *type,
    const char *base64)
{
	const char *p = t->p, *end = t->p + t->len, *stop, *last;

	for (; p < end; p = stop + 1) {
		if ((stop = memchr(p, '\n', (size_t)(end - p))) == NULL)
			stop = end;
		last = stop > p && stop[-1] == '\r' ? stop - 1 : stop;
		if (line_has_key(p, last, type, base64))
			return true;
	}
	return false;
}
