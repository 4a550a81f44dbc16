/* SPDX-License-Identifier: ISC */
#include "lib/rpc/user_rules.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/account/home.h"
#include "lib/account/ids.h"
#include "lib/account/names.h"
#include "lib/account/password.h"
#include "lib/rpc/entity.h"
#include "lib/ssh/linetext.h"

int
nk_user_rules_init(struct nk_user_rules *rules, const struct nk_context *c,
    const json_t *fields)
{
	rules->conf = c->conf;
	rules->actor = c->actor;
	rules->blind = false;
	rules->shells = (struct nk_shells){ NULL, 0 };
	if (fields != NULL && json_object_get(fields, "shell") == NULL)
		return 0;
	return nk_shells_load(&rules->shells, NK_SHELLS_FILE);
}

void
nk_user_rules_clear(struct nk_user_rules *rules)
{
	nk_shells_clear(&rules->shells);
}

static bool
is_given(const struct nk_user_edit *ed, unsigned int bits)
{
	return (ed->given & bits) != 0;
}

/* ---- rules of single fields ---- */

static void
check_username(const struct nk_user_edit *ed, struct nk_error *e)
{
	const char *name = ed->row->name;
	char why[NK_NAME_WHY_MAX];
	int r;

	if (!is_given(ed, NK_GIVEN_USERNAME))
		return;
	r = ed->row->managed ? nk_username_check(name, strlen(name), why) :
	    nk_external_name_check(name, strlen(name), why);
	if (r < 0)
		nk_user_edit_refuse(ed, e, "username", EINVAL,
		    "Value error, %s", why);
}

static void
check_uid(const struct nk_user_rules *rules, const struct nk_user_edit *ed,
    struct nk_error *e)
{
	uint32_t uid = ed->row->uid;

	if (!is_given(ed, NK_GIVEN_UID))
		return;
	if (uid < rules->conf->min_id)
		nk_user_edit_refuse(ed, e, "uid", EINVAL, "Uid %u is below "
		    "the smallest that naskeys serves, %u.", uid,
		    rules->conf->min_id);
	else if (uid > rules->conf->max_id)
		nk_user_edit_refuse(ed, e, "uid", EINVAL, "Uid %u is above "
		    "the largest that naskeys serves, %u.", uid,
		    rules->conf->max_id);
	else if (nk_id_is_nobody(uid))
		nk_user_edit_refuse(ed, e, "uid", EINVAL,
		    "Uid %u stands for nobody.", uid);
}

static void
check_full_name(const struct nk_user_edit *ed, struct nk_error *e)
{
	const char *name = ed->row->full_name;

	if (!is_given(ed, NK_GIVEN_FULL_NAME))
		return;
	if (strchr(name, ':') != NULL)
		nk_user_edit_refuse(ed, e, "full_name", EINVAL,
		    "The ':' character is not allowed.");
	if (strchr(name, '\n') != NULL)
		nk_user_edit_refuse(ed, e, "full_name", EINVAL,
		    "The '\\n' character is not allowed.");
	else if (nk_linetext_check(name, strlen(name), NULL) < 0)
		nk_user_edit_refuse(ed, e, "full_name", EINVAL, "A name is "
		    "one line without control characters.");
	if (strlen(name) > NK_FULL_NAME_MAX)
		nk_user_edit_refuse(ed, e, "full_name", EINVAL,
		    "Cannot be longer than %d bytes.", NK_FULL_NAME_MAX);
}

static void
check_email(const struct nk_user_edit *ed, struct nk_error *e)
{
	const char *email = ed->row->email;

	if (is_given(ed, NK_GIVEN_EMAIL) && email != NULL &&
	    nk_linetext_check(email, strlen(email), NULL) < 0)
		nk_user_edit_refuse(ed, e, "email", EINVAL, "An address is "
		    "one line without control characters.");
}

static void
check_group(const struct nk_user_edit *ed, struct nk_error *e)
{
	bool given = is_given(ed, NK_GIVEN_GROUP);

	if (ed->old == NULL ? given == ed->group_create : false)
		nk_user_edit_refuse(ed, e, "group", EINVAL, "Enter either a "
		    "group name or create a new group to continue.");
	if (ed->old != NULL && given && ed->row->group_id == 0)
		nk_user_edit_refuse(ed, e, "group", EINVAL,
		    "User must have a primary group");
	if (ed->groups.n > NK_GROUPS_OF_USER_MAX)
		nk_user_edit_refuse(ed, e, "groups", EINVAL, "A user cannot "
		    "belong to more than %d auxiliary groups.",
		    NK_GROUPS_OF_USER_MAX);
}

