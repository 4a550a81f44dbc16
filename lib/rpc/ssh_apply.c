/* SPDX-License-Identifier: ISC */
#include "lib/rpc/ssh_apply.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/account/process.h"
#include "lib/publish/lock.h"
#include "lib/rpc/edit.h"
#include "lib/rpc/object.h"
#include "lib/rpc/ssh_hostkeys.h"
#include "lib/sshservice/control.h"
#include "lib/sshservice/conftext.h"
#include "lib/sshservice/effect.h"
#include "lib/sshservice/pending.h"
#include "lib/sshservice/wanted.h"

#define AT_WORK_S	120	/* longer than all that is done at once */
#define COME_BACK_S	10
#define CONFIRM_MIN	5
#define CONFIRM_MAX	86400

static const struct nk_arg apply_fields[] = {
	{ .name = "edit_main", .type = NK_ARG_BOOL },
	{ .name = "remove", .type = NK_ARG_BOOL },
	{ .name = "confirm_within", .type = NK_ARG_INT,
	    .flags = NK_ARG_NULL, .min = CONFIRM_MIN, .max = CONFIRM_MAX },
	{ .name = NULL },
};

const struct nk_arg nk_ssh_apply_args[] = {
	{ .name = "options", .type = NK_ARG_OBJECT, .fields = apply_fields },
	{ .name = NULL },
};

struct apply {
	bool			 edit_main, remove;
	int64_t			 confirm_within;	/* 0: not asked for */
	struct nk_wanted_dropin	 wanted;
	struct nk_sshplan		 plan;
	struct nk_ssh_pending	 pending;
	json_t			*warnings;
	bool			 reloaded;
};

static int
warn(struct apply *a, const char *text)
{
	return json_array_append_new(a->warnings, json_string(text)) == -1 ?
	    -ENOMEM : 0;
}

/* ---- whose session it is ---- */

bool
nk_ssh_comes_by(const struct nk_context *c)
{
	static const char *const names[] = { "sshd", "sshd-session", NULL };

	return nk_process_is_below(c->caller->pid > 0 ? c->caller->pid :
	    getppid(), names);
}

static int
warn_of_loss(const struct nk_context *c, struct apply *a)
{
	const struct nk_sshplan *p = &a->plan;
	const char *keyword = p->has_before ?
	    nk_effect_differs(&p->before, &p->after) : NULL;
	char text[256];

	if (a->confirm_within > 0 || keyword == NULL || !nk_ssh_comes_by(c))
		return 0;
	(void)snprintf(text, sizeof(text), "You came by SSH, and this changes "
	    "\"%s\", by which you could be refused the next time: keep this "
	    "session until another one works, or apply with confirm_within",
	    keyword);
	return warn(a, text);
}

/* ---- the steps ---- */

/* Nothing may wait already: a second change could not be taken back. */
int
nk_ssh_check_free(struct nk_context *c, struct nk_error *e)
{
	struct nk_ssh_pending p;
	int r;

	r = nk_ssh_pending_get(nk_publisher_store(c->publisher), &p);
	nk_ssh_pending_clear(&p);
	if (r == 0)
		return nk_error_call(e, EBUSY, "An earlier change waits for "
		    "its confirmation: say \"naskeysctl service confirm\", or "
		    "wait until it has gone back");
	return r == -ENOENT ? 0 : r;
}

/* Files of the machine's may hold any bytes. */
static json_t *
text_json(const char *text)
{
	json_t *v = json_string(text);

	return v != NULL ? v : json_null();
}

static int
tell_conflicts(const struct nk_sshplan *p, struct nk_error *e)
{
	const struct nk_conflict *k;
	json_t *all = json_array();
	size_t i;

	for (i = 0; all != NULL && i < p->n; i++) {
		k = &p->conflicts[i];
		if (json_array_append_new(all, json_pack("{s:o,s:I,s:o}",
		    "file", text_json(k->path), "line",
		    (json_int_t)k->number, "text", text_json(k->line))) ==
		    -1) {
			json_decref(all);
			all = NULL;
		}
	}
	if (all == NULL)
		return -ENOMEM;
	json_decref(e->extra);
	e->extra = all;
	return 0;
}

