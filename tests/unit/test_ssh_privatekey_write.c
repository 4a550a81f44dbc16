/* SPDX-License-Identifier: ISC */

/* Writing, packing and generating private keys. */

#include <check.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ssh/privatekey.h"
#include "lib/ssh/secretbase64.h"
#include "lib/ssh/secretder.h"
#include "lib/ssh/secretwire.h"
#include "tests/unit/private_keys.h"

#define COUNT(a)	((int)(sizeof(a) / sizeof((a)[0])))

static const struct nk_keypolicy policy = { 1024, 16384, 400, { 9, 2 } };

static void
must_read(const char *text, struct nk_privatekey *k)
{
	const char *why = NULL;
	int r;

	r = nk_privatekey_read(text, strlen(text), &policy, k, &why);
	ck_assert_msg(r == 0, "%s", why);
}

static bool
is_same(const struct nk_privatekey *a, const struct nk_privatekey *b)
{
	return a->type == b->type && a->bits == b->bits &&
	    a->numbers.len == b->numbers.len &&
	    memcmp(a->numbers.p, b->numbers.p, a->numbers.len) == 0 &&
	    a->blob_len == b->blob_len &&
	    memcmp(a->blob, b->blob, a->blob_len) == 0;
}

/* ---- writing ---- */

/* Which text of another program's is ours to the byte? */
static const struct {
	const char			*what;
	const char			*text;
	enum nk_privatekey_format	 format;
	const char			*same;	/* NULL: none is known */
	int				 want;
} writes[] = {
	{ "Ed25519, OpenSSH", ED_PUTTY2, NK_PRIVATEKEY_OPENSSH, NULL, 0 },
	{ "Ed25519, PKCS#8", ED_OPENSSH, NK_PRIVATEKEY_PKCS8, NULL, 0 },
	{ "Ed25519, PKCS#1", ED_OPENSSH, NK_PRIVATEKEY_PKCS1, NULL,
	    -ENOTSUP },
	{ "RSA, OpenSSH", RSA_PUTTY2, NK_PRIVATEKEY_OPENSSH, NULL, 0 },
	{ "RSA, PKCS#8", RSA_OPENSSH, NK_PRIVATEKEY_PKCS8, RSA_PKCS8, 0 },
	{ "RSA, PKCS#8 of PKCS#1", RSA_PKCS1, NK_PRIVATEKEY_PKCS8, RSA_PKCS8,
	    0 },
	{ "RSA, PKCS#1", RSA_OPENSSH, NK_PRIVATEKEY_PKCS1, RSA_PKCS1, 0 },
	{ "RSA, PKCS#1 of PuTTY's", RSA_PUTTY2, NK_PRIVATEKEY_PKCS1,
	    RSA_PKCS1, 0 },
	{ "P-256, OpenSSH", P256_SEC1, NK_PRIVATEKEY_OPENSSH, NULL, 0 },
	{ "P-256, PKCS#8", P256_SEC1, NK_PRIVATEKEY_PKCS8, NULL, 0 },
	{ "P-256, PKCS#1", P256_SEC1, NK_PRIVATEKEY_PKCS1, NULL, -ENOTSUP },
	{ "P-384, OpenSSH", P384_OPENSSH, NK_PRIVATEKEY_OPENSSH, NULL, 0 },
	{ "P-384, PKCS#8", P384_OPENSSH, NK_PRIVATEKEY_PKCS8, NULL, 0 },
	{ "P-521, OpenSSH", P521_PKCS8, NK_PRIVATEKEY_OPENSSH, NULL, 0 },
	{ "P-521, PKCS#8", P521_OPENSSH, NK_PRIVATEKEY_PKCS8, P521_PKCS8, 0 },
};

