/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_MACHINE_CHECK_H
#define NASKEYS_MACHINE_CHECK_H

/*
 * What on this machine keeps naskeys from working as it should, or would
 * once somebody logs in; each with what to do about it.  Nothing is changed.
 */

#include "lib/attr.h"
#include "lib/conf/conf.h"
#include "lib/machine/finding.h"
#include "lib/store/store.h"

/* 0, also where something was found; -errno of the store. */
int	nk_machine_check(const struct nk_conf *conf, struct nk_store *store,
	    struct nk_findings *f) NK_MUST_CHECK;

#endif /* NASKEYS_MACHINE_CHECK_H */
