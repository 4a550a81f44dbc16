/* SPDX-License-Identifier: ISC */

/*
 * What the audit log is told of an update: exactly the members in which the
 * two whole objects of the user differ.
 */

#include <stddef.h>

#include "lib/rpc/entity.h"
#include "lib/rpc/user_changes.h"
#include "tests/unit/methods_fixture.h"

#define ALICE	2

enum kind { TEXT, NOTHING, BOOL, UINT32, INT32, INT64, MODE };

/* Each field of the row, and another value for it. */
static const struct {
	const char	*name;
	enum kind	 kind;
	size_t		 at;
	const char	*text;
	int64_t		 n;
	bool		 secret;	/* or of no interest: not shown */
} fields[] = {
#define AT(field)	offsetof(struct nk_user, field)
	{ "managed", BOOL, AT(managed), NULL, 0, false },
	{ "builtin", BOOL, AT(builtin), NULL, 1, false },
	{ "admin", BOOL, AT(admin), NULL, 1, false },
	{ "locked", BOOL, AT(locked), NULL, 1, false },
	{ "password_disabled", BOOL, AT(password_disabled), NULL, 1, false },
	{ "ssh_password_enabled", BOOL, AT(ssh_password_enabled), NULL, 1,
	    false },
	{ "smb", BOOL, AT(smb), NULL, 1, false },
	{ "webshare", BOOL, AT(webshare), NULL, 1, false },
	{ "in_managed_group", BOOL, AT(in_managed_group), NULL, 0, true },
	{ "must_change", BOOL, AT(must_change), NULL, 1, false },
	{ "uid", UINT32, AT(uid), NULL, 5100, false },
	{ "uid that is fixed", UINT32, AT(uid), NULL, 950, false },
	{ "group_id", INT64, AT(group_id), NULL, 2, false },
	{ "name", TEXT, AT(name), "alicia", 0, false },
	{ "full_name", TEXT, AT(full_name), "Alicia", 0, false },
	{ "home", TEXT, AT(home), "/home/other", 0, false },
	{ "shell", TEXT, AT(shell), "/bin/false", 0, false },
	{ "email", TEXT, AT(email), "a@example", 0, false },
	{ "userns_idmap", TEXT, AT(userns_idmap), "DIRECT", 0, false },
	{ "hash", TEXT, AT(hash), "$y$x", 0, true },
	{ "password_history", TEXT, AT(password_history), "$y$a", 0, true },
	{ "sudo_commands", TEXT, AT(sudo_commands), "ALL", 0, false },
	{ "sudo_commands_nopasswd", TEXT, AT(sudo_commands_nopasswd),
	    "/bin/ls", 0, false },
	{ "keyfile_mode", MODE, AT(keyfile_mode), NULL, NK_KEYFILE_CENTRAL,
	    false },
	{ "generation", INT64, AT(generation), NULL, 77, true },
	{ "expires_at", INT64, AT(expires_at), NULL, 1900000000, false },
	{ "created_at", INT64, AT(created_at), NULL, 5, true },
	{ "last_password_change", INT64, AT(last_password_change), NULL,
	    86400, false },
	{ "last_login_at", INT64, AT(last_login_at), NULL, 99, false },
	{ "min_days", INT32, AT(min_days), NULL, 3, true },
	{ "max_days", INT32, AT(max_days), NULL, 3, true },
	{ "warn_days", INT32, AT(warn_days), NULL, 3, true },
	{ "inactive_days", INT32, AT(inactive_days), NULL, 3, true },
	{ "nothing", NOTHING, 0, NULL, 0, true },
#undef AT
};

