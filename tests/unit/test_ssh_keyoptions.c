/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/ssh/expirytime.h"
#include "lib/ssh/keyoptions.h"
#include "lib/ssh/sshdversion.h"

#define COUNT(a)	((int)(sizeof(a) / sizeof((a)[0])))
#define RAW(s)		(s), sizeof(s) - 1

static const struct nk_sshd_version v92 = { 9, 2 };

/* What an accepted text means: flags of this test's own. */
enum {
	CA = 1,
	RESTRICT = 2,
	COMMAND = 4,
	FROM = 8,
	EXPIRES = 16,
};

static const struct {
	const char	*text;
	unsigned int	 means;
} accepted[] = {
	{ "restrict", RESTRICT },
	{ "RESTRICT", RESTRICT },
	{ "Cert-Authority", CA },
	{ "agent-forwarding,no-agent-forwarding", 0 },
	{ "port-forwarding,no-port-forwarding", 0 },
	{ "pty,no-pty", 0 },
	{ "user-rc,no-user-rc", 0 },
	{ "X11-forwarding,no-X11-forwarding,x11-forwarding", 0 },
	{ "touch-required,no-touch-required", 0 },
	{ "verify-required,no-verify-required", 0 },
	{ "restrict,pty,command=\"nethack\"", RESTRICT | COMMAND },
	{ "command=\"a, b \\\"c\\\" \\d #\"", COMMAND },
	{ "command=\"tab\there\"", COMMAND },
	{ "command=\"\xc3\xa4\"", COMMAND },
	{ "command=\"\\\\\\\"\"", COMMAND },
	{ "environment=\"A=\",environment=\"_b9=x=y,z\"", 0 },
	{ "environment=\"A=1\",environment=\"A=2\"", 0 },
	{ "from=\"*\"", FROM },
	{ "from=\"192.0.2.1\"", FROM },
	{ "from=\"192.0.2.0/24,!192.0.2.7,*.example.org,h?st\"", FROM },
	{ "from=\"2001:db8::/32,::1,2001:DB8::1\"", FROM },
	{ "from=\"0.0.0.0/0,::/0\"", FROM },
	{ "from=\"192.0.2.*,192.0.2.?\"", FROM },
	{ "from=\"2001:db8:*\"", FROM },
	{ "from=\"fe80::1%eth0\"", FROM },
	{ "from=\"192.0.2.1/32,::1/128\"", FROM },
	{ "from=\"a_b.example-1.org\"", FROM },
	{ "from=\"0x7f.example.org,0xg\"", FROM },
	{ "expiry-time=\"20300101\"", EXPIRES },
	{ "expiry-time=\"203001012359\"", EXPIRES },
	{ "expiry-time=\"20300101235959\"", EXPIRES },
	{ "expiry-time=\"20300101Z\"", EXPIRES },
	{ "expiry-time=\"203001012359z\"", EXPIRES },
	{ "expiry-time=\"20300101235959utc\"", EXPIRES },
	{ "expiry-time=\"20280229\"", EXPIRES },
	{ "expiry-time=\"20000229\"", EXPIRES },
	{ "permitopen=\"host:80\",permitopen=\"192.0.2.1:*\"", 0 },
	{ "permitopen=\"[2001:db8::1]:22\",permitopen=\"*:1\"", 0 },
	{ "permitlisten=\"80\",permitlisten=\"*\",permitlisten=\"*:*\"", 0 },
	{ "permitlisten=\"[::1]:22000\",permitlisten=\"[2001:*]:65535\"", 0 },
	{ "permitlisten=\"local*:8080\"", 0 },
	{ "cert-authority,principals=\"alice\"", CA },
	{ "principals=\"alice,bob smith\",cert-authority", CA },
	{ "tunnel=\"0\"", 0 },
	{ "tunnel=\"any\",tunnel=\"2147483645\"", 0 },
};

