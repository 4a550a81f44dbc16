/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SSHSERVICE_WANTED_H
#define NASKEYS_SSHSERVICE_WANTED_H

/* What the drop-in is to say, gathered from the store and the machine. */

#include "lib/attr.h"
#include "lib/sshservice/dropin.h"
#include "lib/store/store.h"

struct nk_wanted_dropin {
	struct nk_ssh_service	 settings;
	char			*addresses, *users;
	char			*odd;	/* the first user whose name no Match
					   can mean, or NULL */
	struct nk_dropin	 d;	/* points to the others */
};

/* To be cleared in every case. */
int	nk_wanted_gather(struct nk_store *s, struct nk_wanted_dropin *w)
	    NK_MUST_CHECK;
void	nk_wanted_clear(struct nk_wanted_dropin *w);

#endif /* NASKEYS_SSHSERVICE_WANTED_H */
