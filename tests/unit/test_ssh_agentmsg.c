/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ssh/agentmsg.h"
#include "lib/ssh/keypolicy.h"

#define COUNT(a)	((int)(sizeof(a) / sizeof((a)[0])))
#define RAW(s)		(const uint8_t *)(s), sizeof(s) - 1

START_TEST(questions)
{
	static const uint8_t sign[] = "\15\0\0\0\3key\0\0\0\2da\0\0\0\4";
	uint8_t buf[64];
	struct nk_wire_out o = { buf, sizeof(buf) };
	size_t n;

	ck_assert_int_eq(nk_agentmsg_put_list(&o), 0);
	ck_assert_uint_eq(sizeof(buf) - o.left, 1);
	ck_assert_uint_eq(buf[0], 11);
	for (n = 0; n < sizeof(sign); n++) {
		o = (struct nk_wire_out){ buf, n };
		ck_assert_int_eq(nk_agentmsg_put_sign(&o, RAW("key"),
		    RAW("da"), NK_AGENTMSG_RSA_SHA2_512),
		    n == sizeof(sign) - 1 ? 0 : -ENOBUFS);
	}
	ck_assert_mem_eq(buf, sign, sizeof(sign) - 1);
}
END_TEST

START_TEST(keys)
{
	static const uint8_t msg[] =
	    "\14\0\0\0\2\0\0\0\3key\0\0\0\1c\0\0\0\0\0\0\0\0";
	const uint8_t *blob;
	struct nk_wire w;
	size_t len, n;
	uint32_t count;

	ck_assert_int_eq(nk_agentmsg_get_list(msg, sizeof(msg) - 1, &w,
	    &count), 0);
	ck_assert_uint_eq(count, 2);
	ck_assert_int_eq(nk_agentmsg_get_key(&w, &blob, &len), 0);
	ck_assert_uint_eq(len, 3);
	ck_assert_mem_eq(blob, "key", 3);
	ck_assert_int_eq(nk_agentmsg_get_key(&w, &blob, &len), 0);
	ck_assert_uint_eq(len, 0);
	ck_assert_int_eq(nk_agentmsg_get_key(&w, &blob, &len), -EBADMSG);
	for (n = 0; n < sizeof(msg) - 1; n++) {
		if (nk_agentmsg_get_list(msg, n, &w, &count) < 0)
			continue;
		ck_assert_uint_ge(n, 5);
		if (nk_agentmsg_get_key(&w, &blob, &len) == 0)
			ck_assert_int_eq(nk_agentmsg_get_key(&w, &blob,
			    &len), -EBADMSG);
	}
}
END_TEST

static const struct {
	const char	*what;
	const char	*msg;
	size_t		 len;
	int		 list, sign;
} answers[] = {
	{ "nothing", "", 0, -EBADMSG, -EBADMSG },
	{ "failure", "\5", 1, -EACCES, -EACCES },
	{ "success", "\6", 1, -EBADMSG, -EBADMSG },
	{ "no keys", "\14\0\0\0\0", 5, 0, -EBADMSG },
	{ "a signature", "\16\0\0\0\1s", 6, -EBADMSG, 0 },
	{ "an empty one", "\16\0\0\0\0", 5, -EBADMSG, 0 },
	{ "one that is cut", "\16\0\0\0\2s", 6, -EBADMSG, -EBADMSG },
	{ "something behind it", "\16\0\0\0\1ss", 7, -EBADMSG, -EBADMSG },
	{ "a length that wraps", "\16\377\377\377\377s", 6, -EBADMSG,
	    -EBADMSG },
};

START_TEST(other_answers)
{
	const uint8_t *msg = (const uint8_t *)answers[_i].msg, *sig;
	size_t len = answers[_i].len, sig_len;
	struct nk_wire w;
	uint32_t n;

	ck_assert_msg(nk_agentmsg_get_list(msg, len, &w, &n) ==
	    answers[_i].list, "%s as a list", answers[_i].what);
	ck_assert_msg(nk_agentmsg_get_signature(msg, len, &sig, &sig_len) ==
	    answers[_i].sign, "%s as a signature", answers[_i].what);
}
END_TEST

START_TEST(policy)
{
	const struct nk_keypolicy p = { 3072, 100, 7, { 8, 4 } };
	uint8_t buf[NK_KEYPOLICY_SIZE];
	struct nk_wire_out o = { buf, sizeof(buf) };
	struct nk_wire w = { buf, sizeof(buf) };
	struct nk_keypolicy q;

	ck_assert_int_eq(nk_keypolicy_put(&o, &p), 0);
	ck_assert_uint_eq(o.left, 0);
	ck_assert_int_eq(nk_keypolicy_get(&w, &q), 0);
	ck_assert_int_eq(nk_wire_get_end(&w), 0);
	ck_assert_mem_eq(&p, &q, sizeof(p));
	w = (struct nk_wire){ buf, sizeof(buf) - 1 };
	ck_assert_int_eq(nk_keypolicy_get(&w, &q), -EBADMSG);
	o = (struct nk_wire_out){ buf, sizeof(buf) - 1 };
	ck_assert_int_eq(nk_keypolicy_put(&o, &p), -ENOBUFS);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("agentmsg");
	TCase *t = tcase_create("messages");
	SRunner *sr;
	int failed;

	tcase_add_test(t, questions);
	tcase_add_test(t, keys);
	tcase_add_loop_test(t, other_answers, 0, COUNT(answers));
	tcase_add_test(t, policy);
	suite_add_tcase(s, t);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
