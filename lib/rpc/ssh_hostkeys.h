/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_SSH_HOSTKEYS_H
#define NASKEYS_RPC_SSH_HOSTKEYS_H

/* The machine's host keys around ssh.apply, and their own methods. */

#include <jansson.h>

#include "lib/account/sshdsettings.h"
#include "lib/attr.h"
#include "lib/rpc/rpc.h"
#include "lib/store/ssh_service.h"

/*
 * Before sshd's configuration is looked at: put back what is missing, and
 * see that there is a key of each type that v names.  What is to be said is
 * appended to warnings.  0; -ENOENT with *e set: one is not there, nor in
 * the store; -errno.
 */
int	nk_ssh_hostkeys_before(struct nk_context *c,
	    const struct nk_ssh_service *v, json_t *warnings,
	    struct nk_error *e) NK_MUST_CHECK;
/* When it is in force: keep what is new.  What cannot be is a warning. */
int	nk_ssh_hostkeys_after(struct nk_context *c,
	    const struct nk_settings *s, json_t *warnings) NK_MUST_CHECK;

/* For naskeys.check and naskeys.sync; 0, -EBADMSG: reported, or -errno. */
int	nk_ssh_hostkeys_check(struct nk_context *c,
	    void (*report)(void *arg, const char *what), void *arg)
	    NK_MUST_CHECK;
int	nk_ssh_hostkeys_sync(struct nk_context *c) NK_MUST_CHECK;

extern const struct nk_arg nk_ssh_hostkey_args[];	/* a path */
extern const struct nk_arg nk_ssh_hostkey_type_args[];	/* RSA ... */

int	nk_ssh_hostkeys_method(struct nk_context *c, json_t *params,
	    json_t **resultp, struct nk_error *e) NK_MUST_CHECK;
int	nk_ssh_hostkey_accept(struct nk_context *c, json_t *params,
	    json_t **resultp, struct nk_error *e) NK_MUST_CHECK;
int	nk_ssh_hostkey_restore(struct nk_context *c, json_t *params,
	    json_t **resultp, struct nk_error *e) NK_MUST_CHECK;
int	nk_ssh_hostkey_forget(struct nk_context *c, json_t *params,
	    json_t **resultp, struct nk_error *e) NK_MUST_CHECK;
int	nk_ssh_hostkey_generate(struct nk_context *c, json_t *params,
	    json_t **resultp, struct nk_error *e) NK_MUST_CHECK;

#endif /* NASKEYS_RPC_SSH_HOSTKEYS_H */
