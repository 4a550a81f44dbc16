/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/account/keyfiles.h"
#include "lib/rpc/edit.h"
#include "lib/rpc/elsewhere.h"
#include "lib/rpc/key_add.h"
#include "lib/rpc/keyrow.h"
#include "lib/rpc/object.h"
#include "lib/rpc/user_rules.h"
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
	struct nk_user	*u;
	size_t		 removed;
	char		*base64;	/* of the key that went */
	uint32_t	 gid;
};

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
	if (json_array_size(before) == 0) {
		r = nk_error_call(e, ENOENT, "User %s has no key with the "
		    "fingerprint %.100s.", rm->u->name, rm->fingerprint);
		goto out;
	}
	r = nk_keys_remove(s, rm->u->id, rm->fingerprint, &rm->removed);
	if (r == 0)
		r = nk_audit_write(c, "user.remove_key", &subject, before,
		    NULL, "Remove key %s of user %s", rm->fingerprint,
		    rm->u->name);
 out:
	json_decref(before);
	nk_keys_clear(&ks);
	return r;
}

/* The gid of the user's own group, 0 for none. */
static int
primary_gid(struct nk_context *c, const struct nk_user *u, uint32_t *gidp)
{
	struct nk_group *g;
	int r;

	*gidp = 0;
	if (u->group_id == 0)
		return 0;
	r = nk_group_get(nk_publisher_store(c->publisher), u->group_id, &g);
	if (r == 0)
		*gidp = g->gid;
	nk_group_free(g);
	return r;
}

