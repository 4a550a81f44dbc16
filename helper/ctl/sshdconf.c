/* SPDX-License-Identifier: ISC */

#include <sys/stat.h>

#include <errno.h>
#include <fnmatch.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "helper/ctl/file.h"
#include "helper/ctl/run.h"
#include "helper/ctl/sshdconf.h"

#define SSH_FOLDER	NK_SYSCONFDIR "/ssh"
#define SSHD_CONFIG	SSH_FOLDER "/sshd_config"
#define SSHD_FOLDER	SSH_FOLDER "/sshd_config.d"
#define PATTERN		SSHD_FOLDER "/*.conf"
#define DROP_IN_TEXT	"# Made by \"naskeysctl init --configure\".\n" \
			"AuthorizedKeysCommand " SSHD_COMMAND "\n" \
			"AuthorizedKeysCommandUser " SSHD_USER "\n" \
			"# A key that may run one command only must not " \
			"reach the helper's\n" \
			"# socket by a forwarding, and add another key " \
			"there.\n" \
			"Match Group naskeys-managed\n" \
			"    AllowStreamLocalForwarding no\n"
#define VALUE_MAX	512	/* of a keyword; more is cut */

bool
sshdconf_installed(const char *sshd)
{
	return access(sshd, X_OK) == 0;
}

/* ---- reading configuration files ---- */

/* The value of the line (in ASCII, whole), if it is about this keyword. */
static const char *
value_of(const char *line, const char *keyword)
{
	size_t n = strlen(keyword);

	line += strspn(line, " \t");
	if (strncasecmp(line, keyword, n) != 0 ||
	    strchr(" \t=", line[n]) == NULL || line[n] == '\0')
		return NULL;
	line += n;
	line += strspn(line, " \t");
	if (*line == '=')
		line += 1 + strspn(line + 1, " \t");
	return line;
}

/* Copy the line that starts at *textp to line, without its end. */
static bool
next_line(const char **textp, char *line, size_t len)
{
	size_t n = strcspn(*textp, "\n"), keep;

	if (**textp == '\0')
		return false;
	keep = n < len ? n : len - 1;
	memcpy(line, *textp, keep);
	while (keep > 0 && strchr(" \t\r", line[keep - 1]) != NULL)
		keep--;
	line[keep] = '\0';
	*textp += n + ((*textp)[n] == '\n' ? 1 : 0);
	return true;
}

/* Is our drop-in among the files that these patterns name? */
static bool
patterns_match(char *patterns)
{
	char path[VALUE_MAX * 2], *word;

	while ((word = strsep(&patterns, " \t\"")) != NULL) {
		if (word[0] == '\0')
			continue;
		snprintf(path, sizeof(path), "%s%s", word[0] == '/' ? "" :
		    SSH_FOLDER "/", word);
		if (fnmatch(path, SSHD_DROP_IN, FNM_PATHNAME |
		    FNM_PERIOD) == 0)
			return true;
	}
	return false;
}

/* What stands behind a Match counts for some connections only. */
bool
sshdconf_includes(const char *text)
{
	char line[VALUE_MAX], patterns[VALUE_MAX];
	const char *value;

	while (next_line(&text, line, sizeof(line))) {
		if (value_of(line, "Match") != NULL)
			break;
		if ((value = value_of(line, "Include")) == NULL)
			continue;
		snprintf(patterns, sizeof(patterns), "%s", value);
		if (patterns_match(patterns))
			return true;
	}
	return false;
}

bool
sshdconf_command_in(const char *text, char *value, size_t len)
{
	char line[VALUE_MAX];
	const char *v;

	while (next_line(&text, line, sizeof(line))) {
		v = value_of(line, "AuthorizedKeysCommand");
		if (v == NULL)
			continue;
		snprintf(value, len, "%s", v);
		return true;
	}
	return false;
}

