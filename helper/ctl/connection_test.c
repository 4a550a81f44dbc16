/* SPDX-License-Identifier: ISC */

/* Does a connection work, and if not, how far: naskeysctl connection test. */

#include <stdio.h>
#include <string.h>

#include "helper/ctl/call.h"
#include "helper/ctl/connection.h"
#include "helper/ctl/value.h"

const struct ctl_option ctl_connection_test_options[] = {
	{ "command", "S", "run this command there, which must end with 0" },
	{ "sftp", NULL, "see whether SFTP works" },
	{ NULL, NULL, NULL },
};

/*
 * What to do about it.  Of a host key that is not pinned: not before it is
 * known why.
 */
static int
fail(const struct ctl *c, const json_t *row, const json_t *report)
{
	const char *reason = row_string(report, "reason");
	const char *key = strchr(row_string(report, "host_key"), ' ');

	if (strstr(reason, "was it copied there?") != NULL)
		return ctl_fail(c, "%s; \"naskeysctl keypair export '%s'\" "
		    "prints what belongs into the user's authorized_keys "
		    "there", reason, row_string(row, "keypair"));
	if (!row_bool(report, "host_key_changed") || key == NULL)
		return ctl_fail(c, "%s", reason);
	return ctl_fail(c, "%s; if it is known why: naskeysctl connection "
	    "accept-host-key '%s'%s", reason, row_string(row, "name"), key);
}

static int
show(const struct ctl *c, const json_t *row, const json_t *report)
{
	const json_t *steps = json_object_get(report, "steps"), *step;
	size_t i;

	if (c->json)
		ctl_print_json(report);
	else json_array_foreach(steps, i, step)
		ctl_say("%-10s %-6s %5" JSON_INTEGER_FORMAT " ms",
		    row_string(step, "step"), row_bool(step, "ok") ? "ok" :
		    "FAILED", row_int(step, "ms"));
	(void)fflush(stdout);	/* the reason comes behind it */
	return row_bool(report, "ok") ? CTL_DONE : fail(c, row, report);
}

int
ctl_connection_test(struct ctl *c, const struct ctl_args *a)
{
	json_t *o = json_object(), *row = NULL, *report = NULL;
	int r;

	if ((r = add_string(c, a, "command", o, "command")) == CTL_DONE &&
	    (r = put(c, o, "sftp", json_boolean(ctl_has(a, "sftp")), "")) ==
	    CTL_DONE &&
	    (r = connection_find(c, a->positional[0], &row)) == CTL_DONE &&
	    (r = ctl_call(c, "keychaincredential.test", json_pack("[I,O]",
	    row_int(row, "id"), o), -1, &report)) == CTL_DONE)
		r = show(c, row, report);
	json_decref(o);
	json_decref(row);
	json_decref(report);
	return r;
}
