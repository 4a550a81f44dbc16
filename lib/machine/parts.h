/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_MACHINE_PARTS_H
#define NASKEYS_MACHINE_PARTS_H

/* What the parts of a check share; for lib/machine alone. */

#include "lib/account/sshdsettings.h"
#include "lib/attr.h"
#include "lib/conf/conf.h"
#include "lib/machine/finding.h"
#include "lib/sshservice/dropin.h"
#include "lib/store/store.h"

struct nk_machine {
	const struct nk_conf	*conf;
	struct nk_store		*store;
	struct nk_findings	*f;
	/* By sshd's own word, where it could be asked: */
	struct nk_settings	 everybody;	/* outside of any Match */
	struct nk_settings	 root;		/* for root from here */
	enum nk_ssh_files	 files;		/* what our drop-in says */
};

/* Each reports; nothing of it fails but for want of memory or the store. */

/* nameservice.c: nsswitch.conf, and the cache. */
void	nk_machine_nsswitch(struct nk_machine *m);
void	nk_machine_nscd(struct nk_machine *m);

/* confinement.c: AppArmor and SELinux. */
void	nk_machine_confinement(struct nk_machine *m);

/* sshd.c: release, settings, files; it asks for what others need. */
int	nk_machine_sshd(struct nk_machine *m) NK_MUST_CHECK;

/* foreign.c: Match blocks that are not ours. */
int	nk_machine_foreign(struct nk_machine *m) NK_MUST_CHECK;

#endif /* NASKEYS_MACHINE_PARTS_H */
