/* SPDX-License-Identifier: ISC */
#include "lib/rpc/hold.h"

#include <stddef.h>

void
nk_hold_begin(struct nk_hold *h)
{
	static const int ending[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM,
		SIGTSTP };
	sigset_t set;
	size_t i;

	if (h->held)
		return;
	(void)sigemptyset(&set);
	for (i = 0; i < sizeof(ending) / sizeof(ending[0]); i++)
		(void)sigaddset(&set, ending[i]);
	h->held = sigprocmask(SIG_BLOCK, &set, &h->before) == 0;
}

void
nk_hold_end(struct nk_hold *h)
{
	if (h->held)
		(void)sigprocmask(SIG_SETMASK, &h->before, NULL);
	h->held = false;
}
