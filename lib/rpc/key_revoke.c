/* SPDX-License-Identifier: ISC */
/*
 * user.revoke_key: out of the store and the maps, and onto the list that
 * sshd reads, in one edit.  A key is dead when sshd reads that list; without
 * it a file that sshd reads may hold the key, anybody's.
 */
#include "lib/rpc/key_revoke.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/account/sshdsettings.h"
#include "lib/rpc/edit.h"
#include "lib/rpc/key_places.h"
#include "lib/rpc/key_sessions.h"
#include "lib/rpc/keyrow.h"
#include "lib/rpc/object.h"
#include "lib/rpc/way_in.h"
#include "lib/ssh/base64.h"
#include "lib/ssh/fingerprint.h"
#include "lib/store/revoked.h"

#define PREFIX	"SHA256:"

/* A user who had a key of these, whose files are to be looked at. */
struct holder {
	struct nk_user	*u;
	uint32_t	 gid;
	char		*base64;	/* of the key */
};

struct revocation {
	const char	*what;		/* a username, or a fingerprint */
	json_t		*fingerprints, *places;
	json_t		*users;		/* names as keys: very many may be */
	bool		 terminate, force;
	json_t		*sessions;	/* that were ended, NULL: none */
	size_t		 removed;	/* lines */
	bool		 changed;
	struct holder	 v[NK_REVOKE_LOOKS_MAX];
	size_t		 n;
	bool		 more;		/* holders than fit */
};

static void
forget_holders(struct revocation *rv)
{
	for (; rv->n > 0; rv->n--) {
		nk_user_free(rv->v[rv->n - 1].u);
		free(rv->v[rv->n - 1].base64);
	}
}

static bool
has_text(const json_t *array, const char *text)
{
	const json_t *v;
	size_t i;

	json_array_foreach(array, i, v)
		if (strcmp(json_string_value(v), text) == 0)
			return true;
	return false;
}

static int
add_text(json_t *array, const char *text)
{
	if (has_text(array, text))
		return 0;
	return json_array_append_new(array, json_string(text)) == -1 ?
	    -ENOMEM : 0;
}

/* ---- under the lock ---- */

/* *u is taken over. */
static int
remember_holder(struct nk_context *c, struct revocation *rv,
    struct nk_user *u, const struct nk_key *k)
{
	struct holder *h;

	if (rv->n == NK_REVOKE_LOOKS_MAX) {
		rv->more = true;
		nk_user_free(u);
		return 0;
	}
	h = &rv->v[rv->n++];
	*h = (struct holder){ .u = u };
	if (nk_base64_encode(k->blob, k->blob_len, &h->base64) < 0)
		return -ENOMEM;
	return nk_key_places_gid(c, u, &h->gid);
}

/* Take the key of the line k from its user; *names gets who that is. */
static int
take_from_user(struct nk_context *c, struct revocation *rv,
    const struct nk_key *k, json_t *names)
{
	struct nk_store *s = nk_publisher_store(c->publisher);
	struct nk_user *u;
	size_t n = 0;
	int r;

	if ((r = nk_keys_remove(s, k->user_id, k->fingerprint, &n)) < 0 ||
	    (r = nk_user_get(s, k->user_id, &u)) < 0)
		return r;
	rv->removed += n;
	if (json_array_append_new(names, json_string(u->name)) == -1 ||
	    json_object_set_new(rv->users, u->name, json_null()) == -1) {
		nk_user_free(u);
		return -ENOMEM;
	}
	return remember_holder(c, rv, u, k);
}

/* k: a line that had it, NULL where nobody had. */
static int
put_on_list(struct nk_context *c, const char *fingerprint,
    const struct nk_key *k)
{
	struct nk_revoked row = { .fingerprint = fingerprint,
	    .revoked_by = c->actor, .revoked_at = nk_now() };

	if (k != NULL) {
		row.type = k->type;
		row.blob = k->blob;
		row.blob_len = k->blob_len;
		row.comment = k->comment;
	}
	return nk_revoked_add(nk_publisher_store(c->publisher), &row);
}

static int
write_audit(struct nk_context *c, const char *fingerprint,
    const struct nk_key *k, json_t *names)
{
	struct nk_subject subject = { "key", 0, fingerprint };
	json_t *before;
	int r;

	before = json_pack("{s:O, s:o}", "users", names, "key",
	    k != NULL ? nk_keyrow_audit(k) : json_null());
	if (before == NULL)
		return -ENOMEM;
	r = nk_audit_write(c, "user.revoke_key", &subject, before, NULL,
	    "Revoke key %s", fingerprint);
	json_decref(before);
	return r;
}

