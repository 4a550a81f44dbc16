/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/ctl/qr.h"

/* Characters: F full, L lower half. */
#define F	"\xe2\x96\x88"
#define L	"\xe2\x96\x84"
#define F4	F F F F
#define EDGE	F4 F4 F F F "\n" F4 F4 F F F "\n"

/* Light is drawn, dark is left out; above and below it is all light. */
START_TEST(drawn)
{
	static const uint8_t modules[] = {
		1, 0, 1,
		0, 0, 1,
		1, 1, 0,
	};
	size_t len = 0;
	char *text = qr_format(modules, 3, false, &len);

	ck_assert_ptr_nonnull(text);
	text[len] = '\0';	/* its room is for more than this */
	ck_assert_str_eq(text, EDGE F4 L F " " F4 "\n" F4 L L F F4 "\n"
	    EDGE);
	free(text);
}
END_TEST

START_TEST(coloured)
{
	static const uint8_t dark = 1;
	size_t len = 0, lines = 0;
	char *text = qr_format(&dark, 1, true, &len), *p;

	ck_assert_ptr_nonnull(text);
	for (p = text; p < text + len; p++)
		lines += *p == '\n';
	ck_assert_uint_eq(lines, 5);
	ck_assert_int_eq(strncmp(text, "\033[97;40m" F4, 20), 0);
	ck_assert_mem_eq(text + len - 5, "\033[0m\n", 5);
	free(text);
}
END_TEST

/* The largest code there is. */
START_TEST(large)
{
	size_t len = 0, n = 177 * 177;
	uint8_t *modules = malloc(n);
	char *text;

	ck_assert_ptr_nonnull(modules);
	memset(modules, 0, n);
	text = qr_format(modules, 177, true, &len);
	ck_assert_ptr_nonnull(text);
	ck_assert_uint_eq(len, 93 * (185 * 3 + 8 + 4 + 1));
	free(text);
	free(modules);
}
END_TEST

/* Standard output of a test is no terminal. */
START_TEST(no_terminal)
{
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_ne(dup2(fds[1], STDOUT_FILENO), -1);
	ck_assert(!qr_print("otpauth://totp/a:b?secret=GEZDGNBV"));
	close(fds[0]);
	close(fds[1]);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ctl_qr");
	TCase *tc = tcase_create("qr");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_test(tc, drawn);
	tcase_add_test(tc, coloured);
	tcase_add_test(tc, large);
	tcase_add_test(tc, no_terminal);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
