/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_CONSUMER_WRITE_H
#define NASKEYS_RPC_CONSUMER_WRITE_H

/* Binding consumers to credentials, and taking that back. */

#include <jansson.h>
#include <stdint.h>

#include "lib/attr.h"
#include "lib/rpc/consumer_command.h"
#include "lib/rpc/rpc.h"
#include "lib/store/consumers.h"

#define NK_CONSUMER_TITLE_MAX	200	/* characters */

/* {kind, title, on_delete, command}, for nk_args_check(). */
extern const struct nk_arg nk_consumer_fields[];

/*
 * Read what was checked against these fields; path names the argument.
 * *row is the caller's to clear, and empty on failure; it has neither id nor
 * credential.  0; -EINVAL with *e set; -ENOMEM.
 */
int	nk_consumer_read(struct nk_context *c, const json_t *data,
	    const char *path, struct nk_consumer *row, struct nk_error *e)
	    NK_MUST_CHECK;

/*
 * Inside an edit: write the row, which has its credential by now, with its
 * audit row.  path as above.
 */
int	nk_consumer_bind(struct nk_context *c, const char *action,
	    const char *path, struct nk_consumer *row, struct nk_error *e)
	    NK_MUST_CHECK;

/*
 * Inside an edit: the consumer loses its credential, and stays only if
 * "release" is set and on_delete says so.  Its command is added to *cs.
 */
int	nk_consumer_unbind(struct nk_context *c, const char *action,
	    int64_t id, bool release, struct nk_commands *cs) NK_MUST_CHECK;

/* As the API shows it; a new reference in *op.  0 or -errno. */
int	nk_consumer_entity(struct nk_store *s, const struct nk_consumer *row,
	    json_t **op) NK_MUST_CHECK;

#endif /* NASKEYS_RPC_CONSUMER_WRITE_H */