static void
check_password(const struct nk_user_edit *ed, struct nk_error *e)
{
	const struct nk_user *u = ed->row;
	bool some = ed->password != NULL || ed->random_password;

	if (ed->password != NULL && ed->random_password)
		nk_user_edit_refuse(ed, e, "random_password", EINVAL,
		    "Requesting a randomized password while simultaneously "
		    "supplying an explicit password is not permitted.");
	if (ed->old == NULL && !some && !u->password_disabled &&
	    !is_given(ed, NK_GIVEN_HASH))
		nk_user_edit_refuse(ed, e, "password", EINVAL,
		    "Password is required");
	if (some && u->password_disabled)
		nk_user_edit_refuse(ed, e, "password_disabled", EINVAL,
		    "Leave \"Password\" blank when \"Disable password "
		    "login\" is checked.");
	if (ed->password != NULL && strlen(ed->password) > NK_PASSWORD_MAX)
		nk_user_edit_refuse(ed, e, "password", EINVAL,
		    "A password cannot be longer than %d bytes.",
		    NK_PASSWORD_MAX);
}

static void
check_shell(const struct nk_user_rules *rules, const struct nk_user_edit *ed,
    struct nk_error *e)
{
	const struct nk_user *u = ed->row;

	if (!is_given(ed, NK_GIVEN_SHELL))
		return;
	if (!nk_shells_has(&rules->shells, u->shell))
		nk_user_edit_refuse(ed, e, "shell", EINVAL,
		    "Please select a valid shell.");
	else if (u->ssh_password_enabled && nk_shell_is_nologin(u->shell))
		nk_user_edit_refuse(ed, e, "shell", EINVAL,
		    "SSH password login requires a login shell.");
}

/* ---- the home ---- */

bool
nk_is_no_home(const struct nk_conf *conf, const char *home)
{
	return strcmp(home, conf->default_home) == 0 ||
	    strcmp(home, "/var/empty") == 0;
}

/* Is it new, and fit for one user alone? */
static bool
check_home_path(const struct nk_user_rules *rules,
    const struct nk_user_edit *ed, struct nk_error *e)
{
	const char *home = ed->row->home, *why;

	if (nk_home_check(home, &why) < 0) {
		nk_user_edit_refuse(ed, e, "home", EINVAL, "%s", why);
		return false;
	}
	if (nk_is_no_home(rules->conf, home))
		return false;
	if (!ed->home_create && !rules->blind &&
	    nk_home_look(home) == NK_HOME_OTHER) {
		nk_user_edit_refuse(ed, e, "home", EINVAL,
		    "\"Home Directory\" cannot be a file.");
		return false;
	}
	return true;
}

static void
check_home(const struct nk_user_rules *rules, const struct nk_user_edit *ed,
    struct nk_error *e)
{
	const struct nk_user *u = ed->row;
	bool good = true;

	if (is_given(ed, NK_GIVEN_HOME))
		good = check_home_path(rules, ed, e);
	if (!good && u->ssh_password_enabled)
		nk_user_edit_refuse(ed, e, "home", EINVAL,
		    "SSH password login requires a valid home path.");
	if (ed->home_create && nk_is_no_home(rules->conf, u->home))
		nk_user_edit_refuse(ed, e, "home_create", EINVAL,
		    "Give \"home\": the folder in which the home is made.");
	if (is_given(ed, NK_GIVEN_SSH_PASSWORD) && u->ssh_password_enabled &&
	    (nk_is_no_home(rules->conf, u->home) ||
	    nk_shell_is_nologin(u->shell)))
		nk_user_edit_refuse(ed, e, "ssh_password_enabled", EINVAL,
		    "Cannot be enabled without a valid home path and login "
		    "shell.");
}

/* ---- accounts that live elsewhere ---- */

