/* SPDX-License-Identifier: ISC */

/* naskeys.check and naskeys.sync. */

#include <errno.h>

#include "lib/keyfile/apply.h"
#include "lib/machine/check.h"
#include "lib/rpc/account_check.h"
#include "lib/rpc/keychain_check.h"
#include "lib/rpc/map_readers.h"
#include "lib/rpc/rotation_guard.h"
#include "lib/rpc/rpc.h"
#include "lib/rpc/ssh_hostkeys.h"

#define FAULTS_MAX	1000	/* told in one answer */

static void
report(void *arg, const char *what)
{
	json_t *faults = arg;

	if (json_array_size(faults) < FAULTS_MAX)
		json_array_append_new(faults, json_string(what));
}

/* A fault of the machine's stands among the others too, without its code. */
static void
report_machine(void *arg, const struct nk_finding *f)
{
	json_t *result = arg;

	json_array_append_new(json_object_get(result, "machine"),
	    json_pack("{s:s,s:b,s:s}", "code", f->code, "fault", !f->note,
	    "text", f->text));
	if (!f->note)
		report(json_object_get(result, "faults"), f->text);
}

/* 0; -EBADMSG: there is a fault, or it could not be looked for. */
static int
check_machine(struct nk_context *c, json_t *result)
{
	struct nk_findings f = { .report = report_machine, .arg = result };

	if (!c->state->system)
		return 0;
	if (nk_machine_check(c->conf, nk_publisher_store(c->publisher),
	    &f) < 0) {
		report(json_object_get(result, "faults"), "the machine could "
		    "not be looked at");
		return -EBADMSG;
	}
	return f.bad ? -EBADMSG : 0;
}

/* What the store holds, beside the maps; as check_machine(). */
static int
check_rows(struct nk_context *c, json_t *faults)
{
	int others, sealed, rotations, hosts;

	others = nk_account_check(c, report, faults);
	if (others < 0 && others != -EBADMSG)
		report(faults, "the machine's other name services could not "
		    "be asked about the accounts");
	sealed = nk_keychain_check(c, report, faults);
	if (sealed < 0 && sealed != -EBADMSG)
		report(faults, "what is sealed could not be looked at");
	rotations = nk_rotation_check(c, report, faults);
	if (rotations < 0 && rotations != -EBADMSG)
		report(faults, "the connections could not be looked at");
	hosts = nk_ssh_hostkeys_check(c, report, faults);
	if (hosts < 0 && hosts != -EBADMSG)
		report(faults, "the host keys could not be looked at");
	return others == 0 && sealed == 0 && rotations == 0 && hosts == 0 ?
	    0 : -EBADMSG;
}

static int
system_check(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	json_t *result = json_pack("{s:[],s:[],s:n}", "faults", "machine",
	    "advice"), *faults = json_object_get(result, "faults");
	int r, rows, machine;

	(void)params;
	(void)e;
	if (result == NULL)
		return -ENOMEM;
	r = nk_publisher_verify(c->publisher, report, faults);
	if (r < 0 && r != -EBADMSG) {
		json_decref(result);
		return r;
	}
	if (nk_map_readers_check(c->state, report, faults) < 0)
		r = -EBADMSG;
	rows = check_rows(c, faults);
	machine = check_machine(c, result);
	if (json_object_set_new(result, "ok", json_boolean(r == 0 &&
	    rows == 0 && machine == 0)) == -1 || (r < 0 &&
	    json_object_set_new(result, "advice",
	    json_string(NK_VERIFY_ADVICE)) == -1)) {
		json_decref(result);
		return -ENOMEM;
	}
	*resultp = result;
	return 0;
}

static void
progress(void *arg, int64_t done, int64_t all)
{
	struct nk_context *c = arg;
	json_t *params;

	if (c->notify == NULL)
		return;
	params = json_pack("{s:I,s:I}", "done", (json_int_t)done, "total",
	    (json_int_t)all);
	if (params != NULL)
		c->notify(c->notify_arg, "naskeys.progress", params);
}

static int
system_sync(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	const json_t *o = json_array_get(params, 0);
	const struct nk_keyfile_work homes = { .publisher = c->publisher,
	    .state = c->state, .conf = c->conf };
	bool force = json_is_true(json_object_get(o, "force"));
	int r;

	(void)e;
	/* what the wrong people can read is made anew, as at boot */
	if (nk_map_readers_check(c->state, NULL, NULL) < 0)
		force = true;
	r = nk_publisher_sync(c->publisher, force, progress, c);
	if (r < 0 || (r = nk_keyfile_sync(&homes, force)) < 0 ||
	    (r = nk_ssh_hostkeys_sync(c)) < 0)
		return r;
	return (*resultp = json_null()) == NULL ? -ENOMEM : 0;
}

static const struct nk_arg sync_fields[] = {
	{ .name = "force", .type = NK_ARG_BOOL },
	{ .name = NULL },
};

static const struct nk_arg sync_args[] = {
	{ .name = "options", .type = NK_ARG_OBJECT, .fields = sync_fields },
	{ .name = NULL },
};

const struct nk_method nk_methods_system[] = {
	{ "naskeys.check", NK_RIGHT_ADMIN, NK_LOOKS, nk_no_args, system_check },
	{ "naskeys.sync", NK_RIGHT_ADMIN, NK_EDITS, sync_args, system_sync },
	{ .name = NULL },
};
