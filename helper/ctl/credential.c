/* SPDX-License-Identifier: ISC */
#include "helper/ctl/credential.h"

#include "helper/ctl/call.h"
#include "helper/ctl/value.h"

int
credential_used_by(struct ctl *c, const char *kind, const char *name,
    json_int_t id)
{
	json_t *users = NULL, *user;
	size_t i;
	int r;

	if ((r = ctl_call(c, "keychaincredential.used_by",
	    json_pack("[I]", id), -1, &users)) != CTL_DONE)
		return r;
	if (c->json)
		ctl_print_json(users);
	else if (json_array_size(users) == 0)
		ctl_say("Nothing uses %s %s.", kind, name);
	else json_array_foreach(users, i, user)
		ctl_say("%s", row_string(user, "title"));
	json_decref(users);
	return CTL_DONE;
}
