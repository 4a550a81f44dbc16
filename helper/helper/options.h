/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_HELPER_OPTIONS_H
#define NASKEYS_HELPER_OPTIONS_H

/* The command line of naskeys-helper.  Pure: nothing is opened or printed. */

#include <stdbool.h>
#include <stddef.h>

#include "lib/attr.h"

#define OPTIONS_LISTEN_MAX	16

enum run_mode {
	RUN_SERVE,		/* requests on standard input */
	RUN_LISTEN,
	RUN_SYNC,
	RUN_SSH_WAIT,
	RUN_CHECK,
	RUN_VERSION,
	RUN_HELP,
};

enum protocol {
	PROTOCOL_UNSET,		/* not said: json */
	PROTOCOL_JSON,
	PROTOCOL_GATEWAY,	/* helper/helper/gateway.h */
	PROTOCOL_MIDDLEWARE,	/* helper/helper/middleware.h */
	PROTOCOL_PAM,		/* lib/pamsock/frame.h */
	PROTOCOL_NETWORK,	/* lib/account/network.h */
};

struct listen_at {
	const char	*path;
	enum protocol	 protocol;
};

/* Strings belong to argv. */
struct options {
	enum run_mode	 mode;
	enum protocol	 protocol;	/* of standard input */
	const char	*state_dir;	/* NULL: the machine's own state */
	const char	*seal_key;	/* NULL: where the state has it */
	const char	*network;	/* NULL: we have it ourselves */
	struct listen_at listen[OPTIONS_LISTEN_MAX];
	size_t		 nlisten;
};

/*
 * Returns 0, or -EINVAL with a sentence in *whyp and the word that it is
 * about in *wordp.
 */
int	options_parse(struct options *o, int argc, char *const *argv,
	    const char **whyp, const char **wordp) NK_MUST_CHECK;

/* The name that --protocol takes. */
const char *protocol_name(enum protocol p);

#endif /* NASKEYS_HELPER_OPTIONS_H */
