/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ssh/base64.h"

#define COUNT(a)	((int)(sizeof(a) / sizeof((a)[0])))

/* RFC 4648, section 10, and bytes with the highest bit. */
static const struct {
	const char	*bytes;
	size_t		 len;
	const char	*text;
} good[] = {
	{ "", 0, "" },
	{ "f", 1, "Zg==" },
	{ "fo", 2, "Zm8=" },
	{ "foo", 3, "Zm9v" },
	{ "foob", 4, "Zm9vYg==" },
	{ "fooba", 5, "Zm9vYmE=" },
	{ "foobar", 6, "Zm9vYmFy" },
	{ "\0\0\0", 3, "AAAA" },
	{ "\377\377\377", 3, "////" },
	{ "\373\357\276", 3, "++++" },
	{ "\20\203\20\121\207\40\222\213\60\323\217", 11, "EIMQUYcgkosw048=" },
};

static const struct {
	const char	*what;
	const char	*text;
	size_t		 len;
} bad[] = {
	{ "one character", "Z", 1 },
	{ "no padding", "Zg", 2 },
	{ "half the padding", "Zg=", 3 },
	{ "no padding of one", "Zm8", 3 },
	{ "too much padding", "Zm9v====", 8 },
	{ "only padding", "====", 4 },
	{ "three pads", "Z===", 4 },
	{ "pad in front", "=Zg=", 4 },
	{ "pad inside", "Zg==Zm9v", 8 },
	{ "single pad inside", "Zm8=Zm9v", 8 },
	{ "unused bits of four", "Zh==", 4 },
	{ "unused bits of two", "Zm9=", 4 },
	{ "all unused bits", "Z/==", 4 },
	{ "blank inside", "Zm9 ", 4 },
	{ "newline at the end", "Zm9v\n", 5 },
	{ "newline inside", "Zm\n9vYmFy", 9 },
	{ "NUL inside", "Zm\0v", 4 },
	{ "URL alphabet", "-_-_", 4 },
	{ "byte above ASCII", "Zm9\303", 4 },
	{ "byte before A", "Zm@v", 4 },
	{ "byte behind z", "Zm{v", 4 },
	{ "star", "Zm*v", 4 },
};

START_TEST(round_trip)
{
	uint8_t *buf = NULL;
	char *text = NULL;
	size_t len = 99;

	ck_assert_int_eq(nk_base64_encode((const uint8_t *)good[_i].bytes,
	    good[_i].len, &text), 0);
	ck_assert_str_eq(text, good[_i].text);
	ck_assert_int_eq(nk_base64_decode(text, strlen(text), &buf, &len), 0);
	ck_assert_uint_eq(len, good[_i].len);
	ck_assert_mem_eq(buf, good[_i].bytes, len);
	free(buf);
	free(text);
}
END_TEST

START_TEST(refused)
{
	uint8_t here, *buf = &here;
	size_t len = 99;
	int r = nk_base64_decode(bad[_i].text, bad[_i].len, &buf, &len);

	ck_assert_msg(r == -EBADMSG, "%s: got %d", bad[_i].what, r);
	ck_assert_ptr_null(buf);
	ck_assert_uint_eq(len, 0);
}
END_TEST

START_TEST(values)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+/";
	int c, known = 0;

	for (c = 0; c < 64; c++)
		ck_assert_int_eq(nk_base64_value(alphabet[c]), c);
	for (c = 0; c < 256; c++)
		known += nk_base64_value((char)c) >= 0;
	ck_assert_int_eq(known, 64);
}
END_TEST

static const struct {
	const char	*text;
	size_t		 looked;	/* characters */
	const char	*values;	/* one too high, for '\0' */
} stretches[] = {
	{ "", 0, "" },
	{ "ABCD", 4, "\1\2\3\4" },
	{ " A\tB\r\nC ", 8, "\1\2\3" },
	{ "AB=", 2, "\1\2" },
	{ "=AB", 0, "" },
	{ "z+/-A", 3, "\64\77\100" },
	{ "A\vB", 1, "\1" },
	{ "A\xc3\xa4", 1, "\1" },
	{ " \n", 2, "" },
};

START_TEST(values_of_a_stretch)
{
	const char *text = stretches[_i].text;
	uint8_t out[16];
	size_t n = 99, i;

	ck_assert_uint_eq(nk_base64_values(text, strlen(text), out, &n),
	    stretches[_i].looked);
	ck_assert_uint_eq(n, strlen(stretches[_i].values));
	for (i = 0; i < n; i++)
		ck_assert_int_eq(out[i] + 1, stretches[_i].values[i]);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ssh_base64");
	TCase *tc = tcase_create("base64");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_loop_test(tc, round_trip, 0, COUNT(good));
	tcase_add_loop_test(tc, refused, 0, COUNT(bad));
	tcase_add_test(tc, values);
	tcase_add_loop_test(tc, values_of_a_stretch, 0, COUNT(stretches));
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
