/* SPDX-License-Identifier: ISC */

#include <sys/un.h>

#include <errno.h>
#include <string.h>

#include "helper/gateway/options.h"

#define GATEWAY_SOCKET	NK_RUNSTATEDIR "/naskeys/gateway.sock"

static int
add_listen(struct options *o, const char *value, const char **whyp)
{
	*whyp = "is given too often";
	if (o->n_listen == LISTEN_MAX)
		return -EINVAL;
	o->listen[o->n_listen++] = value;
	return 0;
}

static int
set_path(const char **pathp, const char *value, const char **whyp)
{
	*whyp = "is given twice";
	if (*pathp != NULL)
		return -EINVAL;
	*whyp = "needs an absolute path";
	if (value[0] != '/' || strlen(value) >= NK_CONF_PATH_MAX)
		return -EINVAL;
	*pathp = value;
	return 0;
}

static int
set_certificate(struct options *o, const char *value, const char **whyp)
{
	return set_path(&o->certificate, value, whyp);
}

static int
set_key(struct options *o, const char *value, const char **whyp)
{
	return set_path(&o->key, value, whyp);
}

static int
set_socket(struct options *o, const char *value, const char **whyp)
{
	int r;

	if ((r = set_path(&o->socket, value, whyp)) < 0)
		return r;
	*whyp = "needs a path of at most 107 bytes";
	return strlen(value) >= sizeof(((struct sockaddr_un *)NULL)->sun_path)
	    ? -EINVAL : 0;
}

/* Without a value. */
static void
set_plain(struct options *o)
{
	o->plain = true;
}

static void
set_version(struct options *o)
{
	if (o->mode == OPTIONS_SERVE)
		o->mode = OPTIONS_VERSION;
}

static void
set_help(struct options *o)
{
	if (o->mode == OPTIONS_SERVE)
		o->mode = OPTIONS_HELP;
}

static const struct option_row {
	const char	*name;
	int		(*set)(struct options *o, const char *value,
			    const char **whyp);
	void		(*flag)(struct options *o);
} rows[] = {
	{ "--listen",		add_listen,		NULL },
	{ "--certificate",	set_certificate,	NULL },
	{ "--key",		set_key,		NULL },
	{ "--gateway-socket",	set_socket,		NULL },
	{ "--plain",		NULL,			set_plain },
	{ "--version",		NULL,			set_version },
	{ "--help",		NULL,			set_help },
};

/* "--name" or "--name=value"; *valuep is NULL for the first. */
static const struct option_row *
find_row(const char *word, const char **valuep)
{
	size_t i, len;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		len = strlen(rows[i].name);
		if (strncmp(word, rows[i].name, len) != 0 ||
		    (word[len] != '\0' && word[len] != '='))
			continue;
		*valuep = word[len] == '=' ? word + len + 1 : NULL;
		return &rows[i];
	}
	return NULL;
}

int
options_parse(struct options *o, int argc, char *const *argv,
    const char **whyp, const char **wordp)
{
	const struct option_row *row;
	const char *value;
	int i, r;

	memset(o, 0, sizeof(*o));
	for (i = 1; i < argc; i++) {
		*wordp = argv[i];
		*whyp = "is no option; try --help";
		if ((row = find_row(argv[i], &value)) == NULL)
			return -EINVAL;
		if (row->flag != NULL) {
			*whyp = "takes no value";
			if (value != NULL)
				return -EINVAL;
			row->flag(o);
			continue;
		}
		*whyp = "needs a value";
		if (value == NULL && i + 1 == argc)
			return -EINVAL;
		if (value == NULL)
			value = argv[++i];
		if ((r = row->set(o, value, whyp)) < 0)
			return r;
	}
	return 0;
}

/* ---- naskeys.conf ---- */

static int
take_listen(struct options *o, const struct nk_conf *conf, const char **whyp)
{
	char *p = o->words, *word;
	int r;

	memcpy(o->words, conf->gateway_listen, sizeof(o->words));
	while ((word = strsep(&p, " \t")) != NULL) {
		if (word[0] != '\0' && (r = add_listen(o, word, whyp)) < 0)
			return r;
	}
	return 0;
}

/* A pair comes from one place. */
static void
take_certificate(struct options *o, const struct nk_conf *conf)
{
	if (o->certificate != NULL || o->key != NULL)
		return;
	if (conf->gateway_certificate[0] != '\0')
		o->certificate = conf->gateway_certificate;
	if (conf->gateway_key[0] != '\0')
		o->key = conf->gateway_key;
}

int
options_complete(struct options *o, const struct nk_conf *conf,
    bool handed_over, const char **whyp, const char **wordp)
{
	int r;

	*wordp = "gateway_listen";
	if (o->n_listen == 0 && !handed_over &&
	    (r = take_listen(o, conf, whyp)) < 0)
		return r;
	*wordp = "--listen";
	*whyp = "is needed, or gateway_listen in naskeys.conf: where is it "
	    "to listen?";
	if (o->n_listen == 0 && !handed_over)
		return -EINVAL;
	if (conf->gateway_plain)
		o->plain = true;
	take_certificate(o, conf);
	*wordp = "--plain";
	*whyp = "shows no certificate; leave out one or the other";
	if (o->plain && (o->certificate != NULL || o->key != NULL))
		return -EINVAL;
	*wordp = o->certificate == NULL ? "--certificate" : "--key";
	*whyp = "is missing: a certificate and its key belong together";
	if ((o->certificate == NULL) != (o->key == NULL))
		return -EINVAL;
	if (o->socket == NULL)
		o->socket = GATEWAY_SOCKET;
	return 0;
}
