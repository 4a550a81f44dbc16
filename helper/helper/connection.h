/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_HELPER_CONNECTION_H
#define NASKEYS_HELPER_CONNECTION_H

/*
 * What one connection has to itself, whatever it speaks: who asks, what the
 * configuration says, and the services that its requests work on.
 */

#include <sys/types.h>

#include <stdbool.h>

#include "helper/helper/options.h"
#include "helper/helper/state.h"
#include "lib/attr.h"
#include "lib/conf/conf.h"
#include "lib/rpc/rpc.h"

struct connection {
	const struct state	*state;
	struct nk_conf		 conf;
	struct nk_caller	 caller;
	struct nk_context	 context;
	dev_t			 store_dev;	/* of the publisher's store */
	ino_t			 store_ino;
	bool			 trusted;	/* an administrator, or root */
	bool			 mended;	/* maps and store agree */
	int			 conf_error;	/* -errno, with conf_fault */
	char			 conf_fault[STATE_PATH_MAX + 256];
};

/*
 * Read the configuration; what is wrong with it is kept, for each request
 * to be answered with.  connection_end() in any case.
 */
void	connection_init(struct connection *c, const struct state *state);

/*
 * Learn from the kernel who is behind descriptor in, before a byte of it is
 * read.  0 or -errno.
 */
int	connection_meet(struct connection *c, enum protocol protocol, int in)
	    NK_MUST_CHECK;
void	connection_end(struct connection *c);

/* Neither of these through the gateway. */
bool	connection_is_root(const struct connection *c);
/* Root, or the owner of a state of one's own. */
bool	connection_is_owner(const struct connection *c);

/*
 * Is it an administrator at this moment?  For what the request may cost, and
 * kept for its admission, unless that has to wait for something.
 */
bool	connection_is_trusted(struct connection *c);

/*
 * Open publisher and session in c->context, unless they are open and still
 * those of the store's path.  On failure *whatp says what could not be had.
 */
int	connection_open_services(struct connection *c, const char **whatp)
	    NK_MUST_CHECK;

/*
 * nk_context's ready: the services opened, unless the method needs none, and
 * maps and store brought into agreement, once.
 */
int	connection_ready(void *arg, enum nk_method_kind kind,
	    struct nk_error *e) NK_MUST_CHECK;

/* Say in the log what the store has lost, if it has. */
void	log_missing(const struct nk_publisher *p, const char *store);

/* Work that can wait until a request is answered. */
void	connection_tidy(struct connection *c);

#endif /* NASKEYS_HELPER_CONNECTION_H */
