/* SPDX-License-Identifier: ISC */

/* sshd itself: naskeysctl service status, start, stop, enable and so on. */

#include <string.h>
#include <unistd.h>

#include "helper/ctl/call.h"
#include "helper/ctl/value.h"
#include "lib/account/process.h"

static int
show(const struct ctl *c, const json_t *row)
{
	const json_t *pid = json_array_get(json_object_get(row, "pids"), 0);
	const char *state = row_string(row, "state");

	if (c->json) {
		ctl_print_json(row);
		return CTL_DONE;
	}
	if (json_is_integer(pid))
		ctl_say("sshd is running (process %" JSON_INTEGER_FORMAT ")",
		    json_integer_value(pid));
	else
		ctl_say("sshd is %s", strcmp(state, "RUNNING") == 0 ?
		    "running" : strcmp(state, "STOPPED") == 0 ? "stopped" :
		    "in a state that cannot be told");
	ctl_say("%s at boot", row_bool(row, "enable") ? "Started" :
	    "Not started");
	return CTL_DONE;
}

int
ctl_service_status(struct ctl *c, const struct ctl_args *a)
{
	json_t *row = NULL;
	int r;

	(void)a;
	r = ctl_call(c, "service.query", json_pack("[[],{s:b}]", "get", 1),
	    -1, &row);
	if (r == CTL_DONE)
		r = show(c, row);
	json_decref(row);
	return r;
}

static int
control(struct ctl *c, const char *verb, const char *done)
{
	json_t *result = NULL;
	int r;

	r = ctl_call(c, "service.control", json_pack("[s,s,{s:b}]", verb,
	    "ssh", "silent", 0), -1, &result);
	if (r == CTL_DONE)
		r = ctl_done(c, result, "%s", done);
	json_decref(result);
	return r;
}

int
ctl_service_start(struct ctl *c, const struct ctl_args *a)
{
	(void)a;
	return control(c, "START", "sshd runs");
}

int
ctl_service_stop(struct ctl *c, const struct ctl_args *a)
{
	static const char *const names[] = { "sshd", "sshd-session", NULL };
	int r;

	(void)a;
	if (nk_process_is_below(getppid(), names) &&
	    (r = ctl_confirm(c, "You came by SSH, and nobody can come by it "
	    "again before sshd is started. Stop it?")) != CTL_DONE)
		return r;
	return control(c, "STOP", "sshd is stopped");
}

int
ctl_service_restart(struct ctl *c, const struct ctl_args *a)
{
	(void)a;
	return control(c, "RESTART", "sshd runs again");
}

int
ctl_service_reload(struct ctl *c, const struct ctl_args *a)
{
	(void)a;
	return control(c, "RELOAD", "sshd has read its configuration");
}

static int
set_enable(struct ctl *c, bool enable, const char *done)
{
	json_t *result = NULL;
	int r;

	r = ctl_call(c, "service.update", json_pack("[s,{s:b}]", "ssh",
	    "enable", enable), -1, &result);
	if (r == CTL_DONE)
		r = ctl_done(c, result, "%s", done);
	json_decref(result);
	return r;
}

int
ctl_service_enable(struct ctl *c, const struct ctl_args *a)
{
	(void)a;
	return set_enable(c, true, "sshd is started at boot");
}

int
ctl_service_disable(struct ctl *c, const struct ctl_args *a)
{
	(void)a;
	return set_enable(c, false, "sshd is not started at boot");
}
