/* SPDX-License-Identifier: ISC */
#include "lib/explain/authline.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "lib/ssh/keytype.h"

static bool
is_space(char c)
{
	return c == ' ' || c == '\t';
}

static size_t
skip(const char *text, size_t len, size_t at)
{
	while (at < len && is_space(text[at]))
		at++;
	return at;
}

static size_t
word_end(const char *text, size_t len, size_t at)
{
	while (at < len && !is_space(text[at]))
		at++;
	return at;
}

/* Where the options end that begin at "at": quotes hold white space. */
static size_t
options_end(const char *text, size_t len, size_t at)
{
	bool quoted = false;

	for (; at < len && (quoted || !is_space(text[at])); at++) {
		if (text[at] == '\\' && at + 1 < len && text[at + 1] == '"')
			at++;
		else if (text[at] == '"')
			quoted = !quoted;
	}
	return at;
}

/* A type and a word behind it. */
static bool
take_key(const char *text, size_t len, size_t at, struct nk_authline *l)
{
	size_t end = word_end(text, len, at);

	if (nk_keytype_find(text + at, end - at) == NULL)
		return false;
	l->type = text + at;
	l->type_len = end - at;
	at = skip(text, len, end);
	l->base64 = text + at;
	l->base64_len = word_end(text, len, at) - at;
	return l->base64_len > 0;
}

int
nk_authline_split(const char *text, size_t len, struct nk_authline *l)
{
	size_t at, end;

	*l = (struct nk_authline){ .options = NULL };
	while (len > 0 && (is_space(text[len - 1]) || text[len - 1] == '\r' ||
	    text[len - 1] == '\n'))
		len--;
	at = skip(text, len, 0);
	if (at == len || text[at] == '#')
		return -ENOENT;
	if (take_key(text, len, at, l))
		return 0;
	end = options_end(text, len, at);
	l->options = text + at;
	l->options_len = end - at;
	return take_key(text, len, skip(text, len, end), l) ? 0 : -EBADMSG;
}