static const struct {
	const char	*field;
	unsigned int	 bit;
	bool		 immutable;	/* the peer's text for a builtin one */
} theirs[] = {
	{ "uid", NK_GIVEN_UID, false },
	{ "home", NK_GIVEN_HOME, true },
	{ "home_mode", NK_GIVEN_HOME_MODE, true },
	{ "home_create", NK_GIVEN_HOME_CREATE, false },
	{ "shell", NK_GIVEN_SHELL, false },
	{ "password_disabled", NK_GIVEN_PASSWORD_DISABLED, false },
	{ "ssh_password_enabled", NK_GIVEN_SSH_PASSWORD, false },
	{ "smb", NK_GIVEN_SMB, true },
	{ "webshare", NK_GIVEN_WEBSHARE, false },
	{ "group", NK_GIVEN_GROUP, true },
	{ "password", NK_GIVEN_PASSWORD, false },
	{ "unixhash", NK_GIVEN_HASH, false },
	{ "userns_idmap", NK_GIVEN_IDMAP, true },
};

static void
refuse_theirs(const struct nk_user_edit *ed, struct nk_error *e)
{
	const struct nk_user *u = ed->row;
	size_t i;

	for (i = 0; i < sizeof(theirs) / sizeof(theirs[0]); i++) {
		if (!is_given(ed, theirs[i].bit))
			continue;
		if (u->id == NK_USER_ROOT_ID && theirs[i].bit ==
		    NK_GIVEN_WEBSHARE)
			nk_user_edit_refuse(ed, e, theirs[i].field, EINVAL,
			    "The root user is not allowed access via "
			    "webshare.");
		else
			nk_user_edit_refuse(ed, e, theirs[i].field, EINVAL,
			    "%s", u->builtin && theirs[i].immutable ?
			    "This attribute cannot be changed" :
			    "This belongs to the name service that has the "
			    "account.");
	}
	if (ed->random_password)
		nk_user_edit_refuse(ed, e, "random_password", EINVAL,
		    "This belongs to the name service that has the account.");
	if (ed->group_create)
		nk_user_edit_refuse(ed, e, "group_create", EINVAL,
		    "This belongs to the name service that has the account.");
}

static void
check_root_groups(const struct nk_user_edit *ed, struct nk_error *e)
{
	bool admins = false;
	size_t i;

	for (i = 0; i < ed->groups.n; i++)
		admins = admins || ed->groups.v[i] == NK_GROUP_ADMINS_ID;
	if (!admins)
		nk_user_edit_refuse(ed, e, "groups", EINVAL, "The root user "
		    "must remain a member of the builtin_administrators "
		    "group.");
	if (!admins || ed->groups.n != 1)
		nk_user_edit_refuse(ed, e, "groups", EINVAL, "The root user "
		    "may only be a member of the builtin_administrators "
		    "group.");
}

static void
check_external(const struct nk_user_edit *ed, struct nk_error *e)
{
	const struct nk_user *u = ed->row;

	refuse_theirs(ed, e);
	if (ed->old != NULL && is_given(ed, NK_GIVEN_USERNAME))
		nk_user_edit_refuse(ed, e, "username", EINVAL, "%s",
		    u->builtin ? "This attribute cannot be changed" :
		    "This belongs to the name service that has the account.");
	if (u->id == NK_USER_ROOT_ID) {
		if (is_given(ed, NK_GIVEN_GROUPS))
			check_root_groups(ed, e);
		if (!u->admin)
			nk_user_edit_refuse(ed, e, "admin", EINVAL,
			    "The root user must remain a member of the "
			    "builtin_administrators group.");
		if (ed->accept_uid)
			nk_user_edit_refuse(ed, e, "accept_uid", EINVAL,
			    "root's uid is always 0.");
		return;
	}
	if (ed->groups.n > 0)
		nk_user_edit_refuse(ed, e, "groups", EINVAL, "Only an "
		    "account that naskeys manages can be in its groups.");
	else if (u->admin)
		nk_user_edit_refuse(ed, e, "admin", EINVAL, "Only an "
		    "account that naskeys manages can be an administrator "
		    "here: put this one into the group naskeys-admin.");
}

