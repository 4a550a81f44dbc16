/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/rpc/edit.h"
#include "lib/rpc/elsewhere.h"
#include "lib/rpc/entity.h"
#include "lib/rpc/key_file.h"
#include "lib/rpc/key_home.h"
#include "lib/rpc/user_home.h"
#include "lib/rpc/user_write.h"

#define ACTION	"user.create"
#define TRIES	8	/* somebody else took the id that we had found */

struct creation {
	struct nk_user_edit	 ed;
	struct nk_new_password	 secret;
	uint32_t		 gid;	/* of a new group */
	struct nk_user_home	 home;
	json_t			*result;
};

/* ---- before the lock ---- */

static int
check_external(const struct nk_question *q, struct nk_user_edit *ed,
    struct nk_error *e)
{
	if (!q->entry.found || strcmp(q->entry.name, ed->row->name) != 0) {
		nk_user_edit_refuse(ed, e, "username", ENOENT, "No name "
		    "service of this machine knows a user \"%s\".",
		    ed->row->name);
		return -EINVAL;
	}
	ed->row->uid = q->entry.id;
	return 0;
}

/* Are name, uid and the new group's name free in the other services? */
static int
check_elsewhere(struct nk_context *c, struct creation *cr,
    struct nk_error *e)
{
	struct nk_user_edit *ed = &cr->ed;
	struct nk_question q[3];
	size_t n = 1, uid = 0, group = 0;
	int r;

	memset(q, 0, sizeof(q));
	q[0].name = ed->row->name;
	if ((ed->given & NK_GIVEN_UID) != 0)
		q[uid = n++].id = ed->row->uid;
	if (ed->group_create) {
		q[group = n++].group = true;
		q[group].name = ed->row->name;
	}
	if ((r = nk_elsewhere_ask(c, q, n, e)) < 0)
		return r;
	if (!ed->row->managed)
		return check_external(&q[0], ed, e);
	if (q[0].entry.found)
		nk_user_edit_refuse(ed, e, "username", EEXIST,
		    "The username \"%s\" already exists.", ed->row->name);
	if (uid != 0 && q[uid].entry.found)
		nk_user_edit_refuse(ed, e, "uid", EEXIST,
		    "Uid %u is already used (user %s has it)", ed->row->uid,
		    q[uid].entry.name);
	if (group != 0 && q[group].entry.found)
		nk_user_edit_refuse(ed, e, "group_create", EEXIST,
		    "A Group with the name \"%s\" already exists.",
		    ed->row->name);
	return nk_error_is_set(e) ? -EINVAL : 0;
}

static int
prepare(struct nk_context *c, struct creation *cr, const json_t *fields,
    struct nk_error *e)
{
	struct nk_user_rules rules;
	int r;

	if ((r = nk_user_rules_init(&rules, c, fields)) < 0)
		return r;
	if ((r = nk_collected(nk_user_edit_read(&cr->ed, &rules,
	    "user_create", NULL, NULL, fields, e), e)) < 0 ||
	    (r = nk_collected(nk_user_rules_check(&rules, &cr->ed, e),
	    e)) < 0 ||
	    (r = nk_collected(nk_user_rules_check_store(c, &cr->ed, e),
	    e)) < 0)
		goto out;
	if (nk_error_is_set(e)) {
		r = -EINVAL;
		goto out;
	}
	if ((r = check_elsewhere(c, cr, e)) < 0 || !cr->ed.row->managed)
		goto out;
	r = nk_new_password_make(&cr->secret, c->conf, &cr->ed, e);
	if (r == 0 && cr->secret.hash[0] != '\0')
		r = nk_user_set_hash(cr->ed.row, cr->secret.hash);
 out:
	nk_user_rules_clear(&rules);
	return r;
}

/* The new group's gid: the user's uid, where nobody has it. */
static int
choose_gid(struct nk_context *c, struct creation *cr, struct nk_error *e)
{
	struct nk_question q = { .group = true, .id = cr->ed.row->uid };
	struct nk_group *g;
	int r;

	r = nk_group_by_gid(nk_publisher_store(c->publisher), q.id, &g);
	if (r == 0)
		nk_group_free(g);
	else if (r != -ENOENT)
		return r;
	else if ((r = nk_elsewhere_ask(c, &q, 1, e)) < 0)
		return r;
	else if (!q.entry.found && nk_session_is_reserved(c->session,
	    NK_RESERVE_GID, q.id, nk_session_now()) == 0) {
		cr->gid = q.id;
		return 0;
	}
	return nk_next_gid(c, &cr->gid, e);
}

/* Find the ids that were not given. */
static int
choose_ids(struct nk_context *c, struct creation *cr, struct nk_error *e)
{
	struct nk_user_edit *ed = &cr->ed;
	struct nk_group *g;
	int r;

	if (!ed->row->managed)
		return 0;
	if ((ed->given & NK_GIVEN_UID) == 0 &&
	    (r = nk_next_uid(c, &ed->row->uid, e)) < 0)
		return r;
	if (!ed->group_create)
		return 0;
	r = nk_group_by_name(nk_publisher_store(c->publisher),
	    ed->row->name, &g);
	if (r == -ENOENT)
		return choose_gid(c, cr, e);
	if (r == 0)
		nk_group_free(g);
	return r;
}

