/* SPDX-License-Identifier: ISC */

/* service.*: sshd started, stopped and enabled; it is the only service. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/account/runner.h"
#include "lib/publish/lock.h"
#include "lib/rpc/edit.h"
#include "lib/rpc/object.h"
#include "lib/rpc/remark.h"
#include "lib/rpc/ssh_apply.h"
#include "lib/sshservice/control.h"

#define SERVICE_ID	1
#define SERVICE_NAME	"ssh"
#define SECONDS		10	/* for what sshd is asked or told */
#define STEP_NS		200000000L

static const struct nk_subject subject = { "service", SERVICE_ID,
    SERVICE_NAME };

/* What is not known must not be taken for what is to be done already. */
static int
look(struct nk_context *c, const char *verb, bool *yesp, struct nk_error *e)
{
	int r;

	if ((r = nk_control_look(c->conf, verb, yesp)) == 0)
		return 0;
	return nk_error_call(e, EFAULT, "It cannot be seen whether sshd %s "
	    "(%s); nothing was done", strcmp(verb, "status") == 0 ? "runs" :
	    "is started at boot", strerror(-r));
}

/* ---- query ---- */

/* systemd's or the hook's word; what is no machine's is not known. */
static const char *
state_of(const struct nk_context *c)
{
	if (!c->state->system)
		return "UNKNOWN";
	switch (nk_control_run(c->conf, "status")) {
	case 0:
		return "RUNNING";
	case -EIO:
		return "STOPPED";
	default:
		return "UNKNOWN";
	}
}

static json_t *
pids_of(const struct nk_context *c)
{
	json_t *pids = json_array();
	struct nk_settings s;
	pid_t pid;

	if (pids == NULL || nk_settings_ask(&s, c->conf->sshd, "root",
	    SECONDS) < 0)
		return pids;
	pid = nk_control_pid(&s);
	nk_settings_clear(&s);
	if (pid != 0 && json_array_append_new(pids, json_integer(pid)) ==
	    -1) {
		json_decref(pids);
		pids = NULL;
	}
	return pids;
}

static json_t *
row_of(const struct nk_context *c)
{
	const char *state = state_of(c);
	bool enabled = c->state->system &&
	    nk_control_run(c->conf, "is-enabled") == 0;

	return json_pack("{s:i,s:s,s:b,s:s,s:o}", "id", SERVICE_ID,
	    "service", SERVICE_NAME, "enable", enabled, "state", state,
	    "pids", strcmp(state, "RUNNING") == 0 ? pids_of(c) :
	    json_array());
}

static int
service_query(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	struct nk_query *q;
	json_t *row;
	int r;

	if ((r = nk_query_new(&q, json_array_get(params, 0),
	    json_array_get(params, 1), e)) < 0)
		return r;
	r = (row = row_of(c)) == NULL ? -ENOMEM : nk_query_offer(q, row);
	if (r >= 0)
		r = nk_query_finish(q, resultp, e);
	nk_query_free(q);
	return r;
}

/* ---- update ---- */

static int
note(struct nk_context *c, void *arg, struct nk_error *e)
{
	const char *text = arg;

	(void)e;
	return nk_audit_write(c, "service.control", &subject, NULL, NULL,
	    "%s", text);
}

static int
note_enable(struct nk_context *c, void *arg, struct nk_error *e)
{
	const bool *enable = arg;

	(void)e;
	return nk_audit_write(c, "service.update", &subject, NULL, NULL,
	    "%s SSH service at boot", *enable ? "Enable" : "Disable");
}

static int
set_enable(struct nk_context *c, bool enable, struct nk_error *e)
{
	bool enabled;
	int r;

	if ((r = look(c, "is-enabled", &enabled, e)) < 0)
		return r;
	if (enabled == enable)
		return 0;
	if ((r = nk_edit_run(c, note_enable, &enable, e)) < 0)
		return r;
	if ((r = nk_control_run(c->conf, enable ? "enable" : "disable")) < 0)
		return nk_error_call(e, EFAULT, "sshd could not be %s at "
		    "boot: %s", enable ? "enabled" : "disabled", r == -EIO ?
		    "what controls it has refused" : strerror(-r));
	return 0;
}

static bool
is_ssh(const json_t *v)
{
	const char *name = json_string_value(v);

	return name != NULL ? strcmp(name, SERVICE_NAME) == 0 :
	    json_is_integer(v) && json_integer_value(v) == SERVICE_ID;
}

