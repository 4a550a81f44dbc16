/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_GATEWAY_OPTIONS_H
#define NASKEYS_GATEWAY_OPTIONS_H

/*
 * The command line of naskeys-gateway, and what naskeys.conf says where it
 * says nothing.  Pure: nothing is opened or printed.
 */

#include <stdbool.h>
#include <stddef.h>

#include "helper/gateway/listen.h"
#include "lib/attr.h"
#include "lib/conf/conf.h"

enum options_mode {
	OPTIONS_SERVE,
	OPTIONS_VERSION,
	OPTIONS_HELP,
};

/* Strings belong to argv and to the configuration. */
struct options {
	enum options_mode mode;
	const char	*listen[LISTEN_MAX];
	size_t		 n_listen;
	bool		 plain;
	const char	*certificate;	/* NULL: the one that it makes */
	const char	*key;
	const char	*socket;	/* of the acceptor */
	char		 words[NK_CONF_PATH_MAX];	/* of gateway_listen */
};

/*
 * 0, or -EINVAL with a sentence in *whyp and the word that it is about in
 * *wordp.
 */
int	options_parse(struct options *o, int argc, char *const *argv,
	    const char **whyp, const char **wordp) NK_MUST_CHECK;

/*
 * Fill in what the command line left open; "handed_over" sockets make that
 * a place to listen.  As options_parse().
 */
int	options_complete(struct options *o, const struct nk_conf *conf,
	    bool handed_over, const char **whyp, const char **wordp)
	    NK_MUST_CHECK;

#endif /* NASKEYS_GATEWAY_OPTIONS_H */
