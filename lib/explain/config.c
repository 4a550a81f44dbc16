/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/account/runner.h"
#include "lib/explain/parts.h"

#define SSHD_CONFIG	NK_SYSCONFDIR "/ssh/sshd_config"
#define SSHD_DROP_INS	NK_SYSCONFDIR "/ssh/sshd_config.d/*.conf"
#define VERSION_MAX	4096
#define SPEC_MAX	1024
#define DEBIAN_OPTION	"DebianBanner=yes"

bool
nk_explain_is_public(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && (st.st_mode & 004) != 0;
}

/* Is there anything in sshd's configuration that only root may read? */
static bool
is_hidden(void)
{
	bool hidden = !nk_explain_is_public(SSHD_CONFIG);
	glob_t g;
	size_t i;

	if (glob(SSHD_DROP_INS, 0, NULL, &g) != 0)
		return hidden;
	for (i = 0; i < g.gl_pathc; i++)
		hidden = hidden || !nk_explain_is_public(g.gl_pathv[i]);
	globfree(&g);
	return hidden;
}

/* The release, from what sshd says of itself. */
static int
ask_version(struct nk_explaining *e)
{
	const struct nk_runner p = { .path = e->q->sshd, .args = { "-V" },
	    .seconds = e->q->seconds, .max = VERSION_MAX };
	size_t len;
	char *text;
	int r;

	e->version = NK_KEYPOLICY_DEFAULT.sshd;
	r = nk_runner_run(&p, &text, &len);
	if (r < 0 && r != -EIO)
		return r == -ENOMEM ? r : 0;
	if (nk_sshd_version_parse(text, len, &e->version) < 0)
		e->version = NK_KEYPOLICY_DEFAULT.sshd;
	free(text);
	return 0;
}

/*
 * What "sshd -T" says for the port, with one option of the command line or
 * none.  *textp is the caller's to free.  As nk_runner_run().
 */
static int
run(const struct nk_explaining *e, const char *port, const char *option,
    char **textp, size_t *lenp)
{
	const struct nk_explain_question *q = e->q;
	char spec[SPEC_MAX];
	struct nk_runner p = { .path = q->sshd, .args = { "-T", "-C", spec,
	    option != NULL ? "-o" : NULL, option }, .seconds = q->seconds,
	    .max = NK_SETTINGS_MAX, .network = true };
	int n;

	*textp = NULL;
	n = snprintf(spec, sizeof(spec),
	    "user=%s,host=%s,addr=%s,laddr=%s,lport=%s", q->user, q->address,
	    q->address, strchr(q->address, ':') != NULL ? "::1" :
	    NK_EXPLAIN_HERE, port);
	if (n < 0 || (size_t)n >= sizeof(spec))
		return -ENAMETOOLONG;
	return nk_runner_run(&p, textp, lenp);
}

/* Take the settings, or say why there are none: 1, 0 or -errno. */
static int
take(struct nk_explaining *e, int r, char *text, size_t len)
{
	if (r == 0) {
		r = nk_settings_parse(&e->settings, text, len);
		return r < 0 ? r : 1;
	}
	if (r != -EIO)
		return r;
	nk_explain_say(e->x, "config", NK_EXPLAIN_STOP, "Correct the file "
	    "that sshd names, and see that \"sshd -t\" says nothing.",
	    "sshd refuses its own configuration and would not start: %s",
	    nk_runner_line(text));
	return 0;
}

static int
ask(struct nk_explaining *e, const char *port, const char *option)
{
	char *text;
	size_t len;
	int r;

	r = run(e, port, option, &text, &len);
	if (r == -EIO && option != NULL) {
		/* perhaps it does not know that option */
		free(text);
		option = NULL;
		r = run(e, port, NULL, &text, &len);
	}
	if (r == 0 && option != NULL)
		e->lone_group = true;
	r = take(e, r, text, len);
	free(text);
	return r;
}

/*
 * What sshd says for the port that it listens on.  Debian's sshd and what
 * comes from it know an option of their own, and trust a group of one.
 */
static int
ask_for_port(struct nk_explaining *e)
{
	const char *port;
	char copy[16];
	int n, r;

	if ((r = ask(e, "22", DEBIAN_OPTION)) != 1)
		return r;
	port = nk_setting(&e->settings, "port");
	if (port == NULL || strcmp(port, "22") == 0)
		return 1;
	n = snprintf(copy, sizeof(copy), "%s", port);
	if (n < 0 || (size_t)n >= sizeof(copy))
		return 1;
	nk_settings_clear(&e->settings);
	return ask(e, copy, NULL);
}

int
nk_explain_config(struct nk_explaining *e)
{
	int r;

	if (!nk_settings_may_ask(e->q->user)) {
		nk_explain_doubt(e->x, "config", NULL, "sshd cannot be asked "
		    "about a name with a comma, an equals sign or a space.");
		return 0;
	}
	if (!e->q->may_see && is_hidden()) {
		nk_explain_doubt(e->x, "config", "Ask an administrator.",
		    "Only root may read sshd's configuration.");
		return 0;
	}
	if ((r = ask_version(e)) < 0)
		return r;
	r = ask_for_port(e);
	if (r == -ENOENT) {
		nk_explain_say(e->x, "config", NK_EXPLAIN_STOP, "Install "
		    "openssh-server, or name sshd in naskeys.conf.",
		    "There is no sshd at %s.", e->q->sshd);
		return 0;
	}
	if (r < 0 && r != -ENOMEM) {
		nk_explain_doubt(e->x, "config", NULL, "sshd does not tell "
		    "its settings: %s.", strerror(-r));
		return 0;
	}
	if (r == 1)
		nk_explain_say(e->x, "config", NK_EXPLAIN_OK, NULL, "sshd "
		    "(OpenSSH %u.%u) accepts its configuration; this is what "
		    "it says for user %s from %s.", e->version.major,
		    e->version.minor, e->q->user, e->q->address);
	return r;
}
