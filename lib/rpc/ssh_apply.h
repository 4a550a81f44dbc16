/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_SSH_APPLY_H
#define NASKEYS_RPC_SSH_APPLY_H

/* ssh.apply and ssh.confirm: the settings in force (lib/sshservice). */

#include <jansson.h>
#include <stdbool.h>

#include "lib/attr.h"
#include "lib/rpc/rpc.h"

extern const struct nk_arg nk_ssh_apply_args[];

int	nk_ssh_apply_method(struct nk_context *c, json_t *params,
	    json_t **resultp, struct nk_error *e) NK_MUST_CHECK;
int	nk_ssh_confirm_method(struct nk_context *c, json_t *params,
	    json_t **resultp, struct nk_error *e) NK_MUST_CHECK;

/* ---- for who else is at work on sshd ---- */

/* Did the caller come by SSH?  A hint. */
bool	nk_ssh_comes_by(const struct nk_context *c);
/*
 * The lock around all that is done to sshd; *fdp is for nk_lock_drop().  0;
 * -EPERM, this is not the machine's own state, or -EBUSY, with *e set;
 * -errno.
 */
int	nk_ssh_take_lock(const struct nk_context *c, int *fdp,
	    struct nk_error *e) NK_MUST_CHECK;
/* 0; -EBUSY with *e set: a change waits for its confirmation; -errno. */
int	nk_ssh_check_free(struct nk_context *c, struct nk_error *e)
	    NK_MUST_CHECK;

#endif /* NASKEYS_RPC_SSH_APPLY_H */
