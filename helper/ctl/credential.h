/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_CTL_CREDENTIAL_H
#define NASKEYS_CTL_CREDENTIAL_H

#include <jansson.h>

#include "helper/ctl/ctl.h"

/* Print what uses the credential; kind is "keypair" or "connection". */
int	credential_used_by(struct ctl *c, const char *kind,
	    const char *name, json_int_t id) NK_MUST_CHECK;

#endif /* NASKEYS_CTL_CREDENTIAL_H */
