/* SPDX-License-Identifier: ISC */

/* Does a connection work, and if not, how far: naskeysctl connection test. */

#include "helper/ctl/call.h"
#include "helper/ctl/value.h"

const struct ctl_option ctl_connection_test_options[] = {
	{ "command", "S", "run this command there, which must end with 0" },
	{ "sftp", NULL, "see whether SFTP works" },
	{ NULL, NULL, NULL },
};

static int
find_id(struct ctl *c, const char *name, json_int_t *idp)
{
	json_t *rows = NULL, *row;
	int r;

	r = ctl_call(c, "keychaincredential.query",
	    json_pack("[[[s,s,s],[s,s,s]],{s:[s]}]", "name", "=", name,
	    "type", "=", "SSH_CREDENTIALS", "select", "id"), -1, &rows);
	if (r == CTL_DONE && (row = json_array_get(rows, 0)) == NULL)
		r = ctl_fail(c, "there is no connection %s", name);
	else if (r == CTL_DONE)
		*idp = row_int(row, "id");
	json_decref(rows);
	return r;
}

static int
show(const struct ctl *c, const json_t *report)
{
	const json_t *steps = json_object_get(report, "steps"), *step;
	size_t i;

	if (c->json)
		ctl_print_json(report);
	else json_array_foreach(steps, i, step)
		ctl_say("%-10s %-6s %5" JSON_INTEGER_FORMAT " ms",
		    row_string(step, "step"), row_bool(step, "ok") ? "ok" :
		    "FAILED", row_int(step, "ms"));
	return row_bool(report, "ok") ? CTL_DONE :
	    ctl_fail(c, "%s", row_string(report, "reason"));
}

int
ctl_connection_test(struct ctl *c, const struct ctl_args *a)
{
	json_t *o = json_object(), *report = NULL;
	json_int_t id = 0;
	int r;

	if ((r = add_string(c, a, "command", o, "command")) == CTL_DONE &&
	    (r = put(c, o, "sftp", json_boolean(ctl_has(a, "sftp")), "")) ==
	    CTL_DONE &&
	    (r = find_id(c, a->positional[0], &id)) == CTL_DONE &&
	    (r = ctl_call(c, "keychaincredential.test", json_pack("[I,O]",
	    id, o), -1, &report)) == CTL_DONE)
		r = show(c, report);
	json_decref(o);
	json_decref(report);
	return r;
}
