/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_CTL_EXPLAIN_H
#define NASKEYS_CTL_EXPLAIN_H

#include <jansson.h>

#include "helper/ctl/ctl.h"

/*
 * Would the key let the user in?  "key" is one as user.keys shows it.  A
 * line or two on standard output, or with --json the member "explanation"
 * of the key.  Who may not ask, or asks where nobody can say, is told
 * nothing: the key has been added all the same.
 */
void	ctl_explain_key(struct ctl *c, const char *user, json_t *key);

#endif /* NASKEYS_CTL_EXPLAIN_H */
