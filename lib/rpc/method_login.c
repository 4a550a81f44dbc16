/* SPDX-License-Identifier: ISC */

/* Failed logins, lock-outs and open sessions: what session.db knows. */

#include <errno.h>

#include "lib/account/process.h"
#include "lib/rpc/edit.h"
#include "lib/rpc/key_add.h"
#include "lib/rpc/object.h"
#include "lib/rpc/rpc.h"
#include "lib/store/failures.h"
#include "lib/store/sessions.h"

/* ---- user.logins ---- */

static int
add_session(void *arg, const struct nk_user_session *u)
{
	json_t *list = arg, *o;
	struct nk_object b;
	int64_t start;
	int r;

	/* nobody says that a process was killed */
	r = nk_process_start((pid_t)u->pid, &start);
	if (r == -ESRCH || (r == 0 && start != u->start))
		return 0;
	if (r < 0)
		return r;
	nk_object_init(&b, NULL);
	nk_object_int(&b, "pid", u->pid);
	nk_object_date(&b, "since", u->since, 0);
	nk_object_text(&b, "service", u->service);
	nk_object_text(&b, "tty", u->tty[0] != '\0' ? u->tty : NULL);
	nk_object_text(&b, "from", u->rhost[0] != '\0' ? u->rhost : NULL);
	if ((r = nk_object_finish(&b, &o)) < 0)
		return r;
	return json_array_append_new(list, o) == -1 ? -ENOMEM : 0;
}

/* Seconds since the epoch of a moment of CLOCK_BOOTTIME; 0: none. */
static int64_t
real_time(int64_t at)
{
	return at == 0 ? 0 : nk_now() + (at - nk_session_now());
}

static int
user_logins(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	struct nk_object b;
	struct nk_failures f;
	struct nk_user *u;
	json_t *list;
	int r;

	if ((r = nk_key_find_user(c, json_string_value(json_array_get(params,
	    0)), &u, e)) < 0)
		return r;
	if ((list = json_array()) == NULL) {
		r = -ENOMEM;
		goto out;
	}
	if ((r = nk_failures_get(c->session, u->id, nk_session_now(),
	    &f)) < 0 ||
	    (r = nk_sessions_each(c->session, u->id, add_session,
	    list)) < 0) {
		json_decref(list);
		goto out;
	}
	nk_object_init(&b, NULL);
	nk_object_int(&b, "failures", f.count);
	nk_object_date(&b, "last_failure_at", real_time(f.last_at), 0);
	nk_object_date(&b, "locked_out_until", real_time(f.locked_until), 0);
	nk_object_put(&b, "sessions", list);
	r = nk_object_finish(&b, resultp);
 out:
	nk_user_free(u);
	return r;
}

/* ---- user.unlock ---- */

static int
write_audit(struct nk_context *c, void *arg, struct nk_error *e)
{
	const struct nk_user *u = arg;
	struct nk_subject subject = { "user", u->id, u->name };

	(void)e;
	return nk_audit_write(c, "user.unlock", &subject, NULL, NULL,
	    "Forget failed logins of user %s", u->name);
}

/*
 * The row first: what is forgotten cannot be told afterwards.  The map is made
 * to say so in any case: it may know what session.db has lost.
 */
static int
user_unlock(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	struct nk_failures was;
	struct nk_user *u;
	int r;

	if ((r = nk_key_find_user(c, json_string_value(json_array_get(params,
	    0)), &u, e)) < 0)
		return r;
	r = nk_failures_get(c->session, u->id, nk_session_now(), &was);
	if (r == 0 && was.count > 0 &&
	    (r = nk_edit_run(c, write_audit, u, e)) == 0)
		r = nk_failures_forget(c->session, u->id, nk_session_now(),
		    NULL);
	if (r == 0)
		r = nk_publisher_lock_out(c->publisher, c->session, u->id);
	nk_user_free(u);
	if (r == 0 && (*resultp = json_boolean(was.count > 0)) == NULL)
		r = -ENOMEM;
	return r;
}

static const struct nk_arg name_args[] = {
	{ "username", NK_ARG_STRING, NK_ARG_REQUIRED | NK_ARG_NONEMPTY, 0, 0,
	    NULL },
	{ .name = NULL },
};

const struct nk_method nk_methods_login[] = {
	{ "user.logins", NK_RIGHT_USER, NK_READS, name_args, user_logins },
	{ "user.unlock", NK_RIGHT_ADMIN, NK_EDITS, name_args, user_unlock },
	{ .name = NULL },
};