static const struct {
	const char	*what;
	const char	*text;
	size_t		 len;
	const char	*why;
} refused[] = {
	{ "nothing", RAW(""), "are empty" },
	{ "comma", RAW(","), "an empty one" },
	{ "leading comma", RAW(",pty"), "an empty one" },
	{ "two commas", RAW("pty,,restrict"), "an empty one" },
	{ "trailing comma", RAW("pty,"), "end with a comma" },
	{ "comma behind a value", RAW("tunnel=\"0\","), "end with a comma" },
	{ "unknown", RAW("nonsense"), "no such" },
	{ "prefix of a name", RAW("restric"), "no such" },
	{ "longer name", RAW("restricted"), "no such" },
	{ "no- where it is none", RAW("no-restrict"), "no such" },
	{ "no-cert-authority", RAW("no-cert-authority"), "no such" },
	{ "no-command", RAW("no-command=\"x\""), "no such" },
	{ "no- alone", RAW("no-"), "no such" },
	{ "no-no-pty", RAW("no-no-pty"), "no such" },
	{ "blank", RAW(" "), "no such" },
	{ "blank inside", RAW("pty, restrict"), "no such" },
	{ "blank behind", RAW("pty "), "no such" },
	{ "quoted name", RAW("\"pty\""), "no such" },
	{ "unknown second", RAW("pty,x"), "no such" },
	{ "unknown with value", RAW("x=\"pty\""), "no such" },
	{ "known hosts marker", RAW("@cert-authority"), "no such" },
	{ "NUL", RAW("pt\0y"), "control character" },
	{ "newline", RAW("pty,\nrestrict"), "control character" },
	{ "newline in a value", RAW("command=\"a\nb\""),
	    "control character" },
	{ "carriage return", RAW("pty\r"), "control character" },
	{ "escape", RAW("command=\"\033[m\""), "control character" },
	{ "DEL", RAW("command=\"\177\""), "control character" },
	{ "not UTF-8", RAW("command=\"\377\""), "not valid UTF-8" },
	{ "value for a flag", RAW("pty=\"yes\""), "takes none" },
	{ "= for a flag", RAW("pty="), "takes none" },
	{ "no value", RAW("command"), "lacks its value" },
	{ "no value, comma", RAW("command,pty"), "lacks its value" },
	{ "no quotes", RAW("command=ls"), "double quotes" },
	{ "nothing behind =", RAW("command="), "double quotes" },
	{ "single quotes", RAW("command='ls'"), "double quotes" },
	{ "blank before =", RAW("command =\"ls\""), "no such" },
	{ "blank behind =", RAW("command= \"ls\""), "double quotes" },
	{ "open quote", RAW("command=\"ls"), "closing quote" },
	{ "escaped closing quote", RAW("command=\"ls\\\""),
	    "closing quote" },
	{ "two backslashes", RAW("command=\"\\\\\""), "closing quote" },
	{ "only a quote", RAW("command=\""), "closing quote" },
	{ "text behind the value", RAW("command=\"ls\"x"),
	    "other than a comma" },
	{ "two values", RAW("command=\"ls\"\"x\""), "other than a comma" },
	{ "command twice", RAW("command=\"a\",command=\"b\""),
	    "once only" },
	{ "from twice", RAW("from=\"*\",FROM=\"*\""), "once only" },
	{ "principals twice",
	    RAW("cert-authority,principals=\"a\",principals=\"b\""),
	    "once only" },
	{ "empty command", RAW("command=\"\""), "command is empty" },
	{ "blank command", RAW("command=\" \t\""), "command is empty" },
	{ "environment without =", RAW("environment=\"A\""), "environment" },
	{ "environment, no name", RAW("environment=\"=b\""), "environment" },
	{ "environment, blank", RAW("environment=\"A B=c\""),
	    "environment" },
	{ "environment, hyphen", RAW("environment=\"A-B=c\""),
	    "environment" },
	{ "environment, accent", RAW("environment=\"\xc3\xa4=c\""),
	    "environment" },
	{ "environment, empty", RAW("environment=\"\""), "environment" },
	{ "from, empty", RAW("from=\"\""), "empty entry" },
	{ "from, two commas", RAW("from=\"a,,b\""), "empty entry" },
	{ "from, trailing comma", RAW("from=\"a,\""), "empty entry" },
	{ "from, lone !", RAW("from=\"a,!\""), "empty entry" },
	{ "from, nobody", RAW("from=\"!a,!b\""), "only excludes" },
	{ "from, blank", RAW("from=\"a, b\""), "a host may" },
	{ "from, brackets", RAW("from=\"[::1]\""), "address" },
	{ "from, user", RAW("from=\"alice@host\""), "a host may" },
	{ "from, two !", RAW("from=\"!!a,b\""), "a host may" },
	{ "from, host bits", RAW("from=\"192.0.2.1/24\""), "network" },
	{ "from, host bits of IPv6", RAW("from=\"2001:db8::1/64\""),
	    "network" },
	{ "from, mask too long", RAW("from=\"192.0.2.0/33\""), "network" },
	{ "from, mask too long for IPv6", RAW("from=\"::/129\""),
	    "network" },
	{ "from, no mask", RAW("from=\"192.0.2.0/\""), "network" },
	{ "from, mask with zero", RAW("from=\"192.0.2.0/024\""), "network" },
	{ "from, mask with sign", RAW("from=\"192.0.2.0/+24\""), "network" },
	{ "from, mask as address", RAW("from=\"192.0.2.0/255.255.255.0\""),
	    "network" },
	{ "from, name with mask", RAW("from=\"host/24\""), "network" },
	{ "from, pattern with mask", RAW("from=\"192.0.2.*/24\""),
	    "network" },
	{ "from, short network", RAW("from=\"10/8\""), "network" },
	{ "from, zone with mask", RAW("from=\"fe80::%eth0/64\""),
	    "network" },
	{ "from, short address", RAW("from=\"192.0.2\""), "address" },
	{ "from, number", RAW("from=\"10\""), "address" },
	{ "from, octal", RAW("from=\"192.0.2.010\""), "address" },
	{ "from, 256", RAW("from=\"192.0.2.256\""), "address" },
	{ "from, hexadecimal", RAW("from=\"0x7f000001\""), "address" },
	{ "from, partly hexadecimal", RAW("from=\"a,0XA.1\""), "address" },
	{ "from, bad IPv6", RAW("from=\"2001:db8\""), "address" },
	{ "from, pattern of IPv6 in capitals", RAW("from=\"2001:DB8:*\""),
	    "address" },
	{ "from, zone of IPv4", RAW("from=\"192.0.2.1%eth0\""), "address" },
	{ "from, empty zone", RAW("from=\"fe80::1%\""), "address" },
	{ "from, port", RAW("from=\"host:22\""), "address" },
	{ "time, empty", RAW("expiry-time=\"\""), "expiry-time" },
	{ "time, Z alone", RAW("expiry-time=\"Z\""), "expiry-time" },
	{ "time, UTC alone", RAW("expiry-time=\"UTC\""), "expiry-time" },
	{ "time, with hyphens", RAW("expiry-time=\"2030-01-01\""),
	    "expiry-time" },
	{ "time, year and month", RAW("expiry-time=\"203001\""),
	    "expiry-time" },
	{ "time, hour alone", RAW("expiry-time=\"2030010112\""),
	    "expiry-time" },
	{ "time, 13 digits", RAW("expiry-time=\"2030010112000\""),
	    "expiry-time" },
	{ "time, month 13", RAW("expiry-time=\"20301301\""),
	    "expiry-time" },
	{ "time, month 0", RAW("expiry-time=\"20300001\""), "expiry-time" },
	{ "time, day 0", RAW("expiry-time=\"20300100\""), "expiry-time" },
	{ "time, 31 April", RAW("expiry-time=\"20300431\""), "expiry-time" },
	{ "time, 29 February", RAW("expiry-time=\"20300229\""),
	    "expiry-time" },
	{ "time, 29 February 2100", RAW("expiry-time=\"21000229\""),
	    "expiry-time" },
	{ "time, hour 24", RAW("expiry-time=\"203001012400\""),
	    "expiry-time" },
	{ "time, minute 60", RAW("expiry-time=\"203001011260\""),
	    "expiry-time" },
	{ "time, second 60", RAW("expiry-time=\"20300101125960\""),
	    "expiry-time" },
	{ "time, before 1970", RAW("expiry-time=\"19691231Z\""),
	    "expiry-time" },
	{ "time, 1970", RAW("expiry-time=\"19700101Z\""), "expiry-time" },
	{ "time, sign", RAW("expiry-time=\"+2030101\""), "expiry-time" },
	{ "time, blank", RAW("expiry-time=\" 2030101\""), "expiry-time" },
	{ "time, other zone", RAW("expiry-time=\"20300101CET\""),
	    "expiry-time" },
	{ "permitopen, no port", RAW("permitopen=\"host\""), "permitopen" },
	{ "permitopen, port alone", RAW("permitopen=\"80\""), "permitopen" },
	{ "permitopen, no host", RAW("permitopen=\":80\""), "permitopen" },
	{ "permitopen, port 0", RAW("permitopen=\"h:0\""), "a port" },
	{ "permitopen, port 65536", RAW("permitopen=\"h:65536\""),
	    "a port" },
	{ "permitopen, long port", RAW("permitopen=\"h:00000000080\""),
	    "a port" },
	{ "permitopen, zero before port", RAW("permitopen=\"h:080\""),
	    "a port" },
	{ "permitopen, service", RAW("permitopen=\"h:http\""), "a port" },
	{ "permitopen, empty port", RAW("permitopen=\"h:\""), "a port" },
	{ "permitopen, pattern", RAW("permitopen=\"*.org:80\""),
	    "permitopen" },
	{ "permitopen, slash", RAW("permitopen=\"h/80\""), "permitopen" },
	{ "permitopen, IPv6 bare", RAW("permitopen=\"::1:80\""),
	    "permitopen" },
	{ "permitopen, open bracket", RAW("permitopen=\"[::1:80\""),
	    "permitopen" },
	{ "permitopen, empty brackets", RAW("permitopen=\"[]:80\""),
	    "permitopen" },
	{ "permitopen, name in brackets", RAW("permitopen=\"[host]:80\""),
	    "permitopen" },
	{ "permitopen, pattern in brackets", RAW("permitopen=\"[::*]:80\""),
	    "permitopen" },
	{ "permitopen, text behind bracket", RAW("permitopen=\"[::1]x:80\""),
	    "permitopen" },
	{ "permitopen, two ports", RAW("permitopen=\"h:1:2\""), "a port" },
	{ "permitopen, empty", RAW("permitopen=\"\""), "permitopen" },
	{ "permitlisten, empty", RAW("permitlisten=\"\""), "a port" },
	{ "permitlisten, no host", RAW("permitlisten=\":80\""),
	    "permitlisten" },
	{ "permitlisten, service", RAW("permitlisten=\"http\""), "a port" },
	{ "permitlisten, IPv6 bare", RAW("permitlisten=\"::1:80\""),
	    "permitlisten" },
	{ "permitlisten, socket", RAW("permitlisten=\"/run/x\""),
	    "a port" },
	{ "principals alone", RAW("principals=\"a\""), "cert-authority" },
	{ "principals, empty", RAW("cert-authority,principals=\"\""),
	    "principals" },
	{ "principals, two commas", RAW("cert-authority,principals=\"a,,b\""),
	    "principals" },
	{ "principals, comma behind", RAW("cert-authority,principals=\"a,\""),
	    "principals" },
	{ "principals, blank", RAW("cert-authority,principals=\"a, b\""),
	    "principals" },
	{ "principals, blank behind",
	    RAW("cert-authority,principals=\"a ,b\""), "principals" },
	{ "tunnel, empty", RAW("tunnel=\"\""), "tunnel" },
	{ "tunnel, name", RAW("tunnel=\"tun0\""), "tunnel" },
	{ "tunnel, negative", RAW("tunnel=\"-1\""), "tunnel" },
	{ "tunnel, too large", RAW("tunnel=\"2147483646\""), "tunnel" },
	{ "tunnel, far too large", RAW("tunnel=\"99999999999\""), "tunnel" },
	{ "tunnel, pair", RAW("tunnel=\"0:1\""), "tunnel" },
};

