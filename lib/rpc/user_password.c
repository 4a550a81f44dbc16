/* SPDX-License-Identifier: ISC */
#include "lib/rpc/user_password.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/account/password.h"
#include "lib/rpc/edit.h"
#include "lib/rpc/entity.h"
#include "lib/rpc/user_write.h"

#define ACTION	"user.set_password"
#define DAY	86400
#define SELF_TRIES	4	/* right ones are tries too */

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

int
nk_password_take_try(struct nk_context *c, int64_t user_id)
{
	char subject[40];

	if (c->conf->lockout_failures == 0)
		return 0;
	(void)snprintf(subject, sizeof(subject), "password:%" PRId64,
	    user_id);
	return nk_session_rate(c->session, subject,
	    SELF_TRIES * c->conf->lockout_failures, c->conf->lockout_time,
	    nk_session_now());
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
	if (c->rank < NK_RANK_ADMIN &&
	    (r = nk_password_take_try(c, u->id)) < 0) {
		if (r != -EAGAIN)
			return r;
		return nk_error_call(e, EAGAIN, "Too many passwords were "
		    "tried: wait some minutes.");
	}
	r = nk_password_verify(old_password, u->hash);
	if (r == -EACCES) {
		nk_error_add(e, "user.set_password.old_password", EINVAL,
		    "%s: failed to validate password.", u->name);
		return 0;
	}
	return r;
}

/* Rule 2. */
static bool
is_bound(const struct nk_context *c, const struct nk_password_change *change)
{
	return c->rank < NK_RANK_ADMIN || change->old_password != NULL;
}

static void
check_age(const struct nk_context *c, const struct nk_user *u,
    struct nk_error *e)
{
	int64_t days = u->min_days >= 0 ? u->min_days :
	    (int64_t)c->conf->password_min_days;
	int64_t then = u->last_password_change, now = nk_now();

	/* a change in the future is a clock that was wrong: no reason */
	if (days == 0 || then <= 0 || then > now || now / DAY - then / DAY >=
	    days)
		return;
	nk_error_add(e, "user.set_password.new_password", EINVAL,
	    "The password can be changed again %" PRId64 " days after its "
	    "last change.", days);
}

/* Is it this hash's password?  Of len bytes, in a list of lines. */
static int
is_password_of(const char *password, const char *line, size_t len,
    bool *isp)
{
	char hash[NK_PASSWORD_IMPORT_MAX + 1];
	int r;

	*isp = false;
	if (len >= sizeof(hash))
		return 0;
	memcpy(hash, line, len);
	hash[len] = '\0';
	if ((r = nk_password_verify(password, hash)) == 0)
		*isp = true;
	explicit_bzero(hash, sizeof(hash));
	return r == -EACCES ? 0 : r;
}

/* The newest is the one in force, then come the lines of the history. */
static int
check_history(const struct nk_context *c, const struct nk_user *u,
    const char *password, struct nk_error *e)
{
	const char *line = u->hash, *next = u->password_history;
	uint32_t left = c->conf->password_history;
	bool used = false;
	int r = 0;

	while (r == 0 && !used && left-- > 0 && line != NULL &&
	    line[0] != '\0') {
		r = is_password_of(password, line, strcspn(line, "\n"),
		    &used);
		line = next;
		if (next != NULL && (next = strchr(next, '\n')) != NULL)
			next++;
	}
	if (used)
		nk_error_add(e, "user.set_password.new_password", EINVAL,
		    "The password was used before: the last %u cannot be "
		    "used again.", c->conf->password_history);
	return r;
}

static int
check_new(const struct nk_context *c, const struct nk_user *u,
    const struct nk_password_change *change, struct nk_error *e)
{
	const char *password = change->new_password;

	if (is_bound(c, change))
		check_age(c, u, e);
	if (password == NULL)
		return 0;
	if (password[0] == '\0')
		nk_error_add(e, "user.set_password.new_password", EINVAL,
		    "Password is required");
	if (strlen(password) > NK_PASSWORD_MAX)
		nk_error_add(e, "user.set_password.new_password", EINVAL,
		    "A password cannot be longer than %d bytes.",
		    NK_PASSWORD_MAX);
	if (nk_error_is_set(e) || !is_bound(c, change))
		return 0;
	return check_history(c, u, password, e);
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
    const struct nk_password_change *change, struct nk_error *e)
{
	int r;

	if ((r = check_old(c, u, change->old_password, e)) < 0)
		return r;
	if (nk_error_is_set(e))
		return -EINVAL;
	if ((r = check_new(c, u, change, e)) < 0)
		return r;
	check_account(u, e);
	if (nk_error_is_set(e))
		return -EINVAL;
	if (change->new_password == NULL)
		return 0;
	if (strlen(u->hash) >= sizeof(p->old_hash))
		return -EBADMSG;
	memcpy(p->old_hash, u->hash, strlen(u->hash) + 1);
	p->id = u->id;
	return nk_password_make(c->conf, change->new_password, p->hash, e);
}

int
nk_password_change(struct nk_context *c, const struct nk_user *u,
    const struct nk_password_change *change, struct nk_error *e)
{
	struct passwording p = { .name = u->name };
	int r;

	r = prepare(c, &p, u, change, e);
	if (r == 0 && change->new_password != NULL)
		r = nk_edit_run(c, set_password, &p, e);
	explicit_bzero(&p, sizeof(p));
	return r;
}

int
nk_user_set_password(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	const json_t *data = json_array_get(params, 0);
	const char *name = json_string_value(json_object_get(data,
	    "username"));
	const struct nk_password_change change = {
		.old_password = json_string_value(json_object_get(data,
		    "old_password")),
		.new_password = json_string_value(json_object_get(data,
		    "new_password")),
	};
	struct nk_user *u = NULL;
	int r;

	r = nk_user_by_name(nk_publisher_store(c->publisher), name, &u);
	if (r < 0 && r != -ENOENT)
		return r;
	if (c->rank < NK_RANK_ADMIN && (u == NULL || u->id != c->user_id)) {
		nk_user_free(u);
		return nk_error_call(e, EPERM, "%s: currently authenticated "
		    "credential may not reset password for this user.",
		    name);
	}
	if (u == NULL) {
		refuse_user(e, name, "user does not exist.");
		return -EINVAL;
	}
	r = nk_password_change(c, u, &change, e);
	if (r == 0 && (*resultp = json_null()) == NULL)
		r = -ENOMEM;
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
