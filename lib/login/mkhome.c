/* SPDX-License-Identifier: ISC */
/*
 * A home for who has none yet, when a session begins.  Made as
 * lib/account/home.h promises: never through a link that root does not own,
 * nor in a folder that somebody else may write to, and what is there stays.
 */
#include <errno.h>
#include <string.h>
#include <syslog.h>

#include "lib/account/home.h"
#include "lib/login/login.h"

#define HOME_MODE	0700

static int
make(struct nk_login *l, const struct nk_user *u)
{
	struct nk_home home = NK_HOME_NONE;
	struct nk_group *g;
	int r;

	r = nk_group_get(nk_publisher_store(l->c->publisher), u->group_id,
	    &g);
	if (r < 0)
		return r;
	r = nk_home_make(&home, u->home, u->uid, g->gid, HOME_MODE,
	    l->c->conf->skeleton, l->c->state->owner);
	if (r == 0)
		nk_home_keep(&home);
	nk_group_free(g);
	return r;
}

int
nk_login_mkhome(struct nk_login *l, const struct nk_user *u,
    const struct nk_frame *f, struct nk_login_answer *a)
{
	const char *why;
	int r;

	(void)f;
	/* the folder that everybody shares who has no home is nobody's */
	if (strcmp(u->home, l->c->conf->default_home) == 0 ||
	    nk_home_check(u->home, &why) < 0) {
		nk_login_say(a, NK_FRAME_OK, NULL);
		return 0;
	}
	if ((r = make(l, u)) < 0) {
		nk_login_say(a, NK_FRAME_PERM_DENIED, NULL);
		nk_login_note(a, LOG_ERR, "user %.100s: home %.200s was not "
		    "made: %s", u->name, u->home, strerror(-r));
		return 0;
	}
	nk_login_say(a, NK_FRAME_OK, NULL);
	return 0;
}
