/* SPDX-License-Identifier: ISC */
#include "lib/rpc/account_check.h"

#include <errno.h>
#include <stdio.h>

#include "lib/account/directory.h"
#include "lib/account/resolver.h"
#include "lib/rpc/import.h"

#define SENTENCE_MAX	768	/* two names and some words */

struct check {
	struct nk_context		*c;
	const struct nk_directory	*directory;
	void				(*report)(void *arg,
					    const char *what);
	void				*arg;
	bool				 bad;
};

static void
fault(struct check *k, const char *text)
{
	k->bad = true;
	k->report(k->arg, text);
}

static void
check_managed(struct check *k, const struct nk_user *u)
{
	char text[SENTENCE_MAX];
	const char *holder;

	if (nk_directory_has_user(k->directory, u->name)) {
		(void)snprintf(text, sizeof(text), "user %s: another name "
		    "service has this name too, and may be asked first",
		    u->name);
		fault(k, text);
	} else if ((holder = nk_directory_uid(k->directory,
	    u->uid)) != NULL) {
		(void)snprintf(text, sizeof(text), "user %s: its uid %u is "
		    "also that of user %s in another name service", u->name,
		    u->uid, holder);
		fault(k, text);
	}
}

/* One that cannot be asked is no fault of the store. */
static int
check_external(struct check *k, const struct nk_user *u)
{
	struct nk_question q = { .name = u->name };
	char text[SENTENCE_MAX];
	int r;

	r = nk_resolver_ask(&k->c->resolver, &q, 1,
	    k->c->conf->lookup_timeout);
	if (r < 0 || (q.entry.found && q.entry.id == u->uid))
		return r;
	if (!q.entry.found)
		(void)snprintf(text, sizeof(text), "user %s: no name service "
		    "knows this account any more", u->name);
	else
		(void)snprintf(text, sizeof(text), "user %s: its uid is %u "
		    "now and not %u, so its keys are not given out until "
		    "the new one is accepted", u->name, q.entry.id, u->uid);
	fault(k, text);
	return 0;
}

static int
check_user(void *arg, const struct nk_user *u)
{
	struct check *k = arg;

	if (u->id == NK_USER_ROOT_ID)
		return 0;
	if (!u->managed)
		return check_external(k, u);
	check_managed(k, u);
	return 0;
}

int
nk_account_check(struct nk_context *c,
    void (*report)(void *arg, const char *what), void *arg)
{
	struct check k = { .c = c, .report = report, .arg = arg };
	struct nk_directory *d;
	int r;

	if ((r = nk_directory_read(&d, nk_import_seconds(c->conf))) < 0)
		return r;
	k.directory = d;
	r = nk_user_each(nk_publisher_store(c->publisher), 0, check_user,
	    &k);
	nk_directory_free(d);
	return r == 0 && k.bad ? -EBADMSG : r;
}
