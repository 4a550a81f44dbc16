/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/rpc/edit.h"
#include "lib/rpc/elsewhere.h"
#include "lib/rpc/entity.h"
#include "lib/rpc/key_home.h"
#include "lib/rpc/user_changes.h"
#include "lib/rpc/user_home.h"
#include "lib/rpc/user_write.h"
#include "lib/rpc/way_in.h"

#define ACTION	"user.update"
#define TRIES	8	/* somebody else changed the row meanwhile */

/* What is not a member of the row, or written in a way of its own. */
#define NOT_IN_ROW	(NK_GIVEN_GROUPS | NK_GIVEN_KEYS | \
			 NK_GIVEN_PASSWORD | NK_GIVEN_HOME_MODE | \
			 NK_GIVEN_HOME_CREATE)

struct change {
	int64_t			 id;
	const json_t		*fields;
	struct nk_user_rules	 rules;
	struct nk_user		*old;	/* NULL: not read yet */
	struct nk_user_edit	 ed;
	struct nk_new_password	 secret;
	uint32_t		 uid;	/* elsewhere, for accept_uid */
	struct nk_user_home	 home;
	json_t			*result;
};

static void
forget_rows(struct change *ch)
{
	nk_user_edit_clear(&ch->ed);
	nk_user_free(ch->old);
	ch->old = NULL;
}

/*
 * Is it about members of the row that no rule compares with anything but the
 * store?  Then nothing has to be looked at, or made, before the lock is
 * taken, and the row need be read but once.  Keys may be many, and are
 * parsed without the lock.
 */
static bool
is_of_the_store(json_t *fields)
{
	static const char *const names[] = {
		"account_expires_at", "admin", "email", "force", "full_name",
		"group", "groups", "locked", "password_disabled", "smb",
		"ssh_password_enabled", "userns_idmap", "webshare",
	};
	const size_t n = sizeof(names) / sizeof(names[0]);
	const char *key;
	json_t *v;
	size_t i;

	json_object_foreach(fields, key, v) {
		for (i = 0; i < n && strcmp(key, names[i]) != 0; i++)
			;
		if (i == n)
			return false;
	}
	return true;
}

/* The row as it is, and as it shall be; all rules but those of others. */
static int
read_and_check(struct nk_context *c, struct change *ch, struct nk_error *e)
{
	struct nk_user *base;
	int r;

	if ((r = nk_user_find(c, ch->id, &ch->old, e)) < 0 ||
	    (r = nk_user_find(c, ch->id, &base, e)) < 0)
		return r;
	if ((r = nk_collected(nk_user_edit_read(&ch->ed, &ch->rules,
	    "user_update", ch->old, base, ch->fields, e), e)) < 0 ||
	    (r = nk_collected(nk_user_rules_check(&ch->rules, &ch->ed, e),
	    e)) < 0 ||
	    (r = nk_collected(nk_user_rules_check_store(c, &ch->ed, e),
	    e)) < 0)
		return r;
	return nk_error_is_set(e) ? -EINVAL : 0;
}

/* In one read transaction, which is cheaper than several. */
static int
read_snapshot(struct nk_context *c, struct change *ch, struct nk_error *e)
{
	struct nk_store *s = nk_publisher_store(c->publisher);
	int r;

	if ((r = nk_store_read_begin(s)) < 0)
		return r;
	r = read_and_check(c, ch, e);
	nk_store_read_end(s);
	return r;
}

/* A new name must be free elsewhere; another uid must be true there. */
static int
check_elsewhere(struct nk_context *c, struct change *ch, struct nk_error *e)
{
	bool rename = (ch->ed.given & NK_GIVEN_USERNAME) != 0;
	struct nk_question q = { .name = ch->ed.row->name };
	int r;

	if (!rename && !ch->ed.accept_uid)
		return 0;
	if ((r = nk_elsewhere_ask(c, &q, 1, e)) < 0)
		return r;
	if (rename && q.entry.found)
		nk_user_edit_refuse(&ch->ed, e, "username", EEXIST,
		    "The username \"%s\" already exists.", q.name);
	if (ch->ed.accept_uid && (!q.entry.found ||
	    strcmp(q.entry.name, q.name) != 0))
		nk_user_edit_refuse(&ch->ed, e, "accept_uid", ENOENT,
		    "No name service of this machine knows a user \"%s\".",
		    q.name);
	ch->uid = q.entry.id;
	return nk_error_is_set(e) ? -EINVAL : 0;
}

/* What need not be done while somebody waits for the end of the edit. */
static int
get_ready(struct nk_context *c, struct change *ch, struct nk_error *e)
{
	int r;

	if ((r = read_snapshot(c, ch, e)) < 0 ||
	    (r = check_elsewhere(c, ch, e)) < 0 ||
	    (r = nk_new_password_make(&ch->secret, c->conf, &ch->ed, e)) < 0)
		return r;
	return nk_user_home_update(c, &ch->ed, ch->fields, &ch->home, e);
}

/* ---- under the lock ---- */

