/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/ctl/call.h"
#include "helper/ctl/file.h"
#include "helper/ctl/run.h"
#include "helper/ctl/sshdconf.h"
#include "helper/ctl/value.h"
#include "lib/account/conffile.h"
#include "lib/account/groupfile.h"
#include "lib/conf/conf.h"
#include "lib/machine/nsswitch.h"
#include "lib/machine/slot.h"

const struct ctl_option ctl_init_options[] = {
	{ "configure", NULL, "also put the lines into nsswitch.conf, PAM "
	    "and sshd's configuration" },
	{ "key-files", "own|none|central", "with --configure: which "
	    "authorized_keys files sshd reads for users of naskeys" },
	{ "only", "nsswitch|pam|sshd", "with --configure: only this" },
	{ NULL, NULL, NULL },
};

#define GROUP_FILE	NK_SYSCONFDIR "/group"
#define PASSWD_FILE	NK_SYSCONFDIR "/passwd"
#define NSSWITCH	NK_SYSCONFDIR "/nsswitch.conf"
#define PAM_UPDATE	"/usr/sbin/pam-auth-update"
#define PAM_PROFILE	"/usr/share/pam-configs/naskeys"
#define STORE_FOLDER	NK_LOCALSTATEDIR "/lib/naskeys"
#define RUN_FOLDER	NK_RUNSTATEDIR "/naskeys"

#define CONF_FILE	NK_SYSCONFDIR "/naskeys/naskeys.conf"

/*
 * Every step makes what is missing and leaves what is there, so that an
 * init that was killed is completed by the next one.
 */
struct init {
	struct ctl	*c;
	struct nk_conf	 conf;
	json_t		*steps;		/* what was said, for --json */
	bool		 configure;
	const char	*only;		/* NULL: configure all */
	enum nk_ssh_files	 files;
};

/* Each step says what it did: there is no method whose result says it. */
static void NK_PRINTF(2, 3)
tell(struct init *in, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) == -1)
		text = NULL;
	va_end(ap);
	if (text == NULL)
		return;
	if (in->steps == NULL)
		ctl_say("%s", text);
	else
		(void)json_array_append_new(in->steps, json_string(text));
	free(text);
}

/* ---- users and groups ---- */

/* A user of ours must stand in the file itself. */
static bool
in_passwd(const char *name)
{
	FILE *f = fopen(PASSWD_FILE, "re");
	struct passwd *pw;
	bool found = false;

	while (f != NULL && !found && (pw = fgetpwent(f)) != NULL)
		found = strcmp(pw->pw_name, name) == 0;
	if (f != NULL)
		fclose(f);
	return found;
}

static int
must_run(const struct ctl *c, const char *const argv[])
{
	char out[512];
	int r;

	if ((r = run_program(argv, out, sizeof(out))) == 0)
		return CTL_DONE;
	if (r < 0)
		return ctl_fail(c, "%s: %s", argv[0], strerror(-r));
	out[strcspn(out, "\n")] = '\0';
	if (out[0] == '\0')
		return ctl_fail(c, "%s: ended with status %d", argv[0], r);
	return ctl_fail(c, "%s: %s", argv[0], out);
}

static int
make_group(struct init *in, const char *name)
{
	const char *const argv[] = { "/usr/sbin/groupadd", "--system", name,
	    NULL };
	uint32_t gid;
	int r;

	if ((r = nk_groupfile_gid(GROUP_FILE, name, &gid)) == 0)
		return CTL_DONE;
	if (r != -ENOENT)
		return ctl_fail(in->c, GROUP_FILE ": group %s: %s", name,
		    strerror(-r));
	if ((r = must_run(in->c, argv)) == CTL_DONE)
		tell(in, "Made the group %s", name);
	return r;
}

static int
make_user(struct init *in, const char *name)
{
	const char *const argv[] = { "/usr/sbin/useradd", "--system",
	    "--gid", name, "--home-dir", "/nonexistent", "--no-create-home",
	    "--shell", "/usr/sbin/nologin", name, NULL };
	int r;

	if ((r = make_group(in, name)) != CTL_DONE || in_passwd(name))
		return r;
	if ((r = must_run(in->c, argv)) == CTL_DONE)
		tell(in, "Made the user %s", name);
	return r;
}

