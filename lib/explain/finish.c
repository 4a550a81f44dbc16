/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/account/child.h"
#include "lib/account/keyfiles.h"
#include "lib/account/shells.h"
#include "lib/explain/modes.h"
#include "lib/explain/pamstack.h"
#include "lib/explain/parts.h"
#include "lib/fullio.h"

/* ---- root ---- */

int
nk_explain_root(struct nk_explaining *e, bool command)
{
	const char *value = nk_setting(&e->settings, "permitrootlogin");

	if (e->account->uid != 0 || value == NULL)
		return 1;
	if (strcmp(value, "no") == 0) {
		nk_explain_say(e->x, "permit_root_login", NK_EXPLAIN_STOP,
		    "Set PermitRootLogin prohibit-password.", "sshd's "
		    "configuration says PermitRootLogin no.");
		return 0;
	}
	if (strcmp(value, "forced-commands-only") == 0 && !command) {
		nk_explain_say(e->x, "permit_root_login", NK_EXPLAIN_STOP,
		    "Set PermitRootLogin prohibit-password, or give the key "
		    "a command=.", "PermitRootLogin lets root in by keys with "
		    "a forced command alone, and this one has none.");
		return 0;
	}
	nk_explain_say(e->x, "permit_root_login", NK_EXPLAIN_OK, NULL,
	    "PermitRootLogin is %s.", value);
	return 1;
}

/* ---- PAM's account phase, or what sshd does without ---- */

static const char *
nologin_file(bool pam)
{
	if (pam && access("/run/nologin", F_OK) == 0)
		return "/run/nologin";
	return access(NK_SYSCONFDIR "/nologin", F_OK) == 0 ?
	    NK_SYSCONFDIR "/nologin" : NULL;
}

static int
look_at_nologin(struct nk_explaining *e, bool pam)
{
	const char *path = nologin_file(pam);

	if (path == NULL || e->account->uid == 0 ||
	    (pam && !nk_pam_account_has("pam_nologin.so")))
		return 1;
	nk_explain_say(e->x, "nologin", NK_EXPLAIN_STOP, "Remove it once the "
	    "machine may be used again.", "%s is there: nobody but root may "
	    "log in.", path);
	return 0;
}

static int
refuse_account(struct nk_explaining *e, const char *what)
{
	nk_explain_say(e->x, "pam_account", NK_EXPLAIN_STOP,
	    "\"naskeysctl user unlock\" or \"user edit --expires\".",
	    "%s, and PAM's account phase refuses it.", what);
	return 0;
}

/* As far as naskeys and pam_unix decide it. */
static int
look_at_account(struct nk_explaining *e)
{
	const struct nk_seen_account *a = e->account;
	const struct nk_published *p = &e->published;
	bool ours = p->managed && p->uid == a->uid &&
	    nk_pam_account_has("pam_naskeys.so");

	if (ours && p->state == NK_PUBLISHED_LOCKED)
		return refuse_account(e, "The account is locked in naskeys");
	if (ours && p->state == NK_PUBLISHED_EXPIRED)
		return refuse_account(e, "The account has expired in "
		    "naskeys");
	if (ours || !nk_pam_account_has("pam_unix.so"))
		return 1;
	if (!e->q->may_see && !p->managed) {
		nk_explain_doubt(e->x, "pam_account", "Ask an "
		    "administrator.", "Only root may read whether the account "
		    "has expired.");
		return 1;
	}
	if (a->expired)
		return refuse_account(e, "The account has expired");
	if (a->must_change && !p->managed)
		nk_explain_doubt(e->x, "pam_account", "Set a new password.",
		    "The password is too old: PAM asks for a new one, and a "
		    "login without a terminal ends there.");
	return 1;
}

static int
look_at_pam(struct nk_explaining *e)
{
	bool pam = nk_setting_is(&e->settings, "usepam", "yes");
	int r;

	if ((r = look_at_nologin(e, pam)) != 1 || !pam)
		return r;
	if ((r = look_at_account(e)) == 1)
		nk_explain_say(e->x, "pam_account", NK_EXPLAIN_INFO, NULL,
		    "PAM's account phase refuses nothing that naskeys knows "
		    "of; other modules of /etc/pam.d/sshd may decide "
		    "otherwise.");
	return r;
}

/* ---- the session: homes are looked at in a child, which may hang ---- */

struct place {
	const struct nk_explaining	*e;
	const char			*path;
};