START_TEST(write_form)
{
	struct nk_secret a = NK_SECRET_NONE, b = NK_SECRET_NONE;
	struct nk_privatekey k, again;
	int r;

	must_read(writes[_i].text, &k);
	ck_assert_int_eq(nk_secret_append(&a, "before", 6), 0);
	r = nk_privatekey_write(&k, writes[_i].format, &a);
	ck_assert_msg(r == writes[_i].want, "%s: %d", writes[_i].what, r);
	if (r < 0) {
		ck_assert_str_eq((const char *)a.p, "before");
	} else {
		must_read((const char *)a.p + 6, &again);
		ck_assert(is_same(&k, &again));
		ck_assert_int_eq(nk_privatekey_write(&again,
		    writes[_i].format, &b), 0);
		if (writes[_i].format != NK_PRIVATEKEY_OPENSSH)
			ck_assert_ptr_null(again.comment);
		ck_assert_uint_eq(a.p[a.len - 1], '\n');
		if (again.comment == NULL && k.comment == NULL)
			ck_assert_str_eq((const char *)a.p + 6,
			    (const char *)b.p);
		nk_privatekey_clear(&again);
	}
	if (writes[_i].same != NULL)
		ck_assert_str_eq((const char *)a.p + 6, writes[_i].same);
	nk_privatekey_clear(&k);
	nk_secret_clear(&a);
	nk_secret_clear(&b);
}
END_TEST

/* OpenSSH's form differs from ssh-keygen's in the check numbers alone. */
START_TEST(openssh_layout)
{
	static const char *const texts[] = { ED_OPENSSH, RSA_OPENSSH,
	    P256_OPENSSH, P384_OPENSSH, P521_OPENSSH };
	const char *theirs = texts[_i];
	struct nk_secret ours = NK_SECRET_NONE;
	struct nk_privatekey k;
	size_t i, n = 0;

	must_read(theirs, &k);
	ck_assert_int_eq(nk_privatekey_write(&k, NK_PRIVATEKEY_OPENSSH,
	    &ours), 0);
	ck_assert_uint_eq(ours.len, strlen(theirs));
	for (i = 0; i < ours.len; i++)
		n += ours.p[i] != (uint8_t)theirs[i];
	ck_assert_uint_le(n, 12);	/* 8 bytes in base64 */
	nk_privatekey_clear(&k);
	nk_secret_clear(&ours);
}
END_TEST

/* ---- packing ---- */

START_TEST(pack)
{
	static const char *const texts[] = { ED_OPENSSH, RSA_PKCS1,
	    P256_PUTTY3, P384_OPENSSH, P521_PKCS8 };
	struct nk_secret packed = NK_SECRET_NONE;
	struct nk_privatekey k, other;
	size_t i;
	int bit;

	must_read(texts[_i], &k);
	ck_assert_int_eq(nk_privatekey_pack(&k, &packed), 0);
	ck_assert_int_eq(nk_privatekey_unpack(packed.p, packed.len, &other),
	    0);
	ck_assert(is_same(&k, &other));
	ck_assert((k.comment == NULL) == (other.comment == NULL));
	nk_privatekey_clear(&other);
	for (i = 0; i < packed.len; i++) {
		ck_assert_int_eq(nk_privatekey_unpack(packed.p, i, &other),
		    -EBADMSG);
		ck_assert_ptr_null(other.numbers.p);
	}
	/* the public half cannot be another one than the numbers say */
	for (i = 0; i < packed.len; i++) {
		bit = (int)(i % 8);
		packed.p[i] ^= (uint8_t)(1 << bit);
		if (nk_privatekey_unpack(packed.p, packed.len, &other) == 0)
			ck_assert(other.blob_len == k.blob_len &&
			    memcmp(other.blob, k.blob, k.blob_len) == 0);
		else
			ck_assert_ptr_null(other.blob);
		nk_privatekey_clear(&other);
		packed.p[i] ^= (uint8_t)(1 << bit);
	}
	ck_assert_int_eq(nk_secret_append(&packed, "", 1), 0);
	ck_assert_int_eq(nk_privatekey_unpack(packed.p, packed.len, &other),
	    -EBADMSG);
	nk_privatekey_clear(&k);
	nk_secret_clear(&packed);
}
END_TEST

