/* SPDX-License-Identifier: ISC */

#include <sys/stat.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper/ctl/call.h"
#include "helper/ctl/file.h"
#include "helper/ctl/nsswitch.h"
#include "helper/ctl/sshdconf.h"
#include "helper/ctl/text.h"
#include "helper/ctl/value.h"
#include "lib/conf/conf.h"

const struct ctl_option ctl_sync_options[] = {
	{ "rebuild", NULL, "make all maps anew" },
	{ NULL, NULL, NULL },
};

static void NK_PRINTF(2, 3)
fault(json_t *faults, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	json_array_append_new(faults, json_string(text));
}

static void
check_nsswitch(json_t *faults)
{
	const char *path = NK_SYSCONFDIR "/nsswitch.conf";
	char *text;

	if (file_read(path, &text) < 0) {
		fault(faults, "%s: cannot be read", path);
		return;
	}
	if (!nsswitch_has(text))
		fault(faults, "%s: naskeys is missing on the lines passwd, "
		    "group or shadow; \"naskeysctl init --configure\" puts "
		    "it there", path);
	free(text);
}

/* sshd demands that the program and all above it are root's alone. */
static void
check_owner(json_t *faults)
{
	char path[] = SSHD_COMMAND;
	struct stat st;
	char *slash;

	for (;;) {
		if (stat(path[0] != '\0' ? path : "/", &st) == -1)
			fault(faults, "%s: is not there", path);
		else if (st.st_uid != 0 || (st.st_mode & 022) != 0)
			fault(faults, "%s: must be root's and not writable "
			    "by others, or sshd does not run the command",
			    path[0] != '\0' ? path : "/");
		if ((slash = strrchr(path, '/')) == NULL)
			break;
		*slash = '\0';
	}
}

static void
check_sshd(json_t *faults)
{
	char command[512];

	if (!sshdconf_installed())
		return;
	if (!sshdconf_in_force(command, sizeof(command)))
		fault(faults, "sshd -T fails: %s", command);
	else if (strcmp(command, "none") == 0)
		fault(faults, "%s", "sshd has no AuthorizedKeysCommand; "
		    "\"naskeysctl init --configure\" sets ours");
	else if (strcmp(command, SSHD_COMMAND) != 0)
		fault(faults, "another AuthorizedKeysCommand is in force: "
		    "%s; to keep it, name it as chained_command in "
		    "naskeys.conf", command);
}

static void
check_conf(json_t *faults)
{
	const char *path = NK_SYSCONFDIR "/naskeys/naskeys.conf", *why = "";
	unsigned int line = 0;
	struct nk_conf conf;

	nk_conf_init(&conf);
	if (nk_conf_load(&conf, path, 0, &line, &why) < 0)
		fault(faults, "%s:%u: %s", path, line, why);
}

int
ctl_check(struct ctl *c, const struct ctl_args *a)
{
	json_t *result = NULL, *faults, *f;
	size_t i;
	int r;

	(void)a;
	r = ctl_call(c, "naskeys.check", json_array(), -1, &result);
	if (r != CTL_DONE)
		return r;
	faults = json_object_get(result, "faults");
	if (c->state_dir == NULL && json_is_array(faults)) {
		check_conf(faults);
		check_nsswitch(faults);
		check_owner(faults);
		check_sshd(faults);
	}
	json_object_set_new(result, "ok",
	    json_boolean(json_array_size(faults) == 0));
	if (c->json)
		ctl_print_json(result);
	else json_array_foreach(faults, i, f) {
		char *safe = ctl_text_safe(json_string_value(f));

		puts(safe != NULL ? safe : "");
		free(safe);
	}
	if (!c->json && json_array_size(faults) == 0)
		puts("Nothing is wrong.");
	r = json_array_size(faults) == 0 ? CTL_DONE : CTL_FAILED;
	json_decref(result);
	return r;
}

int
ctl_sync(struct ctl *c, const struct ctl_args *a)
{
	json_t *result = NULL;
	int r;

	r = ctl_call(c, "naskeys.sync", json_pack("[{s:b}]", "force",
	    ctl_has(a, "rebuild") ? 1 : 0), -1, &result);
	if (r == CTL_DONE && c->json)
		ctl_print_json(result);
	else if (r == CTL_DONE)
		puts("Maps and store agree.");
	json_decref(result);
	return r;
}
