/* SPDX-License-Identifier: ISC */

#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <string.h>

#include "helper/helper/options.h"

#define PATH_LEN_MAX	400	/* SQLite and what we append need the rest */

static int
set_path(const char **pathp, const char *value, const char **whyp)
{
	*whyp = "is given twice";
	if (*pathp != NULL)
		return -EINVAL;
	*whyp = "needs a path of 1 to 400 bytes";
	if (value[0] == '\0' || strlen(value) > PATH_LEN_MAX)
		return -EINVAL;
	*pathp = value;
	return 0;
}

static int
set_state_dir(struct options *o, const char *value, const char **whyp)
{
	return set_path(&o->state_dir, value, whyp);
}

static int
set_seal_key(struct options *o, const char *value, const char **whyp)
{
	int r;

	if ((r = set_path(&o->seal_key, value, whyp)) < 0)
		return r;
	*whyp = "needs an absolute path";
	return value[0] == '/' ? 0 : -EINVAL;
}

static int
check_socket(const char *value, const char **whyp)
{
	const struct sockaddr_un *un = NULL;

	*whyp = "needs an absolute path of at most 107 bytes";
	return value[0] == '/' && strlen(value) < sizeof(un->sun_path) ? 0 :
	    -EINVAL;
}

static int
set_network(struct options *o, const char *value, const char **whyp)
{
	int r;

	if ((r = set_path(&o->network, value, whyp)) < 0)
		return r;
	return check_socket(value, whyp);
}

static int
set_mode(struct options *o, enum run_mode mode, const char **whyp)
{
	if (o->mode == RUN_VERSION || o->mode == RUN_HELP)
		return 0;
	*whyp = "cannot stand beside what was asked for before it";
	if (mode != RUN_VERSION && mode != RUN_HELP && o->mode != RUN_SERVE &&
	    o->mode != mode)
		return -EINVAL;
	o->mode = mode;
	return 0;
}

static int
set_listen(struct options *o, const char *value, const char **whyp)
{
	size_t i;
	int r;

	if ((r = set_mode(o, RUN_LISTEN, whyp)) < 0)
		return r;
	if ((r = check_socket(value, whyp)) < 0)
		return r;
	for (i = 0; i < o->nlisten; i++) {
		*whyp = "is given twice with one path";
		if (strcmp(o->listen[i].path, value) == 0)
			return -EINVAL;
	}
	*whyp = "is given too often";
	if (o->nlisten == OPTIONS_LISTEN_MAX)
		return -EINVAL;
	o->listen[o->nlisten].path = value;
	o->listen[o->nlisten].protocol = PROTOCOL_UNSET;
	o->nlisten++;
	return 0;
}

static const struct {
	const char	*name;
	enum protocol	 protocol;
} protocols[] = {
	{ "json",	PROTOCOL_JSON },
	{ "gateway",	PROTOCOL_GATEWAY },
	{ "middleware",	PROTOCOL_MIDDLEWARE },
	{ "pam",	PROTOCOL_PAM },
	{ "network",	PROTOCOL_NETWORK },
};

/* Of the socket before it, or of standard input. */
static int
set_protocol(struct options *o, const char *value, const char **whyp)
{
	enum protocol *p = &o->protocol;
	size_t i;

	if (o->nlisten > 0)
		p = &o->listen[o->nlisten - 1].protocol;
	*whyp = "is given twice for one socket";
	if (*p != PROTOCOL_UNSET)
		return -EINVAL;
	for (i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
		if (strcmp(protocols[i].name, value) == 0) {
			*p = protocols[i].protocol;
			return 0;
		}
	}
	*whyp = "names an unknown protocol (json, gateway, middleware, pam and "
	    "network are known)";
	return -EINVAL;
}

const char *
protocol_name(enum protocol p)
{
	size_t i;

	for (i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
		if (protocols[i].protocol == p)
			return protocols[i].name;
	}
	return "json";
}

/* Either takes a value or is a mode. */
static const struct option_row {
	const char	*name;
	int		(*set)(struct options *o, const char *value,
			    const char **whyp);
	enum run_mode	 mode;
} rows[] = {
	{ "--listen",	 set_listen,	RUN_LISTEN },
	{ "--protocol",	 set_protocol,	RUN_SERVE },
	{ "--state-dir", set_state_dir,	RUN_SERVE },
	{ "--seal-key",	 set_seal_key,	RUN_SERVE },
	{ "--network",	 set_network,	RUN_SERVE },
	{ "--sync",	 NULL,		RUN_SYNC },
	{ "--ssh-wait",	 NULL,		RUN_SSH_WAIT },
	{ "--check",	 NULL,		RUN_CHECK },
	{ "--version",	 NULL,		RUN_VERSION },
	{ "--help",	 NULL,		RUN_HELP },
};

/* "--name" or "--name=value"; *valuep is NULL for the first. */
static const struct option_row *
find_row(const char *word, const char **valuep)
{
	size_t i, len;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		len = strlen(rows[i].name);
		if (strncmp(word, rows[i].name, len) != 0)
			continue;
		if (word[len] == '\0') {
			*valuep = NULL;
			return &rows[i];
		}
		if (word[len] == '=') {
			*valuep = word + len + 1;
			return &rows[i];
		}
	}
	return NULL;
}

static int
check_together(const struct options *o, const char **whyp,
    const char **wordp)
{
	if (o->protocol != PROTOCOL_UNSET && o->mode != RUN_SERVE &&
	    o->mode != RUN_VERSION && o->mode != RUN_HELP) {
		*wordp = "--protocol";
		*whyp = "belongs behind its --listen, or to standard input";
		return -EINVAL;
	}
	return 0;
}

int
options_parse(struct options *o, int argc, char *const *argv,
    const char **whyp, const char **wordp)
{
	const struct option_row *row;
	const char *value;
	int i, r;

	memset(o, 0, sizeof(*o));
	o->mode = RUN_SERVE;
	for (i = 1; i < argc; i++) {
		*wordp = argv[i];
		*whyp = "is no option; try --help";
		if ((row = find_row(argv[i], &value)) == NULL)
			return -EINVAL;
		if (row->set == NULL) {
			*whyp = "takes no value";
			if (value != NULL)
				return -EINVAL;
			r = set_mode(o, row->mode, whyp);
		} else {
			*whyp = "needs a value";
			if (value == NULL && i + 1 == argc)
				return -EINVAL;
			if (value == NULL)
				value = argv[++i];
			r = row->set(o, value, whyp);
		}
		if (r < 0)
			return r;
	}
	return check_together(o, whyp, wordp);
}