static int
service_update(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	const json_t *enable = json_object_get(json_array_get(params, 1),
	    "enable");
	int fd = -1, r;

	if (!is_ssh(json_array_get(params, 0)))
		return nk_error_call(e, ENOENT, "There is no such service: "
		    "naskeys has \"" SERVICE_NAME "\" (1) alone");
	if ((r = nk_ssh_take_lock(c, &fd, e)) < 0)
		return r;
	r = set_enable(c, json_is_true(enable), e);
	nk_lock_drop(&fd);
	if (r < 0)
		return r;
	return (*resultp = json_integer(SERVICE_ID)) == NULL ? -ENOMEM : 0;
}

/* ---- control ---- */

/* Who stops an sshd that would not start again locks everybody out. */
static int
check_configuration(const struct nk_context *c, struct nk_error *e)
{
	const struct nk_runner p = { .path = c->conf->sshd,
	    .args = { "-t" }, .seconds = SECONDS, .max = NK_SETTINGS_MAX,
	    .network = true };
	char *text;
	size_t len;
	int r;

	if ((r = nk_runner_run(&p, &text, &len)) == -EIO)
		r = nk_error_call(e, EINVAL, "sshd does not take its "
		    "configuration (%.800s); nothing was done",
		    nk_runner_line(text));
	else if (r < 0)
		r = nk_error_call(e, EINVAL, "%s: %s; nothing was done",
		    c->conf->sshd, strerror(-r));
	free(text);
	return r;
}

/* Wait until sshd does not run any more. */
static int
await_end(struct nk_context *c)
{
	const struct timespec step = { .tv_nsec = STEP_NS };
	int left = SECONDS * 5, r;
	bool running;

	while ((r = nk_control_look(c->conf, "status", &running)) == 0 &&
	    running) {
		if (left-- == 0)
			return -ETIMEDOUT;
		(void)nanosleep(&step, NULL);
	}
	return r;
}

/* Tell the control program, and wait until sshd is as it should be. */
static int
tell(struct nk_context *c, const char *verb)
{
	struct nk_control_mark mark = { .inode = 0 };
	struct nk_settings s = { .n = 0 };
	int r;

	if (strcmp(verb, "stop") == 0) {
		r = nk_control_run(c->conf, verb);
		return r < 0 ? r : await_end(c);
	}
	if (nk_settings_ask(&s, c->conf->sshd, "root", SECONDS) == 0)
		nk_control_mark(&s, &mark);
	nk_settings_clear(&s);
	if ((r = nk_control_run(c->conf, verb)) < 0 ||
	    (r = nk_settings_ask(&s, c->conf->sshd, "root", SECONDS)) < 0)
		return r;
	r = nk_control_wait(&s, &mark, SECONDS);
	nk_settings_clear(&s);
	return r;
}

static int
do_noted(struct nk_context *c, const char *verb, struct nk_error *e)
{
	static const char warning[] = "You came by SSH: keep this session "
	    "until another one works, since no new one can be opened while "
	    "sshd is stopped";
	char text[64];
	int r;

	(void)snprintf(text, sizeof(text), "%c%s SSH service", verb[0] - 'a' +
	    'A', verb + 1);
	if ((r = nk_edit_run(c, note, text, e)) < 0)
		return r;
	if ((strcmp(verb, "stop") == 0 || strcmp(verb, "restart") == 0) &&
	    nk_ssh_comes_by(c))
		nk_remark(c, "service.control", &subject, warning);
	if ((r = tell(c, verb)) == 0)
		return 0;
	return nk_error_call(e, EFAULT, "sshd did not %s: %s", verb,
	    r == -EIO ? "what controls it has refused" :
	    r == -ETIMEDOUT ? "it is not as it should be after 10 seconds" :
	    strerror(-r));
}

static int
control(struct nk_context *c, const char *verb, struct nk_error *e)
{
	bool running;
	int r;

	if ((r = look(c, "status", &running, e)) < 0)
		return r;
	if (strcmp(verb, running ? "start" : "stop") == 0)
		return 0;
	if (!running && strcmp(verb, "reload") == 0)
		return nk_error_call(e, ESRCH, "sshd does not run: start it");
	if (strcmp(verb, "stop") == 0)
		r = nk_ssh_check_free(c, e);
	else
		r = running ? check_configuration(c, e) : 0;
	return r < 0 ? r : do_noted(c, verb, e);
}

