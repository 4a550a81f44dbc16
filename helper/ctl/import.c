/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "helper/ctl/call.h"
#include "helper/ctl/feed.h"
#include "helper/ctl/value.h"

const struct ctl_option ctl_user_import_options[] = {
	{ "check-directory", NULL, "also ask services that cannot be "
	    "enumerated, name by name" },
	{ "from-system", NULL, "take over the accounts of /etc/passwd" },
	{ "min-uid", "N", "with --from-system: from this uid up" },
	{ "dry-run", NULL, "with --from-system: only show what would be "
	    "done" },
	{ NULL, NULL, NULL },
};

/* ---- from a file ---- */

static int
import_from(struct ctl *c, int fd, bool check)
{
	json_t *result;
	int r;

	r = ctl_call(c, "user.import", json_pack("[{s:b}]",
	    "check_directory", check ? 1 : 0), fd, &result);
	if (r == CTL_DONE) {
		ctl_print_warnings(c, result);
		r = ctl_done(c, result, "Imported %" JSON_INTEGER_FORMAT
		    " users, %" JSON_INTEGER_FORMAT " new groups and %"
		    JSON_INTEGER_FORMAT " keys", row_int(result, "users"),
		    row_int(result, "groups"), row_int(result, "keys"));
	}
	json_decref(result);
	return r;
}

