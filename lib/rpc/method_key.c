/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/keyfile/look.h"
#include "lib/keyfile/merge.h"
#include "lib/rpc/adopt.h"
#include "lib/rpc/edit.h"
#include "lib/rpc/key_add.h"
#include "lib/rpc/key_file.h"
#include "lib/rpc/key_places.h"
#include "lib/rpc/key_revoke.h"
#include "lib/rpc/keyrow.h"
#include "lib/rpc/object.h"
#include "lib/rpc/user_rules.h"
#include "lib/rpc/way_in.h"
#include "lib/ssh/base64.h"
#include "lib/ssh/fingerprint.h"

/* ---- user.keys ---- */

static int
user_keys(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	const char *name = json_string_value(json_array_get(params, 0));
	struct nk_keys ks = { NULL, 0 };
	struct nk_user *u;
	json_t *a = NULL;
	size_t i;
	int r;

	if ((r = nk_key_find_user(c, name, &u, e)) < 0)
		return r;
	r = nk_keys_of_user(nk_publisher_store(c->publisher), u->id, &ks);
	if (r == 0 && (a = json_array()) == NULL)
		r = -ENOMEM;
	for (i = 0; r == 0 && i < ks.n; i++) {
		if (ks.v[i].kind == NK_KEY_KEY && json_array_append_new(a,
		    nk_keyrow_json(&ks.v[i])) == -1)
			r = -ENOMEM;
	}
	if (r < 0)
		json_decref(a);
	else
		*resultp = a;
	nk_keys_clear(&ks);
	nk_user_free(u);
	return r;
}

/* ---- user.remove_key ---- */

struct removal {
	const char	*name, *fingerprint;
	bool		 force;
	struct nk_user	*u;
	size_t		 removed;
	char		*base64;	/* of the key that went */
	uint32_t	 gid;
	size_t		 in_file;	/* lines of it, not ours, in the home */
};

/* Is the key in a line that a hand has put into the user's file? */
static int
find_in_line(void *arg, size_t number, const char *line, size_t len)
{
	struct removal *rm = arg;
	const char *word;
	size_t word_len;
	int r;

	(void)number;
	r = nk_line_find_key(line, len, rm->fingerprint, &word, &word_len);
	if (r <= 0)
		return r;
	rm->in_file++;
	if (rm->base64 == NULL &&
	    (rm->base64 = strndup(word, word_len)) == NULL)
		return -ENOMEM;
	return 0;
}

/* Outside of the edit, since the home may hang. */
static int
find_in_file(struct nk_context *c, struct removal *rm,
    const struct nk_user *u, struct nk_error *e)
{
	const struct nk_keyfile_work w = { .publisher = c->publisher,
	    .state = c->state, .conf = c->conf };
	const char *why;
	int r;

	r = nk_keyfile_each_foreign(&w, u, find_in_line, rm, &why);
	if (r == 0 && why != NULL)
		r = nk_error_call(e, ENOENT, "User %s has no key with the "
		    "fingerprint %.100s in naskeys, and %.1000s/.ssh/"
		    "authorized_keys could not be read: %s", u->name,
		    rm->fingerprint, u->home, why);
	return r;
}

/* The lines that go, for the audit row (some of many), and their key. */
static int
describe(struct removal *rm, const struct nk_keys *ks, json_t **ap)
{
	size_t i;
	int r = 0;

	if ((*ap = json_array()) == NULL)
		return -ENOMEM;
	for (i = 0; r == 0 && i < ks->n; i++) {
		if (ks->v[i].kind != NK_KEY_KEY ||
		    strcmp(ks->v[i].fingerprint, rm->fingerprint) != 0)
			continue;
		if (json_array_size(*ap) < NK_AUDIT_KEYS_MAX &&
		    json_array_append_new(*ap,
		    nk_keyrow_audit(&ks->v[i])) == -1)
			r = -ENOMEM;
		else if (rm->base64 == NULL)
			r = nk_base64_encode(ks->v[i].blob,
			    ks->v[i].blob_len, &rm->base64);
	}
	return r;
}

static int
write_removal(struct nk_context *c, struct removal *rm, struct nk_error *e)
{
	struct nk_store *s = nk_publisher_store(c->publisher);
	struct nk_subject subject = { "user", rm->u->id, rm->u->name };
	struct nk_keys ks;
	json_t *before = NULL;
	int r;

	if ((r = nk_keys_of_user(s, rm->u->id, &ks)) < 0)
		return r;
	if ((r = describe(rm, &ks, &before)) < 0)
		goto out;
	if (json_array_size(before) == 0 && rm->in_file > 0) {
		rm->removed = rm->in_file;
		r = nk_publisher_bury(c->publisher, rm->u->id,
		    rm->fingerprint);
	} else if (json_array_size(before) == 0) {
		r = nk_error_call(e, ENOENT, "User %s has no key with the "
		    "fingerprint %.100s.", rm->u->name, rm->fingerprint);
	} else {
		r = nk_keys_remove(s, rm->u->id, rm->fingerprint,
		    &rm->removed);
	}
	if (r == 0)
		r = nk_audit_write(c, "user.remove_key", &subject, before,
		    NULL, "Remove key %s of user %s", rm->fingerprint,
		    rm->u->name);
 out:
	json_decref(before);
	nk_keys_clear(&ks);
	return r;
}

