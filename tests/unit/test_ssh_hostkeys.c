/* SPDX-License-Identifier: ISC */

/* The host keys of a remote, as people and ssh-keyscan give them. */

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ssh/base64.h"
#include "lib/ssh/hostkeys.h"
#include "lib/ssh/point.h"
#include "lib/ssh/pubkey.h"
#include "lib/ssh/wire.h"
#include "tests/unit/private_keys.h"
#include "tests/unit/ssh_keys.h"

#define COUNT(a)	((int)(sizeof(a) / sizeof((a)[0])))

#define ED		"ssh-ed25519 " ED25519_BASE64
#define EC		"ecdsa-sha2-nistp256 " P256_BASE64
#define EC384		"ecdsa-sha2-nistp384 " P384_BASE64
#define EC521		"ecdsa-sha2-nistp521 " P521_BASE64
#define RSA		"ssh-rsa " RSA2048_BASE64

static const struct {
	const char	*what;
	const char	*text;
	int		 want;
	const char	*written;	/* when want is 0 */
} rows[] = {
	{ "one key", ED, 0, ED },
	{ "a newline behind it", ED "\n", 0, ED },
	{ "a comment", ED " root@nas  two\n", 0, ED },
	{ "three keys, in their order", RSA "\n" EC "\n" ED "\n", 0,
	    RSA "\n" EC "\n" ED },
	{ "CRLF and blanks", "\t" ED "\t \r\n\r\n  \r\n" EC "\r\n", 0,
	    ED "\n" EC },
	{ "what ssh-keyscan prints", "# h:22 SSH-2.0-OpenSSH_9.2\n"
	    "h " ED "\n#\n[2001:db8::1]:2222,h " EC "\n", 0, ED "\n" EC },
	{ "a hashed name", "|1|c2FsdHNhbHRzYWx0c2FsdHM=|aGFzaA==  " ED, 0,
	    ED },
	{ "given twice", ED "\nh " ED " c\n", 0, ED },
	{ "a security key", "sk-ssh-ed25519@openssh.com " SK_ED25519_BASE64,
	    0, "sk-ssh-ed25519@openssh.com " SK_ED25519_BASE64 },
	{ "nothing", "", -EBADMSG, NULL },
	{ "comments alone", "# " ED "\n\n", -EBADMSG, NULL },
	{ "words", "hello", -EBADMSG, NULL },
	{ "a type alone", "ssh-ed25519", -EBADMSG, NULL },
	{ "no type", ED25519_BASE64, -EBADMSG, NULL },
	{ "a good line and a bad one", ED "\nhello world again\n", -EBADMSG,
	    NULL },
	{ "two names", "h i " ED, -EBADMSG, NULL },
	{ "a cut key", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEE", -EBADMSG,
	    NULL },
	{ "no base64", "ssh-ed25519 *", -EBADMSG, NULL },
	{ "another type inside", "ssh-rsa " ED25519_BASE64, -EBADMSG, NULL },
	{ "a longer type", "ssh-ed25519x " ED25519_BASE64, -EPERM, NULL },
	{ "DSA", "h ssh-dss " DSA_BASE64, -EPERM, NULL },
	{ "a small RSA key", "ssh-rsa " RSA1024_BASE64, -EPERM, NULL },
	{ "a certificate", "ssh-ed25519-cert-v01@openssh.com "
	    CERT_ED25519_BASE64, -EPERM, NULL },
	{ "an authority", "@cert-authority * " ED, -EPERM, NULL },
	{ "a revoked key", "@revoked h " ED, -EPERM, NULL },
	{ "key options", "command=\"x\" " ED, -EPERM, NULL },
	{ "a private key", ED_OPENSSH, -EPERM, NULL },
	{ "a private key below a public one", ED "\n" ED_OPENSSH, -EPERM,
	    NULL },
	{ "as much as there is room for", RSA "\n" EC "\n" EC384 "\n" ED, 0,
	    RSA "\n" EC "\n" EC384 "\n" ED },
	{ "more", RSA "\n" EC "\n" EC384 "\n" EC521 "\n" ED, -E2BIG, NULL },
};

START_TEST(texts)
{
	struct nk_hostkeys hk, again;
	const char *why = NULL;
	char *text;
	int r;

	r = nk_hostkeys_read(rows[_i].text, &hk, &why);
	ck_assert_msg(r == rows[_i].want, "%s: %d, %s", rows[_i].what, r,
	    why == NULL ? "" : why);
	ck_assert_int_eq(why != NULL, r < 0);
	ck_assert_int_eq(nk_hostkeys_read(rows[_i].text, &again, NULL), r);
	nk_hostkeys_clear(&again);
	if (r < 0) {
		ck_assert_ptr_null(hk.v);
		ck_assert_uint_eq(hk.n, 0);
		return;
	}
	ck_assert_int_eq(nk_hostkeys_write(&hk, &text), 0);
	ck_assert_str_eq(text, rows[_i].written);
	ck_assert_uint_le(strlen(text), NK_HOSTKEYS_MAX);
	nk_hostkeys_clear(&hk);
	ck_assert_ptr_null(hk.v);
	free(text);
}
END_TEST

