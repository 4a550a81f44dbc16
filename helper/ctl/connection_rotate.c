/* SPDX-License-Identifier: ISC */

/* A new key for a connection: naskeysctl connection rotate. */

#include "helper/ctl/call.h"
#include "helper/ctl/connection.h"
#include "helper/ctl/value.h"

const struct ctl_option ctl_connection_rotate_options[] = {
	{ "type", "T", "rsa, ed25519 or ecdsa; that of the old key by "
	    "default" },
	{ "bits", "N", "size of an RSA or ECDSA key" },
	{ "abandon", NULL, "take back what is unfinished" },
	{ "offline", NULL, "with --abandon: leave the other machine as it "
	    "is" },
	{ NULL, NULL, NULL },
};

static int
check_call(const struct ctl *c, const struct ctl_args *a)
{
	if (ctl_has(a, "abandon") && (ctl_has(a, "type") ||
	    ctl_has(a, "bits")))
		return ctl_misuse(c, "--abandon makes no new key: leave out "
		    "--type and --bits");
	if (ctl_has(a, "offline") && !ctl_has(a, "abandon"))
		return ctl_misuse(c, "--offline is for --abandon");
	return CTL_DONE;
}

/* What it leaves on the other machine nobody will look after any more. */
static int
check_offline(struct ctl *c, const struct ctl_args *a, const json_t *row)
{
	const json_t *at = json_object_get(row, "attributes");

	if (!ctl_has(a, "offline"))
		return CTL_DONE;
	return ctl_confirm(c, "Leave the other key of %s with %s at %s?",
	    row_string(row, "name"), row_string(at, "username"),
	    row_string(at, "host"));
}

static int
make_options(struct ctl *c, const struct ctl_args *a, json_t *o)
{
	int r;

	if ((r = add_string(c, a, "type", o, "type")) != CTL_DONE ||
	    (r = add_number(c, a, "bits", o, "bits")) != CTL_DONE ||
	    !ctl_has(a, "abandon"))
		return r;
	if ((r = put(c, o, "abandon", json_true(), "")) == CTL_DONE)
		r = put(c, o, "offline", json_boolean(ctl_has(a, "offline")),
		    "");
	return r;
}

static int
done(struct ctl *c, const struct ctl_args *a, const json_t *result)
{
	const char *name = a->positional[0];

	if (ctl_has(a, "abandon"))
		return ctl_done(c, result, "Abandoned the rotation; %s goes "
		    "on with %s", name, row_string(result, "fingerprint"));
	return ctl_done(c, result, "%s logs in with %s now, and no longer "
	    "with %s", name, row_string(result, "fingerprint"),
	    row_string(result, "old_fingerprint"));
}

int
ctl_connection_rotate(struct ctl *c, const struct ctl_args *a)
{
	json_t *o = json_object(), *row = NULL, *result = NULL;
	int r;

	if ((r = check_call(c, a)) == CTL_DONE &&
	    (r = make_options(c, a, o)) == CTL_DONE &&
	    (r = connection_find(c, a->positional[0], &row)) == CTL_DONE &&
	    (r = check_offline(c, a, row)) == CTL_DONE &&
	    (r = ctl_call(c, "keychaincredential.rotate", json_pack("[I,O]",
	    row_int(row, "id"), o), -1, &result)) == CTL_DONE)
		r = done(c, a, result);
	json_decref(o);
	json_decref(row);
	json_decref(result);
	return r;
}
