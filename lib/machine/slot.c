/* SPDX-License-Identifier: ISC */
#include "lib/machine/slot.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "lib/account/conffile.h"
#include "lib/account/runner.h"
#include "lib/ssh/krl.h"
#include "lib/sshservice/conftext.h"
#include "lib/sshservice/dropin.h"

#define SECONDS		10	/* for sshd to tell its settings */
#define PATTERN		NK_SSHD_FOLDER "/sshd_config.d/*.conf"

/* ---- the files ---- */

/* A keyword, and the value of it that is ours. */
struct keyword {
	const char	*name, *ours;
};
static const struct keyword command_keyword = {
	"AuthorizedKeysCommand", NK_SSHD_COMMAND,
};
static const struct keyword revoked_keyword = {
	"RevokedKeys", NK_SSHD_REVOKED,
};

/* Where a keyword stands. */
struct place {
	char		path[256];
	unsigned int	number;		/* of the line */
	char		value[NK_SLOT_VALUE_MAX];
};

static bool
keyword_in(const char *text, const char *name, struct place *p)
{
	char line[NK_SLOT_VALUE_MAX];
	const char *v;

	p->number = 0;
	while (nk_conftext_next(&text, line, sizeof(line))) {
		p->number++;
		if ((v = nk_conftext_value(line, name)) == NULL)
			continue;
		(void)snprintf(p->value, sizeof(p->value), "%s", v);
		return true;
	}
	return false;
}

bool
nk_slot_command_in(const char *text, char *value, size_t len)
{
	struct place p;

	if (!keyword_in(text, command_keyword.name, &p))
		return false;
	(void)snprintf(value, len, "%s", p.value);
	return true;
}

/* Does the file have the keyword, with another value than ours? */
static bool
has_other(const struct keyword *k, const char *path, struct place *p)
{
	char *text;
	bool has;

	if (nk_conffile_read(path, &text) < 0)
		return false;
	has = keyword_in(text, k->name, p) && strcmp(p->value, k->ours) != 0;
	free(text);
	if (has)
		(void)snprintf(p->path, sizeof(p->path), "%s", path);
	return has;
}

/* The first file that has; drop-ins in sshd's order, which is glob's. */
static bool
find_other(const struct keyword *k, struct place *p)
{
	glob_t g = { .gl_pathc = 0 };
	bool found = false;
	size_t i;

	if (glob(PATTERN, 0, NULL, &g) == 0)
		for (i = 0; i < g.gl_pathc && !found; i++)
			found = has_other(k, g.gl_pathv[i], p);
	globfree(&g);
	return found || has_other(k, NK_SSHD_MAIN, p);
}

bool
nk_slot_displaced(char why[NK_SLOT_WHY_MAX])
{
	struct place p;

	if (!find_other(&command_keyword, &p) ||
	    strcasecmp(p.value, "none") == 0)
		return false;
	(void)snprintf(why, NK_SLOT_WHY_MAX, "%s:%u: another "
	    "AuthorizedKeysCommand, which sshd does not run any more: %s; to "
	    "keep it, name it as chained_command in naskeys.conf", p.path,
	    p.number, p.value);
	return true;
}

bool
nk_slot_other_list(char why[NK_SLOT_WHY_MAX])
{
	struct place p;

	if (!find_other(&revoked_keyword, &p) ||
	    strcasecmp(p.value, "none") == 0)
		return false;
	(void)snprintf(why, NK_SLOT_WHY_MAX, "%.200s:%u: sets RevokedKeys "
	    "%.300s, and sshd reads one list alone: revoke its keys with "
	    "\"naskeysctl key revoke\", take its line away, and say "
	    "\"naskeysctl init --configure\" again; until then sshd does not "
	    "read " NK_SSHD_REVOKED, p.path, p.number, p.value);
	return true;
}

/* sshd would refuse every key for want of it, and sshd -t says nothing. */
bool
nk_slot_list_is_there(void)
{
	uint8_t header[NK_KRL_HEADER];
	uint64_t version;
	struct stat st;
	bool good;
	int fd;

	if ((fd = open(NK_SSHD_REVOKED, O_RDONLY | O_CLOEXEC | O_NOFOLLOW |
	    O_NONBLOCK)) == -1)
		return false;
	good = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_uid == 0 && (st.st_mode & 07777) == 0644 &&
	    read(fd, header, sizeof(header)) == (ssize_t)sizeof(header) &&
	    nk_krl_get_version(header, &version) == 0;
	close(fd);
	return good;
}

