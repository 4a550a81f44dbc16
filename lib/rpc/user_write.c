/* SPDX-License-Identifier: ISC */
#include "lib/rpc/user_write.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>


#include "lib/account/password.h"
#include "lib/rpc/edit.h"
#include "lib/rpc/entity.h"
#include "lib/rpc/key_revoked.h"
#include "lib/rpc/key_warn.h"
#include "lib/rpc/keyrow.h"

int
nk_collected(int r, const struct nk_error *e)
{
	return r == -EINVAL && nk_error_is_set(e) ? 0 : r;
}

/* ---- passwords ---- */

void
nk_new_password_clear(struct nk_new_password *s)
{
	explicit_bzero(s, sizeof(*s));
}

int
nk_password_make(const struct nk_conf *conf, const char *password,
    char hash[NK_PASSWORD_HASH_MAX + 1], struct nk_error *e)
{
	int r;

	r = nk_password_hash(password, conf->password_method,
	    conf->password_cost, hash);
	if (r == -ENOTSUP)
		return nk_error_call(e, ENOTSUP, "This machine's crypt(3) "
		    "cannot hash the password: see password_method and "
		    "password_cost in naskeys.conf.");
	return r;
}

int
nk_new_password_make(struct nk_new_password *s, const struct nk_conf *conf,
    const struct nk_user_edit *ed, struct nk_error *e)
{
	size_t len;
	int r;

	s->plain[0] = s->hash[0] = '\0';
	if (ed->random_password) {
		if ((r = nk_password_random(s->plain)) < 0)
			return r;
	} else if (ed->password == NULL) {
		return 0;
	} else if ((len = strlen(ed->password)) >= sizeof(s->plain)) {
		return -EINVAL;		/* the rules have refused it */
	} else {
		memcpy(s->plain, ed->password, len + 1);
	}
	return nk_password_make(conf, s->plain, s->hash, e);
}

/* hash, and what there was before, at most NK_HISTORY_MAX lines. */
static char *
push_history(const char *hash, const char *history)
{
	size_t len = strlen(hash), lines = 1, keep = 0;
	char *text;

	if (history == NULL)
		history = "";
	while (history[keep] != '\0' && lines < NK_HISTORY_MAX) {
		keep += strcspn(history + keep, "\n");
		if (history[keep] == '\n')
			keep++;
		lines++;
	}
	while (keep > 0 && history[keep - 1] == '\n')
		keep--;
	if ((text = malloc(len + keep + 2)) == NULL)
		return NULL;
	memcpy(text, hash, len);
	if (keep > 0) {
		text[len++] = '\n';
		memcpy(text + len, history, keep);
		len += keep;
	}
	text[len] = '\0';
	return text;
}

static void
wipe(char *text)
{
	if (text != NULL)
		explicit_bzero(text, strlen(text));
	free(text);
}

int
nk_user_set_hash(struct nk_user *u, const char *hash)
{
	char *copy, *history = NULL;

	if ((copy = strdup(hash)) == NULL)
		return -ENOMEM;
	if (strcmp(u->hash, "*") != 0) {
		history = push_history(u->hash, u->password_history);
		if (history == NULL) {
			wipe(copy);
			return -ENOMEM;
		}
		wipe(u->password_history);
		u->password_history = history;
	}
	wipe(u->hash);
	u->hash = copy;
	u->last_password_change = nk_now();
	u->must_change = false;
	return 0;
}

/* ---- groups ---- */

static int
insert_group(struct nk_context *c, const char *action, const char *name,
    uint32_t gid, int64_t *idp)
{
	struct nk_subject subject = { "group", 0, name };
	struct nk_group *g;
	json_t *after = NULL;
	int r;

	if ((g = nk_group_new()) == NULL)
		return -ENOMEM;
	free(g->name);
	g->gid = gid;
	if ((g->name = strdup(name)) == NULL) {
		r = -ENOMEM;
		goto out;
	}
	r = nk_group_insert(nk_publisher_store(c->publisher), g);
	if (r < 0 || (r = nk_group_entity(c, g, NULL, &after)) < 0)
		goto out;
	*idp = subject.id = g->id;
	r = nk_audit_write(c, action, &subject, NULL, after,
	    "Create group %s", name);
 out:
	json_decref(after);
	nk_group_free(g);
	return r;
}

int
nk_group_provide(struct nk_context *c, const char *action, const char *name,
    uint32_t gid, int64_t *idp, struct nk_error *e)
{
	struct nk_group *g;
	int r;

	r = nk_group_by_name(nk_publisher_store(c->publisher), name, &g);
	if (r == -ENOENT)
		return insert_group(c, action, name, gid, idp);
	if (r < 0)
		return r;
	if (g->builtin) {
		nk_error_add(e, "user_create.group_create", EINVAL,
		    "%s: a builtin group cannot be a primary group.", name);
		r = -EINVAL;
	}
	*idp = g->id;
	nk_group_free(g);
	return r;
}

static bool
contains(const struct nk_ids *ids, int64_t id)
{
	size_t i;

	for (i = 0; i < ids->n; i++) {
		if (ids->v[i] == id)
			return true;
	}
	return false;
}