static int
import_file(struct ctl *c, const char *path, bool check)
{
	bool standard = strcmp(path, "-") == 0;
	struct feed feed;
	int fd = STDIN_FILENO, r;

	if (standard && isatty(fd))
		return ctl_fail(c, "standard input is a terminal: give a "
		    "file or a pipe");
	if (!standard && (fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return ctl_fail(c, "%s: %s", path, strerror(errno));
	r = feed_open(&feed, c, fd, standard ? "standard input" : path);
	if (r == CTL_DONE)
		r = import_from(c, feed.fd, check);
	feed_close(&feed);
	if (!standard)
		close(fd);
	return r;
}

/* ---- from the machine itself ---- */

/* One of the two steps; or, dry, what both would do. */
static int
take_step(struct ctl *c, json_t *options, int step, bool dry,
    json_t **resultp)
{
	json_t *o = json_copy(options);
	int r;

	*resultp = NULL;
	if ((r = put(c, o, "step", json_integer(step), "")) == CTL_DONE &&
	    (r = put(c, o, "dry_run", json_boolean(dry), "")) == CTL_DONE)
		r = ctl_call(c, "naskeys.import_system", json_pack("[O]", o),
		    -1, resultp);
	json_decref(o);
	return r;
}

static int
print_users(const struct ctl *c, const json_t *plan)
{
	static const char *const headings[] = { "USER", "UID", "PASSWORD",
	    "STEP 1: ITS ROW", "STEP 2: ITS LINES" };
	struct table t;
	json_t *u;
	size_t i;
	int r = CTL_DONE;

	table_init(&t, headings, sizeof(headings) / sizeof(headings[0]));
	json_array_foreach(json_object_get(plan, "users"), i, u) {
		table_add(&t, row_string(u, "username"));
		table_addf(&t, "%" JSON_INTEGER_FORMAT, row_int(u, "uid"));
		table_add(&t, row_bool(u, "password") ? "yes" : "no");
		table_add(&t, "is written, unmanaged");
		table_add(&t, row_bool(u, "leaves_files") ?
		    "leave the files; managed" : "stay");
	}
	if (table_print(&t) < 0)
		r = ctl_fail(c, "out of memory");
	table_clear(&t);
	return r;
}

static int
print_groups(const struct ctl *c, const json_t *plan)
{
	static const char *const headings[] = { "GROUP", "GID",
	    "STEP 1: ITS ROW", "STEP 2: ITS LINES" };
	const json_t *groups = json_object_get(plan, "groups");
	struct table t;
	json_t *g;
	size_t i;
	int r = CTL_DONE;

	if (json_array_size(groups) == 0)
		return CTL_DONE;
	ctl_say("%s", "");
	table_init(&t, headings, sizeof(headings) / sizeof(headings[0]));
	json_array_foreach(groups, i, g) {
		table_add(&t, row_string(g, "name"));
		table_addf(&t, "%" JSON_INTEGER_FORMAT, row_int(g, "gid"));
		table_add(&t, "is written");
		table_add(&t, row_bool(g, "leaves_files") ?
		    "leave the files" : "stay");
	}
	if (table_print(&t) < 0)
		r = ctl_fail(c, "out of memory");
	table_clear(&t);
	return r;
}

static int
show_plan(const struct ctl *c, const json_t *plan)
{
	int r;

	ctl_print_warnings(c, plan);
	if (c->json)
		return CTL_DONE;
	if (json_array_size(json_object_get(plan, "users")) == 0) {
		ctl_say("There is no account to take over.");
		return CTL_DONE;
	}
	if ((r = print_users(c, plan)) != CTL_DONE)
		return r;
	return print_groups(c, plan);
}

static int
take_lines_out(struct ctl *c, json_t *options)
{
	json_t *result;
	int r;

	if ((r = take_step(c, options, 2, false, &result)) != CTL_DONE)
		return r;
	r = ctl_done(c, result, "Took %zu accounts over; %"
	    JSON_INTEGER_FORMAT " lines left the files",
	    json_array_size(json_object_get(result, "users")),
	    row_int(result, "lines_removed"));
	if (r == CTL_DONE && !c->json && row_int(result, "lines_removed") > 0)
		ctl_say("What the files were is in passwd, shadow, group and "
		    "gshadow.naskeys-backup of %s.", NK_SYSCONFDIR);
	json_decref(result);
	return r;
}

/* Rows change nothing for a login; that lines leave wants a yes. */
static int
take_over(struct ctl *c, json_t *options, size_t n)
{
	json_t *result;
	int r;

	if ((r = take_step(c, options, 1, false, &result)) != CTL_DONE)
		return r;
	json_decref(result);
	if (!c->json)
		ctl_say("Wrote the rows of %zu accounts. The lines in passwd "
		    "count until they leave; this command can be given "
		    "again.", n);
	if ((r = ctl_confirm(c, "Take their lines out of passwd, shadow, "
	    "group and gshadow now?")) != CTL_DONE)
		return r;
	return take_lines_out(c, options);
}

static int
import_system(struct ctl *c, const struct ctl_args *a)
{
	json_t *o = json_object(), *plan = NULL;
	bool dry = ctl_has(a, "dry-run");
	size_t n;
	int r;

	if ((r = add_number(c, a, "min-uid", o, "min_uid")) != CTL_DONE ||
	    (r = take_step(c, o, 1, true, &plan)) != CTL_DONE ||
	    (r = show_plan(c, plan)) != CTL_DONE)
		goto out;
	n = json_array_size(json_object_get(plan, "users"));
	if (!dry && n > 0)
		r = take_over(c, o, n);
	else if (c->json)
		ctl_print_json(plan);
 out:
	json_decref(o);
	json_decref(plan);
	return r;
}

int
ctl_user_import(struct ctl *c, const struct ctl_args *a)
{
	bool from_system = ctl_has(a, "from-system");

	if (from_system == (a->npositional > 0))
		return ctl_misuse(c, "give either a FILE or --from-system");
	if (!from_system && (ctl_has(a, "min-uid") || ctl_has(a, "dry-run")))
		return ctl_misuse(c, "--min-uid and --dry-run go with "
		    "--from-system");
	if (from_system && ctl_has(a, "check-directory"))
		return ctl_misuse(c, "--check-directory goes with a FILE");
	if (from_system)
		return import_system(c, a);
	return import_file(c, a->positional[0],
	    ctl_has(a, "check-directory"));
}
