/* SPDX-License-Identifier: ISC */

#include <sys/stat.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/ctl/call.h"
#include "helper/ctl/nsswitch.h"
#include "helper/ctl/sshdconf.h"
#include "helper/ctl/text.h"
#include "helper/ctl/value.h"
#include "lib/account/conffile.h"
#include "lib/account/shells.h"
#include "lib/conf/conf.h"

const struct ctl_option ctl_sync_options[] = {
	{ "rebuild", NULL, "make all maps anew" },
	{ NULL, NULL, NULL },
};

/* A fault that cannot be told is a fault too: *lostp. */
struct faults {
	json_t	*list;
	bool	 lost;
};

static void NK_PRINTF(2, 3)
fault(struct faults *f, const char *fmt, ...)
{
	char *text = NULL, *safe = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) == -1)
		text = NULL;
	va_end(ap);
	if (text != NULL)
		safe = ctl_text_safe(text);	/* which is UTF-8 */
	if (safe == NULL ||
	    json_array_append_new(f->list, json_string(safe)) != 0)
		f->lost = true;
	free(safe);
	free(text);
}

static void
check_nsswitch(struct faults *f)
{
	const char *path = NK_SYSCONFDIR "/nsswitch.conf";
	char *text;
	int r;

	if ((r = nk_conffile_read(path, &text)) < 0) {
		fault(f, "%s: %s", path, strerror(-r));
		return;
	}
	if (!nsswitch_has(text))
		fault(f, "%s: naskeys is missing on the lines passwd, group, "
		    "shadow or initgroups; \"naskeysctl init --configure\" "
		    "puts it there", path);
	free(text);
}

/* sshd demands that the program and all above it are root's alone. */
static void
check_owner(struct faults *f)
{
	char path[] = SSHD_PROGRAM;
	struct stat st;
	char *slash;

	do {
		if (stat(path[0] != '\0' ? path : "/", &st) == -1)
			fault(f, "%s: %s", path, strerror(errno));
		else if (st.st_uid != 0 || (st.st_mode & 022) != 0)
			fault(f, "%s: must be root's and not writable by "
			    "others, or sshd does not run the command",
			    path[0] != '\0' ? path : "/");
		if ((slash = strrchr(path, '/')) != NULL)
			*slash = '\0';
	} while (slash != NULL);
}

/* sshd reads its host keys first, and only root can. */
static void
check_sshd(const struct ctl *c, struct faults *f, const char *sshd)
{
	char why[SSHD_WHY_MAX];
	int r;

	if (!sshdconf_installed(sshd))
		return;
	if (geteuid() != 0)
		ctl_warn(c, "sshd's configuration is checked for root only");
	else {
		if (sshdconf_check(sshd, why) < 0)
			fault(f, "%s", why);
		if ((r = sshdconf_check_revoked(sshd, why)) < 0 && r != -EIO)
			fault(f, "%s", why);
	}
}

/* Who is made without a shell gets this one, and sshd asks for it. */
static void
check_shell(struct faults *f, const char *conf, const char *shell)
{
	struct nk_shells shells;
	int r;

	if ((r = nk_shells_load(&shells, NK_SHELLS_FILE)) < 0) {
		fault(f, "%s: %s", NK_SHELLS_FILE, strerror(-r));
		return;
	}
	if (!nk_shells_has(&shells, shell))
		fault(f, "%s: default_shell %s is not one of %s", conf,
		    shell, NK_SHELLS_FILE);
	nk_shells_clear(&shells);
}

static void
check_machine(const struct ctl *c, struct faults *f)
{
	const char *path = NK_SYSCONFDIR "/naskeys/naskeys.conf", *why = "";
	unsigned int line = 0;
	struct nk_conf conf;
	int r;

	nk_conf_init(&conf);
	r = nk_conf_load(&conf, path, 0, &line, &why);
	if (r < 0 && line > 0)
		fault(f, "%s:%u: %s", path, line, why);
	else if (r < 0)
		fault(f, "%s: %s", path, why[0] != '\0' ? why :
		    strerror(-r));
	check_shell(f, path, conf.default_shell);
	check_nsswitch(f);
	check_owner(f);
	check_sshd(c, f, conf.sshd);
}

static int
print_faults(const struct ctl *c, json_t *result, const struct faults *f)
{
	bool good = json_array_size(f->list) == 0;
	const char *advice;
	json_t *text;
	size_t i;
	int r;

	if ((r = put(c, result, "ok", json_boolean(good), "")) != CTL_DONE)
		return r;
	if (c->json)
		ctl_print_json(result);
	else json_array_foreach(f->list, i, text)
		ctl_say("%s", json_string_value(text));
	advice = json_string_value(json_object_get(result, "advice"));
	if (!c->json && good)
		ctl_say("Nothing is wrong.");
	else if (!c->json && advice != NULL)
		ctl_say("%s", advice);
	return good ? CTL_DONE : CTL_FAILED;
}

int
ctl_check(struct ctl *c, const struct ctl_args *a)
{
	struct faults f = { .lost = false };
	json_t *result;
	int r;

	(void)a;
	r = ctl_call(c, "naskeys.check", json_array(), -1, &result);
	if (r != CTL_DONE)
		return r;
	f.list = json_object_get(result, "faults");
	if (!json_is_array(f.list))
		f.lost = true;
	else if (c->state_dir == NULL)
		check_machine(c, &f);
	r = f.lost ? ctl_fail(c, "what is wrong cannot be told") :
	    print_faults(c, result, &f);
	json_decref(result);
	return r;
}

int
ctl_sync(struct ctl *c, const struct ctl_args *a)
{
	json_t *result;
	int r;

	r = ctl_call(c, "naskeys.sync", json_pack("[{s:b}]", "force",
	    ctl_has(a, "rebuild") ? 1 : 0), -1, &result);
	if (r == CTL_DONE)
		r = ctl_done(c, result, "Maps and store agree.");
	json_decref(result);
	return r;
}
