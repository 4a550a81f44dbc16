/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/ctl/table.h"
#include "helper/ctl/text.h"

#define CELLS_MAX	12

static const char *const headings[] = { "NAME", "UID", "COMMENT" };

static const struct {
	const char	*what;
	const char	*cells[CELLS_MAX];	/* up to the first "." */
	const char	*out;
} tables[] = {
	{ "no rows", { "." }, "NAME  UID  COMMENT\n" },
	{ "narrow", { "a", "1", "x", "." },
	    "NAME  UID  COMMENT\n"
	    "a     1    x\n" },
	{ "wide", { "longer name", "1234567", "x", "." },
	    "NAME         UID      COMMENT\n"
	    "longer name  1234567  x\n" },
	{ "rows of their own width", { "a", "1", "x", "bbbbbb", "22",
	    "y z", "." },
	    "NAME    UID  COMMENT\n"
	    "a       1    x\n"
	    "bbbbbb  22   y z\n" },
	{ "empty and none", { "", NULL, "", "." },
	    "NAME  UID  COMMENT\n"
	    "-     -    -\n" },
	{ "columns, not bytes", { "J\xc3\xbcrgen", "1", "x",
	    "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", "2", "y", "." },
	    "NAME    UID  COMMENT\n"
	    "J\xc3\xbcrgen  1    x\n"
	    "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e  2    y\n" },
	{ "an escape", { "\033[2J", "1", "a\nb", "." },
	    "NAME     UID  COMMENT\n"
	    "\\x1b[2J  1    a\\x0ab\n" },
	{ "no UTF-8", { "\xff", "1", "\xe2\x80\xae", "." },
	    "NAME  UID  COMMENT\n"
	    "\\xff  1    \\xe2\\x80\\xae\n" },
	{ "a row that is not whole", { "a", "1", "x", "b", "2", "." },
	    "NAME  UID  COMMENT\n"
	    "a     1    x\n" },
};

/* Standard output goes to a file of ours. */
static FILE *
catch_output(void)
{
	FILE *f = tmpfile();

	ck_assert_ptr_nonnull(f);
	fflush(stdout);
	ck_assert_int_ne(dup2(fileno(f), STDOUT_FILENO), -1);
	return f;
}

static void
is_printed(FILE *f, const char *what, const char *want)
{
	char got[2048];
	size_t n;

	fflush(stdout);
	rewind(f);
	n = fread(got, 1, sizeof(got) - 1, f);
	got[n] = '\0';
	fclose(f);
	ck_assert_msg(strcmp(got, want) == 0, "%s: got:\n%s", what, got);
}

START_TEST(once)
{
	FILE *f = catch_output();
	struct table t;
	size_t i;

	table_init(&t, headings, 3);
	for (i = 0; tables[_i].cells[i] == NULL ||
	    strcmp(tables[_i].cells[i], ".") != 0; i++)
		table_add(&t, tables[_i].cells[i]);
	ck_assert_int_eq(table_print(&t), 0);
	table_clear(&t);
	is_printed(f, tables[_i].what, tables[_i].out);
}
END_TEST

/* The heading comes once, and columns never get narrower. */
START_TEST(page_by_page)
{
	FILE *f = catch_output();
	struct table t;

	table_init(&t, headings, 3);
	table_add(&t, "a wide name");
	table_addf(&t, "%d", 1);
	table_add(&t, "x");
	ck_assert_int_eq(table_print(&t), 0);
	ck_assert_int_eq(table_print(&t), 0);
	table_add(&t, "b");
	table_addf(&t, "%d", 12345);
	table_add(&t, "y");
	ck_assert_int_eq(table_print(&t), 0);
	table_add(&t, "c");
	table_addf(&t, "%d", 3);
	table_add(&t, "z");
	ck_assert_int_eq(table_print(&t), 0);
	table_clear(&t);
	is_printed(f, "pages",
	    "NAME         UID  COMMENT\n"
	    "a wide name  1    x\n"
	    "b            12345  y\n"
	    "c            3      z\n");
}
END_TEST

/* More cells than are kept room for at first. */
START_TEST(many)
{
	static const char *const one[] = { "N" };
	FILE *f = catch_output();
	char line[32];
	struct table t;
	int i;

	table_init(&t, one, 1);
	for (i = 0; i < 10000; i++)
		table_addf(&t, "%d", i);
	ck_assert_int_eq(table_print(&t), 0);
	table_clear(&t);
	fflush(stdout);
	rewind(f);
	ck_assert_str_eq(fgets(line, sizeof(line), f), "N\n");
	for (i = 0; i < 10000; i++) {
		ck_assert_ptr_nonnull(fgets(line, sizeof(line), f));
		ck_assert_int_eq(strtol(line, NULL, 10), i);
	}
	ck_assert_ptr_null(fgets(line, sizeof(line), f));
	fclose(f);
}
END_TEST

/* With a cell lost the others would stand in wrong columns. */
START_TEST(out_of_memory)
{
	FILE *f = catch_output();
	struct table t;

	table_init(&t, headings, 3);
	table_add(&t, "a");
	t.failed = true;
	ck_assert_int_eq(table_print(&t), -ENOMEM);
	table_clear(&t);
	is_printed(f, "failed", "");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ctl_table");
	TCase *tc = tcase_create("table");
	SRunner *sr = srunner_create(s);
	int failed;

	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		return EXIT_FAILURE;
	tcase_add_loop_test(tc, once, 0,
	    (int)(sizeof(tables) / sizeof(tables[0])));
	tcase_add_test(tc, page_by_page);
	tcase_add_test(tc, many);
	tcase_add_test(tc, out_of_memory);
	suite_add_tcase(s, tc);
	srunner_set_fork_status(sr, CK_FORK);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
