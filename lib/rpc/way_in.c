/* SPDX-License-Identifier: ISC */
#include "lib/rpc/way_in.h"

#include <errno.h>
#include <string.h>

#include "lib/account/local.h"
#include "lib/account/password.h"
#include "lib/account/shells.h"
#include "lib/publish/render.h"
#include "lib/rpc/edit.h"
#include "lib/rpc/rights.h"
#include "lib/ssh/keyoptions.h"
#include "lib/ssh/keypolicy.h"

#define GROUP_FILE	NK_SYSCONFDIR "/group"
#define SHADOW_FILE	NK_SYSCONFDIR "/shadow"
#define FOUND		1	/* ends a walk */

/* ---- one administrator ---- */

/* One whose options say that it has expired, or cannot be read, has. */
static bool
is_valid(const struct nk_key *k, int64_t now)
{
	const struct nk_keypolicy policy = NK_KEYPOLICY_DEFAULT;
	struct nk_keyoptions o;

	if (k->kind != NK_KEY_KEY || k->expires_at <= now)
		return false;
	if (k->options == NULL || k->options[0] == '\0')
		return true;
	return nk_keyoptions_parse(k->options, strlen(k->options),
	    policy.sshd, &o, NULL) == 0 && (!o.expires || o.expiry > now);
}

/* FOUND, 0 or -errno. */
static int
has_key(struct nk_store *s, const struct nk_user *u, int64_t now)
{
	struct nk_keys ks = { NULL, 0 };
	size_t i;
	int r;

	r = nk_keys_of_user(s, u->id, &ks);
	for (i = 0; r == 0 && i < ks.n; i++)
		if (is_valid(&ks.v[i], now))
			r = FOUND;
	nk_keys_clear(&ks);
	return r;
}

/*
 * A file that cannot be read shows no password.  Where the state is not this
 * machine's own, nor is its shadow file: what is there is not known, and
 * who runs it has other ways.
 */
static bool
has_local_password(const struct nk_context *c, const char *name)
{
	bool has;

	return !c->state->system ||
	    (nk_local_has_password(SHADOW_FILE, name, &has) == 0 && has);
}

static bool
has_password(const struct nk_context *c, const struct nk_user *u)
{
	enum nk_hash_kind kind;
	const char *hash;

	if (!u->managed)
		return has_local_password(c, u->name);
	return !u->password_disabled &&
	    nk_password_check_hash(u->hash, &kind, &hash) == 0 &&
	    kind == NK_HASH_PLAIN;
}

/* FOUND: this one can log in. */
static int
look_at(struct nk_context *c, const struct nk_user *u)
{
	int64_t now = nk_now();

	if (nk_render_is_shut(u, now) ||
	    (u->managed && nk_shell_is_nologin(u->shell)))
		return 0;
	if (has_password(c, u))
		return FOUND;
	return has_key(nk_publisher_store(c->publisher), u, now);
}

/* ---- all of them ---- */

static int
look_at_row(void *arg, const struct nk_user *u)
{
	return look_at(arg, u);
}

static int
look_at_member(void *arg, const char *name, size_t len)
{
	struct nk_context *c = arg;
	char copy[NK_ACTOR_MAX];
	struct nk_user *u;
	int r;

	if (len >= sizeof(copy))
		return 0;
	memcpy(copy, name, len);
	copy[len] = '\0';
	r = nk_user_by_name(nk_publisher_store(c->publisher), copy, &u);
	if (r == -ENOENT)
		return has_local_password(c, copy) ? FOUND : 0;
	if (r < 0)
		return r;
	r = look_at(c, u);
	nk_user_free(u);
	return r;
}

/* FOUND: somebody can log in; 0: nobody; -errno. */
static int
look(struct nk_context *c)
{
	int r;

	r = nk_user_each_admin(nk_publisher_store(c->publisher), look_at_row,
	    c);
	if (r != 0 || !c->state->system)
		return r;
	r = nk_local_members(GROUP_FILE, NK_ADMIN_GROUP, look_at_member, c);
	/* a file that cannot be read has none */
	return r == FOUND ? r : 0;
}

/* ---- whose change it is ---- */

static int
is_name(void *arg, const char *name, size_t len)
{
	const struct nk_user *u = arg;

	return strlen(u->name) == len && memcmp(u->name, name, len) == 0 ?
	    FOUND : 0;
}

static bool
is_admin(const struct nk_context *c, const struct nk_user *u)
{
	union {
		const struct nk_user	*given;
		void			*arg;	/* is_name() reads it */
	} who = { u };

	return u->admin || (c->state->system && nk_local_members(GROUP_FILE,
	    NK_ADMIN_GROUP, is_name, who.arg) == FOUND);
}

int
nk_way_in_before(struct nk_context *c, const struct nk_user *u, bool forced,
    struct nk_way_in *w)
{
	int r;

	*w = (struct nk_way_in){ .forced = forced };
	if (forced || (u != NULL && !is_admin(c, u)))
		return 0;
	if ((r = look(c)) < 0)
		return r;
	w->had = r == FOUND;
	return 0;
}

int
nk_way_in_after(struct nk_context *c, const struct nk_way_in *w,
    struct nk_error *e)
{
	int r;

	if (w->forced || !w->had || (r = look(c)) == FOUND)
		return 0;
	if (r < 0)
		return r;
	return nk_error_call(e, EPERM, "After this change no administrator "
	    "could log in any more: none would have a key in the database, "
	    "or a password.  Give one of them a key first, or use force.");
}
