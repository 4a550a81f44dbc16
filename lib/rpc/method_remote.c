/* SPDX-License-Identifier: ISC */

/* keychaincredential.*, where it speaks to another machine. */

#include <errno.h>
#include <stdlib.h>

#include "lib/remote/remote.h"
#include "lib/rpc/connection_open.h"
#include "lib/rpc/connection_rotate.h"
#include "lib/rpc/connection_setup.h"
#include "lib/rpc/connection_unpair.h"
#include "lib/rpc/edit.h"
#include "lib/rpc/keychain_private.h"
#include "lib/rpc/remote_copy.h"
#include "lib/rpc/rpc.h"
#include "lib/ssh/target.h"

#define SCHEMA	"keychain_remote_ssh_host_key_scan"
#define PORT	22
#define SECONDS	10

/* ---- remote_ssh_host_key_scan ---- */

static int64_t
number_or(const json_t *o, const char *member, int64_t otherwise)
{
	const json_t *v = json_object_get(o, member);

	return v == NULL ? otherwise : json_integer_value(v);
}

/* In the peer's words, as far as there are some. */
static int
say_fault(const struct nk_remote_report *report, struct nk_error *e)
{
	return nk_error_call(e, EFAULT, report->fault == NK_REMOTE_TIME ?
	    "SSH timeout: %s" : "ssh-keyscan failed: %s", report->reason);
}

static int
host_key_scan(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	const json_t *o = json_array_get(params, 0);
	const struct nk_remote_target t = {
		.host = json_string_value(json_object_get(o, "host")),
		.port = (uint16_t)number_or(o, "port", PORT),
		.seconds = (unsigned int)number_or(o, "connect_timeout",
		    SECONDS),
	};
	struct nk_remote_report report;
	struct nk_hostkeys hk;
	struct nk_sandbox sb;
	const char *why;
	char *text = NULL;
	int r;

	(void)c;
	if (nk_target_check_host(t.host, &why) < 0) {
		nk_error_add(e, SCHEMA ".host", EINVAL, "%s", why);
		return -EINVAL;
	}
	if ((r = nk_keychain_sandbox(&sb, e)) < 0)
		return r;
	sb.program = NK_REMOTE_PROGRAM;
	r = nk_remote_scan(&sb, &t, &hk, &report);
	if (r == -EIO)
		return say_fault(&report, e);
	if (r == 0)
		r = nk_hostkeys_write(&hk, &text);
	nk_hostkeys_clear(&hk);
	if (r == 0 && (*resultp = json_string(text)) == NULL)
		r = -ENOMEM;
	free(text);
	return r;
}

/* ---- test ---- */

/* [{"step", "ok", "ms"}, ...], in the order in which they were taken. */
static json_t *
show_steps(const struct nk_remote_report *report)
{
	json_t *steps = json_array();
	size_t i;

	for (i = 0; i < report->n; i++) {
		if (json_array_append_new(steps, json_pack("{s:s,s:b,s:I}",
		    "step", nk_remote_step_name(report->steps[i].step),
		    "ok", report->steps[i].done ? 1 : 0,
		    "ms", (json_int_t)report->steps[i].ms)) == -1) {
			json_decref(steps);
			return NULL;
		}
	}
	return steps;
}

static int
show_report(const struct nk_remote_report *report, json_t **resultp)
{
	bool ok = report->fault == NK_REMOTE_FINE;
	const char *address = report->address, *key = report->host_key;

	*resultp = json_pack("{s:b,s:s?,s:b,s:s?,s:s?,s:o}",
	    "ok", ok ? 1 : 0, "reason", ok ? NULL : report->reason,
	    "host_key_changed", report->fault == NK_REMOTE_CHANGED ? 1 : 0,
	    "address", address[0] == '\0' ? NULL : address,
	    "host_key", key[0] == '\0' ? NULL : key,
	    "steps", show_steps(report));
	return *resultp == NULL ? -ENOMEM : 0;
}