START_TEST(accept)
{
	struct nk_keyoptions o;
	const char *why = "", *text = accepted[_i].text;
	int r = nk_keyoptions_parse(text, strlen(text), v92, &o, &why);
	unsigned int means;

	ck_assert_msg(r == 0, "%s: %d: %s", text, r, why);
	means = (o.cert_authority ? CA : 0U) | (o.restricted ? RESTRICT : 0U)
	    | (o.command ? COMMAND : 0U) | (o.from ? FROM : 0U) |
	    (o.expires ? EXPIRES : 0U);
	ck_assert_msg(means == accepted[_i].means, "%s: means %u", text,
	    means);
}
END_TEST

START_TEST(refuse)
{
	struct nk_keyoptions o;
	const char *why = "";
	int r = nk_keyoptions_parse(refused[_i].text, refused[_i].len, v92,
	    &o, &why);

	ck_assert_msg(r == -EBADMSG, "%s: got %d", refused[_i].what, r);
	ck_assert_msg(strstr(why, refused[_i].why) != NULL, "%s: %s",
	    refused[_i].what, why);
	ck_assert_int_eq(nk_keyoptions_parse(refused[_i].text,
	    refused[_i].len, v92, &o, NULL), -EBADMSG);
}
END_TEST

/* The first sshd to know each option, and the last that does not. */
static const struct {
	const char		*text;
	struct nk_sshd_version	 since, before;
} history[] = {
	{ "command=\"x\"", { 0, 0 }, { 0, 0 } },
	{ "environment=\"A=b\"", { 0, 0 }, { 0, 0 } },
	{ "from=\"*\"", { 0, 0 }, { 0, 0 } },
	{ "no-agent-forwarding", { 0, 0 }, { 0, 0 } },
	{ "no-port-forwarding", { 0, 0 }, { 0, 0 } },
	{ "no-pty", { 0, 0 }, { 0, 0 } },
	{ "no-X11-forwarding", { 0, 0 }, { 0, 0 } },
	{ "permitopen=\"h:1\"", { 0, 0 }, { 0, 0 } },
	{ "tunnel=\"0\"", { 4, 3 }, { 4, 2 } },
	{ "no-user-rc", { 4, 9 }, { 4, 8 } },
	{ "cert-authority", { 5, 4 }, { 5, 3 } },
	{ "cert-authority,principals=\"a\"", { 5, 6 }, { 5, 5 } },
	{ "restrict", { 7, 2 }, { 7, 1 } },
	{ "agent-forwarding", { 7, 2 }, { 7, 1 } },
	{ "port-forwarding", { 7, 2 }, { 6, 9 } },
	{ "pty", { 7, 2 }, { 7, 1 } },
	{ "user-rc", { 7, 2 }, { 7, 1 } },
	{ "X11-forwarding", { 7, 2 }, { 7, 1 } },
	{ "expiry-time=\"20300101\"", { 7, 7 }, { 7, 6 } },
	{ "permitlisten=\"80\"", { 7, 8 }, { 7, 7 } },
	{ "no-touch-required", { 8, 2 }, { 8, 1 } },
	{ "verify-required", { 8, 4 }, { 8, 3 } },
	{ "expiry-time=\"20300101Z\"", { 9, 1 }, { 9, 0 } },
	{ "expiry-time=\"20300101utc\"", { 10, 0 }, { 8, 9 } },
};