START_TEST(one_by_one)
{
	static const char certificate[] = CERT_ED25519_BASE64;
	struct nk_hostkeys hk = { NULL, 0 };
	uint8_t *ed, *cert;
	size_t len, cert_len;
	char *text;

	ck_assert_int_eq(nk_hostkeys_write(&hk, &text), 0);
	ck_assert_str_eq(text, "");
	free(text);
	ck_assert_int_eq(nk_base64_decode(ED25519_BASE64,
	    strlen(ED25519_BASE64), &ed, &len), 0);
	ck_assert_int_eq(nk_base64_decode(certificate,
	    sizeof(certificate) - 1, &cert, &cert_len), 0);
	ck_assert(!nk_hostkeys_have(&hk, ed, len));
	ck_assert_int_eq(nk_hostkeys_add(&hk, ed, len - 1), -EBADMSG);
	ck_assert_int_eq(nk_hostkeys_add(&hk, cert, cert_len), -EPERM);
	ck_assert_uint_eq(hk.n, 0);
	ck_assert_int_eq(nk_hostkeys_add(&hk, ed, len), 0);
	ck_assert_int_eq(nk_hostkeys_add(&hk, ed, len), 0);
	ck_assert_uint_eq(hk.n, 1);
	ck_assert_str_eq(hk.v[0].type->name, "ssh-ed25519");
	ck_assert_ptr_ne(hk.v[0].blob, ed);
	ck_assert(nk_hostkeys_have(&hk, ed, len));
	ck_assert(!nk_hostkeys_have(&hk, ed, len - 1));
	ed[len - 1] ^= 1;
	ck_assert(!nk_hostkeys_have(&hk, ed, len));
	nk_hostkeys_clear(&hk);
	free(ed);
	free(cert);
}
END_TEST

/* Of the text that is read. */
START_TEST(limits)
{
	char *text = malloc(NK_HOSTKEYS_TEXT_MAX + 2);
	struct nk_hostkeys hk;
	const char *why = NULL;

	ck_assert_ptr_nonnull(text);
	memset(text, ' ', NK_HOSTKEYS_TEXT_MAX + 1);
	memcpy(text, ED "\n", sizeof(ED));
	text[NK_HOSTKEYS_TEXT_MAX] = '\0';
	ck_assert_int_eq(nk_hostkeys_read(text, &hk, &why), 0);
	nk_hostkeys_clear(&hk);
	text[NK_HOSTKEYS_TEXT_MAX] = ' ';
	text[NK_HOSTKEYS_TEXT_MAX + 1] = '\0';
	ck_assert_int_eq(nk_hostkeys_read(text, &hk, &why), -E2BIG);
	ck_assert_ptr_nonnull(why);
	free(text);
}
END_TEST

/* A security key of an application whose name has n characters. */
static size_t
make_key(size_t n, uint8_t *out, size_t room)
{
	static const char type[] = "sk-ssh-ed25519@openssh.com";
	struct nk_wire_out o = { out, room };
	uint8_t *ed, application[NK_SK_APPLICATION_MAX];
	size_t len;

	memset(application, 'a', sizeof(application));
	ck_assert_int_eq(nk_base64_decode(ED25519_BASE64,
	    strlen(ED25519_BASE64), &ed, &len), 0);
	ck_assert_int_eq(nk_wire_put_string(&o, type, sizeof(type) - 1), 0);
	ck_assert_int_eq(nk_wire_put_string(&o, ed + len - NK_ED25519_SIZE,
	    NK_ED25519_SIZE), 0);
	ck_assert_int_eq(nk_wire_put_string(&o, application, n), 0);
	free(ed);
	return room - o.left;
}

/* Of what is written, to the character. */
START_TEST(room)
{
	static const size_t names[] = { NK_SK_APPLICATION_MAX, 45, 44 };
	struct nk_hostkeys hk;
	uint8_t blob[512];
	char *text;
	size_t len, i;
	int r;

	ck_assert_int_eq(nk_hostkeys_read(RSA, &hk, NULL), 0);
	for (i = 0; i < 3; i++) {
		len = make_key(names[i], blob, sizeof(blob));
		r = nk_hostkeys_add(&hk, blob, len);
		ck_assert_int_eq(r, i == 1 ? -E2BIG : 0);
		ck_assert_int_eq(nk_hostkeys_have(&hk, blob, len), i != 1);
	}
	ck_assert_int_eq(nk_hostkeys_write(&hk, &text), 0);
	ck_assert_uint_eq(strlen(text), NK_HOSTKEYS_MAX);
	nk_hostkeys_clear(&hk);
	ck_assert_int_eq(nk_hostkeys_read(text, &hk, NULL), 0);
	ck_assert_uint_eq(hk.n, 3);
	nk_hostkeys_clear(&hk);
	free(text);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("hostkeys");
	TCase *tc = tcase_create("hostkeys");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_loop_test(tc, texts, 0, COUNT(rows));
	tcase_add_test(tc, one_by_one);
	tcase_add_test(tc, limits);
	tcase_add_test(tc, room);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