/* What the Ed25519 key is packed as, with one field another. */
static const struct {
	const char	*what;
	const char	*type;
	size_t		 both;		/* length of seed and point */
	bool		 other_blob;	/* another key's */
	const char	*comment;
	size_t		 comment_len;
	int		 want;
} packs[] = {
	{ "as it is", "ssh-ed25519", 64, false, "t", 1, 0 },
	{ "no comment", "ssh-ed25519", 64, false, "", 0, 0 },
	{ "newline", "ssh-ed25519", 64, false, "a\nb", 3, -EBADMSG },
	{ "NUL", "ssh-ed25519", 64, false, "a\0b", 3, -EBADMSG },
	{ "another blob", "ssh-ed25519", 64, true, "t", 1, -EBADMSG },
	{ "seed alone", "ssh-ed25519", 32, false, "t", 1, -EBADMSG },
	{ "strange type", "ssh-ed25518", 64, false, "t", 1, -EBADMSG },
	{ "a certificate", "ssh-ed25519-cert-v01@openssh.com", 64, false,
	    "t", 1, -EBADMSG },
	{ "a security key", "sk-ssh-ed25519@openssh.com", 64, false, "t", 1,
	    -EBADMSG },
	{ "RSA", "ssh-rsa", 64, false, "t", 1, -EBADMSG },
};

START_TEST(pack_fields)
{
	struct nk_secret numbers = NK_SECRET_NONE, packed = NK_SECRET_NONE;
	struct nk_privatekey k, other, back;
	int r;

	must_read(ED_OPENSSH, &k);
	must_read(P256_SEC1, &other);
	ck_assert_int_eq(nk_secretwire_put_string(&numbers, packs[_i].type,
	    strlen(packs[_i].type)), 0);
	ck_assert_int_eq(nk_secret_append(&numbers, k.numbers.p + 15, 36), 0);
	ck_assert_int_eq(nk_secretwire_put_string(&numbers, k.numbers.p + 55,
	    packs[_i].both), 0);
	ck_assert_int_eq(nk_secretwire_put_string(&packed, numbers.p,
	    numbers.len), 0);
	if (packs[_i].other_blob)
		r = nk_secretwire_put_string(&packed, other.blob,
		    other.blob_len);
	else
		r = nk_secretwire_put_string(&packed, k.blob, k.blob_len);
	ck_assert_int_eq(r, 0);
	ck_assert_int_eq(nk_secretwire_put_string(&packed, packs[_i].comment,
	    packs[_i].comment_len), 0);
	r = nk_privatekey_unpack(packed.p, packed.len, &back);
	ck_assert_msg(r == packs[_i].want, "%s: %d", packs[_i].what, r);
	nk_privatekey_clear(&k);
	nk_privatekey_clear(&other);
	nk_privatekey_clear(&back);
	nk_secret_clear(&numbers);
	nk_secret_clear(&packed);
}
END_TEST

/* ---- generating ---- */

static const struct {
	const char	*type;
	unsigned int	 bits;
	const char	*comment;
	unsigned int	 have;		/* bits */
	int		 want;
} wishes[] = {
	{ "ssh-ed25519", 0, "nas@example.org", 256, 0 },
	{ "ssh-ed25519", 0, NULL, 256, 0 },
	{ "ecdsa-sha2-nistp256", 0, "a b", 256, 0 },
	{ "ecdsa-sha2-nistp384", 0, "", 384, 0 },
	{ "ecdsa-sha2-nistp521", 0, "\xc3\xa4", 521, 0 },
	{ "ssh-rsa", 2048, "c", 2048, 0 },
	{ "ssh-rsa", 2056, "c", 2056, 0 },
	{ "ssh-rsa", 0, "c", 3072, 0 },
	{ "ssh-rsa", 2047, "c", 0, -EINVAL },
	{ "ssh-rsa", 1024, "c", 0, -EINVAL },
	{ "ssh-rsa", 1, "c", 0, -EINVAL },
	{ "ssh-rsa", 16385, "c", 0, -EINVAL },
	{ "ssh-rsa", 0x80000000U, "c", 0, -EINVAL },
	{ "ssh-ed25519", 256, "c", 0, -EINVAL },
	{ "ecdsa-sha2-nistp256", 256, "c", 0, -EINVAL },
	{ "ssh-ed25519", 0, "a\nb", 0, -EINVAL },
	{ "ssh-ed25519", 0, "a\rb", 0, -EINVAL },
	{ "ssh-ed25519", 0, "\xff", 0, -EINVAL },
	{ "ssh-dss", 0, "c", 0, -EINVAL },
	{ "", 0, "c", 0, -EINVAL },
	{ "rsa", 0, "c", 0, -EINVAL },
	{ "sk-ssh-ed25519@openssh.com", 0, "c", 0, -EINVAL },
	{ "ssh-ed25519-cert-v01@openssh.com", 0, "c", 0, -EINVAL },
};

