/* SPDX-License-Identifier: ISC */
#include "lib/rpc/entity.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/account/passwdfile.h"
#include "lib/rpc/edit.h"
#include "lib/rpc/key_file.h"
#include "lib/rpc/keyrow.h"
#include "lib/store/apikeys.h"

#define SECONDS_A_DAY	86400
#define IMMUTABLE_UID	950	/* the peer's second administrator */
#define PASSWD_FILE	NK_SYSCONFDIR "/passwd"
#define LINE_ROOM	4096

bool
nk_gid_is_editable(uint32_t gid)
{
	static const uint32_t gids[] = { 14, 445, 544, 545, 568, 951, 952 };
	size_t i;

	for (i = 0; i < sizeof(gids) / sizeof(gids[0]); i++) {
		if (gids[i] == gid)
			return true;
	}
	return false;
}

bool
nk_is_in_passwd(const char *name)
{
	struct nk_passwd_line p;
	char line[LINE_ROOM];
	bool found = false;
	FILE *f;

	if ((f = fopen(PASSWD_FILE, "re")) == NULL)
		return false;
	while (!found && fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		found = nk_passwd_line_parse(line, &p) == 0 &&
		    strcmp(p.name, name) == 0;
	}
	(void)fclose(f);
	return found;
}

/* ---- parts of a user ---- */

/* "DIRECT", a number, or null. */
static void
put_idmap(struct nk_object *b, const char *idmap)
{
	char *end;
	long long n;

	if (idmap != NULL && idmap[0] >= '0' && idmap[0] <= '9') {
		n = strtoll(idmap, &end, 10);
		if (*end == '\0') {
			nk_object_int(b, "userns_idmap", n);
			return;
		}
	}
	nk_object_text(b, "userns_idmap", idmap);
}

static void
put_bsdgrp(struct nk_object *b, int64_t id, const struct nk_group *g)
{
	struct nk_object o;
	json_t *v;

	nk_object_init(&o, NULL);
	nk_object_int(&o, "id", id);
	nk_object_int(&o, "bsdgrp_gid", g->gid);
	nk_object_text(&o, "bsdgrp_group", g->name);
	nk_object_bool(&o, "bsdgrp_builtin", g->builtin);
	nk_object_put(&o, "bsdgrp_sudo_commands",
	    nk_json_lines(g->sudo_commands));
	nk_object_put(&o, "bsdgrp_sudo_commands_nopasswd",
	    nk_json_lines(g->sudo_commands_nopasswd));
	nk_object_bool(&o, "bsdgrp_smb", g->smb);
	if (nk_object_finish(&o, &v) < 0)
		v = NULL;
	nk_object_put(b, "group", v);
}

/* root's is the machine's own; of others elsewhere we know none. */
static int
put_group(struct nk_context *c, struct nk_object *b, const struct nk_user *u)
{
	char root[] = "root", empty[] = "";
	const struct nk_group of_root = { .name = root, .builtin = true,
	    .sudo_commands = empty, .sudo_commands_nopasswd = empty };
	struct nk_group *g;
	int r;

	if (!nk_wants(b->wanted, "group"))
		return 0;
	if (u->group_id == 0) {
		if (u->id == NK_USER_ROOT_ID)
			put_bsdgrp(b, 0, &of_root);
		else
			nk_object_null(b, "group");
		return 0;
	}
	r = nk_group_get(nk_publisher_store(c->publisher), u->group_id, &g);
	if (r < 0)
		return r == -ENOENT ? -EBADMSG : r;
	put_bsdgrp(b, g->id, g);
	nk_group_free(g);
	return 0;
}

static json_t *
ids_json(const struct nk_ids *ids)
{
	json_t *a = json_array();
	size_t i;

	for (i = 0; a != NULL && i < ids->n; i++) {
		if (json_array_append_new(a, json_integer(ids->v[i])) == -1) {
			json_decref(a);
			return NULL;
		}
	}
	return a;
}

static int
put_groups(struct nk_context *c, struct nk_object *b,
    const struct nk_user *u)
{
	struct nk_ids ids;
	int r;

	if (!nk_wants(b->wanted, "groups"))
		return 0;
	r = nk_groups_of_user(nk_publisher_store(c->publisher), u->id, &ids);
	if (r < 0)
		return r;
	nk_object_put(b, "groups", ids_json(&ids));
	nk_ids_clear(&ids);
	return 0;
}

static int
put_keys(struct nk_context *c, struct nk_object *b, const struct nk_user *u)
{
	struct nk_keys ks;
	char *text = NULL;
	int r;

	if (!nk_wants(b->wanted, "sshpubkey"))
		return 0;
	r = nk_keys_of_user(nk_publisher_store(c->publisher), u->id, &ks);
	if (r < 0)
		return r;
	if ((r = nk_keyrow_text(&ks, &text)) == 0)
		nk_object_text(b, "sshpubkey", text);
	free(text);
	nk_keys_clear(&ks);
	return r;
}

