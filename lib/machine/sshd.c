/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/account/conffile.h"
#include "lib/account/runner.h"
#include "lib/explain/pamstack.h"
#include "lib/machine/parts.h"
#include "lib/machine/slot.h"
#include "lib/ssh/sshdversion.h"
#include "lib/sshservice/effect.h"
#include "lib/store/keyfiles.h"

#define SECONDS		10	/* for it to say its release */
#define VERSION_MAX	4096u
#define PAM_MODULE	"pam_naskeys.so"
#define CENTRAL_FOLDER	NK_LOCALSTATEDIR "/lib/naskeys/authorized_keys/"

/* ---- its release ---- */

/* What our drop-in has that an sshd before this release does not take. */
static const struct feature {
	struct nk_sshd_version	 since;
	const char		*what;
} features[] = {
	{ { 6, 2 }, "AuthorizedKeysCommand and RevokedKeys" },
	{ { 6, 7 }, "AllowStreamLocalForwarding" },
	{ { 6, 9 }, "arguments of AuthorizedKeysCommand" },
	{ { 7, 8 }, "%U among the arguments of AuthorizedKeysCommand" },
	{ { 8, 2 }, "Include, by which sshd_config reads our drop-in" },
};

static void
look_at_release(struct nk_machine *m)
{
	const struct nk_runner p = { .path = m->conf->sshd, .args = { "-V" },
	    .seconds = SECONDS, .max = VERSION_MAX };
	struct nk_sshd_version v;
	char *text = NULL;
	size_t len, i;
	int r;

	r = nk_runner_run(&p, &text, &len);
	if ((r < 0 && r != -EIO) || nk_sshd_version_parse(text, len,
	    &v) < 0) {
		free(text);
		return;		/* "sshd -T" tells more than this */
	}
	free(text);
	for (i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
		if (nk_sshd_version_has(v, features[i].since))
			continue;
		nk_finding_fault(m->f, "sshd_old", "%s is OpenSSH %u.%u, "
		    "which does not know %s (since %u.%u): install a later "
		    "one", m->conf->sshd, v.major, v.minor, features[i].what,
		    features[i].since.major, features[i].since.minor);
		return;
	}
}

/* ---- its settings ---- */

/* False: no more can be said. */
static bool
ask(struct nk_machine *m)
{
	char why[NK_SLOT_WHY_MAX];
	int r;

	if ((r = nk_slot_ask(m->conf->sshd, NK_SLOT_ROOT, &m->root,
	    why)) == 0)
		r = nk_slot_ask(m->conf->sshd, NK_SLOT_NOBODY,
		    &m->everybody, why);
	if (r < 0)
		nk_finding_fault(m->f, "sshd_config", "sshd -T does not tell "
		    "which settings are in force: %s; correct what it names",
		    why);
	return r == 0;
}

static void
look_at_settings(struct nk_machine *m)
{
	char why[NK_SLOT_WHY_MAX], missing[NK_EFFECT_WHY_MAX];

	if (nk_slot_command(&m->root, why) < 0)
		nk_finding_fault(m->f, "command", "%s", why);
	if (nk_slot_revoked(&m->root, why) < 0)
		nk_finding_fault(m->f, "revoked_keys", "%s", why);
	/* ours has its own sentence above */
	if (nk_effect_files(&m->root, missing) < 0 &&
	    strstr(missing, NK_SSHD_REVOKED) == NULL)
		nk_finding_fault(m->f, "sshd_files", "%s; put it there, or "
		    "take its line away", missing);
	if (nk_setting_is(&m->root, "usepam", "yes") &&
	    !nk_pam_account_has(PAM_MODULE))
		nk_finding_fault(m->f, "pam", "/etc/pam.d/sshd does not come "
		    "to " PAM_MODULE " in its account phase: passwords and "
		    "rules of naskeys's users do not count there; "
		    "\"pam-auth-update --enable naskeys\" or the lines of "
		    "pam_naskeys(8) put it there");
}

/* sshd demands that the program and all above it are root's alone. */
static void
look_at_program(struct nk_machine *m)
{
	char path[] = NK_SSHD_PROGRAM;
	const char *name = path;
	struct stat st;
	char *slash;

	do {
		if (stat(name, &st) == -1)
			nk_finding_fault(m->f, "program", "%s: %s; install "
			    "naskeys again", name, strerror(errno));
		else if (st.st_uid != 0 || (st.st_mode & 022) != 0)
			nk_finding_fault(m->f, "program", "%s: must be root's "
			    "and not writable by others, or sshd does not run "
			    "the command", name);
		if ((slash = strrchr(path, '/')) != NULL)
			*slash = '\0';
		if (path[0] == '\0')
			name = "/";
	} while (slash != NULL);
}

/* ---- central files ---- */

static int
take_first(void *arg, int64_t user_id, uint32_t uid)
{
	int64_t *first = arg;

	(void)uid;
	*first = user_id;
	return 1;
}

static bool
reads_central(const struct nk_settings *s)
{
	const char *value = nk_setting(s, "authorizedkeysfile"), *word;
	size_t len;

	while (value != NULL && (word = nk_setting_word(&value, &len)) != NULL)
		if (strncmp(word, CENTRAL_FOLDER, strlen(CENTRAL_FOLDER)) == 0)
			return true;
	return false;
}

/* Where one user's is not read, none is. */
static int
look_at_central(struct nk_machine *m)
{
	struct nk_settings s = { .n = 0 };
	struct nk_user *u = NULL;
	int64_t first = 0;
	int r;

	r = nk_keyfile_central_each(m->store, take_first, &first);
	if (r < 0 || first == 0 ||
	    (r = nk_user_get(m->store, first, &u)) < 0)
		return r == -ENOENT ? 0 : r < 0 ? r : 0;
	if (nk_settings_ask(&s, m->conf->sshd, u->name,
	    SECONDS) == 0 && !reads_central(&s))
		nk_finding_fault(m->f, "central_files", "user %s has a key "
		    "file below " CENTRAL_FOLDER ", which sshd does not read: "
		    "\"naskeysctl service set key_files=central\" and "
		    "\"naskeysctl service apply\", or \"naskeysctl init "
		    "--configure --key-files central\"", u->name);
	nk_settings_clear(&s);
	nk_user_free(u);
	return 0;
}

/* ---- all of it ---- */

static void
look_at_drop_in(struct nk_machine *m)
{
	enum nk_dropin_maker maker;
	char *text;

	m->files = NK_SSH_FILES_OWN;
	if (nk_conffile_read(NK_SSHD_DROP_IN, &text) < 0)
		return;
	if (nk_dropin_look(text, &maker, &m->files) < 0)
		m->files = NK_SSH_FILES_OWN;
	free(text);
}

int
nk_machine_sshd(struct nk_machine *m)
{
	int r;

	if (access(m->conf->sshd, X_OK) == -1)
		return 0;
	look_at_program(m);
	look_at_release(m);
	if (!ask(m))
		return 0;
	look_at_drop_in(m);
	look_at_settings(m);
	if ((r = look_at_central(m)) == 0)
		r = nk_machine_foreign(m);
	return r;
}
