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

static const char *
skip_blanks(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	return p;
}

/* Its first two words are the key, or those behind its options. */
static bool
line_has_key(const char *p, const char *end, const char *type,
    const char *base64)
{
	bool after_type = false;
	const char *stop;
	int i;

	p = skip_blanks(p, end);
	if (p < end && *p == '#')
		return false;
	for (i = 0; i < 3 && p < end; i++) {
		stop = word_end(p, end);
		if (after_type && is_word(p, stop, base64))
			return true;
		after_type = is_word(p, stop, type);
		p = skip_blanks(stop, end);
	}
	return false;
}

/* The end of the line at p, behind its newline; *hasp: has it the key? */
static const char *
next_line(const char *p, const char *end, const char *type,
    const char *base64, bool *hasp)
{
	const char *stop = memchr(p, '\n', (size_t)(end - p)), *last;

	if (stop == NULL)
		stop = end;
	last = stop > p && stop[-1] == '\r' ? stop - 1 : stop;
	*hasp = line_has_key(p, last, type, base64);
	return stop == end ? end : stop + 1;
}

bool
place_has_key(const struct place_text *t, const char *type,
    const char *base64)
{
	const char *p = t->p, *end = t->p + t->len;
	bool has = false;

	while (p < end && !has)
		p = next_line(p, end, type, base64, &has);
	return has;
}

bool
place_strip(const struct place_text *t, const char *type,
    const char *base64, struct place_text *out)
{
	const char *p, *stop, *end = t->p + t->len;
	bool has;

	*out = *t;
	out->len = 0;
	if ((out->p = malloc(t->len + 1)) == NULL)
		return false;
	for (p = t->p; p < end; p = stop) {
		stop = next_line(p, end, type, base64, &has);
		if (has)
			continue;
		memcpy(out->p + out->len, p, (size_t)(stop - p));
		out->len += (size_t)(stop - p);
	}
	return true;
}

/* The options of the line p with the key; none where it begins with that. */
static void
line_options(const char *p, const char *end, const char *type,
    const char *base64, struct place_options *o)
{
	const char *stop, *next;

	if (end > p && end[-1] == '\n')
		end--;
	if (end > p && end[-1] == '\r')
		end--;
	p = skip_blanks(p, end);
	stop = word_end(p, end);
	next = skip_blanks(stop, end);
	*o = (struct place_options){ p, (size_t)(stop - p) };
	if (is_word(p, stop, type) &&
	    is_word(next, word_end(next, end), base64))
		o->len = 0;
}

const char *
place_options(const struct place_text *t, const char *type,
    const char *base64, struct place_options *o)
{
	const char *p, *stop, *end = t->p + t->len;
	struct place_options other;
	bool has, found = false;

	for (p = t->p; p < end; p = stop) {
		stop = next_line(p, end, type, base64, &has);
		if (!has)
			continue;
		line_options(p, stop, type, base64, found ? &other : o);
		if (found && (other.len != o->len ||
		    memcmp(other.p, o->p, o->len) != 0))
			return "several lines of its authorized_keys have "
			    "the key, with different options";
		found = true;
	}
	return found ? NULL : "no line of its ~/.ssh/authorized_keys has the "
	    "key, which must stand elsewhere";
}