START_TEST(versions)
{
	const char *text = history[_i].text, *why = "";
	struct nk_keyoptions o;

	ck_assert_msg(nk_keyoptions_parse(text, strlen(text),
	    history[_i].since, &o, &why) == 0, "%s: %s", text, why);
	if (history[_i].before.major == 0)
		return;
	ck_assert_int_eq(nk_keyoptions_parse(text, strlen(text),
	    history[_i].before, &o, &why), -EPERM);
	ck_assert_ptr_nonnull(strstr(why, "this system's sshd"));
}
END_TEST

START_TEST(get_one_by_one)
{
	static const char text[] = "no-PTY,command=\"a \\\"b\\\",\",restrict";
	const char *p = text, *why = NULL;
	size_t left = sizeof(text) - 1;
	struct nk_keyoption o;
	char *value = NULL;

	ck_assert_int_eq(nk_keyoption_get(&p, &left, v92, &o, &why), 0);
	ck_assert_int_eq(o.name, NK_OPT_PTY);
	ck_assert(o.negated);
	ck_assert_ptr_null(o.value);
	ck_assert_int_eq(nk_keyoption_value(&o, &value), 0);
	ck_assert_ptr_null(value);
	ck_assert_int_eq(nk_keyoption_get(&p, &left, v92, &o, &why), 0);
	ck_assert_int_eq(o.name, NK_OPT_COMMAND);
	ck_assert(!o.negated);
	ck_assert_uint_eq(o.value_len, 8);
	ck_assert_mem_eq(o.value, "a \\\"b\\\",", 8);
	ck_assert_int_eq(nk_keyoption_value(&o, &value), 0);
	ck_assert_str_eq(value, "a \"b\",");
	free(value);
	ck_assert_int_eq(nk_keyoption_get(&p, &left, v92, &o, &why), 0);
	ck_assert_int_eq(o.name, NK_OPT_RESTRICT);
	ck_assert_int_eq(nk_keyoption_get(&p, &left, v92, &o, &why),
	    -ENOENT);
	ck_assert_ptr_null(why);
}
END_TEST

