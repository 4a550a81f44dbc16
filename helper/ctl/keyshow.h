/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_CTL_KEYSHOW_H
#define NASKEYS_CTL_KEYSHOW_H

#include <stdbool.h>

#include "helper/ctl/ctl.h"

/*
 * Print a public key: its line, and with "visual" ssh-keygen's picture of
 * it.  CTL_DONE, or CTL_FAILED after a message.
 */
int	keyshow_public(const struct ctl *c, const char *text, bool visual)
	    NK_MUST_CHECK;

#endif /* NASKEYS_CTL_KEYSHOW_H */