static int
remove_key(struct nk_context *c, void *arg, struct nk_error *e)
{
	struct removal *rm = arg;
	struct nk_way_in way;
	int r;

	if ((r = nk_key_find_user(c, rm->name, &rm->u, e)) < 0 ||
	    (r = nk_way_in_before(c, rm->u, rm->force, &way)) < 0 ||
	    (r = write_removal(c, rm, e)) < 0 ||
	    (r = nk_way_in_after(c, &way, e)) < 0)
		return r;
	return nk_key_places_gid(c, rm->u, &rm->gid);
}

/*
 * Before the edit: what need not be done while somebody waits for its end.
 * Mostly naskeys holds the key and files have been looked at before: then
 * nothing of the user is needed here.
 */
static int
get_ready(struct nk_context *c, struct removal *rm, struct nk_error *e)
{
	struct nk_store *s = nk_publisher_store(c->publisher);
	struct nk_user *u;
	int64_t id;
	int r;

	if (c->looker != NULL &&
	    ((r = nk_key_find_id(c, rm->name, &id, e)) < 0 ||
	    (r = nk_user_has_key(s, id, rm->fingerprint)) != 0))
		return r < 0 ? r : 0;
	if ((r = nk_key_find_user(c, rm->name, &u, e)) < 0)
		return r;
	nk_key_places_prepare(c, u);
	if ((r = nk_user_has_key(s, u->id, rm->fingerprint)) == 0)
		r = find_in_file(c, rm, u, e);
	nk_user_free(u);
	return r < 0 ? r : 0;
}

/* *deadp, or why it is not. */
static int
is_dead(struct nk_context *c, const struct removal *rm, bool *deadp,
    char why[NK_KEYFILES_WHY_MAX])
{
	int r;

	*deadp = false;
	r = nk_key_places_pending(c, rm->u->id, rm->fingerprint, why);
	if (r == 0)
		nk_key_places_look(c, rm->u, rm->gid, rm->base64, deadp,
		    why);
	return r < 0 ? r : 0;
}

static int
user_remove_key(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	struct removal rm = {
		.name = json_string_value(json_array_get(params, 0)),
		.fingerprint = json_string_value(json_array_get(params, 1)),
		.force = json_is_true(json_object_get(json_array_get(params,
		    2), "force")),
	};
	char why[NK_KEYFILES_WHY_MAX];
	struct nk_object b;
	bool dead;
	int r;

	if (strncmp(rm.fingerprint, "SHA256:", 7) != 0 ||
	    nk_fingerprint_check(rm.fingerprint) < 0) {
		nk_error_add(e, "fingerprint", EINVAL, "A fingerprint is "
		    "\"SHA256:\" and 43 characters, as ssh-keygen -l "
		    "prints it.");
		return -EINVAL;
	}
	if ((r = get_ready(c, &rm, e)) == 0 &&
	    (r = nk_edit_run(c, remove_key, &rm, e)) == 0 &&
	    (r = nk_edit_shown(is_dead(c, &rm, &dead, why), e)) == 0) {
		nk_object_init(&b, NULL);
		nk_object_int(&b, "removed", (int64_t)rm.removed);
		nk_object_bool(&b, "dead", dead);
		nk_object_text(&b, "reason", dead ? NULL : why);
		r = nk_object_finish(&b, resultp);
	}
	free(rm.base64);
	nk_user_free(rm.u);
	return r;
}

/* ---- the table ---- */

static const struct nk_arg keys_args[] = {
	{ .name = "username", .type = NK_ARG_STRING,
	    .flags = NK_ARG_REQUIRED },
	{ .name = NULL },
};

static const struct nk_arg add_fields[] = {
	{ .name = "key", .type = NK_ARG_STRING,
	    .flags = NK_ARG_REQUIRED | NK_ARG_LONG | NK_ARG_SECRET },
	{ .name = "expires_at", .type = NK_ARG_DATE, .flags = NK_ARG_NULL },
	{ .name = "comment", .type = NK_ARG_STRING, .flags = NK_ARG_NULL },
	{ .name = "force", .type = NK_ARG_BOOL },
	{ .name = NULL },
};

static const struct nk_arg add_args[] = {
	{ .name = "username", .type = NK_ARG_STRING,
	    .flags = NK_ARG_REQUIRED },
	{ .name = "user_add_key", .type = NK_ARG_OBJECT,
	    .flags = NK_ARG_REQUIRED, .fields = add_fields },
	{ .name = NULL },
};

static const struct nk_arg remove_fields[] = {
	NK_FORCE_ARG,
	{ .name = NULL },
};

static const struct nk_arg remove_args[] = {
	{ .name = "username", .type = NK_ARG_STRING,
	    .flags = NK_ARG_REQUIRED },
	{ .name = "fingerprint", .type = NK_ARG_STRING,
	    .flags = NK_ARG_REQUIRED },
	{ .name = "options", .type = NK_ARG_OBJECT,
	    .fields = remove_fields },
	{ .name = NULL },
};

const struct nk_method nk_methods_key[] = {
	{ "user.keys", NK_RIGHT_USER, NK_READS, keys_args, user_keys },
	{ "user.add_key", NK_RIGHT_USER, NK_EDITS, add_args, nk_user_add_key },
	{ "user.remove_key", NK_RIGHT_USER, NK_EDITS, remove_args,
	    user_remove_key },
	{ "user.revoke_key", NK_RIGHT_ADMIN, NK_EDITS, nk_revoke_args,
	    nk_user_revoke_key },
	{ "user.adopt_keys", NK_RIGHT_ADMIN, NK_EDITS, nk_adopt_args,
	    nk_user_adopt_keys },
	{ "user.authorized_keys_file", NK_RIGHT_ADMIN, NK_EDITS,
	    nk_keyfile_args, nk_user_authorized_keys_file },
	{ .name = NULL },
};
