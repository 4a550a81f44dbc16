/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_SSHSERVICE_PLAN_H
#define NASKEYS_SSHSERVICE_PLAN_H

/*
 * What a new drop-in would make of sshd's configuration, known before a byte
 * of it is in force: the whole configuration with the new text, as sshd -t
 * and sshd -T see it.
 */

#include <stdbool.h>
#include <stddef.h>

#include "lib/account/sshdsettings.h"
#include "lib/attr.h"
#include "lib/conf/conf.h"
#include "lib/sshservice/dropin.h"
#include "lib/sshservice/mainconf.h"

#define NK_SSHPLAN_WHY_MAX	1024

struct nk_sshplan {
	char			*old_drop_in;	/* NULL: there is none */
	char			*drop_in;	/* NULL: it goes */
	char			*old_main;
	char			*main;		/* as it shall be */
	struct nk_settings	 before, after;	/* of root on this machine */
	bool			 has_before;	/* sshd took the old one */
	struct nk_conflict	 conflicts[NK_CONFLICTS_MAX];
	size_t			 n;
};

/*
 * Read the files, render *d (files KEEP: as it is now; d NULL: the drop-in
 * goes, and lines that were commented out come back), and check.  edit_main:
 * comment out what is in the way in sshd_config.  *p is to be cleared in
 * every case.  0, or with a sentence in why:
 *	-EEXIST	the drop-in was changed by hand, or p->conflicts[n] are in
 *		the way;
 *	-EINVAL	sshd does not take it, or takes it otherwise;
 *	-ENOENT	a file that it names is not there, or sshd_config does not
 *		include the drop-in, or there is no sshd;
 *	-errno	files or programs fail.
 */
int	nk_sshplan_make(struct nk_sshplan *p, const struct nk_conf *conf,
	    const struct nk_dropin *d, bool edit_main,
	    char why[NK_SSHPLAN_WHY_MAX]) NK_MUST_CHECK;
void	nk_sshplan_clear(struct nk_sshplan *p);

/* Does it change a file? */
bool	nk_sshplan_changes(const struct nk_sshplan *p);

#endif /* NASKEYS_SSHSERVICE_PLAN_H */
