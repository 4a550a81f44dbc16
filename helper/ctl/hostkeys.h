/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_CTL_HOSTKEYS_H
#define NASKEYS_CTL_HOSTKEYS_H

/*
 * Which of a remote's host keys are to be trusted: nothing is that was not
 * given, named by its fingerprint, or seen and confirmed on a terminal.
 */

#include <jansson.h>

#include "helper/ctl/ctl.h"

/*
 * Ask the remote that attributes (host, port, connect_timeout) name, and put
 * as "remote_host_key" the key with this fingerprint, or, where that is NULL,
 * all that it shows once a person has said yes to them.  CTL_DONE, or
 * CTL_FAILED after a message.
 */
int	hostkeys_find(struct ctl *c, const char *fingerprint,
	    json_t *attributes) NK_MUST_CHECK;

#endif /* NASKEYS_CTL_HOSTKEYS_H */