START_TEST(generate)
{
	struct nk_secret text = NK_SECRET_NONE;
	struct nk_privatekey k, again;
	const char *comment = wishes[_i].comment;
	int r;

	r = nk_privatekey_generate(wishes[_i].type, wishes[_i].bits, comment,
	    &k);
	ck_assert_msg(r == wishes[_i].want, "%s: %d", wishes[_i].type, r);
	if (r < 0) {
		ck_assert(k.type == NULL && k.blob == NULL &&
		    k.numbers.p == NULL && k.comment == NULL);
		return;
	}
	ck_assert_str_eq(k.type->name, wishes[_i].type);
	ck_assert_uint_eq(k.bits, wishes[_i].have);
	if (comment == NULL || *comment == '\0')
		ck_assert_ptr_null(k.comment);
	else
		ck_assert_str_eq(k.comment, comment);
	ck_assert_int_eq(nk_privatekey_write(&k, NK_PRIVATEKEY_OPENSSH,
	    &text), 0);
	must_read((const char *)text.p, &again);
	ck_assert(is_same(&k, &again));
	nk_privatekey_clear(&again);
	nk_secret_clear(&text);
	nk_privatekey_clear(&k);
}
END_TEST

START_TEST(generate_anew)
{
	struct nk_privatekey a, b;
	int i;

	for (i = 0; i < 64; i++) {
		ck_assert_int_eq(nk_privatekey_generate(wishes[_i].type, 0,
		    NULL, &a), 0);
		ck_assert_int_eq(nk_privatekey_generate(wishes[_i].type, 0,
		    NULL, &b), 0);
		ck_assert(!is_same(&a, &b));
		nk_privatekey_clear(&a);
		nk_privatekey_clear(&b);
	}
}
END_TEST

/* ---- the pieces ---- */

