/* SPDX-License-Identifier: ISC */
#include <time.h>

#include "lib/rpc/edit.h"
#include "lib/rpc/message.h"
#include "lib/rpc/rights.h"

#define GROUP_FILE	NK_SYSCONFDIR "/group"

static int
compute_rights(struct nk_context *c)
{
	return nk_rights_compute(c, GROUP_FILE, (int64_t)time(NULL));
}

int
nk_rpc_handle(struct nk_context *c, const char *line, size_t len,
    char **answerp, size_t *lenp)
{
	static const struct nk_rpc_hooks hooks = {
		.find = nk_method_find,
		.rights = compute_rights,
		.rate = nk_edit_take_rate,
	};

	return nk_rpc_handle_with(&hooks, c, line, len, answerp, lenp);
}
