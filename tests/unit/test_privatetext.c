/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/keychain/privatetext.h"
#include "tests/unit/private_keys.h"

/* The test's RSA key is small, so that it is short. */
static const struct nk_keypolicy policy = {
	1024, NK_KEYLINE_MAX, NK_KEYLINES_MAX, { 9, 2 },
};

static struct nk_sandbox
sandbox(void)
{
	struct nk_sandbox sb = { 64123, 64124, 20, "/proc/self/exe" };

	if (geteuid() != 0)
		sb.uid = sb.gid = (uid_t)-1;
	return sb;
}

static const char rsa[] = RSA_OPENSSH;
static const char ed25519[] = ED_OPENSSH;

static bool
is_empty(const struct nk_privatekey *k)
{
	return k->type == NULL && k->numbers.p == NULL && k->blob == NULL &&
	    k->comment == NULL;
}

/* ---- texts ---- */

static const struct {
	const char	*what;
	const char	*text;
	const char	*public;
} taken[] = {
	{ "Ed25519, OpenSSH", ED_OPENSSH, ED_PUBLIC },
	{ "Ed25519, PuTTY 2", ED_PUTTY2, ED_PUBLIC },
	{ "Ed25519, PuTTY 3", ED_PUTTY3, ED_PUBLIC },
	{ "RSA, OpenSSH", RSA_OPENSSH, RSA_PUBLIC },
	{ "RSA, PKCS#1", RSA_PKCS1, RSA_PUBLIC },
	{ "RSA, PKCS#8", RSA_PKCS8, RSA_PUBLIC },
	{ "RSA, PuTTY 2", RSA_PUTTY2, RSA_PUBLIC },
	{ "P-256, OpenSSH", P256_OPENSSH, P256_PUBLIC },
	{ "P-256, SEC1", P256_SEC1, P256_PUBLIC },
	{ "P-256, PuTTY 3", P256_PUTTY3, P256_PUBLIC },
	{ "P-384, OpenSSH", P384_OPENSSH, P384_PUBLIC },
	{ "P-521, OpenSSH", P521_OPENSSH, P521_PUBLIC },
	{ "P-521, PKCS#8", P521_PKCS8, P521_PUBLIC },
};

/* The same as read at once, here where nothing has to be feared. */
START_TEST(takes)
{
	const struct nk_sandbox sb = sandbox();
	const char *text = taken[_i].text;
	struct nk_privatekey k, plain;
	struct nk_privatetext_why why;
	char *line;
	size_t len;
	int r;

	r = nk_privatetext_read(&sb, text, strlen(text), &policy, &k, &why);
	ck_assert_msg(r == 0, "%s: got %d, %s", taken[_i].what, r, why.text);
	ck_assert_str_eq(why.text, "");
	ck_assert_int_eq(nk_privatekey_public_line(&k, &line), 0);
	/* not every form has a comment */
	ck_assert_ptr_nonnull(strchr(line, ' '));
	len = (size_t)(strchr(line, ' ') - line) + 1;
	len += strcspn(line + len, " ");
	ck_assert_msg(strncmp(line, taken[_i].public, len) == 0, "%s: %s",
	    taken[_i].what, line);
	free(line);
	ck_assert_int_eq(nk_privatekey_read(text, strlen(text), &policy,
	    &plain, NULL), 0);
	ck_assert_ptr_eq(k.type, plain.type);
	ck_assert_uint_eq(k.bits, plain.bits);
	ck_assert_uint_eq(k.numbers.len, plain.numbers.len);
	ck_assert_mem_eq(k.numbers.p, plain.numbers.p, k.numbers.len);
	nk_privatekey_clear(&plain);
	nk_privatekey_clear(&k);
}
END_TEST

#define ENCRYPTED	"Encrypted private keys are not allowed"