static int
plan(struct nk_context *c, struct apply *a, struct nk_error *e)
{
	char why[NK_SSHPLAN_WHY_MAX];
	int r, s;

	if ((r = nk_wanted_gather(nk_publisher_store(c->publisher),
	    &a->wanted)) < 0 ||
	    (!a->remove && (r = nk_ssh_hostkeys_before(c,
	    &a->wanted.settings, a->warnings, e)) < 0))
		return r;
	r = nk_sshplan_make(&a->plan, c->conf, a->remove ? NULL : &a->wanted.d,
	    a->edit_main, why);
	if (r < 0 && why[0] != '\0') {
		r = nk_error_call(e, -r, "%s; nothing was changed", why);
		if (a->plan.n > 0 && (s = tell_conflicts(&a->plan, e)) < 0)
			r = s;
		return r;
	}
	if (r == 0 && a->wanted.odd != NULL &&
	    a->wanted.settings.passwordauth)
		r = warn(a, "A user whose name sshd's Match User cannot mean "
		    "alone may not log in by password");
	return r < 0 ? r : warn_of_loss(c, a);
}

static int
note(struct nk_context *c, void *arg, struct nk_error *e)
{
	const struct nk_subject subject = { "service", 1, "ssh" };
	struct apply *a = arg;
	int r;

	(void)e;
	if ((r = nk_ssh_pending_insert(nk_publisher_store(c->publisher),
	    &a->pending)) < 0)
		return r;
	return nk_audit_write(c, "ssh.apply", &subject, NULL, NULL,
	    "Apply SSH configuration");
}

/* Let sshd read it, and see that it has come back. */
static int
reload(struct nk_context *c, struct apply *a)
{
	struct nk_control_mark mark;
	bool running;
	int r;

	if ((r = nk_control_look(c->conf, "status", &running)) < 0 ||
	    !running)
		return r;
	a->reloaded = true;
	if (a->plan.has_before)
		nk_control_mark(&a->plan.before, &mark);
	else
		nk_control_mark(&a->plan.after, &mark);
	if ((r = nk_control_run(c->conf, "reload")) < 0)
		return r;
	return nk_control_wait(&a->plan.after, &mark, COME_BACK_S);
}

static int
take_back(struct nk_context *c, struct apply *a, int why,
    struct nk_error *e)
{
	int r;

	if ((r = nk_pending_restore(c->conf, &a->pending,
	    a->reloaded)) < 0)
		return nk_error_call(e, -r, "sshd did not take the new "
		    "configuration, and the old one could not be put back: "
		    "see to " NK_SSHD_FOLDER " at once");
	if ((r = nk_pending_forget(c->publisher)) < 0)
		return r;
	return nk_error_call(e, -why, a->reloaded ? "sshd did not come back "
	    "with the new configuration; the old one is in force again" :
	    "The files in " NK_SSHD_FOLDER " could not be written; they are "
	    "as they were");
}

static int
extend(struct nk_store *s, void *arg)
{
	const struct apply *a = arg;

	return nk_ssh_pending_extend(s, nk_pending_now() +
	    a->confirm_within);
}

static int
put_in_force(struct nk_context *c, struct apply *a, struct nk_error *e)
{
	int r;

	if ((r = nk_pending_make(&a->plan, nk_pending_now() + AT_WORK_S,
	    &a->pending)) < 0 ||
	    (r = nk_edit_run(c, note, a, e)) < 0)
		return r;
	if ((r = nk_pending_start_waiter()) < 0 ||
	    (r = nk_pending_install(&a->plan)) < 0 ||
	    (r = reload(c, a)) < 0)
		return take_back(c, a, r, e);
	if (a->confirm_within > 0)
		return nk_publisher_record(c->publisher, extend, a);
	return nk_pending_forget(c->publisher);
}

/* ---- the answer ---- */