/* ---- what is in force ---- */

int
nk_slot_ask(const char *sshd, const char *connection, struct nk_settings *s,
    char why[NK_SLOT_WHY_MAX])
{
	const struct nk_runner p = { .path = sshd, .args = { "-T",
	    "-C", connection }, .seconds = SECONDS,
	    .max = NK_SETTINGS_MAX, .network = true };
	char *text = NULL;
	size_t len;
	int r;

	*s = (struct nk_settings){ .n = 0 };
	if ((r = nk_runner_run(&p, &text, &len)) == 0)
		r = nk_settings_parse(s, text, len);
	if (r < 0)
		(void)snprintf(why, NK_SLOT_WHY_MAX, "%.800s", r == -EIO ?
		    nk_runner_line(text) : strerror(-r));
	free(text);
	return r;
}

static const char *
in_force(const struct nk_settings *s, const char *keyword)
{
	const char *v = nk_setting(s, keyword);

	return v != NULL ? v : "none";
}

static int
say_other_command(const char *command, char why[NK_SLOT_WHY_MAX])
{
	struct place p;
	char where[300] = "";
	bool none = strcmp(command, "none") == 0;

	if (find_other(&command_keyword, &p))
		(void)snprintf(where, sizeof(where), "%s:%u: ", p.path,
		    p.number);
	if (none && where[0] == '\0')
		(void)snprintf(why, NK_SLOT_WHY_MAX, "sshd runs no "
		    "AuthorizedKeysCommand; \"naskeysctl init --configure\" "
		    "makes it run ours");
	else if (none)
		(void)snprintf(why, NK_SLOT_WHY_MAX, "%ssshd runs no "
		    "AuthorizedKeysCommand, since this line says none and "
		    "comes first: take it away", where);
	else
		(void)snprintf(why, NK_SLOT_WHY_MAX, "%ssshd runs another "
		    "AuthorizedKeysCommand: %.400s; to keep it, name it as "
		    "chained_command in naskeys.conf, and take its line away",
		    where, command);
	return none ? -ENOENT : -EEXIST;
}

int
nk_slot_command(const struct nk_settings *s, char why[NK_SLOT_WHY_MAX])
{
	const char *command = in_force(s, "authorizedkeyscommand"), *user;
	size_t n = strlen(NK_SSHD_PROGRAM);

	user = in_force(s, "authorizedkeyscommanduser");
	if (strcmp(command, NK_SSHD_COMMAND) == 0) {
		if (strcmp(user, NK_SSHD_USER) == 0)
			return 0;
		(void)snprintf(why, NK_SLOT_WHY_MAX, "sshd's "
		    "AuthorizedKeysCommandUser is %.200s; only " NK_SSHD_USER
		    " may read the keys: set it", user);
		return -EEXIST;
	}
	if (strncmp(command, NK_SSHD_PROGRAM, n) == 0 &&
	    (command[n] == ' ' || command[n] == '\0')) {
		(void)snprintf(why, NK_SLOT_WHY_MAX, "sshd's "
		    "AuthorizedKeysCommand has other arguments than "
		    "\"%%u %%t %%k %%U\": %.400s; give it these", command);
		return -EINVAL;
	}
	return say_other_command(command, why);
}

int
nk_slot_revoked(const struct nk_settings *s, char why[NK_SLOT_WHY_MAX])
{
	const char *value = in_force(s, "revokedkeys");

	if (strcmp(value, NK_SSHD_REVOKED) == 0) {
		if (nk_slot_list_is_there())
			return 0;
		(void)snprintf(why, NK_SLOT_WHY_MAX, "sshd's RevokedKeys is "
		    NK_SSHD_REVOKED ", which is not there or no list: sshd "
		    "refuses every key; \"naskeysctl sync\" makes it");
		return -EBADMSG;
	}
	if (strcmp(value, "none") == 0) {
		(void)snprintf(why, NK_SLOT_WHY_MAX, "sshd has no "
		    "RevokedKeys: a revoked key that stands in a file still "
		    "lets its owner in; \"naskeysctl init --configure\" sets "
		    "it to " NK_SSHD_REVOKED);
		return -ENOENT;
	}
	if (!nk_slot_other_list(why))
		(void)snprintf(why, NK_SLOT_WHY_MAX, "sshd's RevokedKeys is "
		    "%.300s, not " NK_SSHD_REVOKED ": a revoked key that "
		    "stands in a file still lets its owner in; take its line "
		    "away", value);
	return -EEXIST;
}
