/* SPDX-License-Identifier: ISC */
#include "lib/machine/check.h"

#include <errno.h>
#include <string.h>

#include "lib/account/shells.h"
#include "lib/machine/parts.h"

/* Who is made without a shell gets this one, and sshd asks for it. */
static void
look_at_shell(struct nk_machine *m)
{
	const char *shell = m->conf->default_shell;
	struct nk_shells shells;
	int r;

	if ((r = nk_shells_load(&shells, NK_SHELLS_FILE)) < 0) {
		nk_finding_fault(m->f, "default_shell", "%s: %s; put it "
		    "there", NK_SHELLS_FILE, strerror(-r));
		return;
	}
	if (!nk_shells_has(&shells, shell))
		nk_finding_fault(m->f, "default_shell", NK_SYSCONFDIR
		    "/naskeys/naskeys.conf: default_shell %s is not one of "
		    NK_SHELLS_FILE, shell);
	nk_shells_clear(&shells);
}

int
nk_machine_check(const struct nk_conf *conf, struct nk_store *store,
    struct nk_findings *f)
{
	struct nk_machine m = { .conf = conf, .store = store, .f = f };
	int r;

	look_at_shell(&m);
	nk_machine_nsswitch(&m);
	nk_machine_nscd(&m);
	nk_machine_confinement(&m);
	r = nk_machine_sshd(&m);
	nk_settings_clear(&m.everybody);
	nk_settings_clear(&m.root);
	return r;
}
