/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_CTL_CONNECTION_PUSH_H
#define NASKEYS_CTL_CONNECTION_PUSH_H

/*
 * naskeysctl connection add --copy-key: what goes to the other machine, and
 * what became of it there.
 */

#include <jansson.h>

#include "helper/ctl/ctl.h"

/*
 * What the options say of it, with the password where standard input has it;
 * *pushp is NULL without --copy-key, and else the caller's.  Nothing else
 * has read standard input before.
 */
int	connection_push_read(const struct ctl *c, const struct ctl_args *a,
	    json_t **pushp) NK_MUST_CHECK;

/* Ask for the password if it is not there.  push may be NULL. */
int	connection_push_ask(struct ctl *c, const json_t *attributes,
	    json_t *push) NK_MUST_CHECK;

/* Say what was done; row is what the helper has answered. */
void	connection_push_say(const struct ctl *c, const json_t *push,
	    const json_t *row);

#endif /* NASKEYS_CTL_CONNECTION_PUSH_H */
