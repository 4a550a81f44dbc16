/* SPDX-License-Identifier: ISC */
/* Signatures by our own keys, held against the check for others' ones. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ssh/keyblob.h"
#include "lib/ssh/sign.h"
#include "lib/ssh/signature.h"
#include "lib/ssh/wire.h"
#include "tests/unit/private_keys.h"

#define COUNT(a)	((int)(sizeof(a) / sizeof((a)[0])))
#define DATA		(const uint8_t *)"what is signed"
#define DATA_LEN	14u
#define RSA_SIZE	128		/* bytes of the modulus */

static const struct nk_keypolicy policy = { 1024, 16384, 400, { 9, 2 } };

static const struct {
	const char	*what;
	const char	*key;
	const char	*algorithm;
	int		 want;
} rows[] = {
	{ "Ed25519", ED_OPENSSH, "ssh-ed25519", 0 },
	{ "RSA, SHA-256", RSA_OPENSSH, "rsa-sha2-256", 0 },
	{ "RSA, SHA-512", RSA_OPENSSH, "rsa-sha2-512", 0 },
	{ "P-256", P256_OPENSSH, "ecdsa-sha2-nistp256", 0 },
	{ "P-384", P384_OPENSSH, "ecdsa-sha2-nistp384", 0 },
	{ "P-521", P521_OPENSSH, "ecdsa-sha2-nistp521", 0 },
	{ "RSA, SHA-1", RSA_OPENSSH, "ssh-rsa", -EPERM },
	{ "RSA, no algorithm", RSA_OPENSSH, "", -EPERM },
	{ "RSA, as Ed25519", RSA_OPENSSH, "ssh-ed25519", -EPERM },
	{ "RSA, a cut name", RSA_OPENSSH, "rsa-sha2-51", -EPERM },
	{ "Ed25519, as RSA", ED_OPENSSH, "rsa-sha2-512", -EPERM },
	{ "Ed25519, its certificate", ED_OPENSSH,
	    "ssh-ed25519-cert-v01@openssh.com", -EPERM },
	{ "P-256, as P-384", P256_OPENSSH, "ecdsa-sha2-nistp384", -EPERM },
	{ "P-521, no algorithm", P521_OPENSSH, "", -EPERM },
};

static struct nk_privatekey key;
static struct nk_secret sig;

static void
read_key(const char *text)
{
	ck_assert_int_eq(nk_privatekey_read(text, strlen(text), &policy,
	    &key, NULL), 0);
}

static void
teardown(void)
{
	nk_secret_clear(&sig);
	nk_privatekey_clear(&key);
}

static int
check(const uint8_t *data, size_t len)
{
	struct nk_keyblob kb;

	ck_assert_int_eq(nk_keyblob_parse(key.blob, key.blob_len, &policy,
	    &kb, NULL), 0);
	return nk_signature_check(&kb.key, sig.p, sig.len, data, len, NULL);
}

START_TEST(signs)
{
	struct nk_wire w, name;
	int r;

	read_key(rows[_i].key);
	ck_assert_int_eq(nk_secret_append(&sig, "!", 1), 0);
	r = nk_sign(&key, rows[_i].algorithm, DATA, DATA_LEN, &sig);
	ck_assert_msg(r == rows[_i].want, "%s: got %d", rows[_i].what, r);
	ck_assert_uint_eq(sig.p[0], '!');
	if (r < 0) {
		ck_assert_uint_eq(sig.len, 1);
		return;
	}
	sig.len--;
	memmove(sig.p, sig.p + 1, sig.len);
	w = (struct nk_wire){ sig.p, sig.len };
	ck_assert_int_eq(nk_wire_get_sub(&w, &name), 0);
	ck_assert(nk_wire_is_text(&name, rows[_i].algorithm));
	ck_assert_int_eq(check(DATA, DATA_LEN), 0);
	ck_assert_int_eq(check(DATA, DATA_LEN - 1), -EBADMSG);
	sig.p[sig.len - 1] ^= 1;
	ck_assert_int_eq(check(DATA, DATA_LEN), -EBADMSG);
}
END_TEST

START_TEST(signs_nothing_and_much)
{
	uint8_t *much = calloc(1, 100000);

	ck_assert_ptr_nonnull(much);
	read_key(P256_OPENSSH);
	ck_assert_int_eq(nk_sign(&key, key.type->name, much, 0, &sig), 0);
	ck_assert_int_eq(check(much, 0), 0);
	nk_secret_clear(&sig);
	ck_assert_int_eq(nk_sign(&key, key.type->name, much, 100000, &sig),
	    0);
	ck_assert_int_eq(check(much, 100000), 0);
	free(much);
}
END_TEST

