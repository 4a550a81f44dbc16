/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_CTL_CONNECTION_H
#define NASKEYS_CTL_CONNECTION_H

#include <jansson.h>

#include "helper/ctl/ctl.h"

/*
 * The connection with this name, as keychaincredential.query shows it; a new
 * reference.  CTL_FAILED after a message: there is none.
 */
int	connection_find(struct ctl *c, const char *name, json_t **rowp)
	    NK_MUST_CHECK;

/*
 * "private_key" of setup_ssh_connection: the keypair of --keypair, or the
 * new one of --generate-keypair.
 */
int	connection_add_key(struct ctl *c, const struct ctl_args *a,
	    json_t *key) NK_MUST_CHECK;

#endif /* NASKEYS_CTL_CONNECTION_H */
