/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <errno.h>
#include <string.h>

#include "lib/explain/parts.h"
#include "lib/ssh/wildcard.h"

/* ---- the account ---- */

static void
say_found(struct nk_explaining *e)
{
	const struct nk_published *p = &e->published;
	const struct nk_seen_account *a = e->account;

	if (p->state == NK_PUBLISHED_NOBODY)
		nk_explain_say(e->x, "account", NK_EXPLAIN_INFO, NULL,
		    "The machine has user %s with uid %u; naskeys does not "
		    "know the name.", e->q->user, a->uid);
	else if (p->uid == a->uid)
		nk_explain_say(e->x, "account", NK_EXPLAIN_OK, NULL,
		    "The machine has user %s with our uid %u%s.", e->q->user,
		    a->uid, p->managed ? "" :
		    "; the account lives elsewhere");
	else
		nk_explain_say(e->x, "account", NK_EXPLAIN_WARN, NULL,
		    "The machine has somebody else by the name of %s, with "
		    "uid %u: naskeys's has %u, and its keys are not given "
		    "out.", e->q->user, a->uid, p->uid);
}

static int
look_at_account(struct nk_explaining *e)
{
	bool ours = e->published_error == 0 &&
	    e->published.state != NK_PUBLISHED_NOBODY;

	if (e->account->found) {
		say_found(e);
		return 1;
	}
	if (e->published_error < 0)
		nk_explain_say(e->x, "account", NK_EXPLAIN_STOP,
		    "\"naskeysctl sync\" makes the maps again.", "The "
		    "machine has no user %s, and naskeys's maps cannot be "
		    "read: %s.", e->q->user, strerror(-e->published_error));
	else if (ours && e->published.managed)
		nk_explain_say(e->x, "account", NK_EXPLAIN_STOP,
		    "\"naskeysctl init --configure\" puts naskeys into "
		    "nsswitch.conf.", "naskeys has user %s, but the "
		    "machine's name services do not give it.", e->q->user);
	else
		nk_explain_say(e->x, "account", NK_EXPLAIN_STOP,
		    "Look at the name, or make the user.", "The machine has "
		    "no user %s%s.", e->q->user, ours ? " any more: the "
		    "account lived elsewhere" : "");
	return 0;
}

/* With UsePAM sshd leaves both to PAM. */
static int
look_at_shadow(struct nk_explaining *e)
{
	const struct nk_seen_account *a = e->account;
	bool known = e->q->may_see || e->published.managed;

	if (nk_setting_is(&e->settings, "usepam", "yes"))
		return 1;
	if (!known) {
		nk_explain_doubt(e->x, "locked", "Ask an administrator.",
		    "Only root may read whether the account is locked or "
		    "expired.");
		return 1;
	}
	if (a->expired) {
		nk_explain_say(e->x, "expired", NK_EXPLAIN_STOP,
		    "Give the account a later end.", "The account has "
		    "expired, and sshd (UsePAM no) refuses it.");
		return 0;
	}
	if (a->shadow == NK_SHADOW_LOCKED) {
		nk_explain_say(e->x, "locked", NK_EXPLAIN_STOP,
		    "\"naskeysctl user unlock\", or \"usermod -U\" for an "
		    "account of the machine's own.", "The account is locked, "
		    "and sshd (UsePAM no) refuses it.");
		return 0;
	}
	return 1;
}

static int
look_at_shell(struct nk_explaining *e)
{
	const char *shell = e->account->shell;
	struct stat st;

	if (!nk_setting_is_none(nk_setting(&e->settings,
	    "chrootdirectory")))
		return 1;
	if (shell[0] == '\0')
		shell = "/bin/sh";
	if (stat(shell, &st) == -1) {
		nk_explain_say(e->x, "shell", NK_EXPLAIN_STOP, "Give the "
		    "user another shell.", "The shell %s is not there: %s.",
		    shell, strerror(errno));
		return 0;
	}
	if (!S_ISREG(st.st_mode) || (st.st_mode & 0111) == 0) {
		nk_explain_say(e->x, "shell", NK_EXPLAIN_STOP, "Give the "
		    "user another shell.", "The shell %s cannot be "
		    "executed.", shell);
		return 0;
	}
	nk_explain_say(e->x, "shell", NK_EXPLAIN_OK, NULL,
	    "The shell %s is there.", shell);
	return 1;
}

/* ---- DenyUsers, AllowUsers, DenyGroups, AllowGroups ---- */

struct list {
	const char	*keyword, *id, *name;
	bool		 groups, allows;
};

/* In the order in which sshd asks them. */
static const struct list lists[] = {
	{ "denyusers", "deny_users", "DenyUsers", false, false },
	{ "allowusers", "allow_users", "AllowUsers", false, true },
	{ "denygroups", "deny_groups", "DenyGroups", true, false },
	{ "allowgroups", "allow_groups", "AllowGroups", true, true },
};

/* The word that matches, in *lenp; NULL.  *anyp: there are words. */
static const char *
find_word(const struct nk_explaining *e, const struct list *l, bool *anyp,
    size_t *lenp)
{
	const char *value, *word;
	size_t pos = 0;

	*anyp = false;
	while ((value = nk_setting_next(&e->settings, l->keyword,
	    &pos)) != NULL) {
		while ((word = nk_setting_word(&value, lenp)) != NULL) {
			*anyp = true;
			if (l->groups ? nk_seen_account_in(e->account, word,
			    *lenp) : nk_wildcard_is_user(word, *lenp,
			    e->q->user, e->q->address))
				return word;
		}
	}
	return NULL;
}

static int
look_at_list(struct nk_explaining *e, const struct list *l)
{
	const char *word;
	size_t len = 0;
	bool any;

	word = find_word(e, l, &any, &len);
	if (!any)
		return 1;
	if (l->allows && word == NULL) {
		nk_explain_say(e->x, l->id, NK_EXPLAIN_STOP, l->groups ?
		    "Make the user a member of a group that AllowGroups "
		    "names, or add one of the user's groups there." :
		    "Add the user to AllowUsers in sshd's configuration.",
		    "%s is set in sshd's configuration, and no word of it is "
		    "for %s from %s.", l->name, l->groups ?
		    "a group of the user" : "the user", e->q->address);
		return 0;
	}
	if (!l->allows && word != NULL) {
		nk_explain_say(e->x, l->id, NK_EXPLAIN_STOP, l->groups ?
		    "Take the user out of that group, or the word out of "
		    "DenyGroups." : "Take the word out of DenyUsers in "
		    "sshd's configuration.", "%s in sshd's configuration "
		    "has \"%.*s\".", l->name, (int)len, word);
		return 0;
	}
	nk_explain_say(e->x, l->id, NK_EXPLAIN_OK, NULL, "%s %s the user.",
	    l->name, l->allows ? "lets in" : "does not name");
	return 1;
}

int
nk_explain_admission(struct nk_explaining *e)
{
	size_t i;
	int r;

	if ((r = look_at_account(e)) != 1 || (r = look_at_shadow(e)) != 1 ||
	    (r = look_at_shell(e)) != 1)
		return r;
	for (i = 0; r == 1 && i < sizeof(lists) / sizeof(lists[0]); i++)
		r = look_at_list(e, &lists[i]);
	return r;
}