static const struct {
	const char	*what;
	const char	*text;
	int		 r;
	const char	*why;		/* NULL: whatever it is */
} refused[] = {
	{ "OpenSSH, encrypted", ENCRYPTED_OPENSSH, -EACCES, ENCRYPTED },
	{ "PEM, encrypted", ENCRYPTED_PEM, -EACCES, ENCRYPTED },
	{ "PKCS#8, encrypted", ENCRYPTED_PKCS8, -EACCES, ENCRYPTED },
	{ "PuTTY 2, encrypted", ENCRYPTED_PUTTY2, -EACCES, ENCRYPTED },
	{ "PuTTY 3, encrypted", ENCRYPTED_PUTTY3, -EACCES, ENCRYPTED },
	{ "nothing", "", -EBADMSG, NULL },
	{ "white space", " \r\n\t", -EBADMSG, NULL },
	{ "a public key", ED_PUBLIC, -EBADMSG, NULL },
	{ "a begin line", "-----BEGIN OPENSSH PRIVATE KEY-----\n", -EBADMSG,
	    NULL },
	{ "no base64", "-----BEGIN RSA PRIVATE KEY-----\n!\n"
	    "-----END RSA PRIVATE KEY-----\n", -EBADMSG, NULL },
	{ "DSA", "-----BEGIN DSA PRIVATE KEY-----\n", -EPERM, NULL },
	{ "SSH 1", "SSH PRIVATE KEY FILE FORMAT 1.1\n", -EPERM, NULL },
};

START_TEST(refuses)
{
	const struct nk_sandbox sb = sandbox();
	const char *text = refused[_i].text, *plain_why = NULL;
	struct nk_privatekey k, plain;
	struct nk_privatetext_why why;
	int r;

	r = nk_privatetext_read(&sb, text, strlen(text), &policy, &k, &why);
	ck_assert_msg(r == refused[_i].r, "%s: got %d, %s", refused[_i].what,
	    r, why.text);
	ck_assert(is_empty(&k));
	if (refused[_i].why != NULL)
		ck_assert_str_eq(why.text, refused[_i].why);
	/* its own sentence has come through whole */
	ck_assert_int_eq(nk_privatekey_read(text, strlen(text), &policy,
	    &plain, &plain_why), r);
	ck_assert_str_eq(why.text, plain_why);
}
END_TEST

START_TEST(policy_comes_along)
{
	const struct nk_sandbox sb = sandbox();
	struct nk_keypolicy strict = policy;
	struct nk_privatekey k;
	struct nk_privatetext_why why;

	strict.rsa_min_bits = 16384;
	ck_assert_int_eq(nk_privatetext_read(&sb, rsa,
	    strlen(rsa), &strict, &k, &why), -EPERM);
	ck_assert_str_ne(why.text, "");
	ck_assert(is_empty(&k));
}
END_TEST

START_TEST(lengths)
{
	const struct nk_sandbox sb = sandbox();
	struct nk_privatekey k;
	struct nk_privatetext_why why;
	char *text;
	size_t len = NK_PRIVATEKEY_TEXT_MAX;

	ck_assert_ptr_nonnull(text = malloc(len + 1));
	memset(text, '\n', len + 1);
	memcpy(text, ed25519, strlen(ed25519));
	ck_assert_int_eq(nk_privatetext_read(&sb, text, len, &policy, &k,
	    &why), 0);
	nk_privatekey_clear(&k);
	ck_assert_int_eq(nk_privatetext_read(&sb, text, len + 1, &policy, &k,
	    &why), -E2BIG);
	ck_assert_str_ne(why.text, "");
	free(text);
}
END_TEST

/* Where there is no sandbox, nothing is read. */
START_TEST(no_sandbox)
{
	struct nk_sandbox sb = { 0, 0, 20, "/proc/self/exe" };
	struct nk_privatekey k;
	struct nk_privatetext_why why;

	ck_assert_int_eq(nk_privatetext_read(&sb, ed25519,
	    strlen(ed25519), &policy, &k, &why), -EIO);
	ck_assert_str_eq(why.text,
	    "the process that reads private keys failed");
	ck_assert(is_empty(&k));
	sb = sandbox();
	sb.seconds = 0;
	ck_assert_int_eq(nk_privatetext_read(&sb, ed25519,
	    strlen(ed25519), &policy, &k, &why), -ETIMEDOUT);
	ck_assert_str_eq(why.text,
	    "reading this private key took too long");
}
END_TEST