/* ECDSA's numbers vary in length; none may be written in another way. */
START_TEST(numbers_of_any_length)
{
	uint8_t data;
	int i;

	read_key(P521_OPENSSH);
	for (i = 0; i < 64; i++) {
		data = (uint8_t)i;
		ck_assert_int_eq(nk_sign(&key, key.type->name, &data, 1,
		    &sig), 0);
		ck_assert_int_eq(check(&data, 1), 0);
		nk_secret_clear(&sig);
	}
}
END_TEST

/* Where the numbers are those of no key, nothing gets out. */
static const struct {
	const char	*what;
	const char	*key;
	const char	*algorithm;
	size_t		 from_end;	/* the byte that is changed */
	size_t		 another;	/* one more, or 0 */
} damaged[] = {
	{ "Ed25519, seed", ED_OPENSSH, "ssh-ed25519", 64, 0 },
	{ "Ed25519, second public half", ED_OPENSSH, "ssh-ed25519", 1, 0 },
	/* with a wrong factor alone, libcrypto finds out and uses d */
	{ "RSA, d and q", RSA_OPENSSH, "rsa-sha2-512", 250, 1 },
	{ "RSA, d and p", RSA_OPENSSH, "rsa-sha2-512", 250, 100 },
	{ "P-256", P256_OPENSSH, "ecdsa-sha2-nistp256", 1, 0 },
	{ "P-384", P384_OPENSSH, "ecdsa-sha2-nistp384", 1, 0 },
	{ "P-521", P521_OPENSSH, "ecdsa-sha2-nistp521", 10, 0 },
};

START_TEST(wrong_numbers)
{
	int r;

	read_key(damaged[_i].key);
	key.numbers.p[key.numbers.len - damaged[_i].from_end] ^= 2;
	if (damaged[_i].another > 0)
		key.numbers.p[key.numbers.len - damaged[_i].another] ^= 2;
	r = nk_sign(&key, damaged[_i].algorithm, DATA, DATA_LEN, &sig);
	ck_assert_msg(r == -EBADMSG || r == -EIO, "%s: got %d",
	    damaged[_i].what, r);
	ck_assert_uint_eq(sig.len, 0);
}
END_TEST

/* The public half of another key. */
START_TEST(other_halves)
{
	struct nk_privatekey other;
	uint8_t *blob;
	size_t len;

	read_key(P256_OPENSSH);
	ck_assert_int_eq(nk_privatekey_generate("ecdsa-sha2-nistp256", 0,
	    NULL, &other), 0);
	blob = key.blob;
	len = key.blob_len;
	key.blob = other.blob;
	key.blob_len = other.blob_len;
	ck_assert_int_eq(nk_sign(&key, key.type->name, DATA, DATA_LEN, &sig),
	    -EBADMSG);
	ck_assert_uint_eq(sig.len, 0);
	key.blob = blob;
	key.blob_len = len;
	nk_privatekey_clear(&other);
}
END_TEST

/* A number that is longer than the modulus would only cost time. */
START_TEST(too_long_numbers)
{
	struct nk_secret numbers = NK_SECRET_NONE;
	static const uint8_t ones[RSA_SIZE + 2] = { 0, 1 };
	struct nk_wire w;
	const uint8_t *q;
	size_t len, i;

	read_key(RSA_OPENSSH);
	w = (struct nk_wire){ key.numbers.p, key.numbers.len };
	for (i = 0; i < 7; i++)		/* type, n, e, d, iqmp, p, q */
		ck_assert_int_eq(nk_wire_get_string(&w, &q, &len), 0);
	ck_assert_int_eq(nk_wire_get_end(&w), 0);
	ck_assert_int_eq(nk_secret_append(&numbers, key.numbers.p,
	    key.numbers.len - len - 4), 0);
	ck_assert_int_eq(nk_secret_append(&numbers, "\0\0\0\201", 4), 0);
	ck_assert_int_eq(nk_secret_append(&numbers, ones + 1, RSA_SIZE + 1),
	    0);
	nk_secret_clear(&key.numbers);
	key.numbers = numbers;
	ck_assert_int_eq(nk_sign(&key, "rsa-sha2-512", DATA, DATA_LEN, &sig),
	    -EBADMSG);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ssh_sign");
	TCase *t = tcase_create("sign");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_loop_test(t, signs, 0, COUNT(rows));
	tcase_add_test(t, signs_nothing_and_much);
	tcase_add_test(t, numbers_of_any_length);
	tcase_add_loop_test(t, wrong_numbers, 0, COUNT(damaged));
	tcase_add_test(t, other_halves);
	tcase_add_test(t, too_long_numbers);
	suite_add_tcase(s, t);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
