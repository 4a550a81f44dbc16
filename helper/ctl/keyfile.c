/* SPDX-License-Identifier: ISC */

/* key file: in which authorized_keys file keys are written besides. */

#include <stdlib.h>
#include <string.h>

#include "helper/ctl/call.h"
#include "helper/ctl/value.h"

const struct ctl_option ctl_key_file_options[] = {
	{ "default", NULL, "the mode of new users, in place of a user's" },
	{ NULL, NULL, NULL },
};

/* As people write them, and as the helper does. */
static const char *const modes[][2] = {
	{ "none",	"NONE" },
	{ "home",	"HOME" },
	{ "central",	"CENTRAL" },
};
#define NMODES	(sizeof(modes) / sizeof(modes[0]))

/* The other word for it: column 0 is ours, 1 the helper's. */
static const char *
other_word(const char *mode, int column)
{
	size_t i;

	for (i = 0; i < NMODES; i++)
		if (strcmp(mode, modes[i][column]) == 0)
			return modes[i][1 - column];
	return NULL;
}

static void
say_foreign(const json_t *lines)
{
	const json_t *line;
	size_t i;

	if (json_array_size(lines) > 0)
		ctl_say("Lines there that naskeys has not written:");
	json_array_foreach(lines, i, line)
		ctl_say("%6" JSON_INTEGER_FORMAT "  %s", row_int(line,
		    "line"), row_string(line, "text"));
}

/* user NULL: of new users. */
static void
say_mode(const char *user, const json_t *result)
{
	const char *file = row_string(result, "file");
	const char *mode = other_word(row_string(result, "mode"), 1);

	if (mode == NULL)
		mode = row_string(result, "mode");
	if (user == NULL)
		ctl_say("New users: %s", mode);
	else if (file[0] == '\0')
		ctl_say("User %s: %s", user, mode);
	else
		ctl_say("User %s: %s, %s", user, mode, file);
	if (row_bool(result, "pending"))
		ctl_say("The file is not yet as it should be: %s",
		    row_string(result, "reason"));
	else if (row_string(result, "reason")[0] != '\0')
		ctl_say("%s", row_string(result, "reason"));
	say_foreign(json_object_get(result, "foreign"));
}

int
ctl_key_file(struct ctl *c, const struct ctl_args *a)
{
	int named = ctl_has(a, "default") ? 0 : 1;
	const char *user = named == 1 ? a->positional[0] : NULL;
	const char *mode = NULL;
	json_t *o, *result = NULL;
	int r;

	if (a->npositional < named)
		return ctl_misuse(c, "a user or --default is needed");
	if (a->npositional > named + 1)
		return ctl_misuse(c, "too many arguments");
	if (a->npositional > named &&
	    (mode = other_word(a->positional[named], 0)) == NULL)
		return ctl_misuse(c, "\"%s\" is none of none, home and "
		    "central", a->positional[named]);
	o = mode == NULL ? json_object() : json_pack("{s:s}", "mode", mode);
	r = ctl_call(c, "user.authorized_keys_file", json_pack("[s?,o]",
	    user, o), -1, &result);
	if (r == CTL_DONE && c->json)
		ctl_print_json(result);
	else if (r == CTL_DONE)
		say_mode(user, result);
	json_decref(result);
	return r;
}