/* ---- answers that no honest child gives ---- */

#define W40	"0123456789012345678901234567890123456789"
#define NO(x)	"\0\0\0" x
#define ANSWER(what, bytes, r)	{ what, bytes, sizeof(bytes) - 1, r }

static const struct {
	const char	*what;
	const char	*bytes;
	size_t		 len;
	int		 r;
} answers[] = {
	/* errno 13 is EACCES, 1 EPERM, 74 EBADMSG, 7 E2BIG, 12 ENOMEM */
	ANSWER("a refusal", NO("\15") NO("\2") "no", -EACCES),
	ANSWER("a long word", NO("\112") NO("\51") " " W40, -EBADMSG),
	ANSWER("nothing", "", -EIO),
	ANSWER("a cut number", "\0\0\0", -EIO),
	ANSWER("no sentence", NO("\15"), -EIO),
	ANSWER("an empty sentence", NO("\15") NO("\0"), -EIO),
	ANSWER("a cut sentence", NO("\15") NO("\3") "no", -EIO),
	ANSWER("a length that wraps", NO("\15") "\377\377\377\377no", -EIO),
	ANSWER("something behind it", NO("\15") NO("\2") "no!", -EIO),
	ANSWER("another errno", NO("\2") NO("\2") "no", -EIO),
	ANSWER("no errno", "\377\377\377\363" NO("\2") "no", -EIO),
	ANSWER("the lowest", "\200\0\0\0" NO("\2") "no", -EIO),
	ANSWER("a newline", NO("\15") NO("\3") "n\no", -EIO),
	ANSWER("an escape", NO("\15") NO("\3") "n\033o", -EIO),
	ANSWER("a NUL", NO("\15") NO("\3") "n\0o", -EIO),
	ANSWER("a byte above ASCII", NO("\15") NO("\3") "n\377o", -EIO),
	ANSWER("too long a word", NO("\15") NO("\51") W40 "0", -EIO),
	ANSWER("a key and no bytes", NO("\0") NO("\0"), -EIO),
	ANSWER("a key and a sentence", NO("\0") NO("\2") "no", -EIO),
	ANSWER("an empty key", NO("\0") NO("\0") NO("\0") NO("\0") NO("\0"),
	    -EIO),
	ANSWER("garbage", "GET / HTTP/1.1\r\n", -EIO),
};

START_TEST(answer)
{
	struct nk_secret s = NK_SECRET_NONE;
	struct nk_privatekey k;
	struct nk_privatetext_why why;
	int r;

	ck_assert_int_eq(nk_secret_append(&s, answers[_i].bytes,
	    answers[_i].len), 0);
	r = nk_privatetext_answer(&s, &policy, &k, &why);
	ck_assert_msg(r == answers[_i].r, "%s: got %d", answers[_i].what, r);
	ck_assert((r == -EIO) == (why.text[0] == '\0'));
	ck_assert(is_empty(&k));
	nk_secret_clear(&s);
}
END_TEST

START_TEST(long_sentences)
{
	struct nk_secret s = NK_SECRET_NONE;
	struct nk_privatekey k;
	struct nk_privatetext_why why;
	size_t len, i;

	for (len = NK_PRIVATETEXT_WHY_MAX; len <= NK_PRIVATETEXT_WHY_MAX + 1;
	    len++) {
		ck_assert_int_eq(nk_secret_append(&s, NO("\15") "\0\0\0", 7),
		    0);
		ck_assert_int_eq(nk_secret_append(&s,
		    &(uint8_t){ (uint8_t)len }, 1), 0);
		for (i = 0; i < len; i++)
			ck_assert_int_eq(nk_secret_append(&s, "n o" + i % 3,
			    1), 0);
		ck_assert_int_eq(nk_privatetext_answer(&s, &policy, &k,
		    &why), len <= NK_PRIVATETEXT_WHY_MAX ? -EACCES : -EIO);
		nk_secret_clear(&s);
	}
}
END_TEST

