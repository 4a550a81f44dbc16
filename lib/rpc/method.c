/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "lib/rpc/method.h"

static const struct nk_method *const tables[] = {
	nk_methods_core,
	nk_methods_user,
	nk_methods_key,
	nk_methods_explain,
	nk_methods_login,
	nk_methods_group,
	nk_methods_keychain,
	nk_methods_consumer,
	nk_methods_remote,
	nk_methods_audit,
	nk_methods_system,
};

#define NTABLES	(sizeof(tables) / sizeof(tables[0]))

/*
 * A few dozen comparisons that end at the first bytes cost less than a
 * microsecond, and need neither an order among the tables nor an index
 * that is kept.
 */
const struct nk_method *
nk_method_find(const char *name)
{
	const struct nk_method *m;
	size_t i;

	for (i = 0; i < NTABLES; i++) {
		for (m = tables[i]; m->name != NULL; m++) {
			if (strcmp(m->name, name) == 0)
				return m;
		}
	}
	return NULL;
}

int
nk_method_each(int (*fn)(void *arg, const struct nk_method *m), void *arg)
{
	const struct nk_method *m;
	size_t i;
	int r;

	for (i = 0; i < NTABLES; i++) {
		for (m = tables[i]; m->name != NULL; m++) {
			if ((r = fn(arg, m)) != 0)
				return r;
		}
	}
	return 0;
}