/* Does the row differ from the old one, now that all is in it? */
static int
complete_row(struct nk_store *s, struct change *ch, bool *changedp,
    struct nk_error *e)
{
	struct nk_user_edit *ed = &ch->ed;
	int r;

	*changedp = (ed->given & ~(unsigned int)NOT_IN_ROW) != 0;
	if (ed->accept_uid && ed->row->uid != ch->uid) {
		ed->row->uid = ch->uid;
		*changedp = true;
		if ((r = nk_user_check_external_uid(s, ed, "accept_uid",
		    e)) < 0)
			return r;
	}
	if (ch->secret.hash[0] != '\0') {
		*changedp = true;
		return nk_user_set_hash(ed->row, ch->secret.hash);
	}
	if ((ed->given & NK_GIVEN_PASSWORD) != 0 &&
	    strcmp(ed->row->hash, "*") != 0) {
		*changedp = true;
		if ((r = nk_user_set_hash(ed->row, "*")) < 0)
			return r;
	}
	return 0;
}

/*
 * Groups as listed; or, where only "admin" changed, all that there are, of
 * which nk_user_set_groups() takes or adds that one.
 */
static int
write_groups(struct nk_store *s, struct nk_user_edit *ed, bool *changedp)
{
	struct nk_ids all;
	int r;

	if ((ed->given & NK_GIVEN_GROUPS) != 0)
		return ed->row->managed ? nk_user_set_groups(s, ed->row,
		    &ed->groups, changedp) : 0;
	if ((ed->given & NK_GIVEN_ADMIN) == 0)
		return 0;
	if ((r = nk_groups_of_user(s, ed->row->id, &all)) < 0)
		return r;
	r = nk_user_set_groups(s, ed->row, &all, changedp);
	nk_ids_clear(&all);
	return r;
}

/* What the write may change besides the row; all keys only if they do. */
static int
read_lists(struct nk_context *c, const struct change *ch, json_t **listsp)
{
	struct nk_wanted wanted = { .all = false };

	if ((ch->ed.given & (NK_GIVEN_GROUPS | NK_GIVEN_ADMIN)) != 0)
		nk_wanted_add(&wanted, "groups");
	return nk_user_audit_entity(c, ch->old, &wanted,
	    (ch->ed.given & NK_GIVEN_KEYS) != 0, listsp);
}

/* What differs, before and after; lists: as they were. */
static int
make_audit(struct nk_context *c, const struct change *ch, json_t *lists,
    json_t **beforep, json_t **afterp)
{
	const struct nk_user *u = ch->ed.row;
	struct nk_wanted changed = { .all = false };
	int r;

	nk_user_changes(ch->old, u, &changed);
	if ((r = nk_user_audit_entity(c, ch->old, &changed, false,
	    beforep)) < 0)
		return r;
	if (json_object_get(lists, "groups") != NULL)
		nk_wanted_add(&changed, "groups");
	if ((r = nk_user_audit_entity(c, u, &changed,
	    json_object_get(lists, "keys") != NULL, afterp)) < 0)
		return r;
	if (json_object_update(*beforep, lists) == -1)
		return -ENOMEM;
	nk_json_keep_changes(*beforep, *afterp);
	return nk_user_home_audit(&ch->home, *beforep, *afterp);
}

static int
write_audit(struct nk_context *c, struct change *ch, json_t *lists)
{
	const struct nk_user *u = ch->ed.row;
	struct nk_subject subject = { "user", u->id, u->name };
	json_t *before = NULL, *after = NULL;
	int r;

	if ((r = make_audit(c, ch, lists, &before, &after)) < 0)
		goto out;
	if (strcmp(ch->old->hash, u->hash) != 0 &&
	    (json_object_set_new(before, "unixhash",
	    json_string(NK_SECRET_TEXT)) == -1 ||
	    json_object_set_new(after, "unixhash",
	    json_string(NK_SECRET_TEXT)) == -1))
		r = -ENOMEM;
	else
		r = nk_audit_write(c, ACTION, &subject, before, after,
		    "Update user %s", u->name);
 out:
	json_decref(before);
	json_decref(after);
	return r;
}

static int
write_all(struct nk_context *c, struct change *ch, bool *changedp,
    struct nk_error *e)
{
	struct nk_store *s = nk_publisher_store(c->publisher);
	struct nk_user_edit *ed = &ch->ed;
	struct nk_user *row;
	int r;

