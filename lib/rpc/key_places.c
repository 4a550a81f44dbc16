/* SPDX-License-Identifier: ISC */
#include "lib/rpc/key_places.h"

#include <errno.h>
#include <stdio.h>

#include "lib/keyfile/homelock.h"
#include "lib/rpc/elsewhere.h"
#include "lib/store/keyfiles.h"

int
nk_key_places_gid(struct nk_context *c, const struct nk_user *u,
    uint32_t *gidp)
{
	*gidp = 0;
	return u->group_id == 0 ? 0 : nk_group_gid(nk_publisher_store(
	    c->publisher), u->group_id, gidp);
}

static struct nk_keyfiles
files_of(struct nk_context *c, const struct nk_user *u, uint32_t gid)
{
	return (struct nk_keyfiles){
		.sshd = c->state->system ? c->conf->sshd : NULL,
		.user = u->name,
		.home = u->home,
		.no_home = c->conf->default_home,
		.uid = u->uid,
		.gid = gid,
		.seconds = c->conf->lookup_timeout,
	};
}

void
nk_key_places_prepare(struct nk_context *c, const struct nk_user *u)
{
	struct nk_keyfiles k;

	if (c->looker != NULL || !u->managed)
		return;
	k = files_of(c, u, 0);
	nk_keyfiles_prepare(&k, &c->looker);
}

int
nk_key_places_pending(struct nk_context *c, int64_t user_id,
    const char *fingerprint, char why[NK_KEYFILES_WHY_MAX])
{
	struct nk_keyfile_home *h;
	int r;

	if (nk_publisher_homes_are_written(c->publisher, user_id))
		return 0;
	r = nk_keyfile_home_of_key(nk_publisher_store(c->publisher), user_id,
	    fingerprint, &h);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	(void)snprintf(why, NK_KEYFILES_WHY_MAX, "%s/.ssh/authorized_keys "
	    "may still have the key: %s It is written at the user's next "
	    "login, or by \"naskeysctl sync\".", h->home, h->reason != NULL ?
	    h->reason : "It has not been written yet.");
	nk_keyfile_home_free(h);
	return 1;
}

struct entry {
	const struct nk_state	*state;
	uint32_t		 uid;
	struct nk_homelock	 lock;
};

/* The lock of the homes. */
static int
enter(void *arg, const int **keepp)
{
	struct entry *e = arg;

	*keepp = &e->lock.fd;
	return nk_homelock_take(&e->lock, e->state, e->uid, NK_HOMELOCK_MS);
}

void
nk_key_places_look(struct nk_context *c, const struct nk_user *u,
    uint32_t gid, const char *base64, bool *deadp,
    char why[NK_KEYFILES_WHY_MAX])
{
	struct nk_keyfiles k = files_of(c, u, gid);
	struct nk_question q = { .name = u->name };
	struct entry e = { .state = c->state, .uid = u->uid,
	    .lock = { .fd = -1 } };
	const char *text = NULL;
	int r = -EAGAIN;

	*deadp = false;
	k.base64 = base64;
	if (!u->managed && c->conf->chained_command[0] != '\0')
		text = "The chained command may still give it out.";
	else if (!u->managed && (nk_resolver_ask(&c->resolver, &q, 1,
	    c->conf->lookup_timeout) < 0 || !q.entry.found))
		text = "The account's home is not known now; if a file there "
		    "holds the key, sshd will accept it.";
	if (text == NULL && !u->managed) {
		k.home = q.entry.home;
		k.gid = q.entry.gid;
	}
	if (text == NULL) {
		k.enter = enter;
		k.arg = &e;
		r = nk_keyfiles_look(&k, &c->looker, deadp, why);
		nk_homelock_drop(&e.lock);
	}
	if (r == 0)
		return;
	(void)snprintf(why, NK_KEYFILES_WHY_MAX, "%s", text != NULL ? text :
	    "The files that sshd reads could not be looked at.");
}