START_TEST(get_keeps_its_place)
{
	const char *p = "bad", *was = p, *why = NULL;
	size_t left = 3;
	struct nk_keyoption o;

	ck_assert_int_eq(nk_keyoption_get(&p, &left, v92, &o, &why),
	    -EBADMSG);
	ck_assert_ptr_eq(p, was);
	ck_assert_uint_eq(left, 3);
	ck_assert_ptr_nonnull(why);
}
END_TEST

/* n times one after the other, with commas. */
static char *
repeat(const char *before, const char *s, size_t n, size_t *lenp)
{
	size_t len = strlen(s), i, used = strlen(before);
	char *text = malloc(used + n * (len + 1) + 1);

	ck_assert_ptr_nonnull(text);
	memcpy(text, before, used);
	for (i = 0; i < n; i++) {
		memcpy(text + used, s, len);
		used += len;
		text[used++] = ',';
	}
	*lenp = used - 1;
	return text;
}

static const struct {
	const char	*option;
	size_t		 max;
} counts[] = {
	{ "environment=\"A=b\"", 900 },
	{ "permitopen=\"h:1\"", 4097 },
	{ "permitlisten=\"1\"", 4097 },
};

START_TEST(too_many)
{
	struct nk_keyoptions o;
	size_t len;
	char *text = repeat("", counts[_i].option, counts[_i].max, &len);

	ck_assert_int_eq(nk_keyoptions_parse(text, len, v92, &o, NULL), 0);
	free(text);
	text = repeat("", counts[_i].option, counts[_i].max + 1, &len);
	ck_assert_int_eq(nk_keyoptions_parse(text, len, v92, &o, NULL),
	    -EBADMSG);
	free(text);
}
END_TEST

