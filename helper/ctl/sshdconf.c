/* SPDX-License-Identifier: ISC */

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "helper/ctl/run.h"
#include "helper/ctl/sshdconf.h"
#include "lib/account/conffile.h"
#include "lib/ssh/krl.h"

#define SSH_FOLDER	NK_SYSCONFDIR "/ssh"
#define SSHD_CONFIG	SSH_FOLDER "/sshd_config"
#define SSHD_FOLDER	SSH_FOLDER "/sshd_config.d"
#define PATTERN		SSHD_FOLDER "/*.conf"
#define COMMAND_TEXT	"# Made by \"naskeysctl init --configure\".\n" \
			"AuthorizedKeysCommand " SSHD_COMMAND "\n" \
			"AuthorizedKeysCommandUser " SSHD_USER "\n"
#define REVOKED_TEXT	"# Without this file sshd refuses every key.\n" \
			"RevokedKeys " SSHD_REVOKED "\n"
#define MATCH_TEXT	"# A key that may run one command only must not " \
			"reach the helper's\n" \
			"# socket by a forwarding, and add another key " \
			"there.\n" \
			"Match Group naskeys-managed\n" \
			"    AllowStreamLocalForwarding no\n"
#define NONE_TEXT	"    AuthorizedKeysFile none\n"
#define CENTRAL_TEXT	"    AuthorizedKeysFile " SSHD_CENTRAL "\n"
#define VALUE_MAX	512	/* of a keyword; more is cut */

/*
 * By whether ours is the list of revoked keys, since sshd reads one alone;
 * and by enum sshd_files.
 */
#define NFILES	SSHD_FILES_KEEP
static const char *const drop_ins[2][NFILES] = {
	{ COMMAND_TEXT MATCH_TEXT,
	  COMMAND_TEXT MATCH_TEXT NONE_TEXT,
	  COMMAND_TEXT MATCH_TEXT CENTRAL_TEXT },
	{ COMMAND_TEXT REVOKED_TEXT MATCH_TEXT,
	  COMMAND_TEXT REVOKED_TEXT MATCH_TEXT NONE_TEXT,
	  COMMAND_TEXT REVOKED_TEXT MATCH_TEXT CENTRAL_TEXT },
};

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

/* A keyword, and the value of it that is ours. */
struct keyword {
	const char	*name, *ours;
};
static const struct keyword command_keyword = {
	"AuthorizedKeysCommand", SSHD_COMMAND,
};
static const struct keyword revoked_keyword = {
	"RevokedKeys", SSHD_REVOKED,
};

static bool
keyword_in(const char *text, const char *name, char *value, size_t len)
{
	char line[VALUE_MAX];
	const char *v;

	while (next_line(&text, line, sizeof(line))) {
		if ((v = value_of(line, name)) == NULL)
			continue;
		snprintf(value, len, "%s", v);
		return true;
	}
	return false;
}

bool
sshdconf_command_in(const char *text, char *value, size_t len)
{
	return keyword_in(text, command_keyword.name, value, len);
}

/* Does the file have the keyword, with another value than ours? */
static bool
has_other(const struct keyword *k, const char *path, char *value,
    size_t len)
{
	char *text;
	bool has;

	if (nk_conffile_read(path, &text) < 0)
		return false;
	has = keyword_in(text, k->name, value, len) &&
	    strcmp(value, k->ours) != 0;
	free(text);
	return has;
}

/* The first file that has; drop-ins in sshd's order, which is glob's. */
static bool
find_other(const struct keyword *k, char *path, size_t path_len, char *value,
    size_t len)
{
	glob_t g = { .gl_pathc = 0 };
	const char *found = NULL;
	size_t i;

	if (glob(PATTERN, 0, NULL, &g) == 0)
		for (i = 0; i < g.gl_pathc && found == NULL; i++)
			if (has_other(k, g.gl_pathv[i], value, len))
				found = g.gl_pathv[i];
	if (found == NULL && has_other(k, SSHD_CONFIG, value, len))
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

	if (!find_other(&command_keyword, path, sizeof(path), value,
	    sizeof(value)) || strcasecmp(value, "none") == 0)
		return false;
	snprintf(why, SSHD_WHY_MAX, "%s sets another AuthorizedKeysCommand, "
	    "which sshd does not run any more: %s; to keep it, name it as "
	    "chained_command in naskeys.conf", path, value);
	return true;
}

bool
sshdconf_other_list(char why[SSHD_WHY_MAX])
{
	char path[256], value[VALUE_MAX];

	if (!find_other(&revoked_keyword, path, sizeof(path), value,
	    sizeof(value)) || strcasecmp(value, "none") == 0)
		return false;
	snprintf(why, SSHD_WHY_MAX, "%.200s sets RevokedKeys %.300s, and "
	    "sshd reads one list alone: revoke its keys with \"naskeysctl "
	    "key revoke\", take its line away, and say \"naskeysctl init "
	    "--configure\" again; until then sshd does not read "
	    SSHD_REVOKED, path, value);
	return true;
}

/* ---- the drop-in ---- */

/* sshd would refuse every key for want of it, and sshd -t says nothing. */
static bool
list_is_there(void)
{
	uint8_t header[NK_KRL_HEADER];
	uint64_t version;
	struct stat st;
	bool good;
	int fd;

	if ((fd = open(SSHD_REVOKED, O_RDONLY | O_CLOEXEC | O_NOFOLLOW |
	    O_NONBLOCK)) == -1)
		return false;
	good = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_uid == 0 && (st.st_mode & 07777) == 0644 &&
	    read(fd, header, sizeof(header)) == (ssize_t)sizeof(header) &&
	    nk_krl_get_version(header, &version) == 0;
	close(fd);
	return good;
}

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

