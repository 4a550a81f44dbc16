/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/pamsock/frame.h"

#define COUNT(a)	((int)(sizeof(a) / sizeof((a)[0])))

static const struct {
	enum nk_frame_op op;
	bool		 answered;
	size_t		 n;
	size_t		 max[NK_FRAME_FIELDS_MAX];
	bool		 may_be_empty[NK_FRAME_FIELDS_MAX];
} ops[] = {
	{ NK_FRAME_VERIFY, true, 2, { 256, 512 }, { false, true } },
	{ NK_FRAME_OTP, true, 2, { 256, 512 }, { false, true } },
	{ NK_FRAME_FAILURE, true, 4, { 256, 512, 512, 512 },
	    { false, true, true, true } },
	{ NK_FRAME_SUCCESS, false, 4, { 256, 512, 512, 512 },
	    { false, true, true, true } },
	{ NK_FRAME_SESSION_OPEN, false, 5, { 256, 512, 512, 512, 16384 },
	    { false, true, true, true, true } },
	{ NK_FRAME_SESSION_CLOSE, false, 3, { 256, 512, 512 },
	    { false, true, true } },
	{ NK_FRAME_CHAUTHTOK, true, 3, { 256, 512, 512 },
	    { false, true, true } },
	{ NK_FRAME_MKHOME, true, 1, { 256 }, { false } },
	{ NK_FRAME_AGENT_CHALLENGE, true, 3, { 256, 512, 512 },
	    { false, true, true } },
	{ NK_FRAME_AGENT_VERIFY, true, 1, { 65536 }, { false } },
};

static uint8_t bytes[NK_FRAME_AGENT_MAX + 1];
static uint8_t buf[NK_FRAME_MAX + 1];

static struct nk_frame
full(int i)
{
	struct nk_frame f = { .op = ops[i].op };
	size_t k;

	memset(bytes, 'x', sizeof(bytes));
	for (k = 0; k < ops[i].n; k++)
		f.field[k] = (struct nk_frame_field){ bytes, ops[i].max[k] };
	return f;
}

START_TEST(fields_at_their_limits)
{
	struct nk_frame f = full(_i), g;
	size_t len, got, k;

	ck_assert_uint_eq(nk_frame_nfields(f.op), ops[_i].n);
	ck_assert(nk_frame_is_answered(f.op) == ops[_i].answered);
	ck_assert_int_eq(nk_frame_write(&f, buf, sizeof(buf), &len), 0);
	ck_assert_uint_le(len, NK_FRAME_MAX);
	ck_assert_int_eq(nk_frame_length(buf, &got), 0);
	ck_assert_uint_eq(got, len);
	ck_assert_int_eq(nk_frame_parse(buf, len, &g), 0);
	ck_assert_int_eq(g.op, f.op);
	for (k = 0; k < ops[_i].n; k++) {
		ck_assert_uint_eq(g.field[k].len, f.field[k].len);
		ck_assert_mem_eq(g.field[k].p, bytes, f.field[k].len);
	}
	ck_assert_int_eq(nk_frame_write(&f, buf, len - 1, &got), -ENOBUFS);
	for (k = 0; k < ops[_i].n; k++) {
		f.field[k].len++;
		ck_assert_int_eq(nk_frame_write(&f, buf, sizeof(buf), &got),
		    -EMSGSIZE);
		f.field[k].len = 0;
		ck_assert_int_eq(nk_frame_write(&f, buf, sizeof(buf), &got),
		    ops[_i].may_be_empty[k] ? 0 : -EINVAL);
		f.field[k].len = ops[_i].max[k];
	}
}
END_TEST

START_TEST(text_has_no_nul)
{
	struct nk_frame f = full(_i), g;
	bool bytes_allowed = ops[_i].op == NK_FRAME_AGENT_VERIFY;
	size_t len, got, k, at = NK_FRAME_HEAD;

	ck_assert_int_eq(nk_frame_write(&f, buf, sizeof(buf), &len), 0);
	bytes[0] = '\0';
	ck_assert_int_eq(nk_frame_write(&f, buf, sizeof(buf), &got),
	    bytes_allowed ? 0 : -EINVAL);
	for (k = 0; k < ops[_i].n; k++) {
		at += 4;
		buf[at] = '\0';
		ck_assert_int_eq(nk_frame_parse(buf, len, &g),
		    bytes_allowed ? 0 : -EBADMSG);
		buf[at] = 'x';
		at += ops[_i].max[k];
	}
}
END_TEST

