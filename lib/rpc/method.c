/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "lib/rpc/method.h"
#include "lib/rpc/web.h"

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
	nk_methods_pairing,
	nk_methods_ssh,
	nk_methods_service,
	nk_methods_api_key,
	nk_methods_audit,
	nk_methods_system,
	nk_methods_backup,
};

#define NTABLES	(sizeof(tables) / sizeof(tables[0]))

#define NLOGIN	2	/* the first are for who logs in */

static const struct nk_method *const web_tables[] = {
	nk_methods_auth,
	nk_methods_auth_own,
	nk_methods_auth_session,
	nk_methods_subscribe,
	nk_methods_jobs,
};

#define NWEB	(sizeof(web_tables) / sizeof(web_tables[0]))

static const struct nk_method *
find(const struct nk_method *const *table, size_t n, const char *name)
{
	const struct nk_method *m;
	size_t i;

	for (i = 0; i < n; i++) {
		for (m = table[i]; m->name != NULL; m++) {
			if (strcmp(m->name, name) == 0)
				return m;
		}
	}
	return NULL;
}

/*
 * A few dozen comparisons that end at the first bytes cost less than a
 * microsecond, and need neither an order among the tables nor an index
 * that is kept.
 */
const struct nk_method *
nk_method_find(const char *name)
{
	return find(tables, NTABLES, name);
}

const struct nk_method *
nk_method_find_web(const char *name)
{
	const struct nk_method *m = find(web_tables, NWEB, name);

	return m != NULL ? m : find(tables, NTABLES, name);
}

const struct nk_method *
nk_method_find_local(const char *name)
{
	const struct nk_method *m = find(web_tables + NLOGIN, NWEB - NLOGIN,
	    name);

	return m != NULL ? m : find(tables, NTABLES, name);
}

static int
each(const struct nk_method *const *table, size_t n,
    int (*fn)(void *arg, const struct nk_method *m), void *arg)
{
	const struct nk_method *m;
	size_t i;
	int r;

	for (i = 0; i < n; i++) {
		for (m = table[i]; m->name != NULL; m++) {
			if ((r = fn(arg, m)) != 0)
				return r;
		}
	}
	return 0;
}

int
nk_method_each(const struct nk_web *web,
    int (*fn)(void *arg, const struct nk_method *m), void *arg)
{
	size_t without = web != NULL && web->local ? NLOGIN : 0;
	int r = 0;

	if (web != NULL)
		r = each(web_tables + without, NWEB - without, fn, arg);
	return r != 0 ? r : each(tables, NTABLES, fn, arg);
}
