/* SPDX-License-Identifier: ISC */
#include "lib/account/sshdsettings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/account/runner.h"

#define SPEC_MAX	512

static bool
is_keyword(const char *word, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if ((word[i] < 'a' || word[i] > 'z') &&
		    (word[i] < '0' || word[i] > '9'))
			return false;
	}
	return len > 0;
}

/* Cut one line, which ends with NUL, into *s.  False: it is no setting. */
static bool
take_line(char *line, struct nk_setting *s)
{
	size_t word = strcspn(line, " "), len;
	char *value = line + word;

	if (!is_keyword(line, word))
		return false;
	if (*value != '\0')
		*value++ = '\0';
	value += strspn(value, " ");
	len = strlen(value);
	while (len > 0 && (value[len - 1] == ' ' || value[len - 1] == '\r'))
		value[--len] = '\0';
	*s = (struct nk_setting){ line, value };
	return true;
}

/* The lines of s->text, which is cut up. */
static int
take_lines(struct nk_settings *s, size_t room)
{
	char *line = s->text, *end;

	while (*line != '\0') {
		end = line + strcspn(line, "\n");
		if (*end != '\0')
			*end++ = '\0';
		if (s->n == room)
			return -E2BIG;
		if (take_line(line, &s->v[s->n]))
			s->n++;
		line = end;
	}
	return s->n == 0 ? -EBADMSG : 0;
}

int
nk_settings_parse(struct nk_settings *s, const char *text, size_t len)
{
	int r;

	*s = (struct nk_settings){ .n = 0 };
	if (len > NK_SETTINGS_MAX)
		return -E2BIG;
	if (len == 0 || memchr(text, '\0', len) != NULL)
		return -EBADMSG;
	s->v = calloc(NK_SETTINGS_LINES_MAX, sizeof(*s->v));
	s->text = malloc(len + 1);
	if (s->v == NULL || s->text == NULL) {
		nk_settings_clear(s);
		return -ENOMEM;
	}
	memcpy(s->text, text, len);
	s->text[len] = '\0';
	if ((r = take_lines(s, NK_SETTINGS_LINES_MAX)) < 0)
		nk_settings_clear(s);
	return r;
}

int
nk_settings_ask(struct nk_settings *s, const char *sshd, const char *user,
    unsigned int seconds)
{
	char spec[SPEC_MAX], *text;
	const struct nk_runner p = { .path = sshd, .args = { "-T", "-C",
	    spec }, .seconds = seconds, .max = NK_SETTINGS_MAX,
	    .network = true };
	size_t len;
	int n, r;

	*s = (struct nk_settings){ .n = 0 };
	if (sshd == NULL)
		return -ENOENT;
	if (!nk_settings_may_ask(user))
		return -EINVAL;
	n = snprintf(spec, sizeof(spec),
	    "user=%s," NK_SETTINGS_HERE, user);
	if (n < 0 || (size_t)n >= sizeof(spec))
		return -EINVAL;
	if ((r = nk_runner_run(&p, &text, &len)) == 0)
		r = nk_settings_parse(s, text, len);
	free(text);
	return r;
}

bool
nk_settings_may_ask(const char *user)
{
	return strpbrk(user, ",= ") == NULL;
}

void
nk_settings_clear(struct nk_settings *s)
{
	free(s->v);
	free(s->text);
	*s = (struct nk_settings){ .n = 0 };
}

const char *
nk_setting_next(const struct nk_settings *s, const char *keyword,
    size_t *posp)
{
	size_t i;

	for (i = *posp; i < s->n; i++) {
		if (strcmp(s->v[i].keyword, keyword) == 0) {
			*posp = i + 1;
			return s->v[i].value;
		}
	}
	*posp = s->n;
	return NULL;
}

const char *
nk_setting(const struct nk_settings *s, const char *keyword)
{
	size_t pos = 0;

	return nk_setting_next(s, keyword, &pos);
}

bool
nk_setting_is(const struct nk_settings *s, const char *keyword,
    const char *value)
{
	const char *v = nk_setting(s, keyword);

	return v != NULL && strcasecmp(v, value) == 0;
}

bool
nk_setting_is_none(const char *value)
{
	return value == NULL || value[0] == '\0' ||
	    strcasecmp(value, "none") == 0;
}

const char *
nk_setting_word(const char **textp, size_t *lenp)
{
	const char *word = *textp + strspn(*textp, " \t");

	*lenp = strcspn(word, " \t");
	*textp = word + *lenp;
	return *lenp > 0 ? word : NULL;
}
