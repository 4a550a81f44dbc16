/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_AKC_COLLECT_H
#define NASKEYS_AKC_COLLECT_H

#include <stdbool.h>

#include "helper/authorized-keys/output.h"
#include "helper/authorized-keys/request.h"
#include "lib/attr.h"

/*
 * Collect the lines with which the user may log in now, as far as they
 * could accept the key asked for.  *chainp: may another source be asked
 * about this name?  Returns 0, or -errno when a map cannot be read or
 * trusted (said in syslog); then there is no answer.
 */
int	nk_collect(const struct nk_request *q, struct nk_output *o,
	    bool *chainp) NK_MUST_CHECK;

#endif /* NASKEYS_AKC_COLLECT_H */
