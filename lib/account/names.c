/* SPDX-License-Identifier: ISC */
#include "lib/account/names.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_name_char(char c)
{
	return is_letter(c) || is_digit(c) || c == '_' || c == '-' || c == '.';
}

static int
explain(char why[NK_NAME_WHY_MAX], const char *text)
{
	(void)snprintf(why, NK_NAME_WHY_MAX, "%s", text);
	return -EINVAL;
}

/*
 * The character at the start of name[len], in the quotes and escapes that
 * the peer uses.  What is not ASCII is shown whole if it is well-formed
 * UTF-8 and left out otherwise.
 */
static void
quote_first(char out[16], const char *name, size_t len)
{
	unsigned char c = (unsigned char)name[0];
	size_t n, i;

	if (c < 0x20 || c == 0x7f) {
		(void)snprintf(out, 16, c == '\n' ? "'\\n'" :
		    c == '\t' ? "'\\t'" : c == '\r' ? "'\\r'" : "'\\x%02x'",
		    c);
		return;
	}
	if (c < 0x80) {
		(void)snprintf(out, 16, c == '\'' ? "\"%c\"" :
		    c == '\\' ? "'\\%c'" : "'%c'", c);
		return;
	}
	n = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc2 ? 2 : 0;
	for (i = 1; i < n; i++) {
		if (i >= len || ((unsigned char)name[i] & 0xc0) != 0x80)
			n = 0;
	}
	(void)snprintf(out, 16, "'%.*s'", (int)n, name);
}

static int
explain_start(char why[NK_NAME_WHY_MAX], const char *name, size_t len)
{
	char first[16];

	quote_first(first, name, len);
	(void)snprintf(why, NK_NAME_WHY_MAX, "Cannot start with \"%s\"",
	    first);
	return -EINVAL;
}

/* The peer lists them all. */
static int
explain_characters(char why[NK_NAME_WHY_MAX])
{
	static const char all[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
	size_t at, i;

	at = (size_t)snprintf(why, NK_NAME_WHY_MAX,
	    "Valid characters are: '");
	for (i = 0; all[i] != '\0'; i++) {
		at += (size_t)snprintf(why + at, NK_NAME_WHY_MAX - at,
		    "%s%c", i == 0 ? "" : ", ", all[i]);
	}
	(void)snprintf(why + at, NK_NAME_WHY_MAX - at, "'");
	return -EINVAL;
}

static int
check_length(char why[NK_NAME_WHY_MAX], size_t len, size_t max)
{
	if (len == 0)
		return explain(why, "Must be at least 1 character in length");
	if (len > max) {
		(void)snprintf(why, NK_NAME_WHY_MAX,
		    "Cannot exceed %zu charaters in length", max);
		return -EINVAL;
	}
	return 0;
}

static int
check_characters(char why[NK_NAME_WHY_MAX], const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (!is_name_char(name[i]))
			return explain_characters(why);
	}
	if (name[0] == '.' && (len == 1 || (len == 2 && name[1] == '.')))
		return explain(why, "Cannot be \".\" or \"..\"");
	return 0;
}

int
nk_username_check(const char *name, size_t len, char why[NK_NAME_WHY_MAX])
{
	int r;

	if ((r = check_length(why, len, NK_USERNAME_MAX)) < 0)
		return r;
	if (!is_letter(name[0]) && name[0] != '_')
		return explain_start(why, name, len);
	return check_characters(why, name, len);
}

int
nk_groupname_check(const char *name, size_t len, char why[NK_NAME_WHY_MAX])
{
	int r;

	if ((r = check_length(why, len, NK_GROUPNAME_MAX)) < 0)
		return r;
	if (!is_letter(name[0]) && !is_digit(name[0]) && name[0] != '_' &&
	    name[0] != '.')
		return explain_start(why, name, len);
	return check_characters(why, name, len);
}

int
nk_external_name_check(const char *name, size_t len,
    char why[NK_NAME_WHY_MAX])
{
	size_t i;
	int r;

	if ((r = check_length(why, len, NK_EXTERNAL_NAME_MAX)) < 0)
		return r;
	if (name[0] == '-')
		return explain_start(why, name, len);
	for (i = 0; i < len; i++) {
		if (name[i] == '/' || name[i] == ':')
			return explain(why, "Cannot contain \"/\" or \":\"");
		if ((unsigned char)name[i] < 0x20 || name[i] == 0x7f)
			return explain(why,
			    "Cannot contain control characters");
	}
	return 0;
}