/* "silent" is the peer's: false in place of an error, and its default. */
static int
run_verb(struct nk_context *c, const char *verb, const json_t *name,
    const json_t *options, json_t **resultp, struct nk_error *e)
{
	bool silent = !json_is_false(json_object_get(options, "silent"));
	int fd = -1, r;

	if (!is_ssh(name))
		return nk_error_call(e, ENOENT, "There is no such service: "
		    "naskeys has \"" SERVICE_NAME "\" alone");
	if ((r = nk_ssh_take_lock(c, &fd, e)) < 0)
		return r;
	r = control(c, verb, e);
	nk_lock_drop(&fd);
	if (r < 0 && (!silent || r == -EACCES))
		return r;
	if (r < 0)
		nk_error_clear(e);
	return (*resultp = json_boolean(r == 0)) == NULL ? -ENOMEM : 0;
}

static int
service_control(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	static const char *const verbs[][2] = { { "START", "start" },
	    { "STOP", "stop" }, { "RESTART", "restart" },
	    { "RELOAD", "reload" } };
	const char *verb = json_string_value(json_array_get(params, 0));
	size_t i;

	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(verb, verbs[i][0]) == 0)
			return run_verb(c, verbs[i][1],
			    json_array_get(params, 1),
			    json_array_get(params, 2), resultp, e);
	nk_error_add(e, "verb", EINVAL, "Input should be 'START', 'STOP', "
	    "'RESTART' or 'RELOAD'");
	return -EINVAL;
}

/* service.start and its sisters: the verb is the method's own. */
static int
run_own_verb(struct nk_context *c, const char *verb, json_t *params,
    json_t **resultp, struct nk_error *e)
{
	return run_verb(c, verb, json_array_get(params, 0),
	    json_array_get(params, 1), resultp, e);
}

static int
service_start(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	return run_own_verb(c, "start", params, resultp, e);
}

static int
service_stop(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	return run_own_verb(c, "stop", params, resultp, e);
}

static int
service_restart(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	return run_own_verb(c, "restart", params, resultp, e);
}

static int
service_reload(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	return run_own_verb(c, "reload", params, resultp, e);
}

/* ---- the table ---- */

static const struct nk_arg update_fields[] = {
	{ .name = "enable", .type = NK_ARG_BOOL, .flags = NK_ARG_REQUIRED },
	{ .name = NULL },
};

static const struct nk_arg update_args[] = {
	{ .name = "id_or_name", .type = NK_ARG_ANY,
	    .flags = NK_ARG_REQUIRED },
	{ .name = "service_update", .type = NK_ARG_OBJECT,
	    .flags = NK_ARG_REQUIRED, .fields = update_fields },
	{ .name = NULL },
};

/* Those but "silent" are taken, and mean nothing here. */
static const struct nk_arg option_fields[] = {
	{ .name = "ha_propagate", .type = NK_ARG_BOOL },
	{ .name = "silent", .type = NK_ARG_BOOL },
	{ .name = "timeout", .type = NK_ARG_INT, .flags = NK_ARG_NULL },
	{ .name = NULL },
};

/* Those of the older names are the same without the verb. */
static const struct nk_arg control_args[] = {
	{ .name = "verb", .type = NK_ARG_STRING, .flags = NK_ARG_REQUIRED },
	{ .name = "service", .type = NK_ARG_STRING,
	    .flags = NK_ARG_REQUIRED },
	{ .name = "options", .type = NK_ARG_OBJECT,
	    .fields = option_fields },
	{ .name = NULL },
};

const struct nk_method nk_methods_service[] = {
	{ "service.query", NK_RIGHT_ADMIN, NK_READS, nk_query_args,
	    service_query },
	{ "service.update", NK_RIGHT_ADMIN, NK_EDITS, update_args,
	    service_update },
	{ "service.control", NK_RIGHT_ADMIN, NK_EDITS, control_args,
	    service_control },
	{ "service.start", NK_RIGHT_ADMIN, NK_EDITS, &control_args[1],
	    service_start },
	{ "service.stop", NK_RIGHT_ADMIN, NK_EDITS, &control_args[1],
	    service_stop },
	{ "service.restart", NK_RIGHT_ADMIN, NK_EDITS, &control_args[1],
	    service_restart },
	{ "service.reload", NK_RIGHT_ADMIN, NK_EDITS, &control_args[1],
	    service_reload },
	{ .name = NULL },
};
