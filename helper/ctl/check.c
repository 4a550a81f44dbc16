/* SPDX-License-Identifier: ISC */

#include "helper/ctl/call.h"
#include "helper/ctl/text.h"
#include "helper/ctl/value.h"

const struct ctl_option ctl_sync_options[] = {
	{ "rebuild", NULL, "make all maps anew" },
	{ NULL, NULL, NULL },
};

static void
print_result(const json_t *result)
{
	const json_t *row, *faults = json_object_get(result, "faults");
	const char *advice;
	size_t i;

	json_array_foreach(faults, i, row)
		ctl_say("%s", json_string_value(row));
	json_array_foreach(json_object_get(result, "machine"), i, row)
		if (json_is_false(json_object_get(row, "fault")))
			ctl_say("Note: %s", json_string_value(
			    json_object_get(row, "text")));
	advice = json_string_value(json_object_get(result, "advice"));
	if (json_is_true(json_object_get(result, "ok")))
		ctl_say("Nothing is wrong.");
	else if (advice != NULL)
		ctl_say("%s", advice);
}

int
ctl_check(struct ctl *c, const struct ctl_args *a)
{
	json_t *result;
	int r;

	(void)a;
	r = ctl_call(c, "naskeys.check", json_array(), -1, &result);
	if (r != CTL_DONE)
		return r;
	if (c->json)
		ctl_print_json(result);
	else
		print_result(result);
	r = json_is_true(json_object_get(result, "ok")) ? CTL_DONE :
	    CTL_FAILED;
	json_decref(result);
	return r;
}

int
ctl_sync(struct ctl *c, const struct ctl_args *a)
{
	json_t *result;
	int r;

	r = ctl_call(c, "naskeys.sync", json_pack("[{s:b}]", "force",
	    ctl_has(a, "rebuild") ? 1 : 0), -1, &result);
	if (r == CTL_DONE)
		r = ctl_done(c, result, "Maps and store agree.");
	json_decref(result);
	return r;
}
