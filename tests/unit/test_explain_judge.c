/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/explain/examined.h"
#include "lib/explain/judge.h"
#include "tests/unit/ssh_keys.h"

#define COUNT(a)	((int)(sizeof(a) / sizeof((a)[0])))
#define NOW		1700000000	/* 2023-11-14 */
#define BEFORE		1500000000
#define AFTER		4200000000	/* after all certificates here */

static const struct {
	const char		*what;
	int			 key;
	const char		*options, *address;
	int64_t			 now;
	enum nk_judged		 want;
	const char		*why;		/* a part of it */
} rows[] = {
	{ "a plain key", KEY_ED25519, NULL, "192.0.2.1", NOW,
	    NK_JUDGED_TAKEN, "" },
	{ "restrict", KEY_ED25519, "restrict", "192.0.2.1", NOW,
	    NK_JUDGED_TAKEN, "" },
	{ "from", KEY_ED25519, "from=\"10.0.0.1,192.0.2.*\"", "192.0.2.1",
	    NOW, NK_JUDGED_TAKEN, "" },
	{ "not from", KEY_ED25519, "from=\"10.0.0.1\"", "192.0.2.1", NOW,
	    NK_JUDGED_REFUSED, "does not admit 192.0.2.1" },
	{ "excluded", KEY_ED25519, "from=\"!192.0.2.1,*\"", "192.0.2.1",
	    NOW, NK_JUDGED_REFUSED, "does not admit" },
	{ "a name of a host", KEY_ED25519, "from=\"nas.example\"",
	    "192.0.2.1", NOW, NK_JUDGED_REFUSED, "does not admit" },
	{ "not yet expired", KEY_ED25519,
	    "expiry-time=\"20300101000000Z\"", "192.0.2.1", NOW,
	    NK_JUDGED_TAKEN, "" },
	{ "expired", KEY_ED25519, "expiry-time=\"20200101000000Z\"",
	    "192.0.2.1", NOW, NK_JUDGED_REFUSED,
	    "expired at 2020-01-01 00:00 UTC" },
	{ "expired, in two", KEY_ED25519, "expiry-time=\"20300101Z\","
	    "from=\"10.0.0.1\"", "192.0.2.1", NOW, NK_JUDGED_REFUSED,
	    "does not admit" },
	{ "an unknown option", KEY_ED25519, "nosuch", "192.0.2.1", NOW,
	    NK_JUDGED_REFUSED, "void" },
	{ "a plain key as authority", KEY_ED25519, "cert-authority",
	    "192.0.2.1", NOW, NK_JUDGED_REFUSED, "cert-authority" },
	{ "a certificate", KEY_CERT_ED25519, "cert-authority", "192.0.2.1",
	    NOW, NK_JUDGED_TAKEN, "" },
	{ "a certificate without authority", KEY_CERT_ED25519, NULL,
	    "192.0.2.1", NOW, NK_JUDGED_REFUSED,
	    "without the option cert-authority" },
	{ "and with options", KEY_CERT_ED25519, "restrict", "192.0.2.1",
	    NOW, NK_JUDGED_REFUSED, "without the option" },
	{ "its address", KEY_CERT_ED25519, "cert-authority", "192.0.3.1",
	    NOW, NK_JUDGED_REFUSED, "good for the addresses 192.0.2.0/24" },
	{ "too early", KEY_CERT_ED25519, "cert-authority", "192.0.2.1",
	    BEFORE, NK_JUDGED_REFUSED, "valid from 2020-01-01" },
	{ "too late", KEY_CERT_ED25519, "cert-authority", "192.0.2.1",
	    AFTER, NK_JUDGED_REFUSED, "valid until 2099-12-31" },
	{ "a principal", KEY_CERT_ED25519,
	    "cert-authority,principals=\"x,bob\"", "192.0.2.1", NOW,
	    NK_JUDGED_TAKEN, "" },
	{ "no principal", KEY_CERT_ED25519,
	    "cert-authority,principals=\"x,bobby\"", "192.0.2.1", NOW,
	    NK_JUDGED_REFUSED, "principals is x,bobby" },
	{ "the same command", KEY_CERT_ED25519,
	    "cert-authority,command=\"/bin/true\"", "192.0.2.1", NOW,
	    NK_JUDGED_TAKEN, "" },
	{ "another command", KEY_CERT_ED25519,
	    "cert-authority,command=\"/bin/false\"", "192.0.2.1", NOW,
	    NK_JUDGED_REFUSED, "different commands" },
};

