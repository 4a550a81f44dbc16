/* SPDX-License-Identifier: ISC */
#include "lib/explain/command.h"

#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/account/child.h"
#include "lib/explain/modes.h"
#include "lib/fullio.h"

static const char id[] = "authorized_keys_command";

/* ---- would naskeys give the key out? ---- */

/* 1: a line that has not expired would do; 0: no. */
static int
would_help(const struct nk_explaining *e, const struct nk_examined *k)
{
	const struct nk_published *p = &e->published;
	struct nk_judgement j;
	size_t i;
	int r;

	for (i = 0; i < p->n; i++) {
		r = nk_judge_text(e, k, p->v[i].text, p->v[i].len, &j);
		if (r < 0)
			return r;
		if (j.judged != NK_JUDGED_OTHER)
			return 1;
	}
	return 0;
}

/* The account is one for which nothing is given out.  True: said. */
static bool
is_barred(struct nk_refusals *rs)
{
	const struct nk_published *p = &rs->e->published;
	char when[NK_MOMENT_MAX];

	switch (p->state) {
	case NK_PUBLISHED_LOCKED:
		nk_refusals_add(rs, NK_TELLS_LINE, "locked", "\"naskeysctl "
		    "user unlock\".", "The account is locked in naskeys, "
		    "which gives none of its keys out.");
		return true;
	case NK_PUBLISHED_EXPIRED:
		nk_moment(p->expires_at, when);
		nk_refusals_add(rs, NK_TELLS_LINE, "expired", "\"naskeysctl "
		    "user edit --expires\".", "The account expired in naskeys "
		    "at %s; none of its keys is given out.", when);
		return true;
	case NK_PUBLISHED_UID_CHANGED:
		nk_refusals_add(rs, NK_TELLS_LINE, "uid", "Accept the new "
		    "uid if it is the same person.", "The account's uid was "
		    "changed elsewhere: naskeys gives none of its keys "
		    "out.");
		return true;
	case NK_PUBLISHED_UID_OTHER:
		nk_refusals_add(rs, NK_TELLS_LINE, "uid", "Rename one of the "
		    "two accounts.", "The machine's user %s (uid %u) is not "
		    "naskeys's (uid %u), whose keys would open a stranger's "
		    "account.", rs->e->q->user, rs->e->account->uid, p->uid);
		return true;
	default:
		return false;
	}
}

/* 1: a line takes the key; 0: none does, which was said. */
static int
look_at_lines(struct nk_refusals *rs, const struct nk_examined *k,
    struct nk_judgement *j)
{
	const struct nk_published *p = &rs->e->published;
	char when[NK_MOMENT_MAX];
	bool any = false;
	size_t i;
	int r;

	for (i = 0; i < p->n; i++) {
		r = nk_judge_text(rs->e, k, p->v[i].text, p->v[i].len, j);
		if (r < 0)
			return r;
		if (j->judged == NK_JUDGED_OTHER)
			continue;
		any = true;
		if (p->v[i].expires_at <= rs->e->q->now) {
			nk_moment(p->v[i].expires_at, when);
			nk_refusals_add(rs, NK_TELLS_LINE, "key_expired",
			    "Add the key again with a later --expires, or "
			    "use another key.", "naskeys has the key, but it "
			    "expired at %s and is left out.", when);
			continue;
		}
		r = nk_refusals_judge(rs, k, id, "naskeys's database",
		    p->v[i].text, p->v[i].len, j);
		if (r != 0)
			return r;
	}
	if (!any)
		nk_explain_say(rs->e->x, id, NK_EXPLAIN_INFO, NULL,
		    p->state == NK_PUBLISHED_NOBODY ? "naskeys does not "
		    "know the user, and gives nothing out." : "naskeys does "
		    "not have the key for this user.");
	return 0;
}

/* ---- may the program run? ---- */

static int
look_in_child(void *arg, int fd)
{
	const struct nk_modes_check *c = arg;
	struct nk_modes m;

	nk_modes_look(c, &m);
	return nk_write_full(fd, &m, sizeof(m)) == 0 ? 0 : 1;
}

/* The program, as sshd wants it; true: it would run. */
static bool
is_safe(struct nk_refusals *rs, const char *program, unsigned int rank)
{
	struct nk_modes_check c = { .path = program, .uid = 0,
	    .lone_group = rs->e->lone_group };
	struct nk_modes m;
	struct stat st;

	if (nk_child_ask(look_in_child, &c, NULL, rs->e->q->seconds, &m,
	    sizeof(m)) < 0) {
		nk_explain_doubt(rs->e->x, id, NULL, "%s cannot be looked "
		    "at.", program);
		return false;
	}
	m.path[sizeof(m.path) - 1] = '\0';
	if (m.fault == NK_MODES_OWNER || m.fault == NK_MODES_WRITABLE) {
		nk_refusals_add(rs, rank, id, "Make it root's, and writable "
		    "by nobody else.", "sshd does not run %s: %s %s.",
		    program, m.path, m.fault == NK_MODES_OWNER ?
		    "is not root's" : "can be written by others");
		return false;
	}
	if (m.fault != NK_MODES_FINE || stat(program, &st) == -1 ||
	    (st.st_mode & 001) == 0) {
		nk_refusals_add(rs, rank, id, "Install naskeys again.",
		    "sshd cannot run %s: it is not there, or not for %s to "
		    "execute.", program, rs->e->q->command_user);
		return false;
	}
	return true;
}

