/* SPDX-License-Identifier: ISC */
/*
 * A signature, as the sandbox is asked about it: what it answers is always
 * taken outside, and a right signature is not right for other data.
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/agent/checker.h"
#include "lib/agent/work.h"
#include "lib/ssh/keypolicy.h"
#include "lib/ssh/wire.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(int ok)
{
	if (!ok)
		abort();
}

/* The verdict, or -EIO where the request is none. */
static int
check(const uint8_t *data, size_t size, uint32_t *shownp)
{
	struct nk_secret answer = NK_SECRET_NONE;
	int r = -EIO;

	if (nk_agent_work_check(data, size, &answer) == 0) {
		r = nk_agent_signature_take(&answer, shownp);
		require(r != -EIO);
	}
	nk_secret_clear(&answer);
	return r;
}

/* What is signed, in a request that is one; NULL: nothing. */
static const uint8_t *
find_data(const uint8_t *data, size_t size)
{
	struct nk_wire w = { data, size };
	struct nk_keypolicy policy;
	const uint8_t *s;
	uint64_t now;
	size_t len, i;

	require(nk_keypolicy_get(&w, &policy) == 0 &&
	    nk_wire_get_u64(&w, &now) == 0);
	for (i = 0; i < 5; i++)		/* rhost, key, authority, names */
		require(nk_wire_get_string(&w, &s, &len) == 0);
	return len > 0 ? s : NULL;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *s;
	uint32_t shown = 0;
	uint8_t *copy;

	if (check(data, size, &shown) < 0)
		return 0;
	require((shown & ~NK_AGENT_SHOWN) == 0);
	if ((s = find_data(data, size)) == NULL)
		return 0;
	require((copy = malloc(size)) != NULL);
	memcpy(copy, data, size);
	copy[s - data] ^= 1;
	require(check(copy, size, &shown) < 0);
	free(copy);
	return 0;
}