/* The gid that the user will have, as far as one can tell now. */
static int
find_gid(struct nk_context *c, const struct creation *cr, gid_t *gidp)
{
	struct nk_store *s = nk_publisher_store(c->publisher);
	const struct nk_user *u = cr->ed.row;
	struct nk_group *g;
	int r;

	*gidp = cr->gid;
	r = cr->ed.group_create ? nk_group_by_name(s, u->name, &g) :
	    nk_group_get(s, u->group_id, &g);
	if (r < 0)
		return r == -ENOENT && cr->ed.group_create ? 0 : r;
	*gidp = g->gid;
	nk_group_free(g);
	return 0;
}

static int
get_home_ready(struct nk_context *c, struct creation *cr, struct nk_error *e)
{
	gid_t gid;
	int r;

	if (!cr->ed.row->managed)
		return 0;
	nk_user_home_undo(c, &cr->home);	/* of a try before */
	if ((r = find_gid(c, cr, &gid)) < 0)
		return r;
	return nk_user_home_create(c, &cr->ed, gid, &cr->home, e);
}

/* ---- under the lock ---- */

static int
write_keys(struct nk_store *s, struct nk_user_edit *ed)
{
	size_t i;
	int r;

	for (i = 0; i < ed->keys.n; i++) {
		ed->keys.v[i].user_id = ed->row->id;
		if ((r = nk_key_append(s, &ed->keys.v[i])) < 0)
			return r;
	}
	return 0;
}

/* -ESTALE: an automatic id has been taken meanwhile. */
static int
write_rows(struct nk_context *c, struct creation *cr, struct nk_error *e)
{
	struct nk_store *s = nk_publisher_store(c->publisher);
	struct nk_user_edit *ed = &cr->ed;
	bool changed;
	int r;

	if ((r = nk_user_check_revoked(s, ed, e)) < 0)
		return r;
	if (ed->group_create && (r = nk_group_provide(c, ACTION,
	    ed->row->name, cr->gid, &ed->row->group_id, e)) < 0)
		return r == -EEXIST ? -ESTALE : r;
	if ((r = nk_keyfile_of_new_user(c, ed->row)) < 0)
		return r;
	if ((r = nk_user_insert(s, ed->row)) < 0)
		return r == -EEXIST ? -ESTALE : r;
	if ((r = nk_user_set_groups(s, ed->row, &ed->groups, &changed)) < 0)
		return r;
	return write_keys(s, ed);
}

static int
write_audit(struct nk_context *c, const struct nk_user *u)
{
	struct nk_subject subject = { "user", u->id, u->name };
	json_t *after;
	int r;

	if ((r = nk_user_audit_entity(c, u, NULL, true, &after)) < 0)
		return r;
	r = nk_audit_write(c, ACTION, &subject, NULL, after,
	    "Create user %s", u->name);
	json_decref(after);
	return r;
}

static int
create(struct nk_context *c, void *arg, struct nk_error *e)
{
	struct creation *cr = arg;
	int r;

	if ((r = nk_user_rules_check_store(c, &cr->ed, e)) < 0 ||
	    (!cr->ed.row->managed && (r = nk_user_check_external_uid(
	    nk_publisher_store(c->publisher), &cr->ed, "username", e)) < 0) ||
	    (r = write_rows(c, cr, e)) < 0 ||
	    (r = write_audit(c, cr->ed.row)) < 0)
		return r;
	if (cr->ed.home_create &&
	    (r = nk_user_home_make(c, &cr->ed, &cr->home, e)) < 0)
		return r;
	return nk_user_result(c, cr->ed.row, cr->secret.plain, &cr->ed.keys,
	    &cr->result);
}

/* The row was filled by an attempt that was rolled back. */
static void
start_again(struct creation *cr)
{
	cr->ed.row->id = 0;
	if (cr->ed.group_create)
		cr->ed.row->group_id = 0;
}

int
nk_user_create(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	struct creation cr = { .home = NK_USER_HOME_NONE };
	int tries = 0, r;

	if ((r = prepare(c, &cr, json_array_get(params, 0), e)) < 0)
		goto out;
	do {
		start_again(&cr);
		if ((r = choose_ids(c, &cr, e)) == 0 &&
		    (r = get_home_ready(c, &cr, e)) == 0)
			r = nk_edit_run(c, create, &cr, e);
	} while (r == -ESTALE && ++tries < TRIES);
	if (r == 0 || r == -EINPROGRESS)
		nk_user_home_keep(&cr.home);
	if (r == 0) {
		nk_key_home_warn(c, cr.ed.row->id, json_object_get(cr.result,
		    "warnings"));
		*resultp = cr.result;
		cr.result = NULL;
	}
 out:
	nk_user_home_undo(c, &cr.home);
	json_decref(cr.result);
	nk_new_password_clear(&cr.secret);
	nk_user_edit_clear(&cr.ed);
	return r;
}
