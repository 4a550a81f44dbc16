/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "lib/rpc/message.h"
#include "lib/rpc/rights.h"

#define GROUP_FILE	NK_SYSCONFDIR "/group"
#define RATE_PERIOD	60	/* s */

static int
compute_rights(struct nk_context *c)
{
	return nk_rights_compute(c, GROUP_FILE, (int64_t)time(NULL));
}

/*
 * Where there is no room to count an edit there is none for what it might
 * add to the maps either: who removes a key then must not be kept from it.
 */
static int
take_edit(struct nk_context *c)
{
	struct timespec now;
	char subject[32];
	int r;

	if (c->session == NULL || c->conf == NULL)
		return -ENODEV;
	if (clock_gettime(CLOCK_BOOTTIME, &now) == -1)
		return -errno;
	(void)snprintf(subject, sizeof(subject), "edit:%u", c->caller->uid);
	r = nk_session_rate(c->session, subject, c->conf->edits_per_minute,
	    RATE_PERIOD, (int64_t)now.tv_sec);
	return r == -ENOSPC ? 0 : r;
}

int
nk_rpc_handle(struct nk_context *c, const char *line, size_t len,
    char **answerp, size_t *lenp)
{
	static const struct nk_rpc_hooks hooks = {
		.find = nk_method_find,
		.rights = compute_rights,
		.rate = take_edit,
	};

	return nk_rpc_handle_with(&hooks, c, line, len, answerp, lenp);
}