static void
change(struct nk_user *u, int i)
{
	char *p = (char *)u + fields[i].at;
	char **textp = (char **)(void *)p;

	switch (fields[i].kind) {
	case TEXT:
		free(*textp);
		*textp = strdup(fields[i].text);
		ck_assert_ptr_nonnull(*textp);
		break;
	case BOOL:
		*(bool *)p = fields[i].n != 0;
		break;
	case UINT32:
		*(uint32_t *)(void *)p = (uint32_t)fields[i].n;
		break;
	case INT32:
		*(int32_t *)(void *)p = (int32_t)fields[i].n;
		break;
	case INT64:
		*(int64_t *)(void *)p = fields[i].n;
		break;
	case MODE:
		*(enum nk_keyfile_mode *)(void *)p =
		    (enum nk_keyfile_mode)fields[i].n;
		break;
	case NOTHING:
		break;
	}
}

static void
check(int i, json_t *a, json_t *b, const struct nk_wanted *changed)
{
	const char *key;
	json_t *v;
	size_t differ = 0;

	json_object_foreach(a, key, v) {
		if (json_equal(v, json_object_get(b, key)))
			continue;
		differ++;
		ck_assert_msg(nk_wants(changed, key), "%s changes %s",
		    fields[i].name, key);
	}
	ck_assert_msg((differ > 0) == !fields[i].secret, "%s: %zu members",
	    fields[i].name, differ);
	ck_assert_msg((changed->n > 0) == !fields[i].secret, "%s: %zu wanted",
	    fields[i].name, changed->n);
	ck_assert(!changed->all);
}

START_TEST(each_field)
{
	struct nk_store *s = nk_publisher_store(w.c.publisher);
	struct nk_wanted there = { .all = false }, back = { .all = false };
	struct nk_user *old, *new;
	json_t *a, *b;

	ck_assert_int_eq(nk_user_get(s, ALICE, &old), 0);
	ck_assert_int_eq(nk_user_get(s, ALICE, &new), 0);
	change(new, _i);
	ck_assert_int_eq(nk_user_audit_entity(&w.c, old, NULL, false, &a), 0);
	ck_assert_int_eq(nk_user_audit_entity(&w.c, new, NULL, false, &b), 0);
	nk_user_changes(old, new, &there);
	check(_i, a, b, &there);
	nk_user_changes(new, old, &back);
	check(_i, b, a, &back);
	json_decref(a);
	json_decref(b);
	nk_user_free(old);
	nk_user_free(new);
}
END_TEST

/* However many change at once, each has its place. */
START_TEST(all_fields)
{
	struct nk_store *s = nk_publisher_store(w.c.publisher);
	struct nk_wanted changed = { .all = false };
	struct nk_user *old, *new;
	int i;

	ck_assert_int_eq(nk_user_get(s, ALICE, &old), 0);
	ck_assert_int_eq(nk_user_get(s, ALICE, &new), 0);
	for (i = 0; i < LENGTH(fields); i++)
		change(new, i);
	nk_user_changes(old, new, &changed);
	ck_assert(!changed.all);
	/* and one for the groups */
	ck_assert_uint_lt(changed.n, NK_WANTED_MAX);
	ck_assert(!nk_wants(&changed, "sshpubkey"));
	ck_assert(!nk_wants(&changed, "unixhash"));
	nk_user_free(old);
	nk_user_free(new);
}
END_TEST

/* What the log keeps: the groups too, and nothing that stayed. */
START_TEST(logged)
{
	static const char last[] = "[[['id','=',%lld]]]";
	char params[64];
	json_t *v;

	done("user.update", "[2,{'full_name':'Alicia','groups':[2],"
	    "'email':null}]");
	v = call("naskeys.audit.query", "[[],{'order_by':['-id'],"
	    "'limit':1}]");
	(void)snprintf(params, sizeof(params), last, (long long)
	    json_integer_value(at(v, "result.0.id")));
	json_decref(v);
	expect("naskeys.audit.query", params, "0.before",
	    "{'full_name':'Alice','groups':[]}");
	expect("naskeys.audit.query", params, "0.after",
	    "{'full_name':'Alicia','groups':[2]}");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("user changes");
	TCase *tc = tcase_create("changes");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, make_world, drop_world);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, each_field, 0, LENGTH(fields));
	tcase_add_test(tc, all_fields);
	tcase_add_test(tc, logged);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
