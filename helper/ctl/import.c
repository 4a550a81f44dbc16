/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "helper/ctl/call.h"
#include "helper/ctl/table.h"
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

static int
import_file(struct ctl *c, const char *path, bool check)
{
	bool standard = strcmp(path, "-") == 0;
	json_t *result = NULL;
	int fd = STDIN_FILENO, r;

	if (!standard && (fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return ctl_fail(c, "%s: %s", path, strerror(errno));
	r = ctl_call(c, "user.import", json_pack("[{s:b}]",
	    "check_directory", check ? 1 : 0), fd, &result);
	if (r == CTL_DONE && c->json)
		ctl_print_json(result);
	else if (r == CTL_DONE)
		printf("Imported %" JSON_INTEGER_FORMAT " users\n",
		    row_int(result, "imported"));
	json_decref(result);
	if (!standard)
		close(fd);
	return r;
}

/* What the take-over would do, account by account. */
static int
print_plan(struct ctl *c, const json_t *plan)
{
	static const char *const headings[] = { "USER", "UID", "GROUP",
	    "STEP 1", "STEP 2" };
	struct table t;
	json_t *row;
	size_t i;
	int r = CTL_DONE;

	table_init(&t, headings, 5);
	json_array_foreach(json_object_get(plan, "users"), i, row) {
		table_add(&t, row_string(row, "username"));
		table_addf(&t, "%" JSON_INTEGER_FORMAT, row_int(row, "uid"));
		table_add(&t, row_string(row, "group"));
		table_add(&t, "row is written, unmanaged");
		table_add(&t, "line leaves /etc/passwd; managed");
	}
	if (table_print(&t) < 0)
		r = ctl_fail(c, "out of memory");
	table_clear(&t);
	return r;
}

static int
import_system(struct ctl *c, const struct ctl_args *a)
{
	json_t *o = json_object(), *plan = NULL, *result = NULL;
	size_t n;
	int r;

	if (o == NULL)
		return ctl_fail(c, "out of memory");
	if ((r = add_number(c, a, "min-uid", o, "min_uid")) != CTL_DONE)
		goto out;
	json_object_set_new(o, "dry_run", json_true());
	r = ctl_call(c, "naskeys.import_system", json_pack("[O]", o), -1,
	    &plan);
	if (r != CTL_DONE)
		goto out;
	n = json_array_size(json_object_get(plan, "users"));
	if (c->json && ctl_has(a, "dry-run"))
		ctl_print_json(plan);
	else if (!c->json && (r = print_plan(c, plan)) != CTL_DONE)
		goto out;
	if (ctl_has(a, "dry-run") || n == 0)
		goto out;
	if ((r = ctl_confirm(c, "Take %zu accounts over, and take their "
	    "lines out of the system's files?", n)) != CTL_DONE)
		goto out;
	json_object_set_new(o, "dry_run", json_false());
	r = ctl_call(c, "naskeys.import_system", json_pack("[O]", o), -1,
	    &result);
	if (r == CTL_DONE && c->json)
		ctl_print_json(result);
	else if (r == CTL_DONE)
		printf("Took over %zu accounts\n", n);
 out:
	json_decref(o);
	json_decref(plan);
	json_decref(result);
	return r;
}

int
ctl_user_import(struct ctl *c, const struct ctl_args *a)
{
	bool from_system = ctl_has(a, "from-system");

	if (from_system && a->npositional > 0)
		return ctl_misuse(c, "give a FILE or --from-system");
	if (from_system)
		return import_system(c, a);
	if (a->npositional == 0)
		return ctl_misuse(c, "give a FILE or --from-system");
	if (ctl_has(a, "min-uid") || ctl_has(a, "dry-run"))
		return ctl_misuse(c, "--min-uid and --dry-run go with "
		    "--from-system");
	return import_file(c, a->positional[0],
	    ctl_has(a, "check-directory"));
}
