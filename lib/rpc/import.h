/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_IMPORT_H
#define NASKEYS_RPC_IMPORT_H

#include <jansson.h>

#include "lib/attr.h"
#include "lib/rpc/rpc.h"

/* user.import and naskeys.import_system, with their arguments. */
extern const struct nk_arg nk_user_import_args[];
extern const struct nk_arg nk_import_system_args[];

int	nk_user_import(struct nk_context *c, json_t *params,
	    json_t **resultp, struct nk_error *e);
int	nk_import_system(struct nk_context *c, json_t *params,
	    json_t **resultp, struct nk_error *e);

/* Seconds that one enumeration of the name services may take. */
unsigned int nk_import_seconds(const struct nk_conf *conf);

/* Say how far it is, if somebody listens. */
void	nk_import_progress(struct nk_context *c, int64_t done, int64_t total);

#endif /* NASKEYS_RPC_IMPORT_H */
