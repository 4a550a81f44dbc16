/* SPDX-License-Identifier: ISC */

/* Addresses, requests and options of the gateway. */

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "helper/gateway/addresses.h"
#include "helper/gateway/options.h"
#include "helper/gateway/request.h"

static struct address_key
key_of(const char *text)
{
	struct address_key k;

	ck_assert_int_eq(request_proxied(text, &k), 0);
	return k;
}

/* ---- addresses ---- */

START_TEST(connections)
{
	const uint64_t salt[2] = { 1, 2 };
	struct address_key one = key_of("192.0.2.1"), two = key_of("192.0.2.2");
	struct address_key six = key_of("2001:db8::1");
	struct address_key near = key_of("2001:db8::2");
	struct address_key far = key_of("2001:db8:0:1::1");
	struct address *a, *b, *c, *d, *none;
	struct addresses *as;

	ck_assert_int_eq(addresses_new(&as, 2, 3, salt), 0);
	ck_assert_int_eq(addresses_enter(as, &one, 1, &a), 0);
	ck_assert_int_eq(addresses_enter(as, &one, 1, &b), 0);
	ck_assert_ptr_eq(a, b);
	ck_assert_int_eq(addresses_enter(as, &one, 1, &none), -EUSERS);
	ck_assert_ptr_null(none);
	ck_assert_int_eq(addresses_enter(as, &two, 1, &c), 0);
	addresses_leave(as, a, 1);
	ck_assert_int_eq(addresses_enter(as, &one, 1, &a), 0);
	/* a host of IPv6 has a network of them */
	ck_assert_int_eq(addresses_enter(as, &six, 1, &d), 0);
	ck_assert_int_eq(addresses_enter(as, &near, 1, &none), 0);
	ck_assert_ptr_eq(d, none);
	ck_assert_int_eq(addresses_enter(as, &near, 1, &none), -EUSERS);
	addresses_leave(as, d, 1);
	addresses_leave(as, d, 1);
	ck_assert_int_eq(addresses_enter(as, &far, 1, &d), 0);
	addresses_leave(as, d, 1);
	addresses_leave(as, a, 1);
	addresses_leave(as, b, 1);
	addresses_leave(as, c, 1);
	addresses_leave(as, NULL, 1);
	addresses_free(as);
	addresses_free(NULL);
}
END_TEST

/* Connecting again makes no new window, time does. */
START_TEST(calls)
{
	const uint64_t salt[2] = { 1, 2 };
	struct address_key one = key_of("192.0.2.1");
	struct addresses *as;
	struct address *a;
	int i;

	ck_assert_int_eq(addresses_new(&as, 2, 3, salt), 0);
	for (i = 0; i < 3; i++) {
		ck_assert_int_eq(addresses_enter(as, &one, 10, &a), 0);
		ck_assert(addresses_may_call(as, a, 10));
		addresses_leave(as, a, 10);
	}
	ck_assert_int_eq(addresses_enter(as, &one, 10, &a), 0);
	ck_assert(!addresses_may_call(as, a, 10));
	ck_assert(!addresses_may_call(as, a, 9 + ADDRESSES_WINDOW_MS));
	ck_assert(addresses_may_call(as, a, 10 + ADDRESSES_WINDOW_MS));
	addresses_leave(as, a, 10);
	addresses_free(as);
}
END_TEST

/* Those without a connection are bounded, the oldest goes first. */
START_TEST(idle)
{
	const uint64_t salt[2] = { 1, 2 };
	struct address_key k = key_of("192.0.2.1");
	struct address *a;
	struct addresses *as;
	unsigned int i;

	ck_assert_int_eq(addresses_new(&as, 1, 1, salt), 0);
	for (i = 0; i <= ADDRESSES_IDLE_MAX; i++) {
		memcpy(k.bytes + 12, &i, sizeof(i));
		ck_assert_int_eq(addresses_enter(as, &k, 1, &a), 0);
		ck_assert(addresses_may_call(as, a, 1));
		addresses_leave(as, a, 1);
	}
	ck_assert_int_eq(addresses_enter(as, &k, 1, &a), 0);
	ck_assert_msg(!addresses_may_call(as, a, 1), "the last is known");
	addresses_leave(as, a, 1);
	i = 0;
	memcpy(k.bytes + 12, &i, sizeof(i));
	ck_assert_int_eq(addresses_enter(as, &k, 1, &a), 0);
	ck_assert_msg(addresses_may_call(as, a, 1), "the first is forgotten");
	addresses_leave(as, a, 1);
	addresses_free(as);
}
END_TEST

