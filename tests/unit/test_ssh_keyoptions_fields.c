/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ssh/keyoptions.h"
#include "lib/ssh/keyoptions_fields.h"

#define COUNT(a)	((int)(sizeof(a) / sizeof((a)[0])))

/*
 * What is read, written down: values as NAME=a|b, flags by a letter.  What
 * is allowed where nothing is said: a agent, p port, t pty, r user-rc,
 * x X11; T touch required.
 */
#define ALL	"aptrxT"

static void
put_list(char *out, const char *name, const struct nk_option_list *l)
{
	size_t i;

	if (l->n == 0)
		return;
	(void)strcat(strcat(out, name), "=");
	for (i = 0; i < l->n; i++)
		(void)strcat(strcat(out, i > 0 ? "|" : ""), l->v[i]);
	(void)strcat(out, ";");
}

static void
describe(const struct nk_keyoption_fields *f, char *out)
{
	out[0] = '\0';
	put_list(out, "from", &f->from);
	put_list(out, "open", &f->permitopen);
	put_list(out, "listen", &f->permitlisten);
	put_list(out, "principals", &f->principals);
	put_list(out, "environment", &f->environment);
	if (f->command != NULL)
		(void)sprintf(out + strlen(out), "command=%s;", f->command);
	if (f->tunnel != NULL)
		(void)sprintf(out + strlen(out), "tunnel=%s;", f->tunnel);
	if (f->expires)
		(void)sprintf(out + strlen(out), "expiry=%lld;",
		    (long long)f->expiry);
	(void)sprintf(out + strlen(out), "%s%s%s%s%s%s%s%s%s",
	    f->agent_forwarding ? "a" : "", f->port_forwarding ? "p" : "",
	    f->pty ? "t" : "", f->user_rc ? "r" : "",
	    f->x11_forwarding ? "x" : "", f->touch_required ? "T" : "",
	    f->verify_required ? "V" : "", f->restricted ? "R" : "",
	    f->cert_authority ? "C" : "");
}

static const struct {
	const char	*text, *fields;
} good[] = {
	{ "pty",			ALL },
	{ "no-pty",			"aprxT" },
	{ "NO-PTY",			"aprxT" },
	{ "no-pty,pty",			ALL },
	{ "no-agent-forwarding",	"ptrxT" },
	{ "no-port-forwarding",		"atrxT" },
	{ "no-user-rc",			"aptxT" },
	{ "no-X11-forwarding",		"aptrT" },
	{ "no-touch-required",		"aptrx" },
	{ "no-touch-required,touch-required", ALL },
	{ "verify-required",		ALL "V" },
	{ "verify-required,no-verify-required", ALL },
	{ "cert-authority",		ALL "C" },
	{ "restrict",			"TR" },
	{ "restrict,pty",		"tTR" },
	{ "pty,restrict",		"TR" },
	{ "restrict,X11-forwarding,user-rc,port-forwarding,"
	  "agent-forwarding",		"aprxTR" },
	{ "command=\"a, b\"",		"command=a, b;" ALL },
	{ "command=\"say \\\"hi\\\" \\n\"", "command=say \"hi\" \\n;" ALL },
	{ "from=\"10.0.0.0/8,!10.1.0.0/16,*.example.org\"",
	    "from=10.0.0.0/8|!10.1.0.0/16|*.example.org;" ALL },
	{ "from=\"::1\"",		"from=::1;" ALL },
	{ "environment=\"A=1,2\",environment=\"B=\",environment=\"A=3\"",
	    "environment=A=1,2|B=|A=3;" ALL },
	{ "permitopen=\"h:1\",permitopen=\"[::1]:*\",permitopen=\"*:3\"",
	    "open=h:1|[::1]:*|*:3;" ALL },
	{ "permitlisten=\"8080\",permitlisten=\"localhost:*\"",
	    "listen=8080|localhost:*;" ALL },
	{ "cert-authority,principals=\"alice,bob\"",
	    "principals=alice|bob;" ALL "C" },
	{ "tunnel=\"3\"",		"tunnel=3;" ALL },
	{ "tunnel=\"3\",tunnel=\"any\"", "tunnel=any;" ALL },
	{ "expiry-time=\"20300101Z\"",	"expiry=1893456000;" ALL },
	{ "expiry-time=\"20310101Z\",expiry-time=\"20300101Z\"",
	    "expiry=1893456000;" ALL },
	{ "expiry-time=\"20300101Z\",expiry-time=\"20310101Z\"",
	    "expiry=1893456000;" ALL },
	{ "restrict,pty,from=\"192.0.2.1\",command=\"x\",no-pty",
	    "from=192.0.2.1;command=x;TR" },
};

START_TEST(read_good)
{
	const struct nk_sshd_version v = { 9, 2 };
	const char *text = good[_i].text;
	struct nk_keyoption_fields f;
	struct nk_keyoptions o;
	char got[512];

	ck_assert_int_eq(nk_keyoptions_parse(text, strlen(text), v, &o,
	    NULL), 0);
	ck_assert_int_eq(nk_keyoption_fields_read(text, strlen(text), &f), 0);
	describe(&f, got);
	ck_assert_msg(strcmp(got, good[_i].fields) == 0, "%s: %s", text,
	    got);
	nk_keyoption_fields_clear(&f);
	ck_assert_ptr_null(f.from.v);
	ck_assert_ptr_null(f.command);
}
END_TEST

static const char *const bad[] = {
	",", "pty,", ",pty", "nonsense", "no-restrict", "pty=\"yes\"",
	"command", "command=ls", "command=\"ls", "from=\"a\"b",
	"permitopen=\"h:1\",permitopen=", "expiry-time=\"tomorrow\"",
	"command=\"a\",expiry-time=\"20301301\"", "restrict pty",
};

START_TEST(read_bad)
{
	struct nk_keyoption_fields f;

	ck_assert_msg(nk_keyoption_fields_read(bad[_i], strlen(bad[_i]),
	    &f) == -EBADMSG, "%s", bad[_i]);
	ck_assert_ptr_null(f.command);
	ck_assert_ptr_null(f.from.v);
	ck_assert_uint_eq(f.permitopen.n, 0);
}
END_TEST

/* Beyond the first few the list grows. */
START_TEST(read_many)
{
	struct nk_keyoption_fields f;
	char text[8192], *p = text;
	size_t i;

	for (i = 0; i < 200; i++)
		p += sprintf(p, "%spermitopen=\"host%zu:%zu\"",
		    i > 0 ? "," : "", i, i + 1);
	ck_assert_int_eq(nk_keyoption_fields_read(text, strlen(text), &f), 0);
	ck_assert_uint_eq(f.permitopen.n, 200);
	ck_assert_str_eq(f.permitopen.v[0], "host0:1");
	ck_assert_str_eq(f.permitopen.v[128], "host128:129");
	ck_assert_str_eq(f.permitopen.v[199], "host199:200");
	nk_keyoption_fields_clear(&f);
	/* the length counts, not the NUL */
	ck_assert_int_eq(nk_keyoption_fields_read("no-pty,restrict", 6, &f),
	    0);
	ck_assert(!f.pty && !f.restricted);
	nk_keyoption_fields_clear(&f);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("keyoptions_fields");
	TCase *tc = tcase_create("fields");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_loop_test(tc, read_good, 0, COUNT(good));
	tcase_add_loop_test(tc, read_bad, 0, COUNT(bad));
	tcase_add_test(tc, read_many);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