static int
put_otp(struct nk_context *c, struct nk_object *b, const struct nk_user *u)
{
	struct nk_otp o;
	int r;

	if (!nk_wants(b->wanted, "twofactor_auth_configured"))
		return 0;
	r = nk_otp_get(nk_publisher_store(c->publisher), u->id, &o);
	if (r < 0 && r != -ENOENT)
		return r;
	nk_object_bool(b, "twofactor_auth_configured", r == 0);
	return 0;
}

static void
put_secrets(struct nk_object *b, const struct nk_user *u, bool secrets)
{
	const char *history = u->password_history;

	nk_object_text(b, "unixhash", secrets ? u->hash : NK_SECRET_TEXT);
	nk_object_text(b, "smbhash", secrets ? "*" : NK_SECRET_TEXT);
	if (!secrets)
		nk_object_text(b, "password_history", NK_SECRET_TEXT);
	else if (nk_wants(b->wanted, "password_history"))
		nk_object_put(b, "password_history",
		    nk_json_lines(history == NULL ? "" : history));
}

static void
put_password_age(struct nk_object *b, const struct nk_user *u)
{
	int64_t age = nk_now() - u->last_password_change;

	nk_object_date(b, "last_password_change", u->last_password_change, 0);
	if (u->last_password_change == 0)
		nk_object_null(b, "password_age");
	else
		nk_object_int(b, "password_age",
		    age < 0 ? 0 : age / SECONDS_A_DAY);
	nk_object_bool(b, "password_change_required", u->must_change);
}

static void
put_flags(struct nk_object *b, const struct nk_user *u)
{
	nk_object_bool(b, "builtin", u->builtin);
	nk_object_bool(b, "smb", u->smb);
	nk_object_bool(b, "webshare", u->webshare);
	nk_object_bool(b, "password_disabled", u->password_disabled);
	nk_object_bool(b, "ssh_password_enabled", u->ssh_password_enabled);
	nk_object_bool(b, "locked", u->locked);
	nk_object_bool(b, "managed", u->managed);
	nk_object_bool(b, "admin", u->admin);
	nk_object_bool(b, "immutable",
	    u->builtin || u->uid == IMMUTABLE_UID);
	if (nk_wants(b->wanted, "local"))
		nk_object_bool(b, "local", u->managed || u->builtin ||
		    nk_is_in_passwd(u->name));
}

static void
put_rest(struct nk_object *b, const struct nk_user *u)
{
	if (nk_wants(b->wanted, "sudo_commands"))
		nk_object_put(b, "sudo_commands",
		    nk_json_lines(u->sudo_commands));
	if (nk_wants(b->wanted, "sudo_commands_nopasswd"))
		nk_object_put(b, "sudo_commands_nopasswd",
		    nk_json_lines(u->sudo_commands_nopasswd));
	nk_object_text(b, "email", u->email);
	put_idmap(b, u->userns_idmap);
	nk_object_null(b, "sid");
	if (nk_wants(b->wanted, "roles"))
		nk_object_put(b, "roles", u->admin ?
		    json_pack("[s]", "FULL_ADMIN") : json_array());
	nk_object_date(b, "account_expires_at", u->expires_at, INT64_MAX);
	nk_object_text(b, "authorized_keys_file",
	    nk_keyfile_mode_name(u->keyfile_mode));
	nk_object_date(b, "last_login_at", u->last_login_at, 0);
}

static int
put_api_keys(struct nk_context *c, struct nk_object *b,
    const struct nk_user *u)
{
	struct nk_ids ids = { .n = 0 };
	json_t *list;
	size_t i;
	int r;

	if (!nk_wants(b->wanted, "api_keys"))
		return 0;
	if ((r = nk_api_keys_of_user(nk_publisher_store(c->publisher), u->id,
	    &ids)) < 0)
		return r;
	list = json_array();
	for (i = 0; i < ids.n; i++)
		json_array_append_new(list, json_integer(ids.v[i]));
	b->failed = b->failed || json_array_size(list) != ids.n;
	nk_object_put(b, "api_keys", list);
	nk_ids_clear(&ids);
	return 0;
}

int
nk_user_entity(struct nk_context *c, const struct nk_user *u,
    const struct nk_wanted *wanted, bool secrets, json_t **op)
{
	struct nk_object b;
	int r;

	*op = NULL;
	nk_object_init(&b, wanted);
	nk_object_int(&b, "id", u->id);
	nk_object_int(&b, "uid", u->uid);
	nk_object_text(&b, "username", u->name);
	put_secrets(&b, u, secrets);
	nk_object_text(&b, "home", u->home);
	nk_object_text(&b, "shell", u->shell);
	nk_object_text(&b, "full_name", u->full_name);
	put_flags(&b, u);
	put_password_age(&b, u);
	put_rest(&b, u);
	if ((r = put_group(c, &b, u)) < 0 ||
	    (r = put_groups(c, &b, u)) < 0 ||
	    (r = put_otp(c, &b, u)) < 0 ||
	    (r = put_api_keys(c, &b, u)) < 0 ||
	    (r = put_keys(c, &b, u)) < 0) {
		json_decref(b.o);
		return r;
	}
	return nk_object_finish(&b, op);
}