static int
audit_command(struct nk_context *c, void *arg, struct nk_error *e)
{
	const struct nk_connection_opened *o = arg;
	const struct nk_subject subject = { "credential", o->row.id,
	    o->name };

	(void)e;
	return nk_audit_write(c, "keychaincredential.test", &subject, NULL,
	    NULL, "Run a command over connection %s, as %s at %s", o->name,
	    o->row.username, o->row.host);
}

/* That it fails is a result as well. */
static int
test(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	const json_t *o = json_array_get(params, 1);
	const char *command = json_string_value(json_object_get(o,
	    "command"));
	struct nk_connection_opened opened;
	struct nk_remote_report report;
	struct nk_remote_target t;
	struct nk_remote_login login;
	struct nk_sandbox sb;
	int r;

	if ((r = nk_keychain_sandbox(&sb, e)) < 0 ||
	    (r = nk_connection_open(c, json_integer_value(json_array_get(
	    params, 0)), &opened, e)) < 0)
		return r;
	sb.program = NK_REMOTE_PROGRAM;
	t = (struct nk_remote_target){ opened.row.host, opened.row.port,
	    opened.row.connect_timeout };
	login = (struct nk_remote_login){ opened.row.username, &opened.pins,
	    &opened.key, NULL };
	/* what is done there with the key is known before it is done */
	if (command != NULL && (r = nk_edit_run(c, audit_command, &opened,
	    e)) < 0) {
		nk_connection_opened_clear(&opened);
		return r;
	}
	r = nk_remote_test(&sb, &t, &login, command,
	    json_is_true(json_object_get(o, "sftp")), &report);
	nk_connection_opened_clear(&opened);
	return r == 0 || r == -EIO ? show_report(&report, resultp) : r;
}

/* ---- the table ---- */

static const struct nk_arg scan_fields[] = {
	{ .name = "host", .type = NK_ARG_STRING,
	    .flags = NK_ARG_REQUIRED | NK_ARG_NONEMPTY },
	{ .name = "port", .type = NK_ARG_INT, .min = 1, .max = UINT16_MAX },
	{ .name = "connect_timeout", .type = NK_ARG_INT, .min = 1,
	    .max = NK_REMOTE_SECONDS_MAX },
	{ .name = NULL },
};

static const struct nk_arg test_fields[] = {
	{ .name = "command", .type = NK_ARG_STRING,
	    .flags = NK_ARG_NULL | NK_ARG_NONEMPTY,
	    .max = NK_REMOTE_COMMAND_MAX / 4 },
	{ .name = "sftp", .type = NK_ARG_BOOL },
	{ .name = NULL },
};

static const struct nk_arg test_args[] = {
	{ .name = "id", .type = NK_ARG_INT, .flags = NK_ARG_REQUIRED },
	{ .name = "options", .type = NK_ARG_OBJECT, .fields = test_fields },
	{ .name = NULL },
};

static const struct nk_arg scan_args[] = {
	{ .name = SCHEMA, .type = NK_ARG_OBJECT, .flags = NK_ARG_REQUIRED,
	    .fields = scan_fields },
	{ .name = NULL },
};

const struct nk_method nk_methods_remote[] = {
	{ "keychaincredential.remote_ssh_host_key_scan", NK_RIGHT_ADMIN,
	    NK_APART, scan_args, host_key_scan },
	{ "keychaincredential.test", NK_RIGHT_ADMIN, NK_EDITS, test_args,
	    test },
	{ "keychaincredential.remote_ssh_semiautomatic_setup", NK_RIGHT_ADMIN,
	    NK_EDITS, nk_connection_pair_args, nk_connection_pair_method },
	{ "keychaincredential.copy_key", NK_RIGHT_ADMIN, NK_EDITS,
	    nk_remote_copy_args, nk_remote_copy_method },
	{ "keychaincredential.unpair", NK_RIGHT_ADMIN, NK_EDITS,
	    nk_connection_unpair_args, nk_connection_unpair_method },
	{ "keychaincredential.rotate", NK_RIGHT_ADMIN, NK_EDITS,
	    nk_connection_rotate_args, nk_connection_rotate_method },
	{ .name = NULL },
};
