/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_KEYCHAIN_TRIAL_H
#define NASKEYS_KEYCHAIN_TRIAL_H

#include "lib/attr.h"
#include "lib/keychain/keychain.h"

/*
 * Can everything that is sealed in kc's store be opened?  report() gets a
 * sentence for each thing that cannot.  0; -EBADMSG: reported; or -errno.
 */
int	nk_keychain_try_all(struct nk_keychain *kc,
	    void (*report)(void *arg, const char *what), void *arg)
	    NK_MUST_CHECK;

#endif /* NASKEYS_KEYCHAIN_TRIAL_H */
