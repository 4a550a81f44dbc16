/* SPDX-License-Identifier: ISC */

/*
 * Programs that use a connection: naskeysctl connection ssh, sftp, rsync and
 * exec.  They are the system's own, and none of them ever has the key.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper/ctl/foreground.h"
#include "helper/ctl/lend.h"
#include "helper/ctl/value.h"

#define SSH_WORDS	5	/* of its command line, before the command */
#define RSYNC_WORDS	3
#define RCLONE_HOST_MAX	260	/* bytes of a host, in brackets */

const struct ctl_option ctl_connection_exec_options[] = {
	{ "unbound", NULL, "also for programs that do not bind the agent to "
	    "their session (rclone before 1.64)" },
	{ NULL, NULL, NULL },
};

/* Run it and give everything back; the exit status, or our own. */
static int
run(struct ctl *c, struct lend *l, const char *const argv[])
{
	int status = 0, r;

	r = foreground_run(c, argv, &status);
	lend_close(l, c);
	return r == CTL_DONE ? foreground_end(status) : r;
}

/* Nothing is run. */
static int
give_up(struct ctl *c, struct lend *l, int r)
{
	lend_close(l, c);
	return r;
}

/* ---- ssh and sftp ---- */

int
ctl_connection_ssh(struct ctl *c, const struct ctl_args *a)
{
	char config[LEND_PATH_MAX];
	const char **argv;
	struct lend l;
	int i, n = 0, r;

	if ((r = lend_open(&l, c, a->positional[0], true)) != CTL_DONE)
		return give_up(c, &l, r);
	argv = calloc((size_t)a->npositional + SSH_WORDS, sizeof(*argv));
	if (argv == NULL)
		return give_up(c, &l, ctl_fail(c, "out of memory"));
	argv[n++] = "ssh";
	argv[n++] = "-F";
	argv[n++] = lend_path(&l, LEND_CONFIG, config);
	argv[n++] = l.alias;
	if (a->npositional > 1)
		argv[n++] = "--";	/* the rest is the command, whole */
	for (i = 1; i < a->npositional; i++)
		argv[n++] = a->positional[i];
	r = run(c, &l, argv);
	free(argv);
	return r;
}

int
ctl_connection_sftp(struct ctl *c, const struct ctl_args *a)
{
	char config[LEND_PATH_MAX];
	struct lend l;
	int r;

	if ((r = lend_open(&l, c, a->positional[0], true)) != CTL_DONE)
		return give_up(c, &l, r);
	return run(c, &l, (const char *const[]){ "sftp", "-F",
	    lend_path(&l, LEND_CONFIG, config), l.alias, NULL });
}

/* ---- rsync ---- */

/* "NAME:PATH" with what ssh calls it; NULL: no memory. */
static char *
rename_remote(const struct lend *l, const char *arg)
{
	size_t len = strlen(l->name);
	char *copy;

	if (strncmp(arg, l->name, len) != 0 || arg[len] != ':')
		return strdup(arg);
	return asprintf(&copy, "%s%s", l->alias, arg + len) == -1 ? NULL :
	    copy;
}

static int
run_rsync(struct ctl *c, const struct ctl_args *a, struct lend *l,
    char **argv)
{
	char config[LEND_PATH_MAX], shell[LEND_PATH_MAX + 8];
	union {
		char		**own;
		const char *const *passed;
	} words = { .own = argv };
	int i, n = 0;

	(void)snprintf(shell, sizeof(shell), "ssh -F %s", lend_path(l,
	    LEND_CONFIG, config));
	argv[n++] = strdup("rsync");
	argv[n++] = strdup("-e");
	argv[n++] = strdup(shell);
	for (i = 1; i < a->npositional; i++)
		argv[n++] = rename_remote(l, a->positional[i]);
	for (i = 0; i < n; i++)
		if (argv[i] == NULL)
			return give_up(c, l, ctl_fail(c, "out of memory"));
	return run(c, l, words.passed);
}