static int
remove_key(struct nk_context *c, void *arg, struct nk_error *e)
{
	struct removal *rm = arg;
	int r;

	if ((r = nk_key_find_user(c, rm->name, &rm->u, e)) < 0 ||
	    (r = write_removal(c, rm, e)) < 0)
		return r;
	return primary_gid(c, rm->u, &rm->gid);
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

/* Before the edit: what need not be done while somebody waits for its end. */
static int
get_ready(struct nk_context *c, const struct removal *rm, struct nk_error *e)
{
	struct nk_keyfiles k;
	struct nk_user *u;
	int r;

	if (c->looker != NULL)
		return 0;
	if ((r = nk_key_find_user(c, rm->name, &u, e)) < 0)
		return r;
	if (u->managed) {
		k = files_of(c, u, 0);
		nk_keyfiles_prepare(&k, &c->looker);
	}
	nk_user_free(u);
	return 0;
}

/* The key is gone from the store; can sshd still find it in a file? */
static void
look_at_files(struct nk_context *c, struct removal *rm, bool *deadp,
    char why[NK_KEYFILES_WHY_MAX])
{
	struct nk_keyfiles k = files_of(c, rm->u, rm->gid);
	struct nk_question q = { .name = rm->u->name };
	const char *text = NULL;

	*deadp = false;
	k.base64 = rm->base64;
	if (!rm->u->managed && c->conf->chained_command[0] != '\0')
		text = "The chained command may still give it out.";
	else if (!rm->u->managed && (nk_resolver_ask(&c->resolver, &q, 1,
	    c->conf->lookup_timeout) < 0 || !q.entry.found))
		text = "The account's home is not known now; if a file there "
		    "holds the key, sshd will accept it.";
	if (text == NULL && !rm->u->managed) {
		k.home = q.entry.home;
		k.gid = q.entry.gid;
	}
	if (text == NULL && nk_keyfiles_look(&k, &c->looker, deadp,
	    why) == 0)
		return;
	(void)snprintf(why, NK_KEYFILES_WHY_MAX, "%s", text != NULL ? text :
	    "The files that sshd reads could not be looked at.");
}

static int
user_remove_key(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	struct removal rm = {
		.name = json_string_value(json_array_get(params, 0)),
		.fingerprint = json_string_value(json_array_get(params, 1)),
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
	    (r = nk_edit_run(c, remove_key, &rm, e)) == 0) {
		look_at_files(c, &rm, &dead, why);
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

/* ---- user.authorized_keys_file ---- */

static int
set_mode(struct nk_context *c, void *arg, struct nk_error *e)
{
	const char *name = arg;
	struct nk_subject subject = { "user", 0, name };
	struct nk_user *u;
	json_t *after;
	int r;

	if ((r = nk_key_find_user(c, name, &u, e)) < 0)
		return r;
	if (u->keyfile_mode == NK_KEYFILE_NONE) {
		nk_user_free(u);
		return 1;
	}
	u->keyfile_mode = NK_KEYFILE_NONE;
	subject.id = u->id;
	after = json_pack("{s:s}", "authorized_keys_file", "NONE");
	if (after == NULL)
		r = -ENOMEM;
	else if ((r = nk_user_update(nk_publisher_store(c->publisher),
	    u)) == 0)
		r = nk_audit_write(c, "user.authorized_keys_file", &subject,
		    NULL, after, "Update user %s", name);
	json_decref(after);
	nk_user_free(u);
	return r;
}

static int
user_authorized_keys_file(struct nk_context *c, json_t *params,
    json_t **resultp, struct nk_error *e)
{
	union {
		const char	*given;
		void		*arg;	/* set_mode() reads it */
	} name = { json_string_value(json_array_get(params, 0)) };
	const char *mode = json_string_value(json_object_get(
	    json_array_get(params, 1), "mode"));
	int r;

	if (strcmp(mode, "HOME") == 0 || strcmp(mode, "CENTRAL") == 0)
		return nk_error_call(e, EOPNOTSUPP, "This version of "
		    "naskeys writes no authorized_keys files: the mode %s "
		    "is not available yet, only NONE is.", mode);
	if (strcmp(mode, "NONE") != 0) {
		nk_error_add(e, "options.mode", EINVAL,
		    "Input should be \"NONE\", \"HOME\" or \"CENTRAL\"");
		return -EINVAL;
	}
	if ((r = nk_edit_run(c, set_mode, name.arg, e)) < 0)
		return r;
	return (*resultp = json_string("NONE")) == NULL ? -ENOMEM : 0;
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
	{ .name = NULL },
};

static const struct nk_arg add_args[] = {
	{ .name = "username", .type = NK_ARG_STRING,
	    .flags = NK_ARG_REQUIRED },
	{ .name = "user_add_key", .type = NK_ARG_OBJECT,
	    .flags = NK_ARG_REQUIRED, .fields = add_fields },
	{ .name = NULL },
};

static const struct nk_arg remove_args[] = {
	{ .name = "username", .type = NK_ARG_STRING,
	    .flags = NK_ARG_REQUIRED },
	{ .name = "fingerprint", .type = NK_ARG_STRING,
	    .flags = NK_ARG_REQUIRED },
	{ .name = NULL },
};

static const struct nk_arg mode_fields[] = {
	{ .name = "mode", .type = NK_ARG_STRING, .flags = NK_ARG_REQUIRED },
	{ .name = NULL },
};

static const struct nk_arg mode_args[] = {
	{ .name = "username", .type = NK_ARG_STRING,
	    .flags = NK_ARG_REQUIRED },
	{ .name = "options", .type = NK_ARG_OBJECT,
	    .flags = NK_ARG_REQUIRED, .fields = mode_fields },
	{ .name = NULL },
};

const struct nk_method nk_methods_key[] = {
	{ "user.keys", NK_RIGHT_USER, NK_READS, keys_args, user_keys },
	{ "user.add_key", NK_RIGHT_USER, NK_EDITS, add_args, nk_user_add_key },
	{ "user.remove_key", NK_RIGHT_USER, NK_EDITS, remove_args,
	    user_remove_key },
	{ "user.authorized_keys_file", NK_RIGHT_ADMIN, NK_EDITS, mode_args,
	    user_authorized_keys_file },
	{ .name = NULL },
};