/* ---- requests ---- */

START_TEST(paths)
{
	ck_assert_int_eq(request_find("/websocket")->protocol,
	    MESSAGE_LEGACY);
	ck_assert_int_eq(request_find("/api/current")->protocol,
	    MESSAGE_JSONRPC);
	ck_assert_ptr_nonnull(request_find("/api/v25.10.5"));
	ck_assert_ptr_nonnull(request_find("/api/v24.10"));
	ck_assert_ptr_null(strstr(request_versions(), "24.10"));
	ck_assert_int_eq(request_find("/api/versions")->kind,
	    REQUEST_VERSIONS);
	ck_assert_ptr_null(request_find("/api/v99"));
	ck_assert_ptr_null(request_find("/api/current/"));
	ck_assert_ptr_null(request_find(""));
}
END_TEST

static const struct {
	const char	*origin, *host, *list;
	bool		 want;
} origins[] = {
	{ "", "nas", "", true },
	{ "https://nas", "nas", "", true },
	{ "https://nas:8443", "nas:6000", "", true },
	{ "http://NAS", "nas:6000", "", true },
	{ "https://[2001:db8::1]:1", "[2001:db8::1]", "", true },
	{ "https://evil", "nas", "", false },
	{ "https://nas.evil", "nas", "", false },
	{ "https://na", "nas", "", false },
	{ "https://evil/nas", "nas", "", false },
	{ "nas", "nas", "", false },
	{ "null", "nas", "", false },
	{ "https://", "", "", false },
	{ "https://evil", "nas", "https://good https://evil", true },
	{ "https://evi", "nas", "https://good https://evil", false },
	{ "https://[", "[", "", false },
};

START_TEST(origin)
{
	ck_assert_msg(request_origin_allowed(origins[_i].origin,
	    origins[_i].host, origins[_i].list) == origins[_i].want, "%s %s",
	    origins[_i].origin, origins[_i].host);
}
END_TEST

static const struct {
	const char	*value;
	const char	*want;		/* NULL: refused */
} proxied[] = {
	{ "192.0.2.1", "192.0.2.1" },
	{ " 2001:db8::1 ", "2001:db8::1" },
	{ "::ffff:192.0.2.1", "192.0.2.1" },
	{ "10.0.0.1, 192.0.2.1", "192.0.2.1" },
	{ "192.0.2.1,", NULL },
	{ "", NULL },
	{ "nas", NULL },
	{ "192.0.2.1:80", NULL },
	{ "192.0.2.1 x", NULL },
	{ "fe80::1%eth0", NULL },
	{ "11111111111111111111111111111111111111111111111", NULL },
};

START_TEST(proxy)
{
	char text[SESSION_ADDRESS_SIZE];
	struct address_key k;
	int r = request_proxied(proxied[_i].value, &k);

	ck_assert_msg((r == 0) == (proxied[_i].want != NULL), "%s",
	    proxied[_i].value);
	if (r < 0)
		return;
	request_text(&k, text);
	ck_assert_str_eq(text, proxied[_i].want);
}
END_TEST

START_TEST(loopback)
{
	struct address_key k;

	k = key_of("127.0.0.1");
	ck_assert(request_is_loopback(&k));
	k = key_of("127.9.9.9");
	ck_assert(request_is_loopback(&k));
	k = key_of("::1");
	ck_assert(request_is_loopback(&k));
	k = key_of("0.0.0.0");
	ck_assert(!request_is_loopback(&k));
	k = key_of("::");
	ck_assert(!request_is_loopback(&k));
	k = key_of("192.0.2.1");
	ck_assert(!request_is_loopback(&k));
	k = key_of("7f00::1");
	ck_assert(!request_is_loopback(&k));
}
END_TEST

/* ---- options ---- */

