/* SPDX-License-Identifier: ISC */

#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/ctl/run.h"
#include "helper/ctl/sshdconf.h"
#include "lib/account/conffile.h"
#include "lib/machine/slot.h"
#include "lib/sshservice/mainconf.h"

#define SSH_FOLDER	NK_SSHD_FOLDER
#define SSHD_CONFIG	NK_SSHD_MAIN
#define SSHD_FOLDER	SSH_FOLDER "/sshd_config.d"
#define PATTERN		SSHD_FOLDER "/*.conf"

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

/* ---- the drop-in ---- */

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
	d.revoked = nk_slot_list_is_there() && !nk_slot_other_list(why);
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
