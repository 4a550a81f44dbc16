/* SPDX-License-Identifier: ISC */
/*
 * The keys that an agent lists, as the sandbox is asked about them: what it
 * answers is always taken outside, and every key in it is the agent's.
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/agent/certificate.h"
#include "lib/agent/checker.h"
#include "lib/agent/work.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(int ok)
{
	if (!ok)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nk_secret answer = NK_SECRET_NONE, copy = NK_SECRET_NONE;
	struct nk_agent_offers o;
	size_t i;
	int r;

	if (nk_secret_append(&copy, data, size) == 0) {
		(void)nk_agent_offers_take(&copy, &o);
		nk_agent_offers_clear(&o);
	}
	if (nk_agent_work_list(data, size, &answer) < 0) {
		nk_secret_clear(&answer);
		return 0;
	}
	r = nk_agent_offers_take(&answer, &o);
	require(r == 0 || r == -EACCES || r == -EBADMSG || r == -ENOMEM);
	require(r == 0 || o.n == 0);
	for (i = 0; i < o.n; i++) {
		require(memmem(data, size, o.v[i].blob, o.v[i].len) != NULL);
		require(o.v[i].ca_len == 0 || memmem(o.v[i].blob, o.v[i].len,
		    o.v[i].ca, o.v[i].ca_len) != NULL);
		(void)nk_agent_certificate_names(o.v[i].principals,
		    "alice,bob");
	}
	nk_agent_offers_clear(&o);
	return 0;
}
