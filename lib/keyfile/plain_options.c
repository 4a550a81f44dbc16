/* SPDX-License-Identifier: ISC */
#include "lib/keyfile/plain_options.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ssh/base64.h"
#include "lib/ssh/keyblob.h"

struct span {
	const char	*p;
	size_t		 len;
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Their end; NULL: they are others. */
static const char *
skip_options(const char *line, const char *end)
{
	bool quoted = false, quotes = false;
	const char *p;

	for (p = line; p < end && (quoted || !is_blank(*p)); p++) {
		if (*p == '\\' || *p == '\r')
			return NULL;
		if (*p != '"')
			continue;
		if (!quoted && (p == line || p[-1] != '='))
			return NULL;
		quoted = !quoted;
		quotes = true;
	}
	return !quotes || quoted ? NULL : p;
}

static struct span
take_word(const char **p, const char *end)
{
	struct span word;

	while (*p < end && is_blank(**p))
		(*p)++;
	for (word.p = *p; *p < end && !is_blank(**p); (*p)++)
		;
	word.len = (size_t)(*p - word.p);
	return word;
}

/* Is this, without any doubt, a key of that type?  1, 0 or -ENOMEM. */
static int
is_key(struct span type, struct span base64)
{
	const struct nk_keypolicy policy = NK_KEYPOLICY_DEFAULT;
	struct nk_keyblob kb;
	uint8_t *blob;
	size_t n;
	int r;

	if ((r = nk_base64_decode(base64.p, base64.len, &blob, &n)) < 0)
		return r == -ENOMEM ? r : 0;
	if ((r = nk_keyblob_parse(blob, n, &policy, &kb, NULL)) == 0)
		r = strlen(kb.type->name) == type.len &&
		    memcmp(kb.type->name, type.p, type.len) == 0;
	free(blob);
	return r < 0 && r != -ENOMEM ? 0 : r;
}

int
nk_plain_options_pass(const char **linep, size_t *lenp)
{
	const char *end = *linep + *lenp, *p, *key;
	struct span type, base64;
	int r;

	if (*lenp == 0 || memchr(*linep, '\0', *lenp) != NULL ||
	    (p = skip_options(*linep, end)) == NULL)
		return 0;
	type = take_word(&p, end);
	key = type.p;
	base64 = take_word(&p, end);
	if (p == end && base64.len > 0 && end[-1] == '\r')
		base64.len--;	/* a line as Windows ends it */
	if ((r = is_key(type, base64)) > 0) {
		*linep = key;
		*lenp = (size_t)(end - key);
	}
	return r < 0 ? r : 0;
}