int
ctl_connection_rsync(struct ctl *c, const struct ctl_args *a)
{
	size_t n = (size_t)a->npositional + RSYNC_WORDS, i;
	struct lend l;
	char **argv;
	int r;

	if ((r = lend_open(&l, c, a->positional[0], true)) != CTL_DONE)
		return give_up(c, &l, r);
	if ((argv = calloc(n, sizeof(*argv))) == NULL)
		return give_up(c, &l, ctl_fail(c, "out of memory"));
	r = run_rsync(c, a, &l, argv);
	for (i = 0; i < n; i++)
		free(argv[i]);
	free(argv);
	return r;
}

/* ---- any program ---- */

/*
 * What it needs to know, in its environment; nothing of it is secret.  For
 * rclone it is a remote "naskeys:", which goes by ssh unless the agent is
 * not bound (and unless rclone is too old to call ssh).
 */
static int
tell_where(const struct ctl *c, const struct lend *l, bool bound)
{
	char agent[LEND_PATH_MAX], config[LEND_PATH_MAX], port[24];
	char hosts[LEND_PATH_MAX], ssh[LEND_PATH_MAX + LEND_ALIAS_MAX + 8];
	const char *host = row_string(l->terms, "host");
	const char *user = row_string(l->terms, "username");
	bool v6 = strchr(host, ':') != NULL;
	char rclone_host[RCLONE_HOST_MAX];
	const struct {
		const char	*name, *value;
	} all[] = {
		{ "SSH_AUTH_SOCK", lend_path(l, LEND_AGENT, agent) },
		{ "NASKEYS_SSH_CONFIG", lend_path(l, LEND_CONFIG, config) },
		{ "NASKEYS_KNOWN_HOSTS", lend_path(l, LEND_HOSTS_BY_NAME,
		    hosts) },
		{ "NASKEYS_SSH_NAME", l->alias },
		{ "NASKEYS_HOST", host },
		{ "NASKEYS_PORT", port },
		{ "NASKEYS_USER", user },
		{ "RCLONE_CONFIG_NASKEYS_TYPE", "sftp" },
		{ "RCLONE_CONFIG_NASKEYS_HOST", rclone_host },
		{ "RCLONE_CONFIG_NASKEYS_PORT", port },
		{ "RCLONE_CONFIG_NASKEYS_USER", user },
		{ "RCLONE_CONFIG_NASKEYS_KEY_USE_AGENT", "true" },
		{ "RCLONE_CONFIG_NASKEYS_KNOWN_HOSTS_FILE", hosts },
		{ "RCLONE_CONFIG_NASKEYS_SSH", bound ? ssh : "" },
	};
	size_t i;

	(void)snprintf(port, sizeof(port), "%" JSON_INTEGER_FORMAT,
	    row_int(l->terms, "port"));
	(void)snprintf(rclone_host, sizeof(rclone_host), "%s%s%s",
	    v6 ? "[" : "", host, v6 ? "]" : "");
	(void)snprintf(ssh, sizeof(ssh), "ssh -F %s %s", config, l->alias);
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (setenv(all[i].name, all[i].value, 1) == -1)
			return ctl_fail(c, "environment: %s",
			    strerror(errno));
	return CTL_DONE;
}

int
ctl_connection_exec(struct ctl *c, const struct ctl_args *a)
{
	union {			/* they end with NULL, as main()'s do */
		char		**own;
		const char *const *passed;
	} argv = { .own = a->positional + 1 };
	bool bound = !ctl_has(a, "unbound");
	struct lend l;
	int r;

	if ((r = lend_open(&l, c, a->positional[0], bound)) != CTL_DONE ||
	    (r = tell_where(c, &l, bound)) != CTL_DONE)
		return give_up(c, &l, r);
	return run(c, &l, argv.passed);
}
