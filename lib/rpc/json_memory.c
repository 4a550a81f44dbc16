/* SPDX-License-Identifier: ISC */
#include <jansson.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "lib/rpc/json_memory.h"

/*
 * The size is malloc's own knowledge and not kept in front of the block, so
 * that free(3) stays right for text that jansson hands out.
 */
static void
wipe_and_free(void *p)
{
	if (p == NULL)
		return;
	explicit_bzero(p, malloc_usable_size(p));
	free(p);
}

void
nk_json_wipe_memory(void)
{
	json_set_alloc_funcs(malloc, wipe_and_free);
}
