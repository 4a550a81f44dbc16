/* SPDX-License-Identifier: ISC */

#include <stddef.h>

#include "helper/ctl/ctl.h"

const struct ctl_command ctl_commands[] = {
	{ "init", NULL, "[--configure]",
	    "make users, groups, folders, store and maps",
	    ctl_init_options, 0, 0, ctl_init },

	{ "user", "add", "NAME [OPTION...]",
	    "create a user", ctl_user_add_options, 1, 1, ctl_user_add },
	{ "user", "list", "", "list the users", NULL, 0, 0, ctl_user_list },
	{ "user", "show", "NAME", "show all of one user",
	    NULL, 1, 1, ctl_user_show },
	{ "user", "edit", "NAME OPTION...", "change a user",
	    ctl_user_edit_options, 1, 1, ctl_user_edit },
	{ "user", "lock", "NAME", "refuse every login of a user",
	    NULL, 1, 1, ctl_user_lock },
	{ "user", "unlock", "NAME", "take a lock back",
	    NULL, 1, 1, ctl_user_unlock },
	{ "user", "delete", "NAME", "delete a user with all keys",
	    NULL, 1, 1, ctl_user_delete },
	{ "user", "passwd", "NAME [--stdin]", "set a password",
	    ctl_user_passwd_options, 1, 1, ctl_user_passwd },
	{ "user", "import",
	    "FILE [--check-directory] | --from-system [OPTION...]",
	    "create many users at once", ctl_user_import_options, 0, 1,
	    ctl_user_import },

	{ "key", "add", "USER [FILE|-] [OPTION...]",
	    "add a public key to a user", ctl_key_add_options, 1, 2,
	    ctl_key_add },
	{ "key", "list", "USER", "list a user's keys",
	    NULL, 1, 1, ctl_key_list },
	{ "key", "remove", "USER FINGERPRINT",
	    "remove a key, however often it is there", NULL, 2, 2,
	    ctl_key_remove },
	{ "key", "set", "USER FILE", "replace all of a user's keys",
	    NULL, 2, 2, ctl_key_set },

	{ "group", "add", "NAME [--gid N]", "create a group",
	    ctl_group_add_options, 1, 1, ctl_group_add },
	{ "group", "list", "", "list the groups",
	    NULL, 0, 0, ctl_group_list },
	{ "group", "show", "NAME", "show one group and its members",
	    NULL, 1, 1, ctl_group_show },
	{ "group", "edit", "NAME OPTION...", "change a group",
	    ctl_group_edit_options, 1, 1, ctl_group_edit },
	{ "group", "delete", "NAME [--delete-users]", "delete a group",
	    ctl_group_delete_options, 1, 1, ctl_group_delete },

	{ "audit", NULL, "[--since TIME] [--follow]",
	    "who changed what, and when", ctl_audit_options, 0, 0,
	    ctl_audit },
	{ "check", NULL, "", "verify store, maps and configuration",
	    NULL, 0, 0, ctl_check },
	{ "sync", NULL, "[--rebuild]",
	    "bring maps and store into agreement", ctl_sync_options, 0, 0,
	    ctl_sync },
	{ NULL, NULL, NULL, NULL, NULL, 0, 0, NULL },
};
