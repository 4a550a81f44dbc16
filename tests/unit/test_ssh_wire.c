/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ssh/wire.h"

#define COUNT(a)	((int)(sizeof(a) / sizeof((a)[0])))

enum getter {
	STRING,
	TEXT,
	MPINT,
};

static const struct {
	const char	*what;
	enum getter	 get;
	const char	*in;
	size_t		 inlen;
	int		 want;
	const char	*out;		/* when want is 0 */
	size_t		 outlen;
} strings[] = {
	{ "no bytes", STRING, "", 0, -EBADMSG, NULL, 0 },
	{ "cut length", STRING, "\0\0\0", 3, -EBADMSG, NULL, 0 },
	{ "empty", STRING, "\0\0\0\0", 4, 0, "", 0 },
	{ "exact", STRING, "\0\0\0\3abc", 7, 0, "abc", 3 },
	{ "with NUL", STRING, "\0\0\0\3a\0c", 7, 0, "a\0c", 3 },
	{ "one byte missing", STRING, "\0\0\0\4abc", 7, -EBADMSG, NULL, 0 },
	{ "length wraps", STRING, "\377\377\377\377abc", 7, -EBADMSG, NULL,
	    0 },
	{ "highest bit", STRING, "\200\0\0\3abc", 7, -EBADMSG, NULL, 0 },
	{ "text", TEXT, "\0\0\0\3abc", 7, 0, "abc", 3 },
	{ "empty text", TEXT, "\0\0\0\0", 4, 0, "", 0 },
	{ "NUL inside", TEXT, "\0\0\0\3a\0c", 7, -EBADMSG, NULL, 0 },
	{ "NUL at the end", TEXT, "\0\0\0\3ab\0", 7, -EBADMSG, NULL, 0 },
	{ "cut text", TEXT, "\0\0\0\3ab", 6, -EBADMSG, NULL, 0 },
	{ "one", MPINT, "\0\0\0\1\1", 5, 0, "\1", 1 },
	{ "highest bit clear", MPINT, "\0\0\0\2\177\0", 6, 0, "\177\0", 2 },
	{ "needed zero", MPINT, "\0\0\0\2\0\200", 6, 0, "\200", 1 },
	{ "zero", MPINT, "\0\0\0\0", 4, -EBADMSG, NULL, 0 },
	{ "zero as a byte", MPINT, "\0\0\0\1\0", 5, -EBADMSG, NULL, 0 },
	{ "zero as two", MPINT, "\0\0\0\2\0\0", 6, -EBADMSG, NULL, 0 },
	{ "negative", MPINT, "\0\0\0\1\200", 5, -EBADMSG, NULL, 0 },
	{ "zero not needed", MPINT, "\0\0\0\2\0\177", 6, -EBADMSG, NULL, 0 },
	{ "two zeros", MPINT, "\0\0\0\3\0\0\200", 7, -EBADMSG, NULL, 0 },
	{ "cut number", MPINT, "\0\0\0\2\1", 5, -EBADMSG, NULL, 0 },
};

START_TEST(get_string)
{
	struct nk_wire w = { (const uint8_t *)strings[_i].in,
	    strings[_i].inlen };
	const uint8_t *s = NULL;
	size_t len = 0;
	int r = -1;

	switch (strings[_i].get) {
	case STRING:
		r = nk_wire_get_string(&w, &s, &len);
		break;
	case TEXT:
		r = nk_wire_get_text(&w, &s, &len);
		break;
	case MPINT:
		r = nk_wire_get_mpint(&w, &s, &len);
		break;
	}
	ck_assert_msg(r == strings[_i].want, "%s: got %d", strings[_i].what,
	    r);
	ck_assert_uint_eq(len, strings[_i].outlen);
	if (r < 0) {	/* a failed read must not move the cursor */
		ck_assert_uint_eq(w.left, strings[_i].inlen);
		ck_assert_ptr_eq(w.p, strings[_i].in);
		ck_assert_ptr_null(s);
	} else {
		ck_assert_int_eq(nk_wire_get_end(&w), 0);
		ck_assert_mem_eq(s, strings[_i].out, len);
	}
}
END_TEST

