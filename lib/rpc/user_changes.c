/* SPDX-License-Identifier: ISC */
#include "lib/rpc/user_changes.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum kind {
	TEXT,
	BOOL,
	UINT32,
	INT64,
	MODE,
};

/* A field of the row, and a member that is made of it. */
static const struct {
	enum kind	 kind;
	size_t		 at;
	const char	*member;
} fields[] = {
#define AT(field)	offsetof(struct nk_user, field)
	{ UINT32, AT(uid),		"uid" },
	{ UINT32, AT(uid),		"immutable" },
	{ TEXT,	AT(name),		"username" },
	{ TEXT,	AT(name),		"local" },
	{ TEXT,	AT(home),		"home" },
	{ TEXT,	AT(shell),		"shell" },
	{ TEXT,	AT(full_name),		"full_name" },
	{ BOOL,	AT(builtin),		"builtin" },
	{ BOOL,	AT(builtin),		"immutable" },
	{ BOOL,	AT(builtin),		"local" },
	{ BOOL,	AT(smb),		"smb" },
	{ BOOL,	AT(webshare),		"webshare" },
	{ BOOL,	AT(password_disabled),	"password_disabled" },
	{ BOOL,	AT(ssh_password_enabled), "ssh_password_enabled" },
	{ BOOL,	AT(locked),		"locked" },
	{ BOOL,	AT(managed),		"managed" },
	{ BOOL,	AT(managed),		"local" },
	{ BOOL,	AT(admin),		"admin" },
	{ BOOL,	AT(admin),		"roles" },
	{ INT64, AT(last_password_change), "last_password_change" },
	{ INT64, AT(last_password_change), "password_age" },
	{ BOOL,	AT(must_change),	"password_change_required" },
	{ TEXT,	AT(sudo_commands),	"sudo_commands" },
	{ TEXT,	AT(sudo_commands_nopasswd), "sudo_commands_nopasswd" },
	{ TEXT,	AT(email),		"email" },
	{ TEXT,	AT(userns_idmap),	"userns_idmap" },
	{ INT64, AT(expires_at),	"account_expires_at" },
	{ MODE,	AT(keyfile_mode),	"authorized_keys_file" },
	{ INT64, AT(last_login_at),	"last_login_at" },
	{ INT64, AT(group_id),		"group" },
#undef AT
};

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool
is_same(enum kind kind, const void *a, const void *b)
{
	switch (kind) {
	case TEXT:
		return same_text(*(char *const *)a, *(char *const *)b);
	case BOOL:
		return *(const bool *)a == *(const bool *)b;
	case UINT32:
		return *(const uint32_t *)a == *(const uint32_t *)b;
	case INT64:
		return *(const int64_t *)a == *(const int64_t *)b;
	case MODE:
		return *(const enum nk_keyfile_mode *)a ==
		    *(const enum nk_keyfile_mode *)b;
	}
	return false;
}

void
nk_user_changes(const struct nk_user *a, const struct nk_user *b,
    struct nk_wanted *w)
{
	const char *pa = (const char *)a, *pb = (const char *)b;
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (!is_same(fields[i].kind, pa + fields[i].at,
		    pb + fields[i].at) &&
		    !nk_wants(w, fields[i].member))
			nk_wanted_add(w, fields[i].member);
	}
}