	if ((r = complete_row(s, ch, changedp, e)) < 0 ||
	    (*changedp && (r = nk_user_update(s, ed->row)) < 0) ||
	    (r = write_groups(s, ed, changedp)) < 0)
		return r;
	if ((ed->given & NK_GIVEN_KEYS) != 0 &&
	    ((r = nk_user_check_revoked(s, ed, e)) < 0 ||
	    (r = nk_user_set_keys(s, ed->row->id, &ed->keys,
	    changedp)) < 0))
		return r;
	*changedp = *changedp || nk_user_home_is_changed(&ch->home);
	/* the store has a say in generation and group of the row */
	if ((r = nk_user_get(s, ed->row->id, &row)) < 0)
		return r;
	nk_user_free(ed->row);
	ed->row = row;
	return 0;
}

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* All that the rules looked at; a login meanwhile does not matter. */
static bool
is_same_row(const struct nk_user *a, const struct nk_user *b)
{
	return a->generation == b->generation && a->managed == b->managed &&
	    a->password_disabled == b->password_disabled &&
	    a->ssh_password_enabled == b->ssh_password_enabled &&
	    a->smb == b->smb && a->webshare == b->webshare &&
	    a->in_managed_group == b->in_managed_group &&
	    a->must_change == b->must_change &&
	    a->group_id == b->group_id &&
	    a->keyfile_mode == b->keyfile_mode &&
	    a->last_password_change == b->last_password_change &&
	    same_text(a->full_name, b->full_name) &&
	    same_text(a->home, b->home) && same_text(a->shell, b->shell) &&
	    same_text(a->email, b->email) &&
	    same_text(a->userns_idmap, b->userns_idmap) &&
	    same_text(a->sudo_commands, b->sudo_commands) &&
	    same_text(a->sudo_commands_nopasswd, b->sudo_commands_nopasswd);
}

/*
 * The rules that look at files and other services are not asked again here:
 * those may hang.  -ESTALE: the row is another one by now, begin again.
 */
static int
check_again(struct nk_context *c, struct change *ch, struct nk_error *e)
{
	struct nk_user *now;
	bool same;
	int r;

	if ((r = nk_user_find(c, ch->id, &now, e)) < 0)
		return r;
	same = is_same_row(ch->old, now);
	ch->ed.row->last_login_at = now->last_login_at;
	nk_user_free(now);
	return same ? nk_user_rules_check_store(c, &ch->ed, e) : -ESTALE;
}

static int
update(struct nk_context *c, void *arg, struct nk_error *e)
{
	struct change *ch = arg;
	bool keys = (ch->ed.given & NK_GIVEN_KEYS) != 0;
	bool force = json_is_true(json_object_get(ch->fields, "force"));
	struct nk_way_in way;
	json_t *lists = NULL;
	bool changed = false;
	int r;

	r = ch->old == NULL ? read_and_check(c, ch, e) :
	    check_again(c, ch, e);
	if (r < 0 || (r = nk_way_in_before(c, ch->old, force, &way)) < 0 ||
	    (r = read_lists(c, ch, &lists)) < 0 ||
	    (r = write_all(c, ch, &changed, e)) < 0 ||
	    (r = nk_way_in_after(c, &way, e)) < 0 ||
	    (changed && (r = write_audit(c, ch, lists)) < 0))
		goto out;
	r = nk_user_result(c, ch->ed.row, ch->secret.plain,
	    keys ? &ch->ed.keys : NULL, &ch->result);
	if (r == 0)
		r = nk_user_home_warn(&ch->home, ch->result);
	if (r == 0 && !changed)
		r = 1;
 out:
	json_decref(lists);
	return r;
}

/* ---- the method ---- */

static int
refuse_directory(struct nk_error *e, int64_t id)
{
	if (id <= NK_SYNTHETIC_ID)
		return 0;
	return nk_error_call(e, EPERM, "Users provided by a directory "
	    "service must be modified through the identity provider (LDAP "
	    "server or domain controller).");
}

/* Who is no administrator may set its own keys, and nothing else. */
static int
check_right(const struct nk_context *c, const struct change *ch,
    struct nk_error *e)
{
	if (c->rank >= NK_RANK_ADMIN || (ch->id == c->user_id &&
	    c->user_id != 0 && json_object_size(ch->fields) == 1 &&
	    json_object_get(ch->fields, "sshpubkey") != NULL))
		return 0;
	return nk_error_call(e, EACCES, "Not authorized");
}

int
nk_user_update_method(struct nk_context *c, json_t *params,
    json_t **resultp, struct nk_error *e)
{
	struct change ch = {
		.id = json_integer_value(json_array_get(params, 0)),
		.fields = json_array_get(params, 1),
		.home = NK_USER_HOME_NONE,
	};
	bool at_once = is_of_the_store(json_array_get(params, 1));
	int tries = 0, r;

	if ((r = check_right(c, &ch, e)) < 0 ||
	    (r = refuse_directory(e, ch.id)) < 0 ||
	    (r = nk_user_rules_init(&ch.rules, c, ch.fields)) < 0)
		return r;
	do {
		forget_rows(&ch);
		if (!at_once && (r = get_ready(c, &ch, e)) < 0)
			break;
		r = nk_edit_run(c, update, &ch, e);
	} while (r == -ESTALE && ++tries < TRIES);
	if (r == 0) {
		nk_key_home_warn(c, ch.id, json_object_get(ch.result,
		    "warnings"));
		*resultp = ch.result;
		ch.result = NULL;
	}
	if (r == 0 || r == -EINPROGRESS)
		nk_user_home_keep(&ch.home);
	nk_user_home_undo(c, &ch.home);
	json_decref(ch.result);
	nk_new_password_clear(&ch.secret);
	forget_rows(&ch);
	nk_user_rules_clear(&ch.rules);
	return r;
}
