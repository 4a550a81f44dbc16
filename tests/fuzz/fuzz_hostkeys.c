/* SPDX-License-Identifier: ISC */

/*
 * A remote's host keys as somebody gives them.  What is taken fits, is
 * written so that reading it gives the same, and holds no key twice.
 */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ssh/hostkeys.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(int yes)
{
	if (!yes)
		abort();
}

static void
check_keys(struct nk_hostkeys *hk)
{
	struct nk_hostkeys again;
	char *text, *second;
	size_t i, n = hk->n;

	must(n > 0);
	must(nk_hostkeys_write(hk, &text) == 0);
	must(strlen(text) <= NK_HOSTKEYS_MAX);
	for (i = 0; i < n; i++) {
		must(!hk->v[i].type->certificate);
		must(nk_hostkeys_add(hk, hk->v[i].blob, hk->v[i].len) == 0);
	}
	must(hk->n == n);
	must(nk_hostkeys_read(text, &again, NULL) == 0);
	must(again.n == n);
	must(nk_hostkeys_write(&again, &second) == 0);
	must(strcmp(text, second) == 0);
	nk_hostkeys_clear(&again);
	free(text);
	free(second);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	struct nk_hostkeys hk;
	const char *why = NULL;

	must(text != NULL);
	if (nk_hostkeys_read(text, &hk, &why) == 0)
		check_keys(&hk);
	else
		must(why != NULL && hk.n == 0 && hk.v == NULL);
	nk_hostkeys_clear(&hk);
	free(text);
	return 0;
}