/* Does the file have the keyword, with another value than ours? */
static bool
has_other(const char *path, char *value, size_t len)
{
	char *text;
	bool has;

	if (file_read(path, &text) < 0)
		return false;
	has = sshdconf_command_in(text, value, len) &&
	    strcmp(value, SSHD_COMMAND) != 0;
	free(text);
	return has;
}

/* The first file that has; drop-ins in sshd's order, which is glob's. */
static bool
find_other(char *path, size_t path_len, char *value, size_t len)
{
	glob_t g = { .gl_pathc = 0 };
	const char *found = NULL;
	size_t i;

	if (glob(PATTERN, 0, NULL, &g) == 0)
		for (i = 0; i < g.gl_pathc && found == NULL; i++)
			if (has_other(g.gl_pathv[i], value, len))
				found = g.gl_pathv[i];
	if (found == NULL && has_other(SSHD_CONFIG, value, len))
		found = SSHD_CONFIG;
	if (found != NULL)
		snprintf(path, path_len, "%s", found);
	globfree(&g);
	return found != NULL;
}

bool
sshdconf_displaced(char why[SSHD_WHY_MAX])
{
	char path[256], value[VALUE_MAX];

	if (!find_other(path, sizeof(path), value, sizeof(value)) ||
	    strcasecmp(value, "none") == 0)
		return false;
	snprintf(why, SSHD_WHY_MAX, "%s sets another AuthorizedKeysCommand, "
	    "which sshd does not run any more: %s; to keep it, name it as "
	    "chained_command in naskeys.conf", path, value);
	return true;
}

/* ---- the drop-in ---- */

/* 0, or what sshd says in one line. */
static int
test_sshd(const char *sshd, char *out, size_t len)
{
	const char *const argv[] = { sshd, "-t", NULL };
	int r = run_program(argv, out, len);

	out[strcspn(out, "\r\n")] = '\0';
	if (r < 0)
		snprintf(out, len, "%s: %s", sshd, strerror(-r));
	else if (r != 0 && out[0] == '\0')
		snprintf(out, len, "it ends with status %d", r);
	return r;
}

static int
write_drop_in(const char *sshd, char why[SSHD_WHY_MAX])
{
	char before[512], after[512];
	int had = test_sshd(sshd, before, sizeof(before)), r;

	if (mkdir(SSHD_FOLDER, 0755) == -1 && errno != EEXIST) {
		r = -errno;
		snprintf(why, SSHD_WHY_MAX, SSHD_FOLDER ": %s", strerror(-r));
		return r;
	}
	r = file_replace(SSHD_DROP_IN, DROP_IN_TEXT, strlen(DROP_IN_TEXT),
	    0644);
	if (r < 0) {
		snprintf(why, SSHD_WHY_MAX, SSHD_DROP_IN ": %s",
		    strerror(-r));
		return r;
	}
	if (test_sshd(sshd, after, sizeof(after)) == 0)
		return 0;
	/* what was wrong before, and is not about our file, is no news */
	if (had != 0 && strstr(after, SSHD_DROP_IN) == NULL)
		return 0;
	unlink(SSHD_DROP_IN);
	snprintf(why, SSHD_WHY_MAX, "sshd does not take " SSHD_DROP_IN
	    ", so it was removed again: %s", after);
	return -EINVAL;
}

