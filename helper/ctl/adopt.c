/* SPDX-License-Identifier: ISC */

#include <string.h>

#include "helper/ctl/call.h"
#include "helper/ctl/value.h"

const struct ctl_option ctl_key_adopt_options[] = {
	{ "all", NULL, "of all users" },
	{ "dry-run", NULL, "only show what would be done" },
	{ NULL, NULL, NULL },
};

static void
add_line(struct table *t, const char *user, const json_t *line)
{
	json_int_t first = row_int(line, "line"), last = row_int(line, "last");
	const char *fingerprint = row_string(line, "fingerprint");
	const char *reason = row_string(line, "reason");

	table_add(t, user);
	if (first == last)
		table_addf(t, "%" JSON_INTEGER_FORMAT, first);
	else
		table_addf(t, "%" JSON_INTEGER_FORMAT "-%"
		    JSON_INTEGER_FORMAT, first, last);
	table_add(t, strcmp(row_string(line, "result"), "private_key") == 0 ?
	    "private key" : row_string(line, "result"));
	table_add(t, fingerprint[0] != '\0' ? fingerprint : NULL);
	table_add(t, reason[0] != '\0' ? reason : row_string(line,
	    "comment"));
}

static int
print_lines(const struct ctl *c, const json_t *users)
{
	static const char *const headings[] = { "USER", "LINE", "RESULT",
	    "FINGERPRINT", "COMMENT OR REASON" };
	const json_t *u, *line;
	struct table t;
	size_t i, j, n = 0;
	int r = CTL_DONE;

	table_init(&t, headings, sizeof(headings) / sizeof(headings[0]));
	json_array_foreach(users, i, u) {
		json_array_foreach(json_object_get(u, "lines"), j, line)
			add_line(&t, row_string(u, "username"), line);
		n += json_array_size(json_object_get(u, "lines"));
	}
	if (n > 0 && table_print(&t) < 0)
		r = ctl_fail(c, "out of memory");
	table_clear(&t);
	return r;
}

/* What concerns a file and none of its lines. */
static void
warn_of_file(const struct ctl *c, const json_t *u)
{
	const char *name = row_string(u, "username");
	const char *file = row_string(u, "file");
	const char *reason = row_string(u, "reason");
	json_int_t more = row_int(u, "more");

	if (reason[0] != '\0')
		ctl_warn(c, "%s: %s%s%s", name, file, file[0] != '\0' ?
		    ": " : "", reason);
	if (row_bool(u, "private_key"))
		ctl_warn(c, "%s: a private key stands in %s: take it out, "
		    "and make a new key in its place", name, file);
	if (row_bool(u, "other_file"))
		ctl_warn(c, "%s: %s2 is there too, and is not read: "
		    "\"naskeysctl key add\" takes them from a file", name,
		    file);
	if (more > 0)
		ctl_warn(c, "%s: %" JSON_INTEGER_FORMAT " more lines of %s "
		    "are not shown", name, more, file);
}

static void
say_totals(const json_t *result)
{
	json_int_t adopted = row_int(result, "adopted");

	ctl_say("%s %" JSON_INTEGER_FORMAT " key%s; %" JSON_INTEGER_FORMAT
	    " known, %" JSON_INTEGER_FORMAT " line%s not taken, %"
	    JSON_INTEGER_FORMAT " comment%s",
	    row_bool(result, "dry_run") ? "Would adopt" : "Adopted", adopted,
	    adopted == 1 ? "" : "s", row_int(result, "known"),
	    row_int(result, "refused"),
	    row_int(result, "refused") == 1 ? "" : "s",
	    row_int(result, "comments"),
	    row_int(result, "comments") == 1 ? "" : "s");
	if (row_int(result, "looked_at") > 1)
		ctl_say("Of %" JSON_INTEGER_FORMAT " users, %"
		    JSON_INTEGER_FORMAT " have no file, and %"
		    JSON_INTEGER_FORMAT " have one that could not be taken",
		    row_int(result, "looked_at"),
		    row_int(result, "without_file"),
		    row_int(result, "failed"));
}

static int
print_report(const struct ctl *c, const json_t *result)
{
	const json_t *users = json_object_get(result, "users"), *u;
	size_t i;
	int r;

	if ((r = print_lines(c, users)) != CTL_DONE)
		return r;
	json_array_foreach(users, i, u)
		warn_of_file(c, u);
	if (row_int(result, "more") > 0)
		ctl_warn(c, "%" JSON_INTEGER_FORMAT " more users are not "
		    "shown: ask for them by name", row_int(result, "more"));
	ctl_print_warnings(c, result);
	say_totals(result);
	return CTL_DONE;
}

int
ctl_key_adopt(struct ctl *c, const struct ctl_args *a)
{
	const char *user = a->npositional > 0 ? a->positional[0] : NULL;
	const char *reason;
	json_t *result;
	int r;

	if (ctl_has(a, "all") == (user != NULL))
		return ctl_misuse(c, "give either a USER or --all");
	r = ctl_call(c, "user.adopt_keys", json_pack("[s?,{s:b}]", user,
	    "dry_run", ctl_has(a, "dry-run") ? 1 : 0), -1, &result);
	if (r != CTL_DONE)
		return r;
	if (c->json)
		ctl_print_json(result);
	else
		r = print_report(c, result);
	reason = row_string(result, "reason");
	if (reason[0] != '\0')
		r = ctl_fail(c, "it ended before all were looked at: %s",
		    reason);
	else if (row_int(result, "failed") > 0)
		r = CTL_FAILED;
	json_decref(result);
	return r;
}