START_TEST(too_many_principals)
{
	struct nk_keyoptions o;
	size_t len, n;
	char *text;

	for (n = NK_KEYOPTION_PRINCIPALS_MAX; n <= 41; n++) {
		text = repeat("cert-authority,principals=\"", "a", n, &len);
		text[len++] = '"';
		ck_assert_int_eq(nk_keyoptions_parse(text, len, v92, &o,
		    NULL), n == NK_KEYOPTION_PRINCIPALS_MAX ? 0 : -EBADMSG);
		free(text);
	}
}
END_TEST

START_TEST(long_from_entry)
{
	struct nk_keyoptions o;
	size_t n;
	char text[300];

	for (n = 255; n <= 256; n++) {
		memcpy(text, "from=\"", 6);
		memset(text + 6, 'a', n);
		text[6 + n] = '"';
		ck_assert_int_eq(nk_keyoptions_parse(text, n + 7, v92, &o,
		    NULL), n == 255 ? 0 : -EBADMSG);
	}
}
END_TEST

/*** Time ***/

/* So that the machine needs no time zone files. */
#define BERLIN		"CET-1CEST,M3.5.0,M10.5.0/3"
#define NEW_YORK	"EST5EDT,M3.2.0,M11.1.0"
#define LORD_HOWE	"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0"

static const struct {
	const char	*zone;
	const char	*text;
	time_t		 t;
} moments[] = {
	{ "UTC0", "20300101", 1893456000 },
	{ "UTC0", "203001010203", 1893456000 + 7380 },
	{ "UTC0", "20300101020304", 1893456000 + 7384 },
	{ BERLIN, "20300101", 1893456000 - 3600 },
	{ BERLIN, "20300101Z", 1893456000 },
	{ BERLIN, "20300101UTC", 1893456000 },
	/* sshd reads local times as standard time, in summer too */
	{ BERLIN, "20300701", 1909094400 - 3600 },
	{ NEW_YORK, "20300101", 1893456000 + 18000 },
	{ "UTC0", "19700101000001", 1 },
	{ "UTC0", "99991231235959Z", 253402300799 },
};

static void
set_zone(const char *zone)
{
	ck_assert_int_eq(setenv("TZ", zone, 1), 0);
	tzset();
}

START_TEST(parse_time)
{
	time_t t = 0;

	set_zone(moments[_i].zone);
	ck_assert_int_eq(nk_expirytime_parse(moments[_i].text,
	    strlen(moments[_i].text), v92, &t, NULL), 0);
	ck_assert_int_eq(t, moments[_i].t);
}
END_TEST

static const char *const zones[] = { "UTC0", BERLIN,
    NEW_YORK, LORD_HOWE, "NPT-5:45",
    "XXX-14", "XXX12", "AAA3BBB,J60,J300" };