int
sshdconf_put(const char *sshd, bool *newp, char why[SSHD_WHY_MAX])
{
	char *text;
	bool good;
	int r;

	*newp = false;
	if ((r = file_read(SSHD_CONFIG, &text)) < 0) {
		snprintf(why, SSHD_WHY_MAX, SSHD_CONFIG ": %s", strerror(-r));
		return r;
	}
	good = sshdconf_includes(text);
	free(text);
	if (!good) {
		snprintf(why, SSHD_WHY_MAX, SSHD_CONFIG " does not include "
		    "the drop-ins for every connection: put \"Include "
		    PATTERN "\" at its top, and say this again");
		return -ENOENT;
	}
	if ((r = file_read(SSHD_DROP_IN, &text)) == -ENOENT) {
		r = write_drop_in(sshd, why);
		*newp = r == 0;
		return r;
	}
	if (r < 0) {
		snprintf(why, SSHD_WHY_MAX, SSHD_DROP_IN ": %s",
		    strerror(-r));
		return r;
	}
	good = strcmp(text, DROP_IN_TEXT) == 0;
	free(text);
	if (!good) {
		snprintf(why, SSHD_WHY_MAX, SSHD_DROP_IN " says something "
		    "else than \"naskeysctl init\" prints, and was left "
		    "alone: make it so, or remove it and say this again");
		return -EEXIST;
	}
	return 0;
}

/* ---- what is in force ---- */

/* The value that sshd -T prints for a keyword; "none" when it does not. */
static void
in_force(const char *text, const char *keyword, char *value, size_t len)
{
	char line[VALUE_MAX];
	const char *v = NULL;

	while (v == NULL && next_line(&text, line, sizeof(line)))
		v = value_of(line, keyword);
	snprintf(value, len, "%s", v != NULL ? v : "none");
}

static int
compare(const char *command, const char *user, char why[SSHD_WHY_MAX])
{
	char path[256], value[VALUE_MAX];
	size_t n = strlen(SSHD_PROGRAM);

	if (strcmp(command, SSHD_COMMAND) == 0) {
		if (strcmp(user, SSHD_USER) == 0)
			return 0;
		snprintf(why, SSHD_WHY_MAX, "sshd's "
		    "AuthorizedKeysCommandUser is %s; only " SSHD_USER
		    " may read the keys", user);
		return -EEXIST;
	}
	if (strncmp(command, SSHD_PROGRAM, n) == 0 &&
	    (command[n] == ' ' || command[n] == '\0')) {
		snprintf(why, SSHD_WHY_MAX, "sshd's AuthorizedKeysCommand "
		    "has other arguments than \"%%u %%t %%k %%U\": %s",
		    command);
		return -EINVAL;
	}
	if (!find_other(path, sizeof(path), value, sizeof(value)))
		path[0] = '\0';
	if (strcmp(command, "none") == 0) {
		snprintf(why, SSHD_WHY_MAX, "sshd runs no "
		    "AuthorizedKeysCommand%s%s%s", path[0] != '\0' ?
		    ", since " : "", path, path[0] != '\0' ?
		    " says none and comes first" : "");
		return -ENOENT;
	}
	snprintf(why, SSHD_WHY_MAX, "sshd runs another "
	    "AuthorizedKeysCommand%s%s: %s; to keep it, name it as "
	    "chained_command in naskeys.conf, and take its line away",
	    path[0] != '\0' ? ", of " : "", path, command);
	return -EEXIST;
}

int
sshdconf_check(const char *sshd, char why[SSHD_WHY_MAX])
{
	const char *const argv[] = { sshd, "-T", "-C",
	    "user=root,host=localhost,addr=127.0.0.1", NULL };
	const size_t room = 128u * 1024u;
	char command[VALUE_MAX], user[64], *text;
	int r;

	if ((text = malloc(room)) == NULL) {
		snprintf(why, SSHD_WHY_MAX, "%s", strerror(ENOMEM));
		return -EIO;
	}
	r = run_program(argv, text, room);
	if (r == 0) {
		in_force(text, "AuthorizedKeysCommand", command,
		    sizeof(command));
		in_force(text, "AuthorizedKeysCommandUser", user,
		    sizeof(user));
		r = compare(command, user, why);
	} else {
		text[strcspn(text, "\r\n")] = '\0';
		snprintf(why, SSHD_WHY_MAX, "sshd -T does not tell which "
		    "AuthorizedKeysCommand is in force: %s", r < 0 ?
		    strerror(-r) : text);
		r = -EIO;
	}
	free(text);
	return r;
}
