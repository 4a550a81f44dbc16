/* SPDX-License-Identifier: ISC */

/*
 * Match blocks that somebody else wrote, and that change for users of naskeys
 * what naskeys relies on.  The files tell where they stand; whether one
 * counts, for a connection that it is meant for, is asked of sshd.
 */

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/account/conffile.h"
#include "lib/machine/parts.h"
#include "lib/machine/slot.h"
#include "lib/ssh/wildcard.h"
#include "lib/sshservice/conftext.h"
#include "lib/sshservice/effect.h"

#define PATTERN		NK_SSHD_FOLDER "/sshd_config.d/*.conf"
#define USERS_MAX	16	/* that sshd is asked about, for one line */
#define LINES_MAX	32
#define NAME_ROOM	256
#define VALUE_ROOM	512

/* What a block must not change, and for whom. */
static const struct keyword {
	const char	*name, *lower;
	bool		 root;		/* it is about root alone */
} keywords[] = {
	{ "AuthorizedKeysFile", "authorizedkeysfile", false },
	{ "AuthorizedKeysCommand", "authorizedkeyscommand", false },
	{ "AuthorizedKeysCommandUser", "authorizedkeyscommanduser", false },
	{ "PubkeyAuthentication", "pubkeyauthentication", false },
	{ "PermitRootLogin", "permitrootlogin", true },
	{ "AllowUsers", "allowusers", false },
	{ "DenyUsers", "denyusers", false },
	{ "AllowGroups", "allowgroups", false },
	{ "DenyGroups", "denygroups", false },
};
#define NKEYWORDS	(sizeof(keywords) / sizeof(keywords[0]))

/* One line of such a block, and for whom the block is. */
struct suspect {
	const struct nk_machine	*m;
	const struct keyword	*k;
	const char		*path;
	unsigned int		 number;
	char			 criteria[NK_CONFTEXT_LINE_MAX];
	char			 value[VALUE_ROOM];	/* what it says */
	/* of the criteria; "" where there is none */
	char			 users[VALUE_ROOM], groups[VALUE_ROOM];
	char			 host[VALUE_ROOM], address[VALUE_ROOM];
	char			 laddress[VALUE_ROOM], lport[VALUE_ROOM];
	/* who is asked about */
	char			 names[USERS_MAX][NAME_ROOM];
	size_t			 n;
};

/* ---- a connection that the block is meant for ---- */

/* The first pattern of a list that does not exclude, as what it could be. */
static void
example(const char *list, char *out, size_t len)
{
	const char *p = list;
	size_t i, n;

	while (*p == '!')
		p += strcspn(p, ",") + (p[strcspn(p, ",")] == ',');
	n = strcspn(p, ",/");
	if (n >= len)
		n = len - 1;
	for (i = 0; i < n; i++)
		out[i] = p[i] == '*' || p[i] == '?' ? '1' : p[i];
	out[n] = '\0';
}

/* Take the criteria apart: words, quoted or not, with blanks or "=". */
static void
read_criteria(struct suspect *s)
{
	const struct {
		const char	*name;
		char		*to;
	} all[] = {
		{ "user", s->users }, { "group", s->groups },
		{ "host", s->host }, { "address", s->address },
		{ "localaddress", s->laddress }, { "localport", s->lport },
	};
	char words[NK_CONFTEXT_LINE_MAX], *rest = words, *word;
	char *to = NULL;
	size_t i;

	(void)snprintf(words, sizeof(words), "%s", s->criteria);
	while ((word = strsep(&rest, " \t=\"")) != NULL) {
		if (word[0] == '\0')
			continue;
		if (to != NULL) {
			(void)snprintf(to, VALUE_ROOM, "%s", word);
			to = NULL;
			continue;
		}
		for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
			if (strcasecmp(word, all[i].name) == 0)
				to = all[i].to;
	}
}

static int
ask(const struct suspect *s, const char *user, struct nk_settings *settings)
{
	char host[NAME_ROOM] = "localhost", addr[NAME_ROOM] = "127.0.0.1";
	char laddr[NAME_ROOM] = "127.0.0.1", lport[NAME_ROOM] = "22";
	char spec[5 * NAME_ROOM + 64], why[NK_SLOT_WHY_MAX];

	if (s->host[0] != '\0')
		example(s->host, host, sizeof(host));
	if (s->address[0] != '\0')
		example(s->address, addr, sizeof(addr));
	if (s->laddress[0] != '\0')
		example(s->laddress, laddr, sizeof(laddr));
	if (s->lport[0] != '\0')
		example(s->lport, lport, sizeof(lport));
	(void)snprintf(spec, sizeof(spec),
	    "user=%s,host=%s,addr=%s,laddr=%s,lport=%s", user, host, addr,
	    laddr, lport);
	return nk_slot_ask(s->m->conf->sshd, spec, settings, why);
}

/* ---- does it count ---- */

/*
 * Our own block says it for users of naskeys, and not for others.  Where there
 * is no file that counts, our command is all that sshd asks.
 */
static bool
is_ours(const struct suspect *s, const char *value)
{
	if (strcmp(s->k->lower, "authorizedkeysfile") != 0 || value == NULL)
		return false;
	return (s->m->files != NK_SSH_FILES_CENTRAL &&
	    nk_setting_is_none(value)) ||
	    (s->m->files == NK_SSH_FILES_CENTRAL &&
	    strcmp(value, NK_SSHD_CENTRAL) == 0);
}