static int
revoke_one(struct nk_context *c, struct revocation *rv,
    const char *fingerprint)
{
	struct nk_store *s = nk_publisher_store(c->publisher);
	struct nk_keys ks = { NULL, 0 };
	json_t *names = json_array();
	size_t i;
	int r;

	if (names == NULL)
		return -ENOMEM;
	if ((r = add_text(rv->fingerprints, fingerprint)) < 0 ||
	    (r = nk_keys_by_fingerprint(s, fingerprint, &ks)) < 0)
		goto out;
	for (i = 0; r == 0 && i < ks.n; i++)
		if (i == 0 || ks.v[i].user_id != ks.v[i - 1].user_id)
			r = take_from_user(c, rv, &ks.v[i], names);
	if (r < 0)
		goto out;
	/* a hand may have put it into a file, also since it was revoked */
	if ((r = nk_publisher_bury(c->publisher, 0, fingerprint)) < 0)
		goto out;
	rv->changed = rv->changed || nk_publisher_homes(c->publisher)->n > 0;
	r = put_on_list(c, fingerprint, ks.n > 0 ? &ks.v[0] : NULL);
	if (r == -EEXIST && ks.n == 0) {
		r = 0;
		goto out;		/* it was revoked before */
	}
	if (r == 0 || r == -EEXIST)
		r = write_audit(c, fingerprint, ks.n > 0 ? &ks.v[0] : NULL,
		    names);
	rv->changed = true;
 out:
	nk_keys_clear(&ks);
	json_decref(names);
	return r;
}

static int
revoke_all_of(struct nk_context *c, struct revocation *rv,
    struct nk_error *e)
{
	struct nk_store *s = nk_publisher_store(c->publisher);
	struct nk_keys ks = { NULL, 0 };
	struct nk_user *u;
	size_t i;
	int r;

	r = nk_user_by_name(s, rv->what, &u);
	if (r == -ENOENT)
		return nk_error_call(e, ENOENT,
		    "naskeys has no user \"%s\".", rv->what);
	if (r < 0)
		return r;
	r = nk_keys_of_user(s, u->id, &ks);
	for (i = 0; r == 0 && i < ks.n; i++)
		if (ks.v[i].kind == NK_KEY_KEY &&
		    !has_text(rv->fingerprints, ks.v[i].fingerprint))
			r = revoke_one(c, rv, ks.v[i].fingerprint);
	if (r == 0 && json_array_size(rv->fingerprints) == 0)
		r = nk_error_call(e, ENOENT, "User %s has no keys.",
		    u->name);
	nk_keys_clear(&ks);
	nk_user_free(u);
	return r;
}

static int
revoke(struct nk_context *c, void *arg, struct nk_error *e)
{
	struct revocation *rv = arg;
	struct nk_way_in way;
	int r;

	if ((r = nk_way_in_before(c, NULL, rv->force, &way)) < 0)
		return r;
	r = strncmp(rv->what, PREFIX, strlen(PREFIX)) == 0 ?
	    revoke_one(c, rv, rv->what) : revoke_all_of(c, rv, e);
	if (r < 0 || (r = nk_way_in_after(c, &way, e)) < 0)
		return r;
	return rv->changed ? 0 : 1;
}

/* ---- what sshd does about it ---- */

/* Does sshd read our list when this user logs in? */
static bool
is_in_force(struct nk_context *c, const char *name)
{
	struct nk_settings s;
	const char *path;
	bool is;

	if (nk_settings_ask(&s, c->conf->sshd, name,
	    c->conf->lookup_timeout) < 0)
		return false;
	path = nk_setting(&s, "revokedkeys");
	is = path != NULL && strcmp(path, c->state->revoked) == 0;
	nk_settings_clear(&s);
	return is;
}

/* For all who had the key, or where nobody had it, for root. */
static int
find_reason(struct nk_context *c, const struct revocation *rv,
    char why[NK_KEYFILES_WHY_MAX])
{
	const char *name = NULL;
	size_t i;
	int r;

	why[0] = '\0';
	if ((r = nk_publisher_revoked(c->publisher)) < 0) {
		(void)snprintf(why, NK_KEYFILES_WHY_MAX, "%s could not be "
		    "written (%s): until it can be, sshd goes on taking the "
		    "key from files of its own.", c->state->revoked,
		    strerror(-r));
		return 0;
	}
	if (!c->state->system) {
		(void)snprintf(why, NK_KEYFILES_WHY_MAX, "The state lies in "
		    "a folder of its own, and sshd was not asked whether it "
		    "reads %s.", c->state->revoked);
		return 0;
	}
	if (rv->n == 0 && !is_in_force(c, "root"))
		name = "root";
	for (i = 0; name == NULL && i < rv->n; i++)
		if (!is_in_force(c, rv->v[i].u->name))
			name = rv->v[i].u->name;
	if (name != NULL)
		(void)snprintf(why, NK_KEYFILES_WHY_MAX, "sshd's RevokedKeys "
		    "is not %s for user %.256s: whoever puts the key into a "
		    "file that sshd reads can use it (naskeysctl init "
		    "--configure).", c->state->revoked, name);
	else if (rv->more)
		(void)snprintf(why, NK_KEYFILES_WHY_MAX, "More than %d users "
		    "had the key, and sshd was not asked about all of them.",
		    NK_REVOKE_LOOKS_MAX);
	return 0;
}

