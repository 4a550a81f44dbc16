/* SPDX-License-Identifier: ISC */

#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "helper/ctl/file.h"
#include "helper/ctl/run.h"
#include "helper/ctl/sshdconf.h"

#define SSHD		"/usr/sbin/sshd"
#define SSHD_CONFIG	NK_SYSCONFDIR "/ssh/sshd_config"
#define SSHD_FOLDER	NK_SYSCONFDIR "/ssh/sshd_config.d"
#define DROP_IN_TEXT	"# Made by \"naskeysctl init --configure\".\n" \
			SSHD_LINES

bool
sshdconf_installed(void)
{
	return access(SSHD, X_OK) == 0;
}

/* Does sshd_config include the drop-ins? */
static bool
includes_drop_ins(void)
{
	char *text, *line, *rest;
	bool found = false;

	if (file_read(SSHD_CONFIG, &text) < 0)
		return false;
	rest = text;
	while (!found && (line = strsep(&rest, "\n")) != NULL) {
		line += strspn(line, " \t");
		found = strncasecmp(line, "include", 7) == 0 &&
		    strstr(line, SSHD_FOLDER) != NULL;
	}
	free(text);
	return found;
}

static int
test_sshd(char *out, size_t len)
{
	static const char *const argv[] = { SSHD, "-t", NULL };

	return run_program(argv, out, len);
}

static int
write_drop_in(struct ctl *c)
{
	char before[512], after[1024];
	int had = test_sshd(before, sizeof(before)), r;

	r = file_replace(SSHD_DROP_IN, DROP_IN_TEXT, strlen(DROP_IN_TEXT),
	    0644);
	if (r < 0)
		return ctl_fail(c, SSHD_DROP_IN ": %s", strerror(-r));
	if ((r = test_sshd(after, sizeof(after))) == 0) {
		puts("Made " SSHD_DROP_IN "; reload sshd to put it in "
		    "force.");
		return CTL_DONE;
	}
	after[strcspn(after, "\n")] = '\0';
	if (had != 0) {		/* no fault of ours: sshd failed before */
		printf("Made " SSHD_DROP_IN ". sshd -t fails, with and "
		    "without it: %s\n", after);
		return CTL_DONE;
	}
	unlink(SSHD_DROP_IN);
	return ctl_fail(c, "sshd does not take " SSHD_DROP_IN
	    ", so it was removed: %s", after);
}

int
sshdconf_configure(struct ctl *c)
{
	char *text;
	int r;

	if (!sshdconf_installed()) {
		puts("There is no " SSHD ": nothing to configure for it.");
		return CTL_DONE;
	}
	if (!includes_drop_ins())
		return ctl_fail(c, SSHD_CONFIG " does not include "
		    SSHD_FOLDER "/*.conf: put the lines into it by hand");
	r = file_read(SSHD_DROP_IN, &text);
	if (r == -ENOENT)
		return write_drop_in(c);
	if (r < 0)
		return ctl_fail(c, SSHD_DROP_IN ": %s", strerror(-r));
	r = strcmp(text, DROP_IN_TEXT);
	free(text);
	if (r != 0)
		return ctl_fail(c, "%s was written by somebody else and was "
		    "left alone; it should say:\n%s", SSHD_DROP_IN,
		    SSHD_LINES);
	puts(SSHD_DROP_IN " is as it should be.");
	return CTL_DONE;
}

bool
sshdconf_in_force(char *out, size_t len)
{
	static const char *const argv[] = { SSHD, "-T", "-C",
	    "user=root,host=localhost,addr=127.0.0.1", NULL };
	static const char keyword[] = "\nauthorizedkeyscommand ";
	const size_t room = 128u * 1024u;
	char *text = malloc(room), *at;
	bool told = false;

	if (text == NULL)
		return false;
	text[0] = '\n';
	if (run_program(argv, text + 1, room - 1) == 0) {
		at = strstr(text, keyword);
		at = at != NULL ? at + strlen(keyword) : NULL;
		if (at != NULL)
			at[strcspn(at, " \n")] = '\0';
		snprintf(out, len, "%s", at != NULL ? at : "none");
		told = true;
	} else {
		text[1 + strcspn(text + 1, "\n")] = '\0';
		snprintf(out, len, "%s", text + 1);
	}
	free(text);
	return told;
}