START_TEST(get_numbers)
{
	static const uint8_t bytes[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
	    12, 13 };
	struct nk_wire w = { bytes, sizeof(bytes) };
	uint8_t u8 = 0;
	uint32_t u32 = 0;
	uint64_t u64 = 0;

	ck_assert_int_eq(nk_wire_get_u8(&w, &u8), 0);
	ck_assert_uint_eq(u8, 1);
	ck_assert_int_eq(nk_wire_get_u32(&w, &u32), 0);
	ck_assert_uint_eq(u32, 0x02030405);
	ck_assert_int_eq(nk_wire_get_u64(&w, &u64), 0);
	ck_assert_uint_eq(u64, 0x060708090a0b0c0dULL);
	ck_assert_int_eq(nk_wire_get_end(&w), 0);
	ck_assert_int_eq(nk_wire_get_u8(&w, &u8), -EBADMSG);
	ck_assert_uint_eq(u8, 1);
}
END_TEST

START_TEST(get_cut_numbers)
{
	static const uint8_t bytes[7];
	struct nk_wire w = { bytes, 3 };
	uint32_t u32 = 99;
	uint64_t u64 = 99;

	ck_assert_int_eq(nk_wire_get_end(&w), -EBADMSG);
	ck_assert_int_eq(nk_wire_get_u32(&w, &u32), -EBADMSG);
	ck_assert_uint_eq(w.left, 3);
	w.left = 7;
	ck_assert_int_eq(nk_wire_get_u64(&w, &u64), -EBADMSG);
	ck_assert_uint_eq(w.left, 7);
	ck_assert_uint_eq(u32, 99);
	ck_assert_uint_eq(u64, 99);
}
END_TEST

START_TEST(get_sub)
{
	static const uint8_t bytes[] = { 0, 0, 0, 1, 9, 7, 0, 0, 0, 1 };
	struct nk_wire w = { bytes, sizeof(bytes) }, sub = { NULL, 0 };
	uint8_t u8 = 0;

	ck_assert_int_eq(nk_wire_get_sub(&w, &sub), 0);
	ck_assert_uint_eq(sub.left, 1);
	ck_assert_int_eq(nk_wire_get_u8(&sub, &u8), 0);
	ck_assert_uint_eq(u8, 9);
	ck_assert_int_eq(nk_wire_get_u8(&w, &u8), 0);
	ck_assert_uint_eq(u8, 7);
	ck_assert_int_eq(nk_wire_get_sub(&w, &sub), -EBADMSG);
	ck_assert_uint_eq(w.left, 4);
	ck_assert_uint_eq(sub.left, 0);
}
END_TEST

START_TEST(put)
{
	static const uint8_t want[] = { 0, 0, 0, 2, 'h', 'i', 1, 2, 3, 4,
	    'x' };
	uint8_t buf[sizeof(want)];
	struct nk_wire_out o = { buf, sizeof(buf) };

	ck_assert_int_eq(nk_wire_put_string(&o, "hi", 2), 0);
	ck_assert_int_eq(nk_wire_put_string(&o, "ab", 2), -ENOBUFS);
	ck_assert_uint_eq(o.left, 5);
	ck_assert_int_eq(nk_wire_put_u32(&o, 0x01020304), 0);
	ck_assert_int_eq(nk_wire_put_u32(&o, 1), -ENOBUFS);
	ck_assert_int_eq(nk_wire_put(&o, "xy", 2), -ENOBUFS);
	ck_assert_int_eq(nk_wire_put(&o, "x", 1), 0);
	ck_assert_uint_eq(o.left, 0);
	ck_assert_mem_eq(buf, want, sizeof(want));
}
END_TEST

START_TEST(is)
{
	const struct nk_wire w = { (const uint8_t *)"host", 4 };
	const struct nk_wire none = { NULL, 0 };

	ck_assert(nk_wire_is_text(&w, "host"));
	ck_assert(!nk_wire_is_text(&w, "hosT"));
	ck_assert(!nk_wire_is_text(&w, "hos"));
	ck_assert(!nk_wire_is_text(&w, "hosts"));
	ck_assert(!nk_wire_is_text(&w, ""));
	ck_assert(nk_wire_is(&w, "hosts", 4));
	ck_assert(!nk_wire_is(&w, "host", 5));	/* its NUL counts */
	ck_assert(nk_wire_is(&none, NULL, 0));
	ck_assert(nk_wire_is_text(&none, ""));
	ck_assert(!nk_wire_is_text(&none, "a"));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ssh_wire");
	TCase *tc = tcase_create("wire");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_loop_test(tc, get_string, 0, COUNT(strings));
	tcase_add_test(tc, get_numbers);
	tcase_add_test(tc, get_cut_numbers);
	tcase_add_test(tc, get_sub);
	tcase_add_test(tc, put);
	tcase_add_test(tc, is);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
