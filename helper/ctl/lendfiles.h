/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_CTL_LENDFILES_H
#define NASKEYS_CTL_LENDFILES_H

/* What ssh reads in the private folder of a key that is lent. */

#include "helper/ctl/lend.h"

/* Write all of it.  CTL_DONE, or CTL_FAILED after a sentence. */
int	lendfiles_write(const struct lend *l, const struct ctl *c)
	    NK_MUST_CHECK;

/*
 * Read what ssh has made of the known hosts: 0, and *hk is the caller's to
 * clear; -errno, it is not there any more or cannot be read.
 */
int	lendfiles_read_hosts(const struct lend *l, struct nk_hostkeys *hk)
	    NK_MUST_CHECK;

#endif /* NASKEYS_CTL_LENDFILES_H */