static const struct {
	const char	*what;
	const char	*argv[6];
	const char	*conf[4];	/* listen, certificate, key, plain */
	int		 want;
} options[] = {
	{ "nowhere", { "x" }, { 0 }, -EINVAL },
	{ "a place", { "x", "--listen", "[::1]:1" }, { 0 }, 0 },
	{ "with =", { "x", "--listen=[::1]:1" }, { 0 }, 0 },
	{ "configured", { "x" }, { "127.0.0.1:1 [::1]:1" }, 0 },
	{ "no value", { "x", "--listen" }, { 0 }, -EINVAL },
	{ "unknown", { "x", "--lis", "x" }, { 0 }, -EINVAL },
	{ "a word", { "x", "word" }, { 0 }, -EINVAL },
	{ "plain with a value", { "x", "--plain=1", "--listen=x" }, { 0 },
	    -EINVAL },
	{ "certificate without key", { "x", "--listen=x", "--certificate=/c" },
	    { 0 }, -EINVAL },
	{ "key without certificate", { "x", "--listen=x", "--key=/k" }, { 0 },
	    -EINVAL },
	{ "both", { "x", "--listen=x", "--key=/k", "--certificate=/c" },
	    { 0 }, 0 },
	{ "one here, one there", { "x", "--listen=x", "--certificate=/c" },
	    { NULL, NULL, "/k" }, -EINVAL },
	{ "both there", { "x", "--listen=x" }, { NULL, "/c", "/k" }, 0 },
	{ "plain with a certificate", { "x", "--listen=x", "--plain" },
	    { NULL, "/c", "/k" }, -EINVAL },
	{ "plain there", { "x", "--listen=x" }, { NULL, NULL, NULL, "yes" },
	    0 },
	{ "a relative path", { "x", "--listen=x", "--gateway-socket=s" },
	    { 0 }, -EINVAL },
	{ "twice", { "x", "--gateway-socket=/s", "--gateway-socket=/s" },
	    { 0 }, -EINVAL },
};

START_TEST(option)
{
	const char *why = NULL, *word = NULL;
	struct options o;
	struct nk_conf conf;
	char *argv[7];
	int argc, r;

	for (argc = 0; options[_i].argv[argc] != NULL; argc++)
		argv[argc] = strdup(options[_i].argv[argc]);
	nk_conf_init(&conf);
	if (options[_i].conf[0] != NULL)
		memcpy(conf.gateway_listen, options[_i].conf[0],
		    strlen(options[_i].conf[0]) + 1);
	if (options[_i].conf[1] != NULL)
		memcpy(conf.gateway_certificate, options[_i].conf[1], 3);
	if (options[_i].conf[2] != NULL)
		memcpy(conf.gateway_key, options[_i].conf[2], 3);
	conf.gateway_plain = options[_i].conf[3] != NULL;
	r = options_parse(&o, argc, argv, &why, &word);
	if (r == 0)
		r = options_complete(&o, &conf, false, &why, &word);
	ck_assert_msg(r == options[_i].want, "%s: %s %s", options[_i].what,
	    word, why);
	if (r < 0)
		ck_assert(why != NULL && word != NULL);
	else
		ck_assert(o.n_listen > 0 && o.socket != NULL);
	while (argc-- > 0)
		free(argv[argc]);
}
END_TEST

START_TEST(options_handed_over)
{
	char name[] = "x", *argv[] = { name };
	const char *why, *word;
	struct options o;
	struct nk_conf conf;

	nk_conf_init(&conf);
	ck_assert_int_eq(options_parse(&o, 1, argv, &why, &word), 0);
	ck_assert_int_eq(options_complete(&o, &conf, true, &why, &word), 0);
	ck_assert_uint_eq(o.n_listen, 0);
}
END_TEST

#define ROWS(table)	(int)(sizeof(table) / sizeof((table)[0]))

int
main(void)
{
	Suite *s = suite_create("gateway_parts");
	TCase *tc = tcase_create("parts");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_test(tc, connections);
	tcase_add_test(tc, calls);
	tcase_add_test(tc, idle);
	tcase_add_test(tc, paths);
	tcase_add_loop_test(tc, origin, 0, ROWS(origins));
	tcase_add_loop_test(tc, proxy, 0, ROWS(proxied));
	tcase_add_test(tc, loopback);
	tcase_add_loop_test(tc, option, 0, ROWS(options));
	tcase_add_test(tc, options_handed_over);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