int
nk_user_rules_check(const struct nk_user_rules *rules,
    struct nk_user_edit *ed, struct nk_error *e)
{
	check_username(ed, e);
	check_full_name(ed, e);
	check_email(ed, e);
	if (!ed->row->managed) {
		check_external(ed, e);
		return nk_error_is_set(e) ? -EINVAL : 0;
	}
	check_uid(rules, ed, e);
	check_group(ed, e);
	check_password(ed, e);
	check_home(rules, ed, e);
	check_shell(rules, ed, e);
	if (is_given(ed, NK_GIVEN_IDMAP) && ed->row->userns_idmap != NULL &&
	    ed->row->admin)
		nk_user_edit_refuse(ed, e, "userns_idmap", EINVAL, "User "
		    "namespace idmaps may not be configured for privileged "
		    "accounts.");
	if (ed->accept_uid)
		nk_user_edit_refuse(ed, e, "accept_uid", EINVAL, "naskeys "
		    "manages this account, and its uid with it.");
	return nk_error_is_set(e) ? -EINVAL : 0;
}

/* ---- rules that the store decides ---- */

int
nk_is_last_admin(struct nk_store *s, int64_t but)
{
	struct nk_user *root;
	bool usable;
	int64_t n;
	int r;

	if ((r = nk_user_count_admins(s, but, &n)) < 0)
		return r;
	if (n > 0)
		return 0;
	if (but == NK_USER_ROOT_ID)
		return 1;
	if ((r = nk_user_get(s, NK_USER_ROOT_ID, &root)) < 0)
		return r;
	usable = !root->locked;
	nk_user_free(root);
	return !usable;
}

static int
check_name_free(struct nk_store *s, const struct nk_user_edit *ed,
    struct nk_error *e)
{
	struct nk_user *other;
	int r;

	if (!is_given(ed, NK_GIVEN_USERNAME))
		return 0;
	r = nk_user_by_name(s, ed->row->name, &other);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	if (other->id != ed->row->id)
		nk_user_edit_refuse(ed, e, "username", EEXIST,
		    "The username \"%s\" already exists.", other->name);
	nk_user_free(other);
	return 0;
}

static int
check_uid_free(struct nk_store *s, const struct nk_user_edit *ed,
    struct nk_error *e)
{
	struct nk_user *other;
	int r;

	if (!is_given(ed, NK_GIVEN_UID))
		return 0;
	r = nk_user_by_uid(s, ed->row->uid, &other);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	nk_user_edit_refuse(ed, e, "uid", EEXIST,
	    "Uid %u is already used (user %s has it)", ed->row->uid,
	    other->name);
	nk_user_free(other);
	return 0;
}

static int
check_primary_group(struct nk_store *s, const struct nk_user_edit *ed,
    struct nk_error *e)
{
	struct nk_group *g = NULL;
	int r;

	/* an update to 0 has been refused before */
	if (!is_given(ed, NK_GIVEN_GROUP) ||
	    (ed->old != NULL && ed->row->group_id == 0))
		return 0;
	r = nk_group_get(s, ed->row->group_id, &g);
	if (r == -ENOENT) {
		nk_user_edit_refuse(ed, e, "group", ENOENT,
		    "Group %" PRId64 " not found", ed->row->group_id);
		return 0;
	}
	/* NSS serves neither its gid nor it */
	if (r == 0 && g->id == NK_GROUP_ADMINS_ID)
		nk_user_edit_refuse(ed, e, "group", EINVAL, "%s cannot be a "
		    "primary group.", g->name);
	nk_group_free(g);
	return r;
}

static int
check_one_group(struct nk_store *s, const struct nk_user_edit *ed, size_t i,
    struct nk_error *e)
{
	int64_t id = ed->groups.v[i];
	struct nk_group *g;
	char field[32];
	int r;

	(void)snprintf(field, sizeof(field), "groups.%zu", i);
	r = nk_group_get(s, id, &g);
	if (r == -ENOENT) {
		nk_user_edit_refuse(ed, e, field, EINVAL,
		    "This group does not exist.");
		if (id >= NK_SYNTHETIC_ID)
			nk_user_edit_refuse(ed, e, field, EINVAL, "Local "
			    "users may not be members of directory services "
			    "groups.");
		return 0;
	}
	if (r < 0)
		return r;
	if (g->builtin && !nk_gid_is_editable(g->gid))
		nk_user_edit_refuse(ed, e, field, EINVAL, "%s: membership "
		    "of this builtin group may not be altered.", g->name);
	nk_group_free(g);
	return 0;
}

static bool
is_shared_home(const struct nk_conf *conf, const char *home)
{
	return nk_is_no_home(conf, home) || strcmp(home, "/") == 0 ||
	    strcmp(home, "/nonexistent") == 0;
}

