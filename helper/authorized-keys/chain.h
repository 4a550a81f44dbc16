/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_AKC_CHAIN_H
#define NASKEYS_AKC_CHAIN_H

#include "helper/authorized-keys/output.h"
#include "helper/authorized-keys/request.h"
#include "lib/conf/conf.h"

/*
 * Append the lines of conf's chained command, if there is one, or nothing.
 * Whatever goes wrong is said in syslog and leaves o as it was.
 */
void	nk_chain(const struct nk_request *q, const struct nk_conf *conf,
	    struct nk_output *o);

#endif /* NASKEYS_AKC_CHAIN_H */
