/* SPDX-License-Identifier: ISC */
#include "lib/rpc/keychain_check.h"

#include "lib/keychain/trial.h"
#include "lib/rpc/keychain_entity.h"

int
nk_keychain_check(struct nk_context *c,
    void (*report)(void *arg, const char *what), void *arg)
{
	struct nk_keychain kc;
	int r;

	nk_keychain_of(c, &kc);
	r = nk_keychain_try_all(&kc, report, arg);
	nk_keychain_clear(&kc);
	return r;
}