/* What is written is read as the same moment, at worst as an earlier one. */
START_TEST(written_time_is_read)
{
	static const struct nk_sshd_version sshds[] = { { 7, 7 }, { 9, 0 },
	    { 9, 1 }, { 10, 0 } };
	char buf[NK_EXPIRYTIME_SIZE];
	size_t k;
	time_t t, seen;

	set_zone(zones[_i]);
	for (t = 86401; t < 4102444800; t += 1234567) {
		for (k = 0; k < 4; k++) {
			ck_assert_int_eq(nk_expirytime_format(t, sshds[k],
			    buf), 0);
			ck_assert_int_eq(strchr(buf, 'Z') != NULL, k >= 2);
			ck_assert_int_eq(nk_expirytime_parse(buf, strlen(buf),
			    sshds[k], &seen, NULL), 0);
			ck_assert_int_le(seen, t);
			ck_assert_int_gt(seen, t - 3601);
			if (k >= 2)
				ck_assert_int_eq(seen, t);
		}
	}
}
END_TEST

static const struct {
	const char		*what;
	time_t			 t;
	struct nk_sshd_version	 v;
	int			 want;
	const char		*text;
} formats[] = {
	{ "UTC", 1893456000, { 9, 1 }, 0, "20300101000000Z" },
	{ "local", 1893456000, { 9, 0 }, 0, "20300101010000" },
	{ "local in summer", 1909094400, { 8, 4 }, 0, "20300701010000" },
	{ "first to know it", 1893456000, { 7, 7 }, 0, "20300101010000" },
	{ "too old", 1893456000, { 7, 6 }, -ENOTSUP, "" },
	{ "far too old", 1893456000, { 0, 0 }, -ENOTSUP, "" },
	{ "the first second", 1, { 9, 2 }, 0, "19700101000001Z" },
	{ "zero", 0, { 9, 2 }, -EINVAL, "" },
	{ "negative", -1, { 9, 2 }, -EINVAL, "" },
	{ "last", 253402300799, { 9, 2 }, 0, "99991231235959Z" },
	{ "beyond the last", 253402300800, { 9, 2 }, -EINVAL, "" },
	{ "beyond the last, local", 253402300799, { 9, 0 }, -EINVAL, "" },
	{ "beyond all years", INT64_MAX, { 9, 2 }, -EINVAL, "" },
	{ "beyond all years, local", INT64_MAX, { 9, 0 }, -EINVAL, "" },
};

START_TEST(format_time)
{
	char buf[NK_EXPIRYTIME_SIZE];
	int r;

	set_zone(BERLIN);
	r = nk_expirytime_format(formats[_i].t, formats[_i].v, buf);
	ck_assert_msg(r == formats[_i].want, "%s: got %d", formats[_i].what,
	    r);
	ck_assert_str_eq(buf, formats[_i].text);
}
END_TEST

#define NEW_YEAR	1893456000	/* 2030 */

static const struct {
	const char		*what;
	const char		*options;
	time_t			 t;
	struct nk_sshd_version	 v;
	int			 want;
	const char		*text;
} merges[] = {
	{ "no options", NULL, NEW_YEAR, { 9, 2 }, 0,
	    "expiry-time=\"20300101000000Z\"" },
	{ "behind others", "restrict,Pty", NEW_YEAR, { 9, 2 }, 0,
	    "restrict,Pty,expiry-time=\"20300101000000Z\"" },
	{ "the own one is sooner", "expiry-time=\"20300102Z\"", NEW_YEAR,
	    { 9, 2 }, 0, "expiry-time=\"20300102Z\","
	    "expiry-time=\"20300101000000Z\"" },
	{ "the written one is sooner", "pty,expiry-time=\"20291231Z\"",
	    NEW_YEAR, { 9, 2 }, 0, "pty,expiry-time=\"20291231Z\"" },
	{ "the same moment", "EXPIRY-time=\"20300101Z\"", NEW_YEAR,
	    { 9, 2 }, 0, "EXPIRY-time=\"20300101Z\"" },
	{ "the soonest of two counts",
	    "expiry-time=\"20400101Z\",expiry-time=\"20290101Z\"", NEW_YEAR,
	    { 9, 2 }, 0,
	    "expiry-time=\"20400101Z\",expiry-time=\"20290101Z\"" },
	{ "looks like one", "command=\"expiry-time=\\\"20290101\\\"\"",
	    NEW_YEAR, { 9, 2 }, 0,
	    "command=\"expiry-time=\\\"20290101\\\"\","
	    "expiry-time=\"20300101000000Z\"" },
	{ "older sshd", "pty", NEW_YEAR, { 8, 0 }, 0,
	    "pty,expiry-time=\"20300101000000\"" },
	{ "sshd without expiry", "pty", NEW_YEAR, { 7, 6 }, -ENOTSUP, NULL },
	{ "sshd without expiry, no options", NULL, NEW_YEAR, { 7, 6 },
	    -ENOTSUP, NULL },
	{ "bad options", "nonsense", NEW_YEAR, { 9, 2 }, -EBADMSG, NULL },
	{ "empty options", "", NEW_YEAR, { 9, 2 }, -EBADMSG, NULL },
	{ "options this sshd lacks", "verify-required", NEW_YEAR, { 8, 0 },
	    -EPERM, NULL },
	{ "no time", "pty", 0, { 9, 2 }, -EINVAL, NULL },
};

