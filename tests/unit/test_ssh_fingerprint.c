/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ssh/base64.h"
#include "lib/ssh/fingerprint.h"
#include "tests/unit/ssh_keys.h"

#define COUNT(a)	((int)(sizeof(a) / sizeof((a)[0])))

START_TEST(as_ssh_keygen)
{
	const struct ssh_key *k = &ssh_keys[_i];
	uint8_t *blob = NULL;
	char *fp = NULL;
	size_t len;

	ck_assert_int_eq(nk_base64_decode(k->base64, strlen(k->base64), &blob,
	    &len), 0);
	ck_assert_int_eq(nk_fingerprint_sha256(blob, len, &fp), 0);
	ck_assert_str_eq(fp, k->sha256);
	ck_assert_int_eq(nk_fingerprint_check(fp), 0);
	free(fp);
	ck_assert_int_eq(nk_fingerprint_md5(blob, len, &fp), 0);
	ck_assert_str_eq(fp, k->md5);
	ck_assert_int_eq(nk_fingerprint_check(fp), 0);
	free(fp);
	free(blob);
}
END_TEST

/* A certificate and its key are the same key. */
START_TEST(of_certificates)
{
	const int distance = KEY_CERT_ED25519 - KEY_ED25519;

	ck_assert_str_eq(ssh_keys[_i].sha256, ssh_keys[_i + distance].sha256);
	ck_assert_str_eq(ssh_keys[_i].md5, ssh_keys[_i + distance].md5);
}
END_TEST

START_TEST(cut_certificate)
{
	const struct ssh_key *k = &ssh_keys[KEY_CERT_P256];
	uint8_t *blob = NULL;
	char here, *fp = &here;
	size_t len;

	ck_assert_int_eq(nk_base64_decode(k->base64, strlen(k->base64), &blob,
	    &len), 0);
	ck_assert_int_eq(nk_fingerprint_sha256(blob, 50, &fp), -EBADMSG);
	ck_assert_ptr_null(fp);
	fp = &here;
	ck_assert_int_eq(nk_fingerprint_md5(blob, 100, &fp), -EBADMSG);
	ck_assert_ptr_null(fp);
	free(blob);
}
END_TEST

#define SHA	"SHA256:2DhLmGWkSxQb21MiLBtjXEeabd/XTCOlZqV9QEWlSlQ"
#define MD5	"MD5:00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff"

static const struct {
	const char	*what;
	const char	*text;
	int		 want;
} texts[] = {
	{ "SHA256", SHA, 0 },
	{ "MD5", MD5, 0 },
	{ "empty", "", -EBADMSG },
	{ "prefix alone", "SHA256:", -EBADMSG },
	{ "MD5 alone", "MD5:", -EBADMSG },
	{ "no prefix", "2DhLmGWkSxQb21MiLBtjXEeabd/XTCOlZqV9QEWlSlQ",
	    -EBADMSG },
	{ "bare MD5", "00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff",
	    -EBADMSG },
	{ "padded", SHA "=", -EBADMSG },
	{ "trailing blank", SHA " ", -EBADMSG },
	{ "leading blank", " " SHA, -EBADMSG },
	{ "newline", SHA "\n", -EBADMSG },
	{ "one character less",
	    "SHA256:2DhLmGWkSxQb21MiLBtjXEeabd/XTCOlZqV9QEWlSl", -EBADMSG },
	{ "unused bits",
	    "SHA256:2DhLmGWkSxQb21MiLBtjXEeabd/XTCOlZqV9QEWlSlR", -EBADMSG },
	{ "higher unused bit",
	    "SHA256:2DhLmGWkSxQb21MiLBtjXEeabd/XTCOlZqV9QEWlSlS", -EBADMSG },
	{ "strange character",
	    "SHA256:2DhLmGWkSxQb21MiLBtjXEeabd-XTCOlZqV9QEWlSlQ", -EBADMSG },
	{ "lower case prefix",
	    "sha256:2DhLmGWkSxQb21MiLBtjXEeabd/XTCOlZqV9QEWlSlQ", -EBADMSG },
	{ "another digest",
	    "SHA512:2DhLmGWkSxQb21MiLBtjXEeabd/XTCOlZqV9QEWlSlQ", -EBADMSG },
	{ "SHA256 in hexadecimal",
	    "SHA256:00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff",
	    -EBADMSG },
	{ "capital digits",
	    "MD5:00:11:22:33:44:55:66:77:88:99:AA:bb:cc:dd:ee:ff", -EBADMSG },
	{ "other separator",
	    "MD5:00-11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff", -EBADMSG },
	{ "no separators", "MD5:00112233445566778899aabbccddeeff", -EBADMSG },
	{ "byte too few", "MD5:00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee",
	    -EBADMSG },
	{ "byte too many", MD5 ":00", -EBADMSG },
};

START_TEST(check_text)
{
	int r = nk_fingerprint_check(texts[_i].text);
	uint8_t digest[NK_FINGERPRINT_SHA256];

	ck_assert_msg(r == texts[_i].want, "%s: got %d", texts[_i].what, r);
	if (r == 0 && strcmp(texts[_i].what, "MD5") == 0)
		r = -EBADMSG;
	ck_assert_int_eq(nk_fingerprint_digest(texts[_i].text, digest), r);
	if (r == 0) {
		ck_assert_uint_eq(digest[0], 0xd8);
		ck_assert_uint_eq(digest[31], 0x54);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ssh_fingerprint");
	TCase *tc = tcase_create("fingerprint");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_loop_test(tc, as_ssh_keygen, 0, KEY_COUNT);
	tcase_add_loop_test(tc, of_certificates, 0, KEY_CERT_ED25519);
	tcase_add_test(tc, cut_certificate);
	tcase_add_loop_test(tc, check_text, 0, COUNT(texts));
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
