/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_CREDENTIAL_DELETE_H
#define NASKEYS_RPC_CREDENTIAL_DELETE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/rpc/consumer_write.h"
#include "lib/rpc/rpc.h"

/*
 * keychaincredential.delete: what uses the credential goes or is released
 * with it, if the caller says so, all in one edit.
 */
int	nk_credential_delete_method(struct nk_context *c, json_t *params,
	    json_t **resultp, struct nk_error *e);

struct nk_deletion {
	int64_t			id;
	bool			cascade;
	struct nk_commands	commands;	/* to be run behind the edit */
};

/*
 * Inside an edit: delete the credential, and with cascade what uses it.  0,
 * and the commands are the caller's to run and to clear; -EINVAL with *e
 * set; -errno.
 */
int	nk_credential_delete_edit(struct nk_context *c,
	    struct nk_deletion *d, struct nk_error *e) NK_MUST_CHECK;

/*
 * Inside an edit: delete the credential, which nothing uses, with its audit
 * row.  0 or -errno.
 */
int	nk_credential_delete_id(struct nk_context *c, int64_t id)
	    NK_MUST_CHECK;

/* keychaincredential.used_by. */
int	nk_credential_used_by_method(struct nk_context *c, json_t *params,
	    json_t **resultp, struct nk_error *e);

#endif /* NASKEYS_RPC_CREDENTIAL_DELETE_H */