/* Who runs it: the one who may read the keys. */
static bool
is_runner_right(struct nk_refusals *rs, unsigned int rank)
{
	const struct nk_explaining *e = rs->e;
	const char *name = nk_setting(&e->settings,
	    "authorizedkeyscommanduser");
	struct nk_seen_account *a;
	bool known = true;

	if (nk_setting_is_none(name) || (strcmp(name,
	    e->q->command_user) != 0 && strcmp(name, "root") != 0)) {
		nk_refusals_add(rs, rank, id, "\"naskeysctl init "
		    "--configure\" sets AuthorizedKeysCommandUser.",
		    "sshd's AuthorizedKeysCommandUser is %s; only %s may "
		    "read the keys.", name != NULL ? name : "none",
		    e->q->command_user);
		return false;
	}
	if ((a = malloc(sizeof(*a))) != NULL &&
	    nk_seen_account_ask(name, 0, e->q->seconds, a) == 0)
		known = a->found;
	free(a);
	if (!known)
		nk_refusals_add(rs, rank, id, "\"naskeysctl init\" makes "
		    "it.", "The AuthorizedKeysCommandUser %s does not "
		    "exist, and sshd runs nothing.", name);
	return known;
}

/* Is our program what sshd runs, with arguments that it understands? */
static bool
is_ours(struct nk_refusals *rs, const char *value, const char *program,
    unsigned int rank)
{
	static const char *const forms[] = { "", " %u", " %u %t %k",
	    " %u %t %k %U" };
	size_t i, len = strlen(program);

	if (nk_setting_is_none(value)) {
		nk_refusals_add(rs, rank, id, "\"naskeysctl init "
		    "--configure\" sets it.", "sshd runs no "
		    "AuthorizedKeysCommand, so that naskeys is not asked.");
		return false;
	}
	if (strncmp(value, program, len) != 0 ||
	    (value[len] != ' ' && value[len] != '\0')) {
		if (rank == NK_TELLS_NOTHING)
			nk_explain_doubt(rs->e->x, id, NULL, "sshd runs "
			    "another AuthorizedKeysCommand, whose keys are "
			    "not known here: %s", value);
		else
			nk_refusals_add(rs, rank, id, "Take its line away; "
			    "chained_command in naskeys.conf can keep it.",
			    "sshd runs another AuthorizedKeysCommand and "
			    "does not ask naskeys, which has the key: %s",
			    value);
		return false;
	}
	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (strcmp(value + len, forms[i]) == 0)
			return true;
	}
	nk_refusals_add(rs, rank, id, "\"naskeysctl init --configure\" "
	    "tells the right line.", "sshd calls naskeys with arguments "
	    "that it does not understand: %s", value);
	return false;
}

int
nk_explain_command(struct nk_refusals *rs, const struct nk_examined *k,
    struct nk_judgement *j)
{
	const struct nk_explaining *e = rs->e;
	const char *value = nk_setting(&e->settings,
	    "authorizedkeyscommand");
	char program[PATH_MAX];
	unsigned int rank;
	int n, r;

	n = snprintf(program, sizeof(program), "%.*s",
	    (int)strcspn(e->q->command, " "), e->q->command);
	if (n < 0 || (size_t)n >= sizeof(program))
		return -ENAMETOOLONG;
	if ((r = would_help(e, k)) < 0)
		return r;
	rank = r == 1 ? NK_TELLS_LINE : NK_TELLS_NOTHING;
	if (!is_ours(rs, value, program, rank) ||
	    !is_safe(rs, program, rank) || !is_runner_right(rs, rank))
		return 0;
	if (e->published_error < 0) {
		nk_refusals_add(rs, NK_TELLS_CLOSED, id, "\"naskeysctl "
		    "sync\" makes the maps again.", "The published keys "
		    "cannot be read: %s.", strerror(-e->published_error));
		return 0;
	}
	if (is_barred(rs))
		return 0;
	r = look_at_lines(rs, k, j);
	if (r == 0 && e->q->chained && !e->published.managed)
		nk_explain_doubt(e->x, id, NULL, "naskeys asks a chained "
		    "command too, whose keys are not known here.");
	return r;
}