/* old: what stands there now and comes back on failure, NULL: nothing. */
static int
write_drop_in(const char *sshd, const char *text, const char *old,
    char why[SSHD_WHY_MAX])
{
	char before[512], after[512];
	int had = test_sshd(sshd, before, sizeof(before)), r;

	if (mkdir(SSHD_FOLDER, 0755) == -1 && errno != EEXIST) {
		r = -errno;
		snprintf(why, SSHD_WHY_MAX, SSHD_FOLDER ": %s", strerror(-r));
		return r;
	}
	r = nk_conffile_replace(SSHD_DROP_IN, text, strlen(text), 0644);
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
	if (old == NULL || nk_conffile_replace(SSHD_DROP_IN, old, strlen(old),
	    0644) < 0)
		unlink(SSHD_DROP_IN);
	snprintf(why, SSHD_WHY_MAX, "sshd does not take " SSHD_DROP_IN
	    ", so it was removed again: %s", after);
	return -EINVAL;
}

/* Has an init made the text?  Then *filesp is what it said of files. */
static bool
is_drop_in(const char *text, enum sshd_files *filesp)
{
	size_t i;

	for (i = 0; i < 2 * (size_t)NFILES; i++) {
		if (strcmp(text, drop_ins[i / NFILES][i % NFILES]) != 0)
			continue;
		*filesp = (enum sshd_files)(i % NFILES);
		return true;
	}
	return false;
}

int
sshdconf_put(const char *sshd, enum sshd_files files, bool *newp,
    char why[SSHD_WHY_MAX])
{
	enum sshd_files now = SSHD_FILES_OWN;
	const char *wanted;
	char *text;
	bool good, ours;
	int r;

	*newp = false;
	if ((r = nk_conffile_read(SSHD_CONFIG, &text)) < 0) {
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
	r = nk_conffile_read(SSHD_DROP_IN, &text);
	if (r < 0 && r != -ENOENT) {
		snprintf(why, SSHD_WHY_MAX, SSHD_DROP_IN ": %s",
		    strerror(-r));
		return r;
	}
	ours = r == 0 && is_drop_in(text, &now);
	wanted = drop_ins[list_is_there() && !sshdconf_other_list(why)]
	    [files == SSHD_FILES_KEEP ? now : files];
	if (r == 0 && strcmp(text, wanted) == 0) {
		free(text);
		return 0;
	}
	/* what an earlier init has made, it may replace */
	if (r == -ENOENT || ours) {
		r = write_drop_in(sshd, wanted, text, why);
		*newp = r == 0;
	} else {
		snprintf(why, SSHD_WHY_MAX, SSHD_DROP_IN " says something "
		    "else than \"naskeysctl init\" prints, and was left "
		    "alone: make it so, or remove it and say this again");
		r = -EEXIST;
	}
	free(text);
	return r;
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
	if (!find_other(&command_keyword, path, sizeof(path), value,
	    sizeof(value)))
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

/* All that sshd -T says, to be freed; about: the keyword for "why". */
static int
ask_sshd(const char *sshd, const char *about, char **textp,
    char why[SSHD_WHY_MAX])
{
	const char *const argv[] = { sshd, "-T", "-C",
	    "user=root,host=localhost,addr=127.0.0.1", NULL };
	const size_t room = 128u * 1024u;
	char *text;
	int r;

	*textp = NULL;
	if ((text = malloc(room)) == NULL) {
		snprintf(why, SSHD_WHY_MAX, "%s", strerror(ENOMEM));
		return -EIO;
	}
	if ((r = run_program(argv, text, room)) == 0) {
		*textp = text;
		return 0;
	}
	text[strcspn(text, "\r\n")] = '\0';
	snprintf(why, SSHD_WHY_MAX, "sshd -T does not tell which %s is in "
	    "force: %s", about, r < 0 ? strerror(-r) : text);
	free(text);
	return -EIO;
}

int
sshdconf_check(const char *sshd, char why[SSHD_WHY_MAX])
{
	char command[VALUE_MAX], user[64], *text;
	int r;

	if ((r = ask_sshd(sshd, command_keyword.name, &text, why)) < 0)
		return r;
	in_force(text, "AuthorizedKeysCommand", command, sizeof(command));
	in_force(text, "AuthorizedKeysCommandUser", user, sizeof(user));
	free(text);
	return compare(command, user, why);
}

int
sshdconf_check_revoked(const char *sshd, char why[SSHD_WHY_MAX])
{
	char value[VALUE_MAX], *text;
	int r;

	if ((r = ask_sshd(sshd, revoked_keyword.name, &text, why)) < 0)
		return r;
	in_force(text, revoked_keyword.name, value, sizeof(value));
	free(text);
	if (strcmp(value, SSHD_REVOKED) == 0) {
		if (list_is_there())
			return 0;
		snprintf(why, SSHD_WHY_MAX, "sshd's RevokedKeys is "
		    SSHD_REVOKED ", which is not there or no list: sshd "
		    "refuses every key; \"naskeysctl sync\" makes it");
		return -EBADMSG;
	}
	if (strcmp(value, "none") == 0) {
		snprintf(why, SSHD_WHY_MAX, "sshd has no RevokedKeys: a "
		    "revoked key that stands in a file still lets its owner "
		    "in; \"naskeysctl init --configure\" sets it to "
		    SSHD_REVOKED);
		return -ENOENT;
	}
	if (!sshdconf_other_list(why))
		snprintf(why, SSHD_WHY_MAX, "sshd's RevokedKeys is %s, not "
		    SSHD_REVOKED ": a revoked key that stands in a file "
		    "still lets its owner in", value);
	return -EEXIST;
}