static int
find_places(struct nk_context *c, struct revocation *rv)
{
	char why[NK_KEYFILES_WHY_MAX];
	bool dead;
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < rv->n; i++) {
		nk_key_places_look(c, rv->v[i].u, rv->v[i].gid,
		    rv->v[i].base64, &dead, why);
		if (!dead)
			r = add_text(rv->places, why);
	}
	return r;
}

/* A new reference; NULL: no memory. */
static json_t *
names_of(json_t *users)
{
	json_t *names = json_array(), *none;
	const char *name;

	json_object_foreach(users, name, none) {
		if (json_array_append_new(names, json_string(name)) == 0)
			continue;
		json_decref(names);
		return NULL;
	}
	return names;
}

/* Not sshd alone reads files in homes: why is set, unless it is already. */
static int
find_pending(struct nk_context *c, const struct revocation *rv,
    char why[NK_KEYFILES_WHY_MAX])
{
	char text[NK_KEYFILES_WHY_MAX];
	const json_t *v;
	size_t i;
	int r;

	json_array_foreach(rv->fingerprints, i, v) {
		r = nk_key_places_pending(c, 0, json_string_value(v), text);
		if (r == 0)
			continue;
		if (r < 0 || (r = add_text(rv->places, text)) < 0)
			return r;
		if (why[0] == '\0')
			memcpy(why, text, sizeof(text));
	}
	return 0;
}

static int
answer(struct nk_context *c, struct revocation *rv, json_t **resultp)
{
	char why[NK_KEYFILES_WHY_MAX];
	struct nk_object b;
	bool dead;
	int r;

	if ((r = find_reason(c, rv, why)) < 0 ||
	    (r = find_pending(c, rv, why)) < 0)
		return r;
	dead = why[0] == '\0';
	if (!dead && (r = find_places(c, rv)) < 0)
		return r;
	nk_object_init(&b, NULL);
	nk_object_put(&b, "fingerprints", json_incref(rv->fingerprints));
	nk_object_put(&b, "users", names_of(rv->users));
	nk_object_int(&b, "removed", (int64_t)rv->removed);
	nk_object_bool(&b, "dead", dead);
	nk_object_text(&b, "reason", dead ? NULL : why);
	nk_object_put(&b, "places", json_incref(rv->places));
	nk_object_put(&b, "sessions", rv->sessions != NULL ?
	    json_incref(rv->sessions) : json_array());
	return nk_object_finish(&b, resultp);
}

/* ---- the method ---- */

int
nk_user_revoke_key(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	struct revocation rv = {
		.what = json_string_value(json_array_get(params, 0)),
		.fingerprints = json_array(), .users = json_object(),
		.places = json_array(),
		.terminate = json_is_true(json_object_get(json_array_get(
		    params, 1), "terminate")),
		.force = json_is_true(json_object_get(json_array_get(params,
		    1), "force")),
	};
	int r;

	if (strncmp(rv.what, PREFIX, strlen(PREFIX)) == 0 &&
	    nk_fingerprint_check(rv.what) < 0) {
		nk_error_add(e, "what", EINVAL, "A fingerprint is "
		    "\"SHA256:\" and 43 characters, as ssh-keygen -l "
		    "prints it.");
		r = -EINVAL;
	} else if (rv.fingerprints == NULL || rv.users == NULL ||
	    rv.places == NULL)
		r = -ENOMEM;
	else if ((r = nk_edit_run(c, revoke, &rv, e)) == 0) {
		if (rv.terminate)
			r = nk_key_end_sessions(c, rv.fingerprints,
			    &rv.sessions);
		if (r == 0)
			r = answer(c, &rv, resultp);
		r = nk_edit_shown(r, e);
	}
	forget_holders(&rv);
	json_decref(rv.fingerprints);
	json_decref(rv.users);
	json_decref(rv.places);
	json_decref(rv.sessions);
	return r;
}

static const struct nk_arg revoke_fields[] = {
	{ .name = "terminate", .type = NK_ARG_BOOL },
	NK_FORCE_ARG,
	{ .name = NULL },
};

const struct nk_arg nk_revoke_args[] = {
	{ .name = "what", .type = NK_ARG_STRING, .flags = NK_ARG_REQUIRED },
	{ .name = "options", .type = NK_ARG_OBJECT,
	    .fields = revoke_fields },
	{ .name = NULL },
};