/* As the user: is the home there? */
static int
look_home_in_child(void *arg, int fd)
{
	const struct place *p = arg;
	struct stat st;
	uint8_t there;

	if (nk_seen_account_become(p->e->account) < 0)
		return 1;
	there = stat(p->path, &st) == 0;
	return nk_write_full(fd, &there, sizeof(there)) == 0 ? 0 : 1;
}

static int
look_chroot_in_child(void *arg, int fd)
{
	const struct place *p = arg;
	struct nk_modes m;

	nk_modes_look_chroot(p->path, &m);
	return nk_write_full(fd, &m, sizeof(m)) == 0 ? 0 : 1;
}

static int
look_at_chroot(struct nk_explaining *e)
{
	const struct nk_keyfiles k = { .user = e->q->user,
	    .home = e->account->home, .uid = e->account->uid };
	const char *value = nk_setting(&e->settings, "chrootdirectory");
	char path[PATH_MAX];
	struct place p = { e, path };
	struct nk_modes m;

	if (nk_setting_is_none(value))
		return 1;
	if (nk_keyfiles_expand(&k, value, strlen(value), path,
	    sizeof(path)) < 0) {
		nk_explain_doubt(e->x, "chroot", NULL, "ChrootDirectory %s "
		    "is not understood here.", value);
		return 1;
	}
	if (e->q->hangs || nk_child_ask(look_chroot_in_child, &p,
	    e->q->keep, e->q->seconds, &m, sizeof(m)) < 0) {
		nk_explain_doubt(e->x, "chroot", NULL, "%s, where the session "
		    "is shut in, cannot be looked at.", path);
		return 1;
	}
	m.path[sizeof(m.path) - 1] = '\0';
	if (m.fault == NK_MODES_FINE) {
		nk_explain_doubt(e->x, "chroot", NULL, "The session is shut "
		    "in %s; whether the shell is in there was not looked "
		    "at.", path);
		return 1;
	}
	nk_explain_say(e->x, "chroot", NK_EXPLAIN_STOP, "Make that folder, "
	    "and all above it, root's and writable by nobody else.",
	    "sshd does not shut the session in %s: %s is not there, not "
	    "root's, or can be written by others.", path, m.path);
	return 0;
}

static int
look_at_session(struct nk_explaining *e)
{
	const char *forced = nk_setting(&e->settings, "forcecommand");
	const char *shell = e->account->shell;
	struct place p = { e, e->account->home };
	uint8_t there = 0;
	bool sftp = forced != NULL && strncmp(forced, "internal-sftp",
	    strlen("internal-sftp")) == 0;

	if (nk_setting_is(&e->settings, "maxsessions", "0")) {
		nk_explain_say(e->x, "session", NK_EXPLAIN_STOP, "Set "
		    "MaxSessions to more than 0.", "sshd's configuration "
		    "says MaxSessions 0: no session is opened.");
		return 0;
	}
	if (!nk_setting_is_none(forced))
		nk_explain_say(e->x, "session", NK_EXPLAIN_INFO, NULL,
		    "sshd's ForceCommand runs one command only: %s", forced);
	if (!sftp && nk_shell_is_nologin(shell)) {
		nk_explain_say(e->x, "session", NK_EXPLAIN_STOP, "Give the "
		    "user a shell: \"naskeysctl user edit --shell\".",
		    "The key is accepted, but the shell %s ends the session "
		    "at once (forwardings, and sftp where it is internal, "
		    "work).", shell);
		return 0;
	}
	if (e->q->hangs || nk_child_ask(look_home_in_child, &p, e->q->keep,
	    e->q->seconds, &there, sizeof(there)) < 0 || there == 0)
		nk_explain_say(e->x, "home", NK_EXPLAIN_WARN, NULL,
		    "The home %s is not there now: the session begins in /.",
		    e->account->home);
	return 1;
}

int
nk_explain_finish(struct nk_explaining *e)
{
	int r;

	if (e->partial) {
		nk_explain_say(e->x, "authentication_methods",
		    NK_EXPLAIN_STOP, "Name publickey, by itself, among "
		    "AuthenticationMethods.", "A key alone is not enough: "
		    "AuthenticationMethods is \"%s\".",
		    nk_setting(&e->settings, "authenticationmethods"));
		return 0;
	}
	if ((r = look_at_pam(e)) != 1 || (r = look_at_chroot(e)) != 1)
		return r;
	return look_at_session(e);
}
