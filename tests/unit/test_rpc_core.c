/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "lib/rpc/message.h"
#include "lib/rpc/rpc.h"

/* ---- the other tables ---- */

static int
never(struct nk_context *c, json_t *params, json_t **resultp,
    struct nk_error *e)
{
	(void)c;
	(void)params;
	(void)resultp;
	return nk_error_call(e, 1, "never");
}

const struct nk_method nk_methods_user[] = {
	{ "user.first", NK_RIGHT_USER, NK_READS, NULL, never },
	{ NULL, NK_RIGHT_ROOT, NK_READS, NULL, NULL },
};
const struct nk_method nk_methods_key[] = {
	{ NULL, NK_RIGHT_ROOT, NK_READS, NULL, NULL },
};
const struct nk_method nk_methods_explain[] = {
	{ .name = NULL },
};
const struct nk_method nk_methods_login[] = {
	{ .name = NULL },
};
const struct nk_method nk_methods_group[] = {
	{ NULL, NK_RIGHT_ROOT, NK_READS, NULL, NULL },
};
const struct nk_method nk_methods_keychain[] = {
	{ .name = NULL },
};
const struct nk_method nk_methods_consumer[] = {
	{ .name = NULL },
};
const struct nk_method nk_methods_remote[] = {
	{ .name = NULL },
};
const struct nk_method nk_methods_pairing[] = {
	{ .name = NULL },
};
const struct nk_method nk_methods_ssh[] = {
	{ .name = NULL },
};
const struct nk_method nk_methods_service[] = {
	{ .name = NULL },
};
const struct nk_method nk_methods_api_key[] = {
	{ .name = NULL },
};
const struct nk_method nk_methods_audit[] = {
	{ NULL, NK_RIGHT_ROOT, NK_READS, NULL, NULL },
};
const struct nk_method nk_methods_backup[] = {
	{ .name = NULL },
};
const struct nk_method nk_methods_system[] = {
	{ "naskeys.last", NK_RIGHT_ROOT, NK_EDITS, NULL, never },
	{ NULL, NK_RIGHT_ROOT, NK_READS, NULL, NULL },
};

const struct nk_method nk_methods_auth[] = {
	{ .name = NULL },
};
const struct nk_method nk_methods_auth_own[] = {
	{ "auth.own", NK_RIGHT_ROOT, NK_EDITS, NULL, never },
	{ NULL, NK_RIGHT_ROOT, NK_READS, NULL, NULL },
};
const struct nk_method nk_methods_auth_session[] = {
	{ .name = NULL },
};
const struct nk_method nk_methods_jobs[] = {
	{ .name = NULL },
};
const struct nk_method nk_methods_subscribe[] = {
	{ "core.web", NK_RIGHT_ROOT, NK_EDITS, NULL, never },
	{ NULL, NK_RIGHT_ROOT, NK_READS, NULL, NULL },
};

/* ---- asking ---- */

static enum nk_rank rank;

static int
rights(struct nk_context *c)
{
	c->rank = rank;
	return 0;
}

static int
rate(struct nk_context *c)
{
	(void)c;
	return 0;
}

static const struct nk_rpc_hooks hooks = {
	.find = nk_method_find, .rights = rights, .rate = rate,
};

static char *
ask(struct nk_context *c, const char *method, const char *params,
    size_t *lenp)
{
	char line[512], *answer;
	int n;

	n = snprintf(line, sizeof(line), "{\"jsonrpc\":\"2.0\",\"id\":1,"
	    "\"method\":\"%s\",\"params\":%s}", method, params);
	ck_assert(n > 0 && (size_t)n < sizeof(line));
	ck_assert_int_eq(nk_rpc_handle_with(&hooks, c, line, (size_t)n,
	    &answer, lenp), 0);
	ck_assert_ptr_nonnull(answer);
	return answer;
}

