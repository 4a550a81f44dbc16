/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_GROUP_WRITE_H
#define NASKEYS_RPC_GROUP_WRITE_H

#include <jansson.h>

#include "lib/attr.h"
#include "lib/rpc/rpc.h"

int	nk_group_create(struct nk_context *c, json_t *params,
	    json_t **resultp, struct nk_error *e);
int	nk_group_update_method(struct nk_context *c, json_t *params,
	    json_t **resultp, struct nk_error *e);
int	nk_group_delete_method(struct nk_context *c, json_t *params,
	    json_t **resultp, struct nk_error *e);

#endif /* NASKEYS_RPC_GROUP_WRITE_H */