/* Every shorter piece, one byte more, and each head that is not right. */
START_TEST(nothing_missing_nothing_more)
{
	struct nk_frame f = { .op = ops[_i].op }, g;
	size_t len, got, k;
	uint8_t *exact;

	for (k = 0; k < ops[_i].n; k++)
		nk_frame_set(&f, k, "abc");
	ck_assert_int_eq(nk_frame_write(&f, buf, sizeof(buf), &len), 0);
	for (k = 0; k < len; k++) {
		exact = malloc(k + 1);	/* so that sanitizers see the end */
		ck_assert_ptr_nonnull(exact);
		memcpy(exact, buf, k);
		ck_assert_int_eq(nk_frame_parse(exact, k, &g), -EBADMSG);
		free(exact);
	}
	buf[len] = 0;
	ck_assert_int_eq(nk_frame_parse(buf, len + 1, &g), -EBADMSG);
	for (k = 0; k < 4; k++) {
		buf[k] ^= 0x40;
		ck_assert_int_eq(nk_frame_parse(buf, len, &g), -EBADMSG);
		ck_assert_int_eq(nk_frame_length(buf, &got), -EBADMSG);
		buf[k] ^= 0x40;
	}
	ck_assert_int_eq(nk_frame_parse(buf, len, &g), 0);
	buf[4] = 1;			/* 16 MiB */
	ck_assert_int_eq(nk_frame_length(buf, &got), -EBADMSG);
}
END_TEST

START_TEST(no_such_operation)
{
	static const unsigned int none[] = { 0, NK_FRAME_OP_END, 255 };
	uint8_t head[NK_FRAME_HEAD] = { NK_FRAME_VERSION };
	struct nk_frame f = { 0 };
	size_t len;
	int i;

	for (i = 0; i < COUNT(none); i++) {
		head[1] = (uint8_t)none[i];
		ck_assert_int_eq(nk_frame_length(head, &len), -EBADMSG);
		ck_assert_int_eq(nk_frame_parse(head, sizeof(head), &f),
		    -EBADMSG);
		f.op = none[i];
		ck_assert_int_eq(nk_frame_write(&f, buf, sizeof(buf), &len),
		    -EINVAL);
		ck_assert_uint_eq(nk_frame_nfields(none[i]), 0);
		ck_assert(!nk_frame_is_answered(none[i]));
		ck_assert_str_eq(nk_frame_name(none[i]), "unknown");
	}
}
END_TEST

static const struct {
	enum nk_frame_code code;
	size_t		 max;		/* 0: no such code */
} codes[] = {
	{ 0, 0 },
	{ NK_FRAME_OK, NK_FRAME_TEXT_MAX },
	{ NK_FRAME_CONTINUE, NK_FRAME_AGENT_MAX },
	{ NK_FRAME_AUTH_ERR, NK_FRAME_TEXT_MAX },
	{ NK_FRAME_USER_UNKNOWN, NK_FRAME_TEXT_MAX },
	{ NK_FRAME_ACCT_EXPIRED, NK_FRAME_TEXT_MAX },
	{ NK_FRAME_PERM_DENIED, NK_FRAME_TEXT_MAX },
	{ NK_FRAME_AUTHTOK_ERR, NK_FRAME_TEXT_MAX },
	{ NK_FRAME_UNAVAILABLE, NK_FRAME_TEXT_MAX },
	{ NK_FRAME_CODE_END, 0 },
	{ 255, 0 },
};

START_TEST(answers)
{
	uint8_t head[NK_FRAME_ANSWER_HEAD] = { NK_FRAME_VERSION,
	    (uint8_t)codes[_i].code };
	enum nk_frame_code code = 0;
	size_t len, text = 0, max = codes[_i].max;

	memset(bytes, 'x', sizeof(bytes));
	if (max == 0) {
		ck_assert_int_eq(nk_frame_answer_head(head, &code, &text),
		    -EBADMSG);
		ck_assert_int_eq(nk_frame_answer_write(codes[_i].code, "", 0,
		    buf, sizeof(buf), &len), -EINVAL);
		return;
	}
	ck_assert_int_eq(nk_frame_answer_write(codes[_i].code, bytes, max,
	    buf, sizeof(buf), &len), 0);
	ck_assert_uint_eq(len, NK_FRAME_ANSWER_HEAD + max);
	ck_assert_int_eq(nk_frame_answer_head(buf, &code, &text), 0);
	ck_assert_int_eq(code, codes[_i].code);
	ck_assert_uint_eq(text, max);
	ck_assert_int_eq(nk_frame_answer_write(codes[_i].code, bytes, max,
	    buf, len - 1, &len), -ENOBUFS);
	ck_assert_int_eq(nk_frame_answer_write(codes[_i].code, bytes,
	    max + 1, buf, sizeof(buf), &len), -EMSGSIZE);
	buf[7]++;			/* the length's last byte */
	ck_assert_int_eq(nk_frame_answer_head(buf, &code, &text), -EBADMSG);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("pamsock_frame");
	TCase *tc = tcase_create("frame");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_loop_test(tc, fields_at_their_limits, 0, COUNT(ops));
	tcase_add_loop_test(tc, text_has_no_nul, 0, COUNT(ops));
	tcase_add_loop_test(tc, nothing_missing_nothing_more, 0, COUNT(ops));
	tcase_add_test(tc, no_such_operation);
	tcase_add_loop_test(tc, answers, 0, COUNT(codes));
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
