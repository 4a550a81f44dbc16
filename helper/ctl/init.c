/* SPDX-License-Identifier: ISC */

#include <sys/stat.h>

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/ctl/call.h"
#include "helper/ctl/file.h"
#include "helper/ctl/nsswitch.h"
#include "helper/ctl/run.h"
#include "helper/ctl/sshdconf.h"
#include "lib/account/groupfile.h"

const struct ctl_option ctl_init_options[] = {
	{ "configure", NULL, "also put the lines into nsswitch.conf and "
	    "sshd's configuration" },
	{ NULL, NULL, NULL },
};

#define GROUP_FILE	NK_SYSCONFDIR "/group"
#define PASSWD_FILE	NK_SYSCONFDIR "/passwd"
#define NSSWITCH	NK_SYSCONFDIR "/nsswitch.conf"
#define STORE_FOLDER	NK_LOCALSTATEDIR "/lib/naskeys"
#define RUN_FOLDER	NK_RUNSTATEDIR "/naskeys"

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
must_run(struct ctl *c, const char *const argv[])
{
	char out[512];
	int r;

	if ((r = run_program(argv, out, sizeof(out))) == 0)
		return CTL_DONE;
	if (r < 0)
		return ctl_fail(c, "%s: %s", argv[0], strerror(-r));
	out[strcspn(out, "\n")] = '\0';
	return ctl_fail(c, "%s: %s", argv[0], out);
}

static int
make_group(struct ctl *c, const char *name)
{
	const char *const argv[] = { "/usr/sbin/groupadd", "--system", name,
	    NULL };
	uint32_t gid;
	int r;

	if ((r = nk_groupfile_gid(GROUP_FILE, name, &gid)) == 0)
		return CTL_DONE;
	if (r != -ENOENT)
		return ctl_fail(c, GROUP_FILE ": group %s: %s", name,
		    strerror(-r));
	if ((r = must_run(c, argv)) == CTL_DONE)
		printf("Made the group %s\n", name);
	return r;
}

static int
make_user(struct ctl *c, const char *name)
{
	const char *const argv[] = { "/usr/sbin/useradd", "--system",
	    "--gid", name, "--home-dir", "/nonexistent", "--no-create-home",
	    "--shell", "/usr/sbin/nologin", name, NULL };
	int r;

	if ((r = make_group(c, name)) != CTL_DONE || in_passwd(name))
		return r;
	if ((r = must_run(c, argv)) == CTL_DONE)
		printf("Made the user %s\n", name);
	return r;
}

static int
make_accounts(struct ctl *c)
{
	static const char *const users[] = { "naskeys-akc",
	    "naskeys-gateway", "naskeys-net" };
	static const char *const groups[] = { "naskeys-admin",
	    "naskeys-managed" };
	size_t i;
	int r;

	for (i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if ((r = make_group(c, groups[i])) != CTL_DONE)
			return r;
	for (i = 0; i < sizeof(users) / sizeof(users[0]); i++)
		if ((r = make_user(c, users[i])) != CTL_DONE)
			return r;
	return CTL_DONE;
}

static int
make_folders(struct ctl *c)
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

/*
 * A key revocation list that revokes nothing: magic, format version 1, list
 * version 0, date 0, flags 0, and two empty strings (OpenSSH's
 * PROTOCOL.krl).  sshd would refuse every key if the file were missing.
 */
static int
make_revoked(struct ctl *c)
{
	static const char krl[44] = "SSHKRL\n\0\0\0\0\1";
	const char *path = STORE_FOLDER "/revoked.krl";
	int r;

	if (access(path, F_OK) == 0)
		return CTL_DONE;
	if ((r = file_replace(path, krl, sizeof(krl), 0644)) < 0)
		return ctl_fail(c, "%s: %s", path, strerror(-r));
	return CTL_DONE;
}

static int
make_store(struct ctl *c)
{
	static const char *const argv[] = { CTL_HELPER, "--sync", NULL };

	return must_run(c, argv);
}

static int
configure_nsswitch(struct ctl *c)
{
	char *text = NULL, *out = NULL;
	bool changed;
	int r;

	if ((r = file_read(NSSWITCH, &text)) < 0 ||
	    (r = nsswitch_add(text, &out, &changed)) < 0 ||
	    (changed && (r = file_replace(NSSWITCH, out, strlen(out),
	    0644)) < 0))
		r = ctl_fail(c, NSSWITCH ": %s", strerror(-r));
	else {
		puts(changed ? "Put naskeys into " NSSWITCH :
		    NSSWITCH " is as it should be.");
		r = CTL_DONE;
	}
	free(text);
	free(out);
	return r;
}

static void
print_lines(void)
{
	printf("\nPut these lines in place, or say \"naskeysctl init "
	    "--configure\":\n\n" NSSWITCH "\n"
	    "    passwd:  files naskeys\n"
	    "    group:   files naskeys\n"
	    "    shadow:  files naskeys\n\n"
	    SSHD_DROP_IN "\n"
	    "    AuthorizedKeysCommand " SSHD_COMMAND " %%u %%t %%k %%U\n"
	    "    AuthorizedKeysCommandUser naskeys-akc\n"
	    "    Match Group naskeys-managed\n"
	    "        AllowStreamLocalForwarding no\n");
}

static void
warn_of_another(void)
{
	char command[512];

	if (sshdconf_installed() && sshdconf_in_force(command,
	    sizeof(command)) && strcmp(command, "none") != 0 &&
	    strcmp(command, SSHD_COMMAND) != 0)
		printf("\nAnother AuthorizedKeysCommand is in force, and "
		    "sshd takes the first one only: %s\nTo keep it, name it "
		    "as chained_command in naskeys.conf.\n", command);
}

int
ctl_init(struct ctl *c, const struct ctl_args *a)
{
	int r, s;

	if (c->state_dir != NULL)
		return ctl_misuse(c, "--state-dir: the helper makes what is "
		    "missing in DIR by itself");
	if (geteuid() != 0)
		return ctl_fail(c, "must be root");
	if ((r = make_accounts(c)) != CTL_DONE ||
	    (r = make_folders(c)) != CTL_DONE ||
	    (r = make_revoked(c)) != CTL_DONE ||
	    (r = make_store(c)) != CTL_DONE)
		return r;
	puts("Store and maps are ready.");
	if (!ctl_has(a, "configure"))
		print_lines();
	else {
		r = configure_nsswitch(c);
		s = sshdconf_configure(c);
		r = r != CTL_DONE ? r : s;
	}
	warn_of_another();
	return r;
}
