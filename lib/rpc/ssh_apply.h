/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_SSH_APPLY_H
#define NASKEYS_RPC_SSH_APPLY_H

/* ssh.apply and ssh.confirm: the settings in force (lib/sshservice). */

#include <jansson.h>

#include "lib/attr.h"
#include "lib/rpc/rpc.h"

extern const struct nk_arg nk_ssh_apply_args[];

int	nk_ssh_apply_method(struct nk_context *c, json_t *params,
	    json_t **resultp, struct nk_error *e) NK_MUST_CHECK;
int	nk_ssh_confirm_method(struct nk_context *c, json_t *params,
	    json_t **resultp, struct nk_error *e) NK_MUST_CHECK;

#endif /* NASKEYS_RPC_SSH_APPLY_H */
