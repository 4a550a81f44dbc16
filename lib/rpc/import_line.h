/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_RPC_IMPORT_LINE_H
#define NASKEYS_RPC_IMPORT_LINE_H

/* One line of user.import: a JSON object with the fields of a new user. */

#include <jansson.h>
#include <stddef.h>

#include "lib/attr.h"
#include "lib/rpc/rpc.h"
#include "lib/rpc/user_rules.h"

#define NK_IMPORT_LINE_MAX	(1u << 20)	/* bytes */

/*
 * Read line[len] (without its newline) and hold it against all rules that
 * need neither the store nor a name service.  *fieldsp owns what ed borrows;
 * both are the caller's to free, also on failure.  0; -EINVAL with *e set;
 * -ENOMEM.
 */
int	nk_import_line_read(const struct nk_user_rules *rules,
	    const char *line, size_t len, json_t **fieldsp,
	    struct nk_user_edit *ed, struct nk_error *e) NK_MUST_CHECK;

/*
 * Make of the errors of one line the one call error "line N: FIELD: TEXT".
 */
void	nk_import_line_blame(struct nk_error *e, size_t line);

#endif /* NASKEYS_RPC_IMPORT_LINE_H */
