/* SPDX-License-Identifier: ISC */

/* Addresses of other machines' web interfaces, and certificates of theirs. */

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/remote/pair.h"
#include "lib/remote/url.h"

#define COUNT(a)	((int)(sizeof(a) / sizeof((a)[0])))
#define HOST63	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
	const char	*text;
	bool		 tls;
	const char	*host;
	uint16_t	 port;
	const char	*path;
	bool		 loopback;
} good[] = {
	{ "https://nas", true, "nas", 443, "", false },
	{ "http://nas", false, "nas", 80, "", false },
	{ "HTTPS://nas.example/", true, "nas.example", 443, "", false },
	{ "https://nas:8443/", true, "nas", 8443, "", false },
	{ "https://nas:65535", true, "nas", 65535, "", false },
	{ "https://nas/ui/", true, "nas", 443, "/ui", false },
	{ "https://nas/a/b%20c//", true, "nas", 443, "/a/b%20c", false },
	{ "http://192.0.2.1:81", false, "192.0.2.1", 81, "", false },
	{ "http://[2001:db8::1]", false, "2001:db8::1", 80, "", false },
	{ "https://[fe80::1%eth0]:1/x", true, "fe80::1%eth0", 1, "/x",
	  false },
	{ "http://127.0.0.1", false, "127.0.0.1", 80, "", true },
	{ "http://127.9.9.9:80", false, "127.9.9.9", 80, "", true },
	{ "http://[::1]:80", false, "::1", 80, "", true },
	{ "http://localhost", false, "localhost", 80, "", true },
	{ "http://localhost.example", false, "localhost.example", 80, "",
	  false },
	{ "http://128.0.0.1", false, "128.0.0.1", 80, "", false },
};

START_TEST(read_good)
{
	const char *why = NULL;
	struct nk_url u;

	ck_assert_msg(nk_url_read(good[_i].text, &u, &why) == 0, "%s: %s",
	    good[_i].text, why);
	ck_assert_int_eq(u.tls, good[_i].tls);
	ck_assert_str_eq(u.host, good[_i].host);
	ck_assert_uint_eq(u.port, good[_i].port);
	ck_assert_str_eq(u.path, good[_i].path);
	ck_assert_int_eq(nk_url_is_loopback(&u), good[_i].loopback);
}
END_TEST

static const struct {
	const char	*text;
	const char	*why;		/* it has this in it */
} bad[] = {
	{ "", "https:// in front" },
	{ "nas", "https:// in front" },
	{ "nas.example:443", "https:// in front" },
	{ "//nas", "https:// in front" },
	{ "ftp://nas", "of this kind" },
	{ "ws://nas", "of this kind" },
	{ "https:/nas", "https:// in front" },
	{ "https://", "no host" },
	{ "https:///x", "no host" },
	{ "https://:443", "no host" },
	{ "https://root:secret@nas", "places of their own" },
	{ "https://root@nas/", "places of their own" },
	{ "https://2001:db8::1", "in brackets" },
	{ "https://[2001:db8::1", "not closed" },
	{ "https://[nas]", "none" },
	{ "https://[]", "no host" },
	{ "https://[192.0.2.1]", "none" },
	{ "https://[::1]x", "no path" },
	{ "https://-nas", "none" },
	{ "https://n as", "none" },
	{ "https://nas\r\nX: y", "none" },
	{ "https://nas/\r\nX: y", "no path" },
	{ "https://nas/a b", "no path" },
	{ "https://nas/../x", "no path" },
	{ "https://nas?x=y", "query" },
	{ "https://nas/?x", "query" },
	{ "https://nas#x", "query" },
	{ "https://nas:", "port" },
	{ "https://nas:0", "port" },
	{ "https://nas:65536", "port" },
	{ "https://nas:000443", "port" },
	{ "https://nas:+1", "port" },
	{ "https://nas:4a", "no path" },
	{ "https://" HOST63 HOST63 HOST63 HOST63 HOST63, "too long" },
};

START_TEST(read_bad)
{
	const char *why = NULL;
	struct nk_url u;

	ck_assert_msg(nk_url_read(bad[_i].text, &u, &why) == -EINVAL, "%s",
	    bad[_i].text);
	ck_assert_msg(strstr(why, bad[_i].why) != NULL, "%s: %s",
	    bad[_i].text, why);
}
END_TEST

START_TEST(read_long)
{
	char text[NK_URL_MAX + 32] = "https://nas/";
	const char *why = NULL;
	size_t n = strlen(text);
	struct nk_url u;

	memset(text + n, 'a', NK_URL_PATH_MAX - 1);
	ck_assert_int_eq(nk_url_read(text, &u, &why), 0);
	ck_assert_uint_eq(strlen(u.path), NK_URL_PATH_MAX);
	memset(text + n, 'a', NK_URL_PATH_MAX);
	ck_assert_int_eq(nk_url_read(text, &u, &why), -EINVAL);
	memset(text + n, '/', NK_URL_MAX - n);
	ck_assert_int_eq(nk_url_read(text, &u, &why), 0);
	text[NK_URL_MAX] = '/';
	ck_assert_int_eq(nk_url_read(text, &u, &why), -EINVAL);
	ck_assert_str_eq(why, "this URL is too long");
}
END_TEST

#define HEX	"00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF"
#define COLONS	"00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:"		\
		"00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF"

static const struct {
	const char	*text;
	int		 want;
} fingerprints[] = {
	{ "SHA256:" COLONS, 0 },
	{ "sha256:" HEX, 0 },
	{ COLONS, 0 },
	{ HEX, 0 },
	{ "", -EINVAL },
	{ "SHA256:", -EINVAL },
	{ "SHA1:" HEX, -EINVAL },
	{ HEX "0", -EINVAL },
	{ HEX ":", -EINVAL },
	{ ":" HEX, -EINVAL },
	{ "SHA256:" COLONS ":00", -EINVAL },
	{ "SHA256:AVnKJkVpxPU36o1+2lCsDjRCJnF5+A9AUPiy+8g2qhs", -EINVAL },
	{ "g0112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
	  -EINVAL },
};

START_TEST(read_fingerprint)
{
	uint8_t digest[NK_PAIR_DIGEST];
	size_t i;

	ck_assert_msg(nk_pair_read_fingerprint(fingerprints[_i].text,
	    digest) == fingerprints[_i].want, "%s", fingerprints[_i].text);
	for (i = 0; fingerprints[_i].want == 0 && i < sizeof(digest); i++)
		ck_assert_uint_eq(digest[i], i % 16 * 0x11);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("remote_url");
	TCase *tc = tcase_create("url");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_loop_test(tc, read_good, 0, COUNT(good));
	tcase_add_loop_test(tc, read_bad, 0, COUNT(bad));
	tcase_add_test(tc, read_long);
	tcase_add_loop_test(tc, read_fingerprint, 0, COUNT(fingerprints));
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
