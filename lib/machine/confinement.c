/* SPDX-License-Identifier: ISC */
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/account/textfile.h"
#include "lib/machine/parts.h"

/* What the kernel says of itself, and root alone can mount there. */
#define APPARMOR_ON	"/sys/module/apparmor/parameters/enabled"
#define APPARMOR_LOADED	"/sys/kernel/security/apparmor/profiles"
#define SELINUX_ON	"/sys/fs/selinux/enforce"

#define APPARMOR_FOLDER	NK_SYSCONFDIR "/apparmor.d"
#define ABSTRACTION	APPARMOR_FOLDER "/abstractions/nameservice.d/naskeys"
#define SELINUX_MODULES	NK_LOCALSTATEDIR "/lib/selinux/*/active/modules/*" \
			"/naskeys"
#define PROFILE_MAX	65536u

/* The first byte of a file of the kernel's; EOF: it cannot be read. */
static int
first_byte(const char *path)
{
	FILE *f = fopen(path, "re");
	int c = EOF;

	if (f != NULL) {
		c = fgetc(f);
		(void)fclose(f);
	}
	return c;
}

/* ---- AppArmor ---- */

/* "NAME (enforce)" */
struct loaded {
	bool	any;		/* somebody is confined */
	bool	sshd;		/* sshd is */
	bool	helper;		/* our helper is, in whatever mode */
};

static void
look_at_profile(struct loaded *l, const char *line)
{
	bool enforce = strstr(line, " (enforce)") != NULL;

	if (strncmp(line, "naskeys-helper ", 15) == 0)
		l->helper = true;
	if (!enforce || strncmp(line, "naskeys-", 8) == 0)
		return;
	l->any = true;
	if (strncmp(line, "sshd (", 6) == 0 ||
	    strncmp(line, "/usr/sbin/sshd (", 16) == 0 ||
	    strncmp(line, "/{usr/,}sbin/sshd (", 19) == 0)
		l->sshd = true;
}

/* Does the profile of sshd, or what was added to it, speak of ours? */
static bool
sshd_may(void)
{
	static const char *const patterns[] = { APPARMOR_FOLDER "/*sshd",
	    APPARMOR_FOLDER "/local/*sshd", APPARMOR_FOLDER "/sshd.d/*" };
	glob_t g = { .gl_pathc = 0 };
	bool may = false;
	char *text;
	size_t i, len;

	for (i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
		(void)glob(patterns[i], i == 0 ? 0 : GLOB_APPEND, NULL, &g);
	for (i = 0; i < g.gl_pathc && !may; i++) {
		if (nk_textfile_read(AT_FDCWD, g.gl_pathv[i], PROFILE_MAX,
		    &text, &len) < 0)
			continue;
		may = strstr(text, "naskeys-authorized-keys") != NULL;
		free(text);
	}
	globfree(&g);
	return may;
}

/* The kernel does not say how long its list is. */
static bool
look_at_profiles(struct loaded *l)
{
	FILE *f = fopen(APPARMOR_LOADED, "re");
	char *line = NULL;
	size_t room = 0;
	bool whole;

	if (f == NULL)
		return false;
	while (getline(&line, &room, f) != -1)
		look_at_profile(l, line);
	whole = ferror(f) == 0;
	free(line);
	(void)fclose(f);
	return whole;
}

static void
look_at_apparmor(struct nk_machine *m)
{
	struct loaded l = { .any = false };

	if (first_byte(APPARMOR_ON) != 'Y' || !look_at_profiles(&l))
		return;
	if (l.any && access(ABSTRACTION, R_OK) == -1)
		nk_finding_fault(m->f, "apparmor_nameservice", ABSTRACTION
		    " is missing, and services that AppArmor confines do not "
		    "know naskeys's users: install it from naskeys's package "
		    "or sources, and say \"systemctl reload apparmor\"");
	if (l.sshd && !sshd_may())
		nk_finding_fault(m->f, "apparmor_sshd", "AppArmor confines "
		    "sshd, whose profile does not let it run "
		    NK_SSHD_PROGRAM ": add the line \"" NK_SSHD_PROGRAM
		    " PUx,\" to " APPARMOR_FOLDER "/local/usr.sbin.sshd, and "
		    "say \"systemctl reload apparmor\"");
	if (!l.helper)
		nk_finding_note(m->f, "apparmor_profile", "AppArmor is on, "
		    "and naskeys's own programs run without a profile: "
		    "install those of naskeys's package or sources, and say "
		    "\"systemctl reload apparmor\"");
}

/* ---- SELinux ---- */

static void
look_at_selinux(struct nk_machine *m)
{
	glob_t g = { .gl_pathc = 0 };
	bool there;

	if (first_byte(SELINUX_ON) != '1')
		return;
	there = glob(SELINUX_MODULES, 0, NULL, &g) == 0 && g.gl_pathc > 0;
	globfree(&g);
	if (!there)
		nk_finding_fault(m->f, "selinux_module", "SELinux enforces a "
		    "policy without naskeys's module, and confined services, "
		    "sshd among them, may neither read naskeys's maps nor run "
		    "its command: \"semodule -i naskeys.pp\" (from naskeys's "
		    "package or sources), then \"restorecon -RF "
		    NK_RUNSTATEDIR "/naskeys " NK_LOCALSTATEDIR
		    "/lib/naskeys " NK_LIBEXECDIR "/naskeys\"");
}

void
nk_machine_confinement(struct nk_machine *m)
{
	look_at_apparmor(m);
	look_at_selinux(m);
}