static const struct {
	const char	*bytes;
	size_t		 len;
	size_t		 width;
	const char	*text;
} encodings[] = {
	{ "", 0, 70, "" },
	{ "f", 1, 70, "Zg==\n" },
	{ "fo", 2, 70, "Zm8=\n" },
	{ "foo", 3, 70, "Zm9v\n" },
	{ "foobar", 6, 4, "Zm9v\nYmFy\n" },
	{ "foobar", 6, 3, "Zm9\nvYm\nFy\n" },
	{ "\x00\x10\x83\x10\x51\x87\x20\x92\x8b\x30\xd3\x8f\x41\x14\x93\x51"
	    "\x55\x97\x61\x96\x9b\x71\xd7\x9f\x82\x18\xa3\x92\x59\xa7\xa2"
	    "\x9a\xab\xb2\xdb\xaf\xc3\x1c\xb3\xd3\x5d\xb7\xe3\x9e\xbb\xf3"
	    "\xdf\xbf", 48, 70, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+/\n" },
};

START_TEST(base64)
{
	struct nk_secret text = NK_SECRET_NONE, body = NK_SECRET_NONE;
	struct nk_secret bytes = NK_SECRET_NONE;
	size_t i;

	ck_assert_int_eq(nk_secret_append(&text, "", 0), 0);
	ck_assert_int_eq(nk_secretbase64_encode(
	    (const uint8_t *)encodings[_i].bytes, encodings[_i].len,
	    encodings[_i].width, &text), 0);
	ck_assert_str_eq((const char *)text.p, encodings[_i].text);
	for (i = 0; i < text.len; i++) {
		if (text.p[i] != '\n')
			ck_assert_int_eq(nk_secret_append(&body, text.p + i,
			    1), 0);
	}
	ck_assert_int_eq(nk_secretbase64_decode((const char *)body.p,
	    body.len, &bytes), 0);
	ck_assert_uint_eq(bytes.len, encodings[_i].len);
	ck_assert(memcmp(bytes.p, encodings[_i].bytes, bytes.len) == 0);
	nk_secret_clear(&text);
	nk_secret_clear(&body);
	nk_secret_clear(&bytes);
}
END_TEST

static const char *const no_base64[] = {
	"Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "=Zg=", "Z=g=", "Zg==Zg==",
	"Zm9*", "Zm-v", "Zm_v", "Zm9v\n", "Zm 9", "Zm9\x80", "====", "Zm9v=",
	"Z@9v", "Z[9v", "Z`9v", "Z{9v", "Z:9v", "Z.9v", "Z,9v",
};

START_TEST(base64_refused)
{
	struct nk_secret bytes = NK_SECRET_NONE;

	ck_assert_int_eq(nk_secretbase64_decode(no_base64[_i],
	    strlen(no_base64[_i]), &bytes), -EBADMSG);
	nk_secret_clear(&bytes);
}
END_TEST

/* Headers of DER around each length of a length, and numbers. */
START_TEST(pieces)
{
	static const struct {
		size_t		 len;
		const char	*header;
		size_t		 n;
	} headers[] = {
		{ 0, "\x30\x00", 2 }, { 127, "\x30\x7f", 2 },
		{ 128, "\x30\x81\x80", 3 }, { 255, "\x30\x81\xff", 3 },
		{ 256, "\x30\x82\x01\x00", 4 },
		{ 65536, "\x30\x83\x01\x00\x00", 5 },
	};
	static const struct {
		const char	*n;
		size_t		 len;
		const char	*der, *mpint;
		size_t		 der_len, mpint_len;
	} numbers[] = {
		{ "", 0, "\2\1\0", "\0\0\0\0", 3, 4 },
		{ "\0", 1, "\2\1\0", "\0\0\0\0", 3, 4 },
		{ "\x7f", 1, "\2\1\x7f", "\0\0\0\1\x7f", 3, 5 },
		{ "\x80", 1, "\2\2\0\x80", "\0\0\0\2\0\x80", 4, 6 },
		{ "\0\0\1\0", 4, "\2\2\1\0", "\0\0\0\2\1\0", 4, 6 },
	};
	struct nk_secret s = NK_SECRET_NONE;
	int i;

	for (i = 0; i < COUNT(headers); i++) {
		s.len = 0;
		ck_assert_int_eq(nk_secretder_put_header(&s, 0x30,
		    headers[i].len), 0);
		ck_assert_uint_eq(s.len, headers[i].n);
		ck_assert_mem_eq(s.p, headers[i].header, s.len);
	}
	for (i = 0; i < COUNT(numbers); i++) {
		s.len = 0;
		ck_assert_int_eq(nk_secretder_put_number(&s,
		    (const uint8_t *)numbers[i].n, numbers[i].len), 0);
		ck_assert_uint_eq(s.len, numbers[i].der_len);
		ck_assert_mem_eq(s.p, numbers[i].der, s.len);
		s.len = 0;
		ck_assert_int_eq(nk_secretwire_put_mpint(&s,
		    (const uint8_t *)numbers[i].n, numbers[i].len), 0);
		ck_assert_uint_eq(s.len, numbers[i].mpint_len);
		ck_assert_mem_eq(s.p, numbers[i].mpint, s.len);
	}
	ck_assert_int_eq(nk_secretder_put_header(&s, 0x30,
	    NK_SECRET_MAX + 1), -E2BIG);
	nk_secret_clear(&s);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ssh_privatekey_write");
	TCase *tc = tcase_create("write");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_set_timeout(tc, 60);	/* RSA keys are found by chance */
	tcase_add_loop_test(tc, write_form, 0, COUNT(writes));
	tcase_add_loop_test(tc, openssh_layout, 0, 5);
	tcase_add_loop_test(tc, pack, 0, 5);
	tcase_add_loop_test(tc, pack_fields, 0, COUNT(packs));
	tcase_add_loop_test(tc, generate, 0, COUNT(wishes));
	tcase_add_loop_test(tc, generate_anew, 1, 5);
	tcase_add_loop_test(tc, base64, 0, COUNT(encodings));
	tcase_add_loop_test(tc, base64_refused, 0, COUNT(no_base64));
	tcase_add_test(tc, pieces);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
