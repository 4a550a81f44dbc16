/* SPDX-License-Identifier: ISC */

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
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
#include "lib/sshservice/conftext.h"
#include "lib/sshservice/mainconf.h"

#define SSH_FOLDER	NK_SSHD_FOLDER
#define SSHD_CONFIG	NK_SSHD_MAIN
#define SSHD_FOLDER	SSH_FOLDER "/sshd_config.d"
#define PATTERN		SSHD_FOLDER "/*.conf"
#define VALUE_MAX	512	/* of a keyword; more is cut */

bool
sshdconf_installed(const char *sshd)
{
	return access(sshd, X_OK) == 0;
}

/* ---- reading configuration files ---- */

bool
sshdconf_includes(const char *text)
{
	const struct nk_mainconf m = { .folder = SSH_FOLDER,
	    .main = SSHD_CONFIG, .main_text = text, .drop_in = SSHD_DROP_IN };
	bool yes;

	return nk_mainconf_includes(&m, &yes) == 0 && yes;
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

	while (nk_conftext_next(&text, line, sizeof(line))) {
		if ((v = nk_conftext_value(line, name)) == NULL)
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

/* Sees whose work "text" (NULL: nothing is there) is, and replaces it. */
static int
put_text(const char *sshd, enum nk_ssh_files files, const char *text,
    bool *newp, char why[SSHD_WHY_MAX])
{
	enum nk_dropin_maker maker = NK_DROPIN_BY_INIT;
	enum nk_ssh_files now = NK_SSH_FILES_OWN;
	struct nk_dropin d = { .settings = NULL };
	char *wanted = NULL;
	int r = 0;

	if (text != NULL)
		r = nk_dropin_look(text, &maker, &now);
	if (r == 0 && maker == NK_DROPIN_BY_SERVICE &&
	    (files == NK_SSH_FILES_KEEP || files == now))
		return 0;	/* it has these lines, and others */
	if (r == 0 && maker == NK_DROPIN_BY_SERVICE) {
		snprintf(why, SSHD_WHY_MAX, SSHD_DROP_IN " is made from the "
		    "service's settings: say \"naskeysctl service set "
		    "key_files=...\" and \"naskeysctl service apply\"");
		return -EEXIST;
	}
	d.revoked = list_is_there() && !sshdconf_other_list(why);
	d.files = files == NK_SSH_FILES_KEEP ? now : files;
	if (r == 0)
		r = nk_dropin_render(&d, &wanted);
	if (r < 0)
		snprintf(why, SSHD_WHY_MAX, SSHD_DROP_IN ": %s",
		    strerror(-r));
	else if (text != NULL && strcmp(text, wanted) == 0)
		r = 0;
	else if (maker == NK_DROPIN_BY_INIT) {
		/* what an earlier init has made, it may replace */
		r = write_drop_in(sshd, wanted, text, why);
		*newp = r == 0;
	} else {
		snprintf(why, SSHD_WHY_MAX, SSHD_DROP_IN " says something "
		    "else than \"naskeysctl init\" prints, and was left "
		    "alone: make it so, or remove it and say this again");
		r = -EEXIST;
	}
	free(wanted);
	return r;
}

int
sshdconf_put(const char *sshd, enum nk_ssh_files files, bool *newp,
    char why[SSHD_WHY_MAX])
{
	char *text;
	bool good;
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
	if (r == -ENOENT)
		text = NULL;
	r = put_text(sshd, files, text, newp, why);
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

	while (v == NULL && nk_conftext_next(&text, line, sizeof(line)))
		v = nk_conftext_value(line, keyword);
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