static void
examine(struct nk_examined *k, int key)
{
	char text[8192];
	const char *why = NULL;
	int n;

	n = snprintf(text, sizeof(text), "%s %s a comment\n",
	    ssh_keys[key].type, ssh_keys[key].base64);
	ck_assert_int_gt(n, 0);
	ck_assert_msg(nk_examined_read(k, text, (size_t)n, &why) == 0, "%s",
	    why);
}

START_TEST(judged)
{
	struct nk_judge q = { .user = "alice", .address = rows[_i].address,
	    .now = rows[_i].now, .version = { 9, 2 } };
	struct nk_judgement j;
	struct nk_examined k;
	const char *options = rows[_i].options;

	examine(&k, rows[_i].key);
	ck_assert_int_eq(nk_judge_line(&q, &k, options, options != NULL ?
	    strlen(options) : 0, k.wanted, k.wanted_len, &j), 0);
	ck_assert_msg(j.judged == rows[_i].want, "%s: %s", rows[_i].what,
	    j.why);
	ck_assert_msg(strstr(j.why, rows[_i].why) != NULL, "%s: %s",
	    rows[_i].what, j.why);
	ck_assert((j.judged == NK_JUDGED_REFUSED) == (j.remedy != NULL));
	/* a line with another key is nobody's affair */
	ck_assert_int_eq(nk_judge_line(&q, &k, options, options != NULL ?
	    strlen(options) : 0, k.wanted, k.wanted_len - 1, &j), 0);
	ck_assert_int_eq(j.judged, NK_JUDGED_OTHER);
	nk_examined_clear(&k);
}
END_TEST

START_TEST(another_user)
{
	struct nk_judge q = { .user = "carol", .address = "192.0.2.1",
	    .now = NOW, .version = { 9, 2 } };
	struct nk_judgement j;
	struct nk_examined k;

	examine(&k, KEY_CERT_ED25519);
	nk_judge_certificate(&q, &k, "carol", &j);
	ck_assert_int_eq(j.judged, NK_JUDGED_REFUSED);
	nk_judge_certificate(&q, &k, "carol,alice", &j);
	ck_assert_int_eq(j.judged, NK_JUDGED_TAKEN);
	ck_assert(j.command);
	nk_judge_certificate(&q, &k, NULL, &j);
	ck_assert_int_eq(j.judged, NK_JUDGED_REFUSED);
	nk_examined_clear(&k);
}
END_TEST

START_TEST(examined)
{
	struct nk_examined k;
	char name[64];

	examine(&k, KEY_CERT_ED25519);
	ck_assert(nk_examined_is_certificate(&k));
	ck_assert_str_eq(k.fingerprint, ssh_keys[KEY_ED25519].sha256);
	nk_examined_ca_algorithm(&k, name, sizeof(name));
	ck_assert_str_eq(name, "ssh-ed25519");
	nk_examined_clear(&k);
	examine(&k, KEY_RSA2048);
	ck_assert(!nk_examined_is_certificate(&k));
	ck_assert_uint_eq(k.kb.key.bits, 2048);
	nk_examined_ca_algorithm(&k, name, sizeof(name));
	ck_assert_str_eq(name, "");
	nk_examined_clear(&k);
}
END_TEST

static const char *const bad_keys[] = {
	"",
	"# a comment\n",
	"ssh-ed25519 AAAA\n",
	"ssh-ed25519 " ED25519_BASE64 "\nssh-ed25519 " ED25519_BASE64 "\n",
	"ssh-dss " DSA_BASE64 "\n",
	"-----BEGIN OPENSSH PRIVATE KEY-----\n",
};

START_TEST(refused_keys)
{
	struct nk_examined k;
	const char *why = NULL;

	ck_assert_int_lt(nk_examined_read(&k, bad_keys[_i],
	    strlen(bad_keys[_i]), &why), 0);
	ck_assert_ptr_nonnull(why);
	ck_assert_ptr_null(k.blob);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("explain_judge");
	TCase *t = tcase_create("lines");
	SRunner *sr;
	int failed;

	tcase_add_loop_test(t, judged, 0, COUNT(rows));
	tcase_add_test(t, another_user);
	tcase_add_test(t, examined);
	tcase_add_loop_test(t, refused_keys, 0, COUNT(bad_keys));
	suite_add_tcase(s, t);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
