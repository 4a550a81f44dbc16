/* SPDX-License-Identifier: ISC */
#include "lib/rpc/web_user.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/account/local.h"
#include "lib/rpc/edit.h"
#include "lib/rpc/object.h"
#include "lib/rpc/web.h"
#include "lib/rpc/web_account.h"

#define PASSWD_FILE	NK_SYSCONFDIR "/passwd"

static void
put_passwd(struct nk_object *b, const char *gecos, const char *home,
    const char *shell, uint32_t gid)
{
	nk_object_text(b, "pw_gecos", gecos);
	nk_object_text(b, "pw_dir", home);
	nk_object_text(b, "pw_shell", shell);
	nk_object_int(b, "pw_gid", gid);
}

static int
put_line(void *arg, const struct nk_passwd_line *p)
{
	put_passwd(arg, p->gecos, p->home, p->shell, p->gid);
	nk_object_null(arg, "grouplist");
	return 0;
}

/* The primary group, then the others; *gidp is the first one's. */
static int
find_groups(struct nk_store *s, const struct nk_user *u, uint32_t *gidp,
    json_t *list)
{
	struct nk_ids ids = { .n = 0 };
	struct nk_group *g = NULL;
	size_t i;
	int r;

	if ((r = nk_group_get(s, u->group_id, &g)) < 0)
		return r;
	*gidp = g->gid;
	r = json_array_append_new(list, json_integer(g->gid));
	nk_group_free(g);
	if (r == -1 || (r = nk_groups_of_user(s, u->id, &ids)) < 0)
		return r == -1 ? -ENOMEM : r;
	for (i = 0; r == 0 && i < ids.n; i++) {
		if ((r = nk_group_get(s, ids.v[i], &g)) < 0)
			break;
		if (json_array_append_new(list, json_integer(g->gid)) == -1)
			r = -ENOMEM;
		nk_group_free(g);
	}
	nk_ids_clear(&ids);
	return r;
}

static int
put_managed(struct nk_object *b, struct nk_store *s, const struct nk_user *u)
{
	json_t *list = json_array();
	uint32_t gid = 0;
	int r;

	if (list == NULL)
		return -ENOMEM;
	if ((r = find_groups(s, u, &gid, list)) < 0) {
		json_decref(list);
		return r;
	}
	put_passwd(b, u->full_name, u->home, u->shell, gid);
	nk_object_put(b, "grouplist", list);
	return 0;
}

/* Who logged in; or whom the machine has by the caller's uid. */
static int
find_account(struct nk_context *c, struct nk_web_account *a)
{
	struct nk_web_standing standing;
	int r;

	*a = c->web->session.account;
	if (!c->web->local)
		return 0;
	r = nk_web_account_find(c, c->actor, nk_now(), a, &standing);
	if (r < 0 && r != -ENOENT)
		return r;
	if (r == 0 && a->uid == c->actor_uid)
		return 0;
	*a = (struct nk_web_account){ .user_id = c->user_id,
	    .uid = c->actor_uid };
	(void)snprintf(a->name, sizeof(a->name), "%s", c->actor);
	return 0;
}

/* A managed user's row, or the machine's own line, or what is left. */
static int
put_account(struct nk_object *b, struct nk_context *c,
    const struct nk_web_account *a, bool *localp)
{
	struct nk_store *s = nk_publisher_store(c->publisher);
	struct nk_user *u = NULL;
	int r;

	if (a->user_id != 0 && (r = nk_user_get(s, a->user_id, &u)) < 0)
		return r;
	*localp = (u != NULL && u->managed) || a->proof[0] != '\0';
	if (u != NULL && u->managed)
		r = put_managed(b, s, u);
	else if (a->proof[0] != '\0')
		r = nk_local_passwd(PASSWD_FILE, a->name, put_line, b);
	else {
		put_passwd(b, "", "", "", 0);
		nk_object_null(b, "grouplist");
		r = 0;
	}
	nk_user_free(u);
	return r;
}

static int
put_factor(struct nk_object *b, struct nk_context *c, int64_t id, bool *hasp)
{
	struct nk_otp o;
	int r = id == 0 ? -ENOENT :
	    nk_otp_get(nk_publisher_store(c->publisher), id, &o);

	if (r < 0 && r != -ENOENT)
		return r;
	*hasp = r == 0;
	if (!*hasp)
		o = (struct nk_otp){ .period = 30, .digits = 6 };
	nk_object_put(b, "two_factor_config", json_pack("{s:n, s:b, s:i,"
	    " s:i}", "provisioning_uri", "secret_configured", *hasp,
	    "interval", (int)o.period, "otp_digits", (int)o.digits));
	return 0;
}

/* What words the peer has for it. */
static json_t *
attributes(const struct nk_context *c, const struct nk_web_account *a,
    bool local, bool factor)
{
	json_t *list = json_array();

	if (a->user_id == NK_USER_ROOT_ID)
		json_array_append_new(list, json_string("SYS_ADMIN"));
	json_array_append_new(list, json_string(local ? "LOCAL" :
	    "DIRECTORY_SERVICE"));
	if (factor)
		json_array_append_new(list, json_string("2FA"));
	if (c->web->session.first == NK_WEB_API_KEY)
		json_array_append_new(list, json_string("API_KEY"));
	return list;
}

/* Whoever has just logged in is an administrator, though no caller yet. */
static json_t *
privilege(const struct nk_context *c)
{
	if (c->web->local && c->rank < NK_RANK_ADMIN)
		return json_pack("{s:{s:[]}, s:[], s:b, s:b}", "roles",
		    "$set", "allowlist", "web_shell", 0, "webui_access", 0);
	return json_pack("{s:{s:[s]}, s:[{s:s, s:s}], s:b, s:b}", "roles",
	    "$set", "FULL_ADMIN", "allowlist", "method", "*", "resource",
	    "*", "web_shell", 0, "webui_access", 1);
}

int
nk_web_user(struct nk_context *c, json_t **userp)
{
	struct nk_web_account a;
	struct nk_object b;
	bool local = false, factor = false;
	json_t *unused;
	int r, finished;

	if ((r = find_account(c, &a)) < 0)
		return r;
	nk_object_init(&b, NULL);
	nk_object_text(&b, "pw_name", a.name);
	nk_object_int(&b, "pw_uid", a.uid);
	if ((r = put_account(&b, c, &a, &local)) == 0)
		r = put_factor(&b, c, a.user_id, &factor);
	nk_object_null(&b, "sid");
	nk_object_text(&b, "source", local ? "LOCAL" : "LDAP");
	nk_object_bool(&b, "local", local);
	nk_object_put(&b, "attributes", json_object());
	nk_object_put(&b, "privilege", privilege(c));
	nk_object_put(&b, "account_attributes", attributes(c, &a, local,
	    factor));
	finished = nk_object_finish(&b, r < 0 ? &unused : userp);
	if (r < 0 && finished == 0)
		json_decref(unused);
	return r < 0 ? r : finished;
}
