/* SPDX-License-Identifier: ISC */
#include "lib/ssh/wildcard.h"

#include <ctype.h>
#include <string.h>

#include "lib/ssh/frommatch.h"

static bool
is_one(const char *p, bool lower, const char *text)
{
	return *p == '?' || *p == *text || (lower &&
	    tolower((unsigned char)*p) == *text);
}

static bool
match(const char *p, size_t len, bool lower, const char *text)
{
	const char *again = NULL;	/* where the last * may go on */
	size_t i = 0, star = 0;

	while (*text != '\0') {
		if (i < len && p[i] == '*') {
			star = ++i;
			again = text;
		} else if (i < len && is_one(p + i, lower, text)) {
			i++;
			text++;
		} else if (again != NULL) {
			i = star;
			text = ++again;
		} else
			return false;
	}
	while (i < len && p[i] == '*')
		i++;
	return i == len;
}

bool
nk_wildcard_is(const char *p, size_t len, const char *text)
{
	return match(p, len, false, text);
}

bool
nk_wildcard_is_lower(const char *p, size_t len, const char *text)
{
	return match(p, len, true, text);
}

bool
nk_wildcard_list_has(const char *list, const char *text)
{
	bool has = false, excludes;
	size_t len;

	for (;; list += len + 1) {
		len = strcspn(list, ",");
		excludes = len > 0 && list[0] == '!';
		if (nk_wildcard_is(list + excludes, len - excludes, text)) {
			if (excludes)
				return false;
			has = true;
		}
		if (list[len] == '\0')
			return has;
	}
}

bool
nk_wildcard_is_user(const char *word, size_t len, const char *user,
    const char *address)
{
	const char *at = memchr(word, '@', len);
	size_t n;

	if (at == NULL)
		return nk_wildcard_is(word, len, user);
	n = (size_t)(at - word);
	return nk_wildcard_is(word, n, user) &&
	    nk_from_admits(at + 1, len - n - 1, address);
}
