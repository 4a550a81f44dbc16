/* SPDX-License-Identifier: ISC */
#include "lib/sshservice/effect.h"

#include <sys/stat.h>

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "lib/sshservice/conftext.h"

#define KEYWORD_MAX	64

/* ---- one line ---- */

/* Values that sshd -T prints by another name. */
static bool
same_value(const char *keyword, const char *got, const char *want)
{
	static const struct {
		const char	*keyword, *want, *printed;
	} names[] = {
		{ "permitrootlogin", "prohibit-password",
		    "without-password" },
		{ "compression", "delayed", "yes" },
	};
	size_t i;

	if (strcasecmp(got, want) == 0)
		return true;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(keyword, names[i].keyword) == 0 &&
		    strcasecmp(want, names[i].want) == 0 &&
		    strcmp(got, names[i].printed) == 0)
			return true;
	return false;
}

/* "+cipher": is it one of the words between commas? */
static bool
has_word(const char *list, const char *word)
{
	size_t len = strlen(word);
	const char *p;

	for (p = list; (p = strstr(p, word)) != NULL; p += len)
		if ((p == list || p[-1] == ',') &&
		    (p[len] == ',' || p[len] == '\0'))
			return true;
	return false;
}

/* sshd -T appends the port, and puts IPv6 between brackets. */
static bool
same_address(const char *got, const char *want)
{
	size_t len = strlen(want);

	if (got[0] == '[')
		got++;
	return strncmp(got, want, len) == 0 &&
	    (got[len] == ':' || got[len] == ']') &&
	    strchr(got + len + 1, ']') == NULL;
}

bool
nk_effect_has(const struct nk_settings *s, const char *keyword,
    const char *want)
{
	bool many = strcmp(keyword, "listenaddress") == 0;
	const char *got;
	size_t pos = 0;

	while ((got = nk_setting_next(s, keyword, &pos)) != NULL) {
		if (many ? same_address(got, want) :
		    strcmp(keyword, "ciphers") == 0 && want[0] == '+' ?
		    has_word(got, want + 1) : same_value(keyword, got, want))
			return true;
	}
	return false;
}

/* An sshd without it does not print it, and does as "no" says. */
static bool
is_off(const struct nk_settings *s, const char *keyword, const char *want)
{
	return nk_setting(s, keyword) == NULL &&
	    strcasecmp(want, "no") == 0;
}

static int
check_line(const struct nk_settings *s, const char *keyword,
    const char *want, char why[NK_EFFECT_WHY_MAX])
{
	char lower[KEYWORD_MAX];
	const char *got;
	size_t i, pos = 0;

	for (i = 0; keyword[i] != '\0'; i++)
		lower[i] = (char)tolower((unsigned char)keyword[i]);
	lower[i] = '\0';
	if (!nk_effect_has(s, lower, want) && !is_off(s, lower, want)) {
		got = nk_setting(s, lower);
		(void)snprintf(why, NK_EFFECT_WHY_MAX, "sshd -T says %s "
		    "%.200s, not %.200s", lower, got != NULL ? got :
		    "nothing", want);
		return -EBADMSG;
	}
	if (strcmp(lower, "port") == 0 &&
	    nk_setting_next(s, lower, &pos) != NULL &&
	    (got = nk_setting_next(s, lower, &pos)) != NULL) {
		(void)snprintf(why, NK_EFFECT_WHY_MAX, "sshd -T says that it "
		    "would listen on port %.200s too", got);
		return -EBADMSG;
	}
	return 0;
}

int
nk_effect_check(const struct nk_settings *s, const char *text,
    const char *options, char why[NK_EFFECT_WHY_MAX])
{
	char line[NK_CONFTEXT_LINE_MAX], keyword[KEYWORD_MAX];
	const char *value;
	int r;

	while (nk_conftext_next(&text, line, sizeof(line))) {
		if (nk_conftext_value(line, "Match") != NULL)
			break;
		if (!nk_conftext_keyword(line, keyword, sizeof(keyword)) ||
		    (value = nk_conftext_value(line, keyword)) == NULL ||
		    nk_conftext_has(options, keyword))
			continue;
		if ((r = check_line(s, keyword, value, why)) < 0)
			return r;
	}
	return 0;
}