int
nk_user_set_groups(struct nk_store *s, const struct nk_user *u,
    const struct nk_ids *groups, bool *changedp)
{
	struct nk_ids old;
	int64_t id;
	size_t i;
	int r;

	if ((r = nk_groups_of_user(s, u->id, &old)) < 0)
		return r;
	for (i = 0; r == 0 && i < old.n; i++) {
		id = old.v[i];
		if (id == NK_GROUP_ADMINS_ID ? u->admin :
		    contains(groups, id))
			continue;
		r = nk_member_remove(s, id, u->id);
		*changedp = true;
	}
	for (i = 0; r == 0 && i < groups->n; i++) {
		id = groups->v[i];
		if (id == NK_GROUP_ADMINS_ID || contains(&old, id))
			continue;
		r = nk_member_add(s, id, u->id);
		*changedp = true;
	}
	if (r == 0 && u->admin && !contains(&old, NK_GROUP_ADMINS_ID)) {
		r = nk_member_add(s, NK_GROUP_ADMINS_ID, u->id);
		*changedp = true;
	}
	nk_ids_clear(&old);
	return r;
}

/* ---- keys ---- */

/* Find what an equal line of old[], not taken yet, knows of k. */
static int
inherit(struct nk_key *k, const struct nk_keys *old, bool *taken)
{
	char *added_by;
	size_t i;

	for (i = 0; i < old->n; i++) {
		if (taken[i] || !nk_keyrow_equal(k, &old->v[i]))
			continue;
		if ((added_by = strdup(old->v[i].added_by)) == NULL)
			return -ENOMEM;
		free(k->added_by);
		k->added_by = added_by;
		k->added_at = old->v[i].added_at;
		k->expires_at = old->v[i].expires_at;
		taken[i] = true;
		return 0;
	}
	return 0;
}

static bool
are_equal(const struct nk_keys *a, const struct nk_keys *b)
{
	size_t i;

	if (a->n != b->n)
		return false;
	for (i = 0; i < a->n; i++) {
		if (!nk_keyrow_equal(&a->v[i], &b->v[i]))
			return false;
	}
	return true;
}

int
nk_user_check_revoked(struct nk_store *s, const struct nk_user_edit *ed,
    struct nk_error *e)
{
	const struct nk_key *k;
	int r;

	r = nk_key_find_revoked(s, &ed->keys, &k);
	if (r < 0 || k == NULL)
		return r;
	nk_user_edit_refuse(ed, e, "sshpubkey", EPERM, NK_KEY_REVOKED_TEXT,
	    k->fingerprint);
	return -EINVAL;
}

int
nk_user_set_keys(struct nk_store *s, int64_t user, struct nk_keys *ks,
    bool *changedp)
{
	struct nk_keys old;
	bool *taken = NULL;
	size_t i;
	int r;

	for (i = 0; i < ks->n; i++)
		ks->v[i].user_id = user;
	if ((r = nk_keys_of_user(s, user, &old)) < 0)
		return r;
	if (are_equal(&old, ks))
		goto out;
	if ((taken = calloc(old.n + 1, sizeof(*taken))) == NULL) {
		r = -ENOMEM;
		goto out;
	}
	for (i = 0; r == 0 && i < ks->n; i++)
		r = inherit(&ks->v[i], &old, taken);
	if (r == 0)
		r = nk_keys_replace(s, user, ks);
	*changedp = true;
 out:
	free(taken);
	nk_keys_clear(&old);
	return r;
}

/* ---- the answer ---- */

static bool
has_key(const struct nk_keys *ks)
{
	size_t i;

	for (i = 0; i < ks->n; i++)
		if (ks->v[i].kind == NK_KEY_KEY)
			return true;
	return false;
}

static int
warn_of_keys(struct nk_context *c, const struct nk_user *u,
    const struct nk_keys *given, json_t **warningsp)
{
	struct nk_key_warner w;
	int r;

	if ((r = nk_key_warner_init(&w, c)) < 0)
		return r;
	if (given != NULL && has_key(given))
		r = nk_key_warn_user(&w, u);
	if (r == 0 && given != NULL)
		r = nk_key_warn_all(&w, NULL, given);
	if (r == 0)
		*warningsp = nk_key_warner_list(&w);
	nk_key_warner_clear(&w);
	return r;
}

int
nk_user_result(struct nk_context *c, const struct nk_user *u,
    const char *plain, const struct nk_keys *given, json_t **resultp)
{
	json_t *warnings;
	int r;

	*resultp = NULL;
	if ((r = warn_of_keys(c, u, given, &warnings)) < 0)
		return r;
	r = nk_user_entity(c, u, NULL, c->rank >= NK_RANK_ADMIN, resultp);
	if (r == 0 && (json_object_set_new(*resultp, "password",
	    plain[0] == '\0' ? json_null() : json_string(plain)) == -1 ||
	    json_object_set(*resultp, "warnings", warnings) == -1)) {
		json_decref(*resultp);
		*resultp = NULL;
		r = -ENOMEM;
	}
	json_decref(warnings);
	return r;
}
