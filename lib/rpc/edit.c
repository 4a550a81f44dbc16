/* SPDX-License-Identifier: ISC */
#include "lib/rpc/edit.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/keyfile/apply.h"

#define TEXT_MAX	1024
#define RATE_PERIOD	60	/* s */

/*
 * The request was let in before the lock was taken, perhaps long before: an
 * import waits for its file.  Rights that were lost meanwhile are lost.
 */
static int
check_right_again(struct nk_context *c, struct nk_error *e)
{
	enum nk_rank rank = c->rank;
	int64_t user_id = c->user_id;
	int r;

	if (c->rights == NULL)
		return 0;
	if ((r = c->rights(c)) < 0)
		return r;
	if (c->rank < rank ||
	    (rank < NK_RANK_ADMIN && c->user_id != user_id))
		return nk_error_call(e, EACCES, "Not authorized");
	c->rank = rank;
	return 0;
}

/* What stands in the folder of the central files is root's own doing. */
static int
commit(struct nk_context *c, struct nk_error *e)
{
	int r = nk_edit_commit(c->publisher);

	if (r == -EDQUOT && nk_edit_is_beyond(c->publisher))
		return nk_error_call(e, EDQUOT, "The authorized_keys file in "
		    "the home directory has not been written for some time, "
		    "and too many changes wait for it: nothing was changed.  "
		    "Keys can still be removed; an administrator can see to "
		    "the home directory.");
	if ((r != -EPERM && r != -EISDIR) ||
	    r != nk_publisher_central(c->publisher))
		return r;
	return nk_error_call(e, -r, "%s: %s; nothing was changed.",
	    c->state->central, r == -EPERM ? "this is no folder of which "
	    "only its owner can change the files" :
	    "a folder stands where a user's file should");
}

/* The change is made and stays. */
static void
warn_of_sudo(struct nk_context *c)
{
	int r = nk_publisher_sudo(c->publisher);
	json_t *params;

	if (r == 0 || c->notify == NULL)
		return;
	params = json_pack("{s:s}", "text", r == -ENOPKG ? "There is no sudo "
	    "on this machine: the commands for it are kept, and come into "
	    "force once it is installed (naskeysctl sync)." : r == -EBADMSG ?
	    "Not all commands for sudo are in force: naskeysctl check says "
	    "why." : r == -EEXIST ? "The commands for sudo are not in force: "
	    "a file that naskeys did not make is in the place of its own "
	    "(naskeysctl check)." : "The file of commands for sudo could not "
	    "be written, and was removed: nobody has any until it can be.");
	if (params != NULL)
		c->notify(c->notify_arg, "naskeys.warning", params);
}

int
nk_edit_run(struct nk_context *c,
    int (*body)(struct nk_context *c, void *arg, struct nk_error *e),
    void *arg, struct nk_error *e)
{
	const struct nk_keyfile_work homes = { .publisher = c->publisher,
	    .state = c->state, .conf = c->conf };
	int r;

	if ((r = nk_edit_begin(c->publisher)) < 0)
		return r;
	if ((r = check_right_again(c, e)) == 0) {
		if (c->rank < NK_RANK_ADMIN)
			nk_edit_bound(c->publisher);
		r = body(c, arg, e);
	}
	if (r != 0) {
		nk_edit_abort(c->publisher);
		return r == 1 ? 0 : r;
	}
	if ((r = commit(c, e)) == 0)
		nk_keyfile_after_edit(&homes);
	warn_of_sudo(c);
	return r;
}

int
nk_edit_shown(int r, struct nk_error *e)
{
	if (r >= 0)
		return r;
	return nk_error_call(e, EINPROGRESS, "The change is made, but how it "
	    "stands now could not be read (%s)", r == -EBADMSG ?
	    "the store may be damaged: run naskeysctl check" : strerror(-r));
}

/*
 * Where there is no room to count an edit there is none for what it might
 * add to the maps either: who removes a key then must not be kept from it.
 */
int
nk_edit_take_rate(struct nk_context *c)
{
	struct timespec now;
	char subject[32];
	int r;

	if (c->session == NULL || c->conf == NULL)
		return -ENODEV;
	if (clock_gettime(CLOCK_BOOTTIME, &now) == -1)
		return -errno;
	(void)snprintf(subject, sizeof(subject), "edit:%u", c->caller->uid);
	r = nk_session_rate(c->session, subject, c->conf->edits_per_minute,
	    RATE_PERIOD, (int64_t)now.tv_sec);
	return r == -ENOSPC ? 0 : r;
}

/* A value that is too large is told by its size alone. */
static int
cut_member(json_t *o, const char *key, const json_t *v)
{
	size_t n = json_dumpb(v, NULL, 0, JSON_COMPACT | JSON_ENCODE_ANY);

	if (n <= NK_AUDIT_MEMBER_MAX)
		return 0;
	return json_object_set_new(o, key, json_pack("{s:I}", "bytes",
	    (json_int_t)n)) == -1 ? -ENOMEM : 0;
}

static int
cut(json_t *o)
{
	const char *key;
	json_t *v;
	void *next;
	int r = 0;

	json_object_foreach_safe(o, next, key, v)
		if (r == 0)
			r = cut_member(o, key, v);
	return r;
}

/* *textp is NULL for no value, and the caller's to free. */
static int
dump(const json_t *v, char **textp)
{
	json_t *copy;

	*textp = NULL;
	if (v == NULL)
		return 0;
	if ((*textp = json_dumps(v, JSON_COMPACT)) == NULL)
		return -ENOMEM;
	if (strlen(*textp) <= NK_AUDIT_TEXT_MAX)
		return 0;
	/* an array is one member like others */
	copy = json_is_object(v) ? json_deep_copy(v) :
	    json_pack("{s:o}", "all", json_deep_copy(v));
	free(*textp);
	*textp = copy == NULL || cut(copy) < 0 ? NULL :
	    json_dumps(copy, JSON_COMPACT);
	json_decref(copy);
	return *textp == NULL ? -ENOMEM : 0;
}

int
nk_audit_write_text(struct nk_context *c, const char *action,
    const struct nk_subject *subject, const char *before, const char *after,
    const char *text)
{
	struct nk_audit a = {
		.at = nk_now(),
		.actor_uid = c->actor_uid,
		.actor = c->actor,
		.action = action,
		.object_kind = subject->kind,
		.object_id = subject->id,
		.object = subject->name,
		.text = text,
		.before = before,
		.after = after,
	};

	return nk_audit_add(nk_publisher_store(c->publisher), &a);
}

int
nk_audit_write(struct nk_context *c, const char *action,
    const struct nk_subject *subject, const json_t *before,
    const json_t *after, const char *fmt, ...)
{
	char *was = NULL, *is = NULL, text[TEXT_MAX];
	va_list ap;
	int r;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if ((r = dump(before, &was)) == 0 && (r = dump(after, &is)) == 0)
		r = nk_audit_write_text(c, action, subject, was, is, text);
	free(was);
	free(is);
	return r;
}

void
nk_json_keep_changes(json_t *before, json_t *after)
{
	json_t *old, *new;
	const char *key;
	void *next;

	json_object_foreach_safe(before, next, key, old) {
		new = json_object_get(after, key);
		if (new == NULL || !json_equal(old, new))
			continue;
		/* key lives in the member that goes last */
		(void)json_object_del(after, key);
		(void)json_object_del(before, key);
	}
}

int64_t
nk_now(void)
{
	return (int64_t)time(NULL);
}