int
nk_user_audit_entity(struct nk_context *c, const struct nk_user *u,
    const struct nk_wanted *wanted, bool keys, json_t **op)
{
	const struct nk_wanted all = { .all = true, .but = "sshpubkey" };
	struct nk_keys ks;
	int r;

	if (wanted == NULL)
		wanted = &all;
	if ((r = nk_user_entity(c, u, wanted, false, op)) < 0 || !keys)
		return r;
	r = nk_keys_of_user(nk_publisher_store(c->publisher), u->id, &ks);
	if (r == 0) {
		if (json_object_set_new(*op, "keys",
		    nk_keyrow_audit_all(&ks)) == -1)
			r = -ENOMEM;
		nk_keys_clear(&ks);
	}
	if (r < 0) {
		json_decref(*op);
		*op = NULL;
	}
	return r;
}

/* ---- groups ---- */

static int
compare_ids(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Members, and those whose primary group it is; each once. */
static int
all_members(struct nk_store *s, int64_t group, struct nk_ids *ids)
{
	struct nk_ids more;
	int64_t *v;
	size_t i, n = 0;
	int r;

	if ((r = nk_members_of_group(s, group, ids)) < 0 ||
	    (r = nk_primary_members_of_group(s, group, &more)) < 0)
		goto out;
	v = reallocarray(ids->v, ids->n + more.n + 1, sizeof(*v));
	if (v == NULL) {
		nk_ids_clear(&more);
		r = -ENOMEM;
		goto out;
	}
	ids->v = v;
	if (more.n > 0)
		memcpy(v + ids->n, more.v, more.n * sizeof(*v));
	ids->n += more.n;
	nk_ids_clear(&more);
	qsort(v, ids->n, sizeof(*v), compare_ids);
	for (i = 0; i < ids->n; i++) {
		if (n == 0 || v[i] != v[n - 1])
			v[n++] = v[i];
	}
	ids->n = n;
 out:
	if (r < 0)
		nk_ids_clear(ids);
	return r;
}

int
nk_group_entity(struct nk_context *c, const struct nk_group *g,
    const struct nk_wanted *wanted, json_t **op)
{
	struct nk_object b;
	struct nk_ids ids;
	int r;

	*op = NULL;
	nk_object_init(&b, wanted);
	nk_object_int(&b, "id", g->id);
	nk_object_int(&b, "gid", g->gid);
	nk_object_text(&b, "name", g->name);
	nk_object_text(&b, "group", g->name);
	nk_object_bool(&b, "builtin", g->builtin);
	nk_object_bool(&b, "immutable",
	    g->builtin && !nk_gid_is_editable(g->gid));
	nk_object_put(&b, "sudo_commands", nk_json_lines(g->sudo_commands));
	nk_object_put(&b, "sudo_commands_nopasswd",
	    nk_json_lines(g->sudo_commands_nopasswd));
	nk_object_bool(&b, "smb", g->smb);
	put_idmap(&b, g->userns_idmap);
	nk_object_bool(&b, "local", true);
	nk_object_null(&b, "sid");
	if (nk_wants(wanted, "roles"))
		nk_object_put(&b, "roles", g->id == NK_GROUP_ADMINS_ID ?
		    json_pack("[s]", "FULL_ADMIN") : json_array());
	if (nk_wants(wanted, "users")) {
		r = all_members(nk_publisher_store(c->publisher), g->id,
		    &ids);
		if (r < 0) {
			json_decref(b.o);
			return r;
		}
		nk_object_put(&b, "users", ids_json(&ids));
		nk_ids_clear(&ids);
	}
	return nk_object_finish(&b, op);
}

/* ---- rows by id ---- */

int
nk_user_find(struct nk_context *c, int64_t id, struct nk_user **up,
    struct nk_error *e)
{
	int r = nk_user_get(nk_publisher_store(c->publisher), id, up);

	if (r != -ENOENT)
		return r;
	nk_error_add(e, NULL, ENOENT, "User %" PRId64 " does not exist", id);
	return -EINVAL;
}

int
nk_group_find(struct nk_context *c, int64_t id, struct nk_group **gp,
    struct nk_error *e)
{
	int r = nk_group_get(nk_publisher_store(c->publisher), id, gp);

	if (r != -ENOENT)
		return r;
	nk_error_add(e, NULL, ENOENT, "Group %" PRId64 " does not exist", id);
	return -EINVAL;
}