START_TEST(add_expiry)
{
	char here, *text = &here;
	int r;

	set_zone("UTC0");
	r = nk_keyoptions_add_expiry(merges[_i].options, merges[_i].t,
	    merges[_i].v, &text);
	ck_assert_msg(r == merges[_i].want, "%s: got %d", merges[_i].what, r);
	if (r < 0)
		ck_assert_ptr_null(text);
	else
		ck_assert_str_eq(text, merges[_i].text);
	free(text);
}
END_TEST

static const struct {
	const char	*text;
	int		 want;
	unsigned int	 major, minor;
} banners[] = {
	{ "OpenSSH_9.2p1 Debian-2+deb12u6, OpenSSL 3.0.17", 0, 9, 2 },
	{ "unknown option -- V\nOpenSSH_7.9p1\nusage:", 0, 7, 9 },
	{ "OpenSSH_10.0p2", 0, 10, 0 },
	{ "SSH-2.0-OpenSSH_9.9", 0, 9, 9 },
	{ "", -EBADMSG, 0, 0 },
	{ "OpenSSH_", -EBADMSG, 0, 0 },
	{ "OpenSSH_9", -EBADMSG, 0, 0 },
	{ "OpenSSH_9.", -EBADMSG, 0, 0 },
	{ "OpenSSH_.2", -EBADMSG, 0, 0 },
	{ "OpenSSH_x.2", -EBADMSG, 0, 0 },
	{ "OpenSSH_9-2", -EBADMSG, 0, 0 },
	{ "OpenSSH_99999999999.2", -EBADMSG, 0, 0 },
	{ "OpenSSH_9.4294967297", -EBADMSG, 0, 0 },
	{ "openssh_9.2", -EBADMSG, 0, 0 },
	{ "Dropbear_2022.83", -EBADMSG, 0, 0 },
};

START_TEST(parse_version)
{
	struct nk_sshd_version v = { 77, 77 };
	int r = nk_sshd_version_parse(banners[_i].text,
	    strlen(banners[_i].text), &v);

	ck_assert_msg(r == banners[_i].want, "%s: got %d", banners[_i].text,
	    r);
	ck_assert_uint_eq(v.major, r < 0 ? 77 : banners[_i].major);
	ck_assert_uint_eq(v.minor, r < 0 ? 77 : banners[_i].minor);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ssh_keyoptions");
	TCase *tc = tcase_create("keyoptions");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_loop_test(tc, accept, 0, COUNT(accepted));
	tcase_add_loop_test(tc, refuse, 0, COUNT(refused));
	tcase_add_loop_test(tc, versions, 0, COUNT(history));
	tcase_add_test(tc, get_one_by_one);
	tcase_add_test(tc, get_keeps_its_place);
	tcase_add_loop_test(tc, too_many, 0, COUNT(counts));
	tcase_add_test(tc, too_many_principals);
	tcase_add_test(tc, long_from_entry);
	tcase_add_loop_test(tc, parse_time, 0, COUNT(moments));
	tcase_add_loop_test(tc, written_time_is_read, 0, COUNT(zones));
	tcase_add_loop_test(tc, format_time, 0, COUNT(formats));
	tcase_add_loop_test(tc, add_expiry, 0, COUNT(merges));
	tcase_add_loop_test(tc, parse_version, 0, COUNT(banners));
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