/* 1: told; 0; -errno. */
static int
try_user(const struct suspect *s, const char *user)
{
	struct nk_settings settings;
	const char *value;

	if (!nk_settings_may_ask(user) || ask(s, user, &settings) < 0)
		return 0;
	value = nk_setting(&settings, s->k->lower);
	if (nk_effect_same(&settings, &s->m->everybody, s->k->lower) ||
	    !nk_effect_has(&settings, s->k->lower, s->value) ||
	    is_ours(s, value)) {
		nk_settings_clear(&settings);
		return 0;
	}
	nk_finding_fault(s->m->f, "match", "%s:%u: in \"Match %.200s\", "
	    "changes %s for user %s to \"%.200s\", on which naskeys relies: "
	    "take the line away, or exclude the group naskeys-managed from "
	    "the block", s->path, s->number, s->criteria, s->k->name, user,
	    value != NULL ? value : "");
	nk_settings_clear(&settings);
	return 1;
}

/* ---- whom to ask about ---- */

static void
add_name(struct suspect *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (strcmp(s->names[i], name) == 0)
			return;
	if (strlen(name) < NAME_ROOM)
		memcpy(s->names[s->n++], name, strlen(name) + 1);
}

static int
take_user(void *arg, const struct nk_user *u)
{
	struct suspect *s = arg;

	if (s->users[0] == '\0' || nk_wildcard_list_has(s->users, u->name))
		add_name(s, u->name);
	return s->n == USERS_MAX ? 1 : 0;
}

/* Those of our groups that the block names come before all others. */
static int
take_group(void *arg, const struct nk_group *g)
{
	struct suspect *s = arg;
	struct nk_user *u;
	struct nk_ids ids;
	int r, full = 0;
	size_t i;

	if (!nk_wildcard_list_has(s->groups, g->name))
		return 0;
	if ((r = nk_members_of_group(s->m->store, g->id, &ids)) < 0)
		return r;
	for (i = 0; i < ids.n && full == 0 && r == 0; i++) {
		r = nk_user_get(s->m->store, ids.v[i], &u);
		if (r == 0) {
			full = take_user(s, u);
			nk_user_free(u);
		}
	}
	nk_ids_clear(&ids);
	return r < 0 ? r : full;
}

static int
take_users(struct suspect *s)
{
	int r = 0;

	s->n = 0;
	if (s->k->root) {
		add_name(s, "root");
		return 0;
	}
	if (s->groups[0] != '\0')
		r = nk_group_each(s->m->store, 0, take_group, s);
	if (r == 0)
		r = nk_user_each(s->m->store, 0, take_user, s);
	return r < 0 ? r : 0;
}

static int
judge(struct suspect *s)
{
	size_t i;
	int r;

	read_criteria(s);
	if ((r = take_users(s)) < 0)
		return r;
	for (i = 0; i < s->n && r == 0; i++)
		r = try_user(s, s->names[i]);
	return r < 0 ? r : 0;
}

/* ---- the files ---- */

static const struct keyword *
keyword_of(const char *line)
{
	size_t i;

	for (i = 0; i < NKEYWORDS; i++)
		if (nk_conftext_value(line, keywords[i].name) != NULL)
			return &keywords[i];
	return NULL;
}

/* Of a list sshd -T prints each word as a value. */
static void
take_line(struct suspect *s, const char *line, const char *criteria)
{
	bool list = strstr(s->k->lower, "users") != NULL ||
	    strstr(s->k->lower, "groups") != NULL;

	s->users[0] = s->groups[0] = s->host[0] = '\0';
	s->address[0] = s->laddress[0] = s->lport[0] = '\0';
	(void)snprintf(s->criteria, sizeof(s->criteria), "%s", criteria);
	(void)snprintf(s->value, sizeof(s->value), "%s",
	    nk_conftext_value(line, s->k->name));
	if (list)
		s->value[strcspn(s->value, " \t")] = '\0';
}

static int
judge_text(const struct nk_machine *m, const char *path, const char *text,
    unsigned int *leftp)
{
	char line[NK_CONFTEXT_LINE_MAX], match[NK_CONFTEXT_LINE_MAX] = "";
	struct suspect s = { .m = m, .path = path };
	const char *value;
	int r = 0;

	while (r == 0 && *leftp > 0 &&
	    nk_conftext_next(&text, line, sizeof(line))) {
		s.number++;
		if ((value = nk_conftext_value(line, "Match")) != NULL)
			(void)snprintf(match, sizeof(match), "%s", value);
		else if (match[0] != '\0' &&
		    (s.k = keyword_of(line)) != NULL) {
			take_line(&s, line, match);
			(*leftp)--;
			r = judge(&s);
		}
	}
	return r;
}

/* What cannot be read is sshd's to complain of. */
static int
judge_file(const struct nk_machine *m, const char *path, unsigned int *leftp)
{
	char *text;
	int r;

	if (strcmp(path, NK_SSHD_DROP_IN) == 0 ||
	    nk_conffile_read(path, &text) < 0)
		return 0;
	r = judge_text(m, path, text, leftp);
	free(text);
	return r;
}

int
nk_machine_foreign(struct nk_machine *m)
{
	unsigned int left = LINES_MAX;
	glob_t g = { .gl_pathc = 0 };
	size_t i;
	int r = 0;

	if (glob(PATTERN, 0, NULL, &g) == 0)
		for (i = 0; i < g.gl_pathc && r == 0; i++)
			r = judge_file(m, g.gl_pathv[i], &left);
	globfree(&g);
	if (r == 0)
		r = judge_file(m, NK_SSHD_MAIN, &left);
	return r;
}