static const struct {
	enum nk_rank	 rank;
	const char	*method;
	const char	*params;
	const char	*want;
} rows[] = {
	{ NK_RANK_NOBODY, "core.ping", "[]", "\"result\":\"pong\"" },
	{ NK_RANK_NOBODY, "core.ping", "[1]",
	    "Too many arguments (expected 0, found 1)" },
	{ NK_RANK_NOBODY, "core.set_options", "[{}]",
	    "\"result\":{\"legacy_jobs\":true,\"private_methods\":false,"
	    "\"py_exceptions\":false}" },
	{ NK_RANK_NOBODY, "core.set_options", "[{\"legacy_jobs\":false}]",
	    "\"result\":{\"legacy_jobs\":false,\"private_methods\":false,"
	    "\"py_exceptions\":false}" },
	{ NK_RANK_NOBODY, "core.set_options", "[{\"legacy_jobs\":true,"
	    "\"private_methods\":true,\"py_exceptions\":true,\"new\":5}]",
	    "\"result\":{\"legacy_jobs\":true,\"private_methods\":true,"
	    "\"py_exceptions\":false}" },
	{ NK_RANK_NOBODY, "core.set_options", "[]",
	    "[\"options\",\"Field required\",22]" },
	{ NK_RANK_NOBODY, "core.set_options", "[[]]", "-32602" },
	{ NK_RANK_NOBODY, "core.set_options", "[{\"legacy_jobs\":0}]",
	    "[\"options.legacy_jobs\",\"Input should be a valid boolean\",22]" },
	{ NK_RANK_NOBODY, "core.get_jobs", "[]", "\"error\":207" },
	{ NK_RANK_NOBODY, "core.get_methods", "[]", "\"error\":207" },
	{ NK_RANK_USER, "core.get_jobs", "[]", "\"result\":[]" },
	{ NK_RANK_USER, "core.get_jobs", "[[[\"id\",\"=\",1]],{}]",
	    "\"result\":[]" },
	{ NK_RANK_USER, "core.get_jobs", "[[],{\"count\":true}]",
	    "\"result\":0" },
	{ NK_RANK_USER, "core.get_jobs", "[[],{\"get\":true}]",
	    "\"reason\":\"MatchNotFound()\"" },
	{ NK_RANK_USER, "core.get_jobs", "[[[\"id\",\"?\",1]]]",
	    "[\"filters\",\"Invalid operation: ?\",22]" },
	{ NK_RANK_USER, "core.get_jobs", "[null]",
	    "[\"filters\",\"Input should be a valid list\",22]" },
	{ NK_RANK_USER, "core.get_methods", "[]",
	    "\"result\":{\"core.ping\":{},\"core.set_options\":{},"
	    "\"core.get_jobs\":{},\"core.get_methods\":{},\"user.first\":{},"
	    "\"naskeys.last\":{}}" },
	{ NK_RANK_USER, "core.get_methods", "[null]", "-32602" },
	{ NK_RANK_USER, "user.first", "[]", "[EPERM] never" },
	{ NK_RANK_ADMIN, "naskeys.last", "[]", "Not authorized" },
	{ NK_RANK_ROOT, "naskeys.last", "[]", "[EPERM] never" },
	{ NK_RANK_ROOT, "naskeys", "[]", "Method does not exist" },
	{ NK_RANK_ROOT, "core.pin", "[]", "Method does not exist" },
	{ NK_RANK_ROOT, "core.ping ", "[]", "Method does not exist" },
};

START_TEST(method)
{
	struct nk_context c = { .passed_fd = -1 };
	char *answer;
	size_t len;

	rank = rows[_i].rank;
	answer = ask(&c, rows[_i].method, rows[_i].params, &len);
	ck_assert_msg(strstr(answer, rows[_i].want) != NULL, "%s%s: %s",
	    rows[_i].method, rows[_i].params, answer);
	nk_rpc_free(answer, len);
}
END_TEST

static void
set_options(struct nk_context *c, const char *params)
{
	size_t len;
	char *answer = ask(c, "core.set_options", params, &len);

	nk_rpc_free(answer, len);
}

/* What is set stays set, and what is refused changes nothing. */
START_TEST(options_stay)
{
	struct nk_context c = { .passed_fd = -1 };

	rank = NK_RANK_NOBODY;
	set_options(&c, "[{\"legacy_jobs\":false}]");
	set_options(&c, "[{}]");
	ck_assert(c.new_jobs);
	set_options(&c, "[{\"legacy_jobs\":true,\"private_methods\":1}]");
	ck_assert(c.new_jobs && !c.private_methods);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("rpc_core");
	TCase *tc = tcase_create("core");
	SRunner *sr;
	int failed;

	nk_json_wipe_memory();
	tcase_add_loop_test(tc, method, 0,
	    (int)(sizeof(rows) / sizeof(rows[0])));
	tcase_add_test(tc, options_stay);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