/* A packed key with any bit changed is none, or still has its public half. */
START_TEST(each_bit_of_a_key)
{
	struct nk_secret s = NK_SECRET_NONE;
	struct nk_privatekey k, again;
	struct nk_privatetext_why why;
	size_t i, refusals = 0;

	ck_assert_int_eq(nk_privatekey_read(ed25519, strlen(ed25519),
	    &policy, &k, NULL), 0);
	ck_assert_int_eq(nk_secret_append(&s, "\0\0\0\0\0\0\0\0", 8), 0);
	ck_assert_int_eq(nk_privatekey_pack(&k, &s), 0);
	ck_assert_int_eq(nk_privatetext_answer(&s, &policy, &again, &why),
	    0);
	nk_privatekey_clear(&again);
	for (i = 0; i < 8 * s.len; i++) {
		s.p[i / 8] ^= (uint8_t)(1 << i % 8);
		if (nk_privatetext_answer(&s, &policy, &again, &why) < 0) {
			ck_assert(is_empty(&again));
			refusals++;
		} else {
			ck_assert_uint_eq(again.blob_len, k.blob_len);
			ck_assert_mem_eq(again.blob, k.blob, k.blob_len);
		}
		nk_privatekey_clear(&again);
		s.p[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	/* at least those of every length, both types and both points */
	ck_assert_uint_ge(refusals, 8 * (8 * 4 + 2 * 11 + 2 * 32));
	nk_secret_clear(&s);
	nk_privatekey_clear(&k);
}
END_TEST

/* The child may have been talked into a key that policy refuses. */
START_TEST(policy_is_checked_again)
{
	struct nk_keypolicy strict = policy;
	struct nk_secret s = NK_SECRET_NONE;
	struct nk_privatekey k, again;
	struct nk_privatetext_why why;

	strict.rsa_min_bits = 16384;
	ck_assert_int_eq(nk_privatekey_read(rsa,
	    strlen(rsa), &policy, &k, NULL), 0);
	ck_assert_int_eq(nk_secret_append(&s, "\0\0\0\0\0\0\0\0", 8), 0);
	ck_assert_int_eq(nk_privatekey_pack(&k, &s), 0);
	ck_assert_int_eq(nk_privatetext_answer(&s, &policy, &again, &why),
	    0);
	nk_privatekey_clear(&again);
	ck_assert_int_eq(nk_privatetext_answer(&s, &strict, &again, &why),
	    -EIO);
	ck_assert(is_empty(&again));
	nk_secret_clear(&s);
	nk_privatekey_clear(&k);
}
END_TEST

#define COUNT(a)	((int)(sizeof(a) / sizeof((a)[0])))

static const struct nk_sandbox_work *const tables[] = {
	nk_privatetext_works, NULL,
};

int
main(int argc, char **argv)
{
	Suite *s = suite_create("privatetext");
	TCase *tc = tcase_create("privatetext");
	SRunner *sr = srunner_create(s);
	int failed;

	nk_sandbox_serve(argc, argv, tables);
	tcase_add_loop_test(tc, takes, 0, COUNT(taken));
	tcase_add_loop_test(tc, refuses, 0, COUNT(refused));
	tcase_add_test(tc, policy_comes_along);
	tcase_add_test(tc, lengths);
	tcase_add_test(tc, no_sandbox);
	tcase_add_loop_test(tc, answer, 0, COUNT(answers));
	tcase_add_test(tc, long_sentences);
	tcase_add_test(tc, each_bit_of_a_key);
	tcase_add_test(tc, policy_is_checked_again);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