int
nk_user_rules_check_home(struct nk_context *c,
    const struct nk_user_edit *ed, struct nk_error *e)
{
	const struct nk_user *u = ed->row;
	struct nk_user *other;
	int r;

	if (!is_given(ed, NK_GIVEN_HOME) || is_shared_home(c->conf, u->home))
		return 0;
	r = nk_user_by_home(nk_publisher_store(c->publisher), u->home, u->id,
	    &other);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	nk_user_edit_refuse(ed, e, "home", EEXIST,
	    "%s: homedir already used by %s.", u->home, other->name);
	nk_user_free(other);
	return -EINVAL;
}

struct idmap_search {
	const struct nk_user_edit	*ed;
	struct nk_error			*e;
};

static int
compare_idmap(void *arg, const struct nk_user *u)
{
	const struct idmap_search *s = arg;
	const char *idmap = s->ed->row->userns_idmap;

	if (u->id == s->ed->row->id || u->userns_idmap == NULL ||
	    strcmp(u->userns_idmap, idmap) != 0)
		return 0;
	nk_user_edit_refuse(s->ed, s->e, "userns_idmap", EINVAL,
	    "User '%s' already maps to container UID %s.", u->name, idmap);
	return 1;
}

/* Rare, and no index: so it walks. */
static int
check_idmap_free(struct nk_store *s, const struct nk_user_edit *ed,
    struct nk_error *e)
{
	struct idmap_search search = { ed, e };
	const char *idmap = ed->row->userns_idmap;
	int r;

	if (!is_given(ed, NK_GIVEN_IDMAP) || idmap == NULL ||
	    strcmp(idmap, "DIRECT") == 0)
		return 0;
	r = nk_user_each(s, 0, compare_idmap, &search);
	return r < 0 ? r : 0;
}

/* Somebody must be left who may do everything. */
static int
check_last_admin(struct nk_store *s, const struct nk_user_edit *ed,
    struct nk_error *e)
{
	const struct nk_user *u = ed->row, *old = ed->old;
	int r;

	if (old == NULL || !old->admin || old->locked ||
	    (u->admin && !u->locked))
		return 0;
	if ((r = nk_is_last_admin(s, u->id)) <= 0)
		return r;
	if (u->locked)
		nk_user_edit_refuse(ed, e, "locked", EINVAL, "After locking "
		    "this user no local users will have FULL_ADMIN role");
	else
		nk_user_edit_refuse(ed, e, is_given(ed, NK_GIVEN_GROUPS) ?
		    "groups" : "admin", EINVAL, "After this change no local "
		    "users will have FULL_ADMIN role");
	return 0;
}

int
nk_user_rules_check_store(struct nk_context *c,
    const struct nk_user_edit *ed, struct nk_error *e)
{
	struct nk_store *s = nk_publisher_store(c->publisher);
	size_t i;
	int r;

	if ((r = check_name_free(s, ed, e)) < 0 ||
	    (r = check_last_admin(s, ed, e)) < 0)
		return r;
	if (!ed->row->managed)
		return nk_error_is_set(e) ? -EINVAL : 0;
	if ((r = check_uid_free(s, ed, e)) < 0 ||
	    (r = check_primary_group(s, ed, e)) < 0 ||
	    ((r = nk_user_rules_check_home(c, ed, e)) < 0 &&
	    !nk_error_is_set(e)) ||
	    (r = check_idmap_free(s, ed, e)) < 0)
		return r;
	for (i = 0; i < ed->groups.n; i++) {
		if ((r = check_one_group(s, ed, i, e)) < 0)
			return r;
	}
	return nk_error_is_set(e) ? -EINVAL : 0;
}

int
nk_user_check_external_uid(struct nk_store *s, const struct nk_user_edit *ed,
    const char *field, struct nk_error *e)
{
	struct nk_user *other;
	int r;

	if (nk_id_is_nobody(ed->row->uid)) {
		nk_user_edit_refuse(ed, e, field, EINVAL, "Uid %u, which "
		    "the name service gives this account, stands for "
		    "nobody: nobody logs in with keys.", ed->row->uid);
		return -EINVAL;
	}
	r = nk_user_by_uid(s, ed->row->uid, &other);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	if (other->managed) {
		nk_user_edit_refuse(ed, e, field, EEXIST,
		    "Uid %u is already used (user %s has it)", ed->row->uid,
		    other->name);
		r = -EINVAL;
	}
	nk_user_free(other);
	return r;
}