static int
make_accounts(struct init *in)
{
	static const char *const users[] = { "naskeys-akc",
	    "naskeys-gateway", "naskeys-net" };
	static const char *const groups[] = { "naskeys-admin",
	    "naskeys-managed" };
	size_t i;
	int r;

	for (i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if ((r = make_group(in, groups[i])) != CTL_DONE)
			return r;
	for (i = 0; i < sizeof(users) / sizeof(users[0]); i++)
		if ((r = make_user(in, users[i])) != CTL_DONE)
			return r;
	return CTL_DONE;
}

/* ---- state ---- */

static int
make_folders(const struct ctl *c)
{
	static const struct {
		const char	*path;
		mode_t		 mode;
	} folders[] = {
		{ NK_SYSCONFDIR "/naskeys", 0755 },
		{ STORE_FOLDER, 0755 },
		{ STORE_FOLDER "/authorized_keys", 0755 },
		{ RUN_FOLDER, 0755 },
		{ RUN_FOLDER "/root", 0700 },
	};
	size_t i;
	int r;

	for (i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		r = file_folder(folders[i].path, folders[i].mode, 0, 0);
		if (r < 0)
			return ctl_fail(c, "%s: %s", folders[i].path,
			    strerror(-r));
	}
	return CTL_DONE;
}

static int
make_store(const struct ctl *c)
{
	static const char *const argv[] = { CTL_HELPER, "--sync", NULL };

	return must_run(c, argv);
}

/* ---- the machine's configuration ---- */

/* Without the file, what glibc does for other databases stays. */
static int
configure_nsswitch(struct init *in)
{
	char *text = NULL, *out = NULL;
	bool changed = false;
	int r;

	if ((r = nk_conffile_read(NSSWITCH, &text)) == -ENOENT)
		r = (text = strdup("")) != NULL ? 0 : -ENOMEM;
	if (r == 0)
		r = nk_nsswitch_add(text, &out, &changed);
	if (r == 0 && changed)
		r = nk_conffile_replace(NSSWITCH, out, strlen(out), 0644);
	if (r < 0)
		r = ctl_fail(in->c, NSSWITCH ": %s", strerror(-r));
	else
		tell(in, changed ? "Put naskeys into " NSSWITCH :
		    NSSWITCH " is as it should be");
	free(text);
	free(out);
	return r;
}

static int
configure_sshd(struct init *in)
{
	const char *sshd = in->conf.sshd;
	struct nk_settings s;
	char why[SSHD_WHY_MAX];
	bool new;
	int r;

	if (!sshdconf_installed(sshd)) {
		tell(in, "There is no %s: nothing to configure for it", sshd);
		return CTL_DONE;
	}
	if (sshdconf_put(sshd, in->files, &new, why) < 0)
		return ctl_fail(in->c, "%s", why);
	tell(in, new ? "Made " SSHD_DROP_IN "; reload sshd to put it in "
	    "force" : SSHD_DROP_IN " is as it should be");
	if (nk_slot_ask(sshd, NK_SLOT_ROOT, &s, why) < 0) {
		ctl_warn(in->c, "sshd -T does not tell which "
		    "AuthorizedKeysCommand is in force: %s", why);
		return CTL_DONE;
	}
	r = CTL_DONE;
	if (nk_slot_command(&s, why) < 0)
		r = ctl_fail(in->c, "%s", why);
	else if (in->conf.chained_command[0] == '\0' &&
	    nk_slot_displaced(why))
		ctl_warn(in->c, "%s", why);
	if (r == CTL_DONE && nk_slot_revoked(&s, why) < 0)
		ctl_warn(in->c, "%s", why);
	nk_settings_clear(&s);
	return r;
}

/* Debian's way; elsewhere pam_naskeys(8) has the lines. */
static int
configure_pam(struct init *in)
{
	static const char *const argv[] = { PAM_UPDATE, "--enable",
	    "naskeys", NULL };
	char out[256];
	int r;

	if (access(PAM_PROFILE, F_OK) == -1 || access(PAM_UPDATE, X_OK) == -1) {
		tell(in, "PAM is left as it is: see pam_naskeys(8)");
		return CTL_DONE;
	}
	if ((r = run_program(argv, out, sizeof(out))) != 0) {
		out[strcspn(out, "\n")] = '\0';
		return ctl_fail(in->c, PAM_UPDATE " failed: %s",
		    r < 0 ? strerror(-r) : out);
	}
	tell(in, "Put naskeys into PAM with " PAM_UPDATE);
	return CTL_DONE;
}

static void
print_lines(struct init *in)
{
	struct nk_settings s;
	char why[SSHD_WHY_MAX];

	tell(in, "Put these lines in place, or say \"naskeysctl init "
	    "--configure\":");
	tell(in, NSSWITCH ":");
	tell(in, "    passwd: files naskeys");
	tell(in, "    group:  files naskeys");
	tell(in, "    shadow: files naskeys");
	tell(in, "PAM (pam_naskeys(8)):");
	tell(in, "    pam-auth-update --enable naskeys");
	tell(in, SSHD_DROP_IN ":");
	tell(in, "    AuthorizedKeysCommand %s", SSHD_COMMAND);
	tell(in, "    AuthorizedKeysCommandUser " SSHD_USER);
	tell(in, "    RevokedKeys " SSHD_REVOKED);
	tell(in, "    Match Group naskeys-managed");
	tell(in, "        AllowStreamLocalForwarding no");
	if (!sshdconf_installed(in->conf.sshd) ||
	    nk_slot_ask(in->conf.sshd, NK_SLOT_ROOT, &s, why) < 0)
		return;
	if (nk_slot_command(&s, why) == -EEXIST)
		ctl_warn(in->c, "%s", why);
	nk_settings_clear(&s);
}

/* ---- the command ---- */

static int
load_conf(struct init *in)
{
	const char *why = "";
	unsigned int line = 0;
	int r;

	nk_conf_init(&in->conf);
	if ((r = nk_conf_load(&in->conf, CONF_FILE, 0, &line, &why)) == 0)
		return CTL_DONE;
	if (line > 0)
		return ctl_fail(in->c, CONF_FILE ":%u: %s", line, why);
	return ctl_fail(in->c, CONF_FILE ": %s", why[0] != '\0' ? why :
	    strerror(-r));
}

static const struct {
	const char	*name;
	int		(*configure)(struct init *);
} parts[] = {
	{ "nsswitch", configure_nsswitch },
	{ "pam", configure_pam },
	{ "sshd", configure_sshd },
};
#define NPARTS	(sizeof(parts) / sizeof(parts[0]))

/* Each part also when one before it failed. */
static int
configure(struct init *in)
{
	int r = CTL_DONE, s;
	size_t i;

	for (i = 0; i < NPARTS; i++)
		if ((in->only == NULL || strcmp(in->only, parts[i].name) ==
		    0) && (s = parts[i].configure(in)) != CTL_DONE)
			r = s;
	return r;
}

static int
make_all(struct init *in)
{
	int r;

	if ((r = load_conf(in)) != CTL_DONE ||
	    (r = make_accounts(in)) != CTL_DONE ||
	    (r = make_folders(in->c)) != CTL_DONE ||
	    (r = make_store(in->c)) != CTL_DONE)
		return r;
	tell(in, "Store and maps are ready");
	if (in->configure)
		return configure(in);
	print_lines(in);
	return CTL_DONE;
}

static int
read_only(struct init *in, const struct ctl_args *a)
{
	size_t i;

	if ((in->only = ctl_get(a, "only")) == NULL)
		return CTL_DONE;
	if (!in->configure)
		return ctl_misuse(in->c, "--only goes with --configure");
	for (i = 0; i < NPARTS; i++)
		if (strcmp(in->only, parts[i].name) == 0)
			return CTL_DONE;
	return ctl_misuse(in->c, "--only: \"%s\" is none of nsswitch, pam "
	    "and sshd", in->only);
}

static int
read_files(struct init *in, const struct ctl_args *a)
{
	static const char *const words[] = {
		[NK_SSH_FILES_OWN - 1] = "own",
		[NK_SSH_FILES_NONE - 1] = "none",
		[NK_SSH_FILES_CENTRAL - 1] = "central",
	};
	const char *given = ctl_get(a, "key-files");
	size_t i;

	in->files = NK_SSH_FILES_KEEP;
	if (given == NULL)
		return CTL_DONE;
	if (!in->configure)
		return ctl_misuse(in->c, "--key-files goes with "
		    "--configure");
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(given, words[i]) == 0) {
			in->files = (enum nk_ssh_files)(i + 1);
			return CTL_DONE;
		}
	}
	return ctl_misuse(in->c, "--key-files: \"%s\" is none of own, none "
	    "and central", given);
}

int
ctl_init(struct ctl *c, const struct ctl_args *a)
{
	struct init in = { .c = c, .configure = ctl_has(a, "configure") };
	json_t *o = NULL;
	int r;

	if (c->state_dir != NULL || c->seal_key != NULL)
		return ctl_misuse(c, "--state-dir and --seal-key: there the "
		    "helper makes what is missing by itself");
	if ((r = read_files(&in, a)) != CTL_DONE ||
	    (r = read_only(&in, a)) != CTL_DONE)
		return r;
	if (geteuid() != 0)
		return ctl_fail(c, "only root can do this");
	if (c->json) {
		o = json_pack("{s:[]}", "steps");
		if ((in.steps = json_object_get(o, "steps")) == NULL)
			return ctl_fail(c, "out of memory");
	}
	r = make_all(&in);
	if (o != NULL)
		ctl_print_json(o);
	json_decref(o);
	return r;
}
