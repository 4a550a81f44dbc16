/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <string.h>

#include "lib/account/password.h"
#include "lib/rpc/edit.h"
#include "lib/rpc/entity.h"
#include "lib/rpc/user_write.h"

#define ACTION	"user.set_password"

struct passwording {
	int64_t		 id;
	const char	*name;
	char		 old_hash[512];	/* what the old one was held against */
	char		 hash[NK_PASSWORD_HASH_MAX + 1];
};

static void
refuse_user(struct nk_error *e, const char *name, const char *text)
{
	nk_error_add(e, "user.set_password.username", EINVAL, "%s: %s", name,
	    text);
}

/* May this account have a password set? */
static void
check_account(const struct nk_user *u, struct nk_error *e)
{
	if (!u->managed)
		refuse_user(e, u->name, "the password belongs to the name "
		    "service that has the account.");
	else if (u->password_disabled)
		refuse_user(e, u->name,
		    "password authentication disabled for user");
	if (u->locked)
		refuse_user(e, u->name, "user account is locked.");
}

/*
 * The old password: everybody but an administrator must know it.  What the
 * rank is, is known before; the hash costs time only where it is needed.
 */
static int
check_old(struct nk_context *c, const struct nk_user *u,
    const char *old_password, struct nk_error *e)
{
	int r;

	if (old_password == NULL) {
		if (c->rank < NK_RANK_ADMIN)
			nk_error_add(e, "user.set_password.old_password",
			    EINVAL, "FULL_ADMIN role is required in order "
			    "to bypass check for current password.");
		return 0;
	}
	r = nk_password_verify(old_password, u->hash);
	if (r == -EACCES) {
		nk_error_add(e, "user.set_password.old_password", EINVAL,
		    "%s: failed to validate password.", u->name);
		return 0;
	}
	return r;
}

static int
check_new(const char *password, struct nk_error *e)
{
	if (password[0] == '\0')
		nk_error_add(e, "user.set_password.new_password", EINVAL,
		    "Password is required");
	if (strlen(password) > NK_PASSWORD_MAX)
		nk_error_add(e, "user.set_password.new_password", EINVAL,
		    "A password cannot be longer than %d bytes.",
		    NK_PASSWORD_MAX);
	return nk_error_is_set(e) ? -EINVAL : 0;
}

static int
set_password(struct nk_context *c, void *arg, struct nk_error *e)
{
	const struct passwording *p = arg;
	struct nk_subject subject = { "user", p->id, p->name };
	struct nk_user *u;
	int r;

	if ((r = nk_user_find(c, p->id, &u, e)) < 0)
		return r;
	check_account(u, e);
	if (nk_error_is_set(e))
		r = -EINVAL;
	else if (strcmp(u->hash, p->old_hash) != 0)
		r = nk_error_call(e, EAGAIN, "Somebody else has changed the "
		    "password meanwhile.");
	if (r == 0 && (r = nk_user_set_hash(u, p->hash)) == 0 &&
	    (r = nk_user_update(nk_publisher_store(c->publisher), u)) == 0)
		r = nk_audit_write(c, ACTION, &subject, NULL, NULL,
		    "Set account password %s", p->name);
	nk_user_free(u);
	return r;
}

static int
prepare(struct nk_context *c, struct passwording *p, const struct nk_user *u,
    const json_t *data, struct nk_error *e)
{
	const char *new = json_string_value(json_object_get(data,
	    "new_password"));
	int r;

	if ((r = check_old(c, u, json_string_value(json_object_get(data,
	    "old_password")), e)) < 0)
		return r;
	if (nk_error_is_set(e) || (r = check_new(new, e)) < 0)
		return -EINVAL;
	check_account(u, e);
	if (nk_error_is_set(e))
		return -EINVAL;
	if (strlen(u->hash) >= sizeof(p->old_hash))
		return -EBADMSG;
	memcpy(p->old_hash, u->hash, strlen(u->hash) + 1);
	p->id = u->id;
	return nk_password_hash(new, p->hash);
}

int
nk_user_set_password(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	const json_t *data = json_array_get(params, 0);
	struct passwording p = { .id = 0 };
	struct nk_user *u = NULL;
	int r;

	p.name = json_string_value(json_object_get(data, "username"));
	r = nk_user_by_name(nk_publisher_store(c->publisher), p.name, &u);
	if (r < 0 && r != -ENOENT)
		return r;
	if (c->rank < NK_RANK_ADMIN && (u == NULL || u->id != c->user_id)) {
		nk_user_free(u);
		return nk_error_call(e, EPERM, "%s: currently authenticated "
		    "credential may not reset password for this user.",
		    p.name);
	}
	if (u == NULL) {
		refuse_user(e, p.name, "user does not exist.");
		return -EINVAL;
	}
	if ((r = prepare(c, &p, u, data, e)) == 0)
		r = nk_edit_run(c, set_password, &p, e);
	if (r == 0 && (*resultp = json_null()) == NULL)
		r = -ENOMEM;
	explicit_bzero(&p, sizeof(p));
	nk_user_free(u);
	return r;
}

/* ---- the first administrator ---- */

/*
 * Who may call this administers the machine already; on a machine of the
 * peer's the first one to call it becomes its administrator.
 */
int
nk_user_setup_administrator(struct nk_context *c, json_t *params,
    json_t **resultp, struct nk_error *e)
{
	const char *name = json_string_value(json_array_get(params, 0));
	json_t *fields, *create, *result = NULL;
	int64_t n;
	int r;

	if (strcmp(name, "root") != 0 && strcmp(name, "truenas_admin") != 0) {
		nk_error_add(e, "username", EINVAL,
		    "Input should be 'root' or 'truenas_admin'");
		return -EINVAL;
	}
	r = nk_user_count_admins(nk_publisher_store(c->publisher), 0, &n);
	if (r < 0)
		return r;
	if (n > 0)
		return nk_error_call(e, EEXIST,
		    "Local administrator is already set up");
	if (strcmp(name, "root") == 0)
		return nk_error_call(e, EOPNOTSUPP, "naskeys does not keep "
		    "root's password: set it with passwd(1), or choose "
		    "\"truenas_admin\".");
	fields = json_pack("{s:s, s:s, s:b, s:b, s:O}", "username", name,
	    "full_name", "Local Administrator", "group_create", 1, "admin",
	    1, "password", json_array_get(params, 1));
	create = json_pack("[o]", fields);
	if (create == NULL)
		return -ENOMEM;
	r = nk_user_create(c, create, &result, e);
	json_decref(create);
	json_decref(result);
	if (r == 0 && (*resultp = json_null()) == NULL)
		r = -ENOMEM;
	return r;
}
