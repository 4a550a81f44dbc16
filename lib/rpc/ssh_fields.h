/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_SSH_FIELDS_H
#define NASKEYS_RPC_SSH_FIELDS_H

/* The settings of the SSH service as ssh.config shows and ssh.update takes. */

#include <jansson.h>

#include "lib/attr.h"
#include "lib/rpc/rpc.h"
#include "lib/store/ssh_service.h"

extern const struct nk_arg nk_ssh_update_fields[];

/*
 * Put what data says into *v; what it does not name stays.  0, -ENOMEM, or
 * -EINVAL with all that is wrong in *e.
 */
int	nk_ssh_fields_read(const json_t *data, struct nk_ssh_service *v,
	    struct nk_error *e) NK_MUST_CHECK;

/* The members of *v, a new object; NULL: no memory. */
json_t	*nk_ssh_fields_show(const struct nk_ssh_service *v);

#endif /* NASKEYS_RPC_SSH_FIELDS_H */
