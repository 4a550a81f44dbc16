/* SPDX-License-Identifier: ISC */

/* A line of user.import, read and held against the rules without a store. */

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/account/home.h"
#include "lib/account/names.h"
#include "lib/rpc/import_line.h"

/* What was taken is fit for passwd(5) and authorized_keys(5). */
static void
check_user(const struct nk_user_edit *ed)
{
	const struct nk_user *u = ed->row;
	char why[NK_NAME_WHY_MAX];
	const char *text;
	size_t i;

	if (u->managed ? nk_username_check(u->name, strlen(u->name), why) :
	    nk_external_name_check(u->name, strlen(u->name), why))
		abort();
	if (strpbrk(u->full_name, ":\n") != NULL ||
	    strpbrk(u->hash, ":\n") != NULL || u->hash[0] == '\0' ||
	    strpbrk(u->shell, ":\n") != NULL)
		abort();
	if (u->managed && nk_home_check(u->home, &text) < 0)
		abort();
	if (u->expires_at < 0 || ed->groups.n > NK_GROUPS_OF_USER_MAX)
		abort();
	for (i = 0; i < ed->keys.n; i++) {
		text = ed->keys.v[i].comment;
		if (text != NULL && strchr(text, '\n') != NULL)
			abort();
		if ((ed->keys.v[i].kind == NK_KEY_KEY) !=
		    (ed->keys.v[i].fingerprint != NULL))
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char bash[] = "/bin/bash", nologin[] = NK_NOLOGIN;
	static char *shells[] = { nologin, bash };
	struct nk_conf conf;
	struct nk_user_rules rules = {
		.conf = &conf, .actor = "fuzz", .shells = { shells, 2 },
		.blind = true,
	};
	struct nk_user_edit ed;
	struct nk_error e;
	json_t *fields;
	int r;

	nk_conf_init(&conf);
	nk_error_init(&e);
	r = nk_import_line_read(&rules, (const char *)data, size, &fields,
	    &ed, &e);
	if (r == 0)
		check_user(&ed);
	else if (!nk_error_is_set(&e) && r != -ENOMEM)
		abort();	/* a refusal has its reason */
	nk_import_line_blame(&e, 7);
	if (r == 0 && nk_error_is_set(&e))
		abort();
	nk_user_edit_clear(&ed);
	json_decref(fields);
	nk_error_clear(&e);
	return 0;
}