/* The text is ours: User "NAME,NAME...". */
const char *
nk_effect_match_user(const char *drop_in, char *name, size_t len)
{
	static const char user[] = "User \"";
	char line[NK_CONFTEXT_LINE_MAX];
	const char *value;
	size_t n;

	while (nk_conftext_next(&drop_in, line, sizeof(line))) {
		if ((value = nk_conftext_value(line, "Match")) == NULL ||
		    strncmp(value, user, sizeof(user) - 1) != 0)
			continue;
		value += sizeof(user) - 1;
		if ((n = strcspn(value, ",\"")) >= len)
			return NULL;
		memcpy(name, value, n);
		name[n] = '\0';
		return drop_in;
	}
	return NULL;
}

/* ---- files ---- */

/* A regular file with something in it that root can read. */
static bool
is_readable(const char *path)
{
	struct stat st;
	int fd;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK |
	    O_NOCTTY)) == -1)
		return false;
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode))
		st.st_size = 0;
	close(fd);
	return st.st_size > 0;
}

int
nk_effect_files(const struct nk_settings *s, char why[NK_EFFECT_WHY_MAX])
{
	static const char *const keywords[] = { "revokedkeys",
	    "trustedusercakeys", "hostcertificate", "banner" };
	const char *path, *missing = "no host key";
	size_t i, pos = 0;
	bool some = false;

	while ((path = nk_setting_next(s, "hostkey", &pos)) != NULL) {
		if (is_readable(path))
			some = true;
		else
			missing = path;
	}
	if (!some) {
		(void)snprintf(why, NK_EFFECT_WHY_MAX, "sshd has none of its "
		    "host keys: %.300s is not there", missing);
		return -ENOENT;
	}
	for (i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
		pos = 0;
		while ((path = nk_setting_next(s, keywords[i],
		    &pos)) != NULL) {
			if (nk_setting_is_none(path) || is_readable(path))
				continue;
			(void)snprintf(why, NK_EFFECT_WHY_MAX, "%s names "
			    "%.300s, which is not there or cannot be read%s",
			    keywords[i], path, i == 0 ?
			    ": sshd would refuse every key" : "");
			return -ENOENT;
		}
	}
	return 0;
}

/* ---- who can log in ---- */

bool
nk_effect_same(const struct nk_settings *a, const struct nk_settings *b,
    const char *keyword)
{
	size_t i = 0, j = 0;
	const char *x, *y;

	do {
		x = nk_setting_next(a, keyword, &i);
		y = nk_setting_next(b, keyword, &j);
		if ((x == NULL) != (y == NULL) ||
		    (x != NULL && strcmp(x, y) != 0))
			return false;
	} while (x != NULL);
	return true;
}

const char *
nk_effect_differs(const struct nk_settings *a, const struct nk_settings *b)
{
	static const char *const keywords[] = { "port", "listenaddress",
	    "permitrootlogin", "pubkeyauthentication",
	    "passwordauthentication", "kbdinteractiveauthentication",
	    "gssapiauthentication", "authenticationmethods", "usepam",
	    "authorizedkeysfile", "authorizedkeyscommand",
	    "authorizedkeyscommanduser", "revokedkeys", "trustedusercakeys",
	    "allowusers", "denyusers", "allowgroups", "denygroups",
	    "hostkey", "ciphers", "macs", "kexalgorithms",
	    "pubkeyacceptedalgorithms", "forcecommand" };
	size_t i;

	for (i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++)
		if (!nk_effect_same(a, b, keywords[i]))
			return keywords[i];
	return NULL;
}
