/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "helper/helper/options.h"

#define WORDS	12
#define LONG_DIR "/" \
	"0123456789012345678901234567890123456789012345678901234567890123456"

static const struct {
	const char	*words[WORDS];
	int		 want;
	enum run_mode	 mode;
} rows[] = {
	{ { NULL },					0, RUN_SERVE },
	{ { "--sync", NULL },				0, RUN_SYNC },
	{ { "--check", NULL },				0, RUN_CHECK },
	{ { "--version", NULL },			0, RUN_VERSION },
	{ { "--help", NULL },				0, RUN_HELP },
	{ { "--sync", "--sync", NULL },			0, RUN_SYNC },
	{ { "--sync", "--help", "--check", NULL },	0, RUN_HELP },
	{ { "--listen", "/a", NULL },			0, RUN_LISTEN },
	{ { "--listen=/a", "--listen=/b", NULL },	0, RUN_LISTEN },
	{ { "--listen", "/a", "--protocol", "json", "--listen", "/b",
	    "--protocol=gateway", NULL },		0, RUN_LISTEN },
	{ { "--protocol", "gateway", NULL },		0, RUN_SERVE },
	{ { "--protocol", "pam", NULL },		0, RUN_SERVE },
	{ { "--protocol", "network", NULL },		0, RUN_SERVE },
	{ { "--network", "/n", "--listen", "/a", NULL }, 0, RUN_LISTEN },
	{ { "--network=/n", "--ssh-wait", NULL },	0, RUN_SSH_WAIT },
	{ { "--state-dir", "x", "--seal-key=/k", NULL }, 0, RUN_SERVE },
	{ { "x", NULL },				-EINVAL, 0 },
	{ { "", NULL },					-EINVAL, 0 },
	{ { "-h", NULL },				-EINVAL, 0 },
	{ { "--", NULL },				-EINVAL, 0 },
	{ { "--syn", NULL },				-EINVAL, 0 },
	{ { "--sync=yes", NULL },			-EINVAL, 0 },
	{ { "--syncs", NULL },				-EINVAL, 0 },
	{ { "--sync", "--check", NULL },		-EINVAL, 0 },
	{ { "--sync", "--listen", "/a", NULL },		-EINVAL, 0 },
	{ { "--listen", NULL },				-EINVAL, 0 },
	{ { "--listen", "a", NULL },			-EINVAL, 0 },
	{ { "--listen", "", NULL },			-EINVAL, 0 },
	{ { "--listen", "/a", "--listen", "/a", NULL },	-EINVAL, 0 },
	{ { "--listen", LONG_DIR LONG_DIR, NULL },	-EINVAL, 0 },
	{ { "--listen", "/a", "--protocol", "json", "--protocol", "json",
	    NULL },					-EINVAL, 0 },
	{ { "--protocol", "json", "--listen", "/a", NULL }, -EINVAL, 0 },
	{ { "--protocol", "json", "--sync", NULL },	-EINVAL, 0 },
	{ { "--protocol", "Pam", NULL },		-EINVAL, 0 },
	{ { "--protocol", "JSON", NULL },		-EINVAL, 0 },
	{ { "--protocol", "", NULL },			-EINVAL, 0 },
	{ { "--protocol", NULL },			-EINVAL, 0 },
	{ { "--state-dir", NULL },			-EINVAL, 0 },
	{ { "--state-dir=", NULL },			-EINVAL, 0 },
	{ { "--state-dir", "a", "--state-dir", "a", NULL }, -EINVAL, 0 },
	{ { "--state-dir", LONG_DIR LONG_DIR LONG_DIR LONG_DIR LONG_DIR
	    LONG_DIR, NULL },				-EINVAL, 0 },
	{ { "--seal-key", "k", NULL },			-EINVAL, 0 },
	{ { "--network", "n", NULL },			-EINVAL, 0 },
	{ { "--network", "/n", "--network", "/n", NULL }, -EINVAL, 0 },
	{ { "--network", LONG_DIR LONG_DIR, NULL },	-EINVAL, 0 },
	{ { "--seal-key", "/k", "--seal-key", "/k", NULL }, -EINVAL, 0 },
};

/* A copy: the parser keeps pointers into argv. */
static int
parse(struct options *o, const char *const words[WORDS], const char **whyp)
{
	static char text[WORDS][512];
	char *argv[WORDS + 1];
	const char *word = NULL;
	int argc = 0, i;

	memcpy(text[0], "naskeys-helper", 15);
	argv[argc++] = text[0];
	for (i = 0; words[i] != NULL; i++) {
		memcpy(text[argc], words[i], strlen(words[i]) + 1);
		argv[argc] = text[argc];
		argc++;
	}
	argv[argc] = NULL;
	return options_parse(o, argc, argv, whyp, &word);
}

START_TEST(table)
{
	const char *why = NULL;
	struct options o;
	int r;

	r = parse(&o, rows[_i].words, &why);
	ck_assert_msg(r == rows[_i].want, "row %d: got %d", _i, r);
	if (r == 0)
		ck_assert_int_eq(o.mode, rows[_i].mode);
	else
		ck_assert_ptr_nonnull(why);
}
END_TEST

START_TEST(values)
{
	static const char *const words[WORDS] = { "--state-dir", "d",
	    "--listen", "/a", "--listen=/b", "--protocol", "gateway",
	    "--seal-key=/k=1", NULL };
	const char *why = NULL;
	struct options o;

	ck_assert_int_eq(parse(&o, words, &why), 0);
	ck_assert_uint_eq(o.nlisten, 2);
	ck_assert_str_eq(o.listen[0].path, "/a");
	ck_assert_int_eq(o.listen[0].protocol, PROTOCOL_UNSET);
	ck_assert_str_eq(o.listen[1].path, "/b");
	ck_assert_int_eq(o.listen[1].protocol, PROTOCOL_GATEWAY);
	ck_assert_str_eq(o.state_dir, "d");
	ck_assert_str_eq(o.seal_key, "/k=1");
	ck_assert_str_eq(protocol_name(PROTOCOL_UNSET), "json");
	ck_assert_str_eq(protocol_name(PROTOCOL_JSON), "json");
	ck_assert_str_eq(protocol_name(PROTOCOL_GATEWAY), "gateway");
	ck_assert_str_eq(protocol_name(PROTOCOL_MIDDLEWARE), "middleware");
}
END_TEST

START_TEST(too_many_sockets)
{
	static char words[2 * OPTIONS_LISTEN_MAX + 3][16];
	char *argv[2 * OPTIONS_LISTEN_MAX + 3];
	const char *why, *word;
	struct options o;
	int i, argc = 1;

	argv[0] = words[0];
	for (i = 0; i <= OPTIONS_LISTEN_MAX; i++) {
		memcpy(words[argc], "--listen=/a", 12);
		words[argc][10] = (char)('a' + i);
		argv[argc] = words[argc];
		argc++;
	}
	ck_assert_int_eq(options_parse(&o, argc - 1, argv, &why, &word), 0);
	ck_assert_int_eq(options_parse(&o, argc, argv, &why, &word),
	    -EINVAL);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("helper_options");
	TCase *tc = tcase_create("options");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_loop_test(tc, table, 0,
	    (int)(sizeof(rows) / sizeof(rows[0])));
	tcase_add_test(tc, values);
	tcase_add_test(tc, too_many_sockets);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