/* The lines of sshd_config that change, as diff(1) shows them. */
static void
put_difference(FILE *f, const char *old, const char *new)
{
	size_t n, m;

	for (; *old != '\0' && *new != '\0'; old += n, new += m) {
		n = strcspn(old, "\n");
		m = strcspn(new, "\n");
		if (n != m || memcmp(old, new, n) != 0)
			fprintf(f, "-%.*s\n+%.*s\n", (int)n, old, (int)m,
			    new);
		n += old[n] == '\n';
		m += new[m] == '\n';
	}
}

static int
answer(const struct apply *a, bool changed, json_t **resultp)
{
	char *difference = NULL;
	size_t len;
	FILE *f;

	if ((f = open_memstream(&difference, &len)) == NULL)
		return -ENOMEM;
	put_difference(f, a->plan.old_main, a->plan.main);
	if (fclose(f) == EOF)
		return -ENOMEM;
	*resultp = json_pack("{s:b,s:b,s:o,s:o,s:O}", "changed", changed,
	    "reloaded", a->reloaded, "confirm_before", changed &&
	    a->confirm_within > 0 ? nk_json_date_new(nk_now() +
	    a->confirm_within) : json_null(), "difference",
	    text_json(difference),
	    "warnings", a->warnings);
	free(difference);
	return *resultp == NULL ? -ENOMEM : 0;
}

static int
apply(struct nk_context *c, struct apply *a, json_t **resultp,
    struct nk_error *e)
{
	bool changed;
	int r;

	if ((r = nk_ssh_check_free(c, e)) < 0 || (r = plan(c, a, e)) < 0)
		return r;
	changed = nk_sshplan_changes(&a->plan);
	if (changed && (r = put_in_force(c, a, e)) < 0)
		return r;
	if (!a->remove && (r = nk_ssh_hostkeys_after(c, &a->plan.after,
	    a->warnings)) < 0)
		return r;
	return answer(a, changed, resultp);
}

/* ---- the methods ---- */

int
nk_ssh_take_lock(const struct nk_context *c, int *fdp, struct nk_error *e)
{
	int r;

	if (!c->state->system)
		return nk_error_call(e, EPERM, "This is not the machine's own "
		    "state: sshd's configuration is left alone");
	r = nk_lock_take(NK_PENDING_LOCK, c->state->owner,
	    NK_PENDING_LOCK_MS, fdp);
	return r == -EAGAIN ? nk_error_call(e, EBUSY, "Another change of "
	    "sshd's configuration is at work") : r;
}

int
nk_ssh_apply_method(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	const json_t *o = json_array_get(params, 0);
	struct apply a = {
		.edit_main = json_is_true(json_object_get(o, "edit_main")),
		.remove = json_is_true(json_object_get(o, "remove")),
		.confirm_within = json_integer_value(json_object_get(o,
		    "confirm_within")),
	};
	int fd = -1, r;

	if ((r = nk_ssh_take_lock(c, &fd, e)) < 0)
		return r;
	if ((a.warnings = json_array()) == NULL)
		r = -ENOMEM;
	else
		r = apply(c, &a, resultp, e);
	nk_lock_drop(&fd);
	nk_ssh_pending_clear(&a.pending);
	nk_sshplan_clear(&a.plan);
	nk_wanted_clear(&a.wanted);
	json_decref(a.warnings);
	return r;
}

static int
confirm(struct nk_context *c, void *arg, struct nk_error *e)
{
	const struct nk_subject subject = { "service", 1, "ssh" };
	int r;

	(void)arg;
	r = nk_ssh_pending_delete(nk_publisher_store(c->publisher));
	if (r == -ENOENT)
		return nk_error_call(e, ENOENT, "No change waits for its "
		    "confirmation: none was made, or it has gone back");
	if (r < 0)
		return r;
	return nk_audit_write(c, "ssh.confirm", &subject, NULL, NULL,
	    "Confirm SSH configuration");
}

int
nk_ssh_confirm_method(struct nk_context *c, json_t *params,
    json_t **resultp, struct nk_error *e)
{
	int fd = -1, r;

	(void)params;
	if ((r = nk_ssh_take_lock(c, &fd, e)) < 0)
		return r;
	r = nk_edit_run(c, confirm, NULL, e);
	nk_lock_drop(&fd);
	if (r < 0)
		return r;
	return (*resultp = json_null()) == NULL ? -ENOMEM : 0;
}
