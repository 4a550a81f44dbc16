/* SPDX-License-Identifier: ISC */

/* One-time passwords: codes, seeds, recovery codes, URIs. */

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/otp/base32.h"
#include "lib/otp/otp.h"
#include "lib/otp/recovery.h"
#include "lib/otp/uri.h"

#define N(a)	((int)(sizeof(a) / sizeof((a)[0])))

#define SEED	"1234567890123456789012345678901234567890" \
		"123456789012345678901234"

static struct nk_secret seed, out;

static void
setup(void)
{
	seed = out = NK_SECRET_NONE;
}

static void
teardown(void)
{
	nk_secret_clear(&seed);
	nk_secret_clear(&out);
}

static void
set_seed(size_t n)
{
	nk_secret_clear(&seed);
	ck_assert_int_eq(nk_secret_append(&seed, SEED, n), 0);
}

static struct nk_otp
hotp(int64_t next)
{
	return (struct nk_otp){ .kind = NK_OTP_HOTP, .digits = 6,
	    .window = NK_OTP_HOTP_WINDOW, .next = next };
}

static struct nk_otp
totp(enum nk_otp_hash hash, unsigned int digits, int64_t next)
{
	return (struct nk_otp){ .kind = NK_OTP_TOTP, .hash = hash,
	    .digits = digits, .period = NK_OTP_PERIOD,
	    .window = NK_OTP_TOTP_WINDOW, .next = next };
}

/* The moving factor, or -errno. */
static int64_t
verify(struct nk_otp o, const char *code, int64_t now)
{
	int64_t factor = -1;
	int r = nk_otp_verify(&o, &seed, code, now, &factor);

	ck_assert_int_eq(factor == -1, r < 0);
	return r < 0 ? r : factor;
}

/* ---- RFC 4226, appendix D ---- */

static const char *const rfc4226[] = {
	"755224", "287082", "359152", "969429", "338314", "254676",
	"287922", "162583", "399871", "520489",
};

START_TEST(hotp_vectors)
{
	set_seed(20);
	ck_assert_int_eq(verify(hotp(_i), rfc4226[_i], 0), _i);
	ck_assert_int_eq(verify(hotp(_i + 1), rfc4226[_i], 0), -EACCES);
	ck_assert_int_eq(verify(hotp(0), rfc4226[_i], 0), _i);
}
END_TEST

START_TEST(hotp_look_ahead)
{
	struct nk_otp o = hotp(0);

	set_seed(20);
	o.window = 3;
	ck_assert_int_eq(verify(o, rfc4226[3], 0), 3);
	ck_assert_int_eq(verify(o, rfc4226[4], 0), -EACCES);
	/* the last counters there are */
	ck_assert_int_eq(verify(hotp(INT64_MAX), "755224", 0), -EACCES);
	ck_assert_int_eq(verify(hotp(-1), "755224", 0), -EACCES);
}
END_TEST

/* ---- RFC 6238, appendix B ---- */

static const struct {
	int64_t		 at;
	const char	*code[3];
} rfc6238[] = {
	{ 59,		{ "94287082", "46119246", "90693936" } },
	{ 1111111109,	{ "07081804", "68084774", "25091201" } },
	{ 1111111111,	{ "14050471", "67062674", "99943326" } },
	{ 1234567890,	{ "89005924", "91819424", "93441116" } },
	{ 2000000000,	{ "69279037", "90698825", "38618901" } },
	{ 20000000000,	{ "65353130", "77737706", "47863826" } },
};

START_TEST(totp_vectors)
{
	static const size_t sizes[] = { 20, 32, 64 };
	int64_t at = rfc6238[_i].at;
	int h;

	for (h = 0; h < 3; h++) {
		struct nk_otp o = totp((enum nk_otp_hash)h, 8, 0);
		const char *code = rfc6238[_i].code[h];

		set_seed(sizes[h]);
		ck_assert_int_eq(verify(o, code, at), at / 30);
		ck_assert_int_eq(verify(o, code + 2, at), -EACCES);
		o.digits = 6;
		ck_assert_int_eq(verify(o, code + 2, at), at / 30);
		ck_assert_int_eq(verify(o, code, at), -EACCES);
		o.hash = (o.hash + 1) % 3;
		ck_assert_int_eq(verify(o, code + 2, at), -EACCES);
	}
}
END_TEST

/* The code of 1111111109, while the clock goes on, or back. */
static const struct {
	int64_t	now;
	int64_t	next;
	int	window;
	int64_t	result;
} drifts[] = {
	{ 1111111109,		0,		1,	37037036 },
	{ 1111111109 + 30,	0,		1,	37037036 },
	{ 1111111109 - 30,	0,		1,	37037036 },
	{ 1111111109 + 60,	0,		1,	-EACCES },
	{ 1111111109 - 60,	0,		1,	-EACCES },
	{ 1111111109 + 60,	0,		2,	37037036 },
	{ 1111111109 + 1,	0,		0,	-EACCES },
	{ 1111111109,		0,		0,	37037036 },
	/* used before, or a later one was */
	{ 1111111109,		37037036,	1,	37037036 },
	{ 1111111109,		37037037,	1,	-EACCES },
	{ 1111111109 - 30,	37037037,	1,	-EACCES },
	{ 1111111109,		37037099,	1,	-EACCES },
	{ 1111111109,		INT64_MAX,	1,	-EACCES },
	{ 1111111109,		-1,		1,	-EACCES },
	{ -5,			0,		1,	-EACCES },
	{ 0,			0,		1,	-EACCES },
};

START_TEST(totp_drift)
{
	struct nk_otp o = totp(NK_OTP_SHA1, 8, drifts[_i].next);

	set_seed(20);
	o.window = (unsigned int)drifts[_i].window;
	ck_assert_int_eq(verify(o, "07081804", drifts[_i].now),
	    drifts[_i].result);
}
END_TEST

/* ---- rules that we do not make ---- */

START_TEST(rules)
{
	struct nk_otp o, good = totp(NK_OTP_SHA1, 8, 0);

	set_seed(20);
#define BAD(set) do { o = good; set; \
	ck_assert(!nk_otp_is_valid(&o)); \
	ck_assert_int_eq(verify(o, "07081804", 1111111109), -EINVAL); \
} while (0)
	ck_assert(nk_otp_is_valid(&good));
	BAD(o.digits = 7);
	BAD(o.digits = 0);
	BAD(o.period = 0);
	BAD(o.period = NK_OTP_PERIOD_MIN - 1);
	BAD(o.period = NK_OTP_PERIOD_MAX + 1);
	BAD(o.window = NK_OTP_TOTP_WINDOW_MAX + 1);
	BAD(o.hash = (enum nk_otp_hash)3);
	BAD(o.kind = (enum nk_otp_kind)2);
	good = hotp(0);
	ck_assert(nk_otp_is_valid(&good));
	BAD(o.hash = NK_OTP_SHA256);
	BAD(o.period = 30);
	BAD(o.window = 0);
	BAD(o.window = NK_OTP_HOTP_WINDOW_MAX + 1);
#undef BAD
	set_seed(NK_OTP_SEED_MIN - 1);
	ck_assert_int_eq(verify(good, "755224", 0), -EINVAL);
	set_seed(NK_OTP_SEED_MIN);
	ck_assert_int_eq(verify(good, "000000", 0), -EACCES);
	set_seed(NK_OTP_SEED_MAX);
	ck_assert_int_eq(verify(good, "000000", 0), -EACCES);
	ck_assert_int_eq(nk_secret_append(&seed, "x", 1), 0);
	ck_assert_int_eq(verify(good, "000000", 0), -EINVAL);
}
END_TEST

/* ---- what is typed ---- */

static const struct {
	const char		*text, *is;
	enum nk_otp_text	 what;
} texts[] = {
	{ "123456",		"123456",	NK_OTP_TEXT_DIGITS },
	{ " 123 456 ",		"123456",	NK_OTP_TEXT_DIGITS },
	{ "1234-5678",		"12345678",	NK_OTP_TEXT_DIGITS },
	{ "12345678   \t",	"12345678",	NK_OTP_TEXT_DIGITS },
	{ "abcde-fghjk",	"abcdefghjk",	NK_OTP_TEXT_RECOVERY },
	{ "ABCDE FGHJK",	"abcdefghjk",	NK_OTP_TEXT_RECOVERY },
	{ "oOiIl-LabcD",	"001111abcd",	NK_OTP_TEXT_RECOVERY },
	{ "0123456789",		"0123456789",	NK_OTP_TEXT_RECOVERY },
	{ "abcdefghjk - ",	"abcdefghjk",	NK_OTP_TEXT_RECOVERY },
	{ "",			"",		NK_OTP_TEXT_NONE },
	{ "  - ",		"",		NK_OTP_TEXT_NONE },
	{ "12345",		"",		NK_OTP_TEXT_NONE },
	{ "1234567",		"",		NK_OTP_TEXT_NONE },
	{ "123456789",		"",		NK_OTP_TEXT_NONE },
	{ "12345678901",	"",		NK_OTP_TEXT_NONE },
	{ "123 456\n",		"",		NK_OTP_TEXT_NONE },
	{ "+12345",		"",		NK_OTP_TEXT_NONE },
	{ "0x1234",		"",		NK_OTP_TEXT_NONE },
	{ "12345\xd9\xa1",	"",		NK_OTP_TEXT_NONE },
	{ "abcde-fghju",	"",		NK_OTP_TEXT_NONE },
	{ "abcde-fghj",		"",		NK_OTP_TEXT_NONE },
	{ "abcde-fghjkm",	"",		NK_OTP_TEXT_NONE },
	{ "abcde-fghj\xc3",	"",		NK_OTP_TEXT_NONE },
};

START_TEST(typed)
{
	char got[NK_OTP_TEXT_MAX + 1];

	ck_assert_int_eq(nk_otp_text_parse(texts[_i].text, got),
	    texts[_i].what);
	ck_assert_str_eq(got, texts[_i].is);
}
END_TEST

/* ---- base 32: RFC 4648, section 10, and what people type ---- */

static const struct {
	const char	*bytes, *text;
} base32[] = {
	{ "", "" }, { "f", "MY" }, { "fo", "MZXQ" }, { "foo", "MZXW6" },
	{ "foob", "MZXW6YQ" }, { "fooba", "MZXW6YTB" },
	{ "foobar", "MZXW6YTBOI" },
	{ "12345678901234567890", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" },
};

START_TEST(base32_both_ways)
{
	const char *bytes = base32[_i].bytes, *text = base32[_i].text;

	ck_assert_int_eq(nk_base32_encode(bytes, strlen(bytes), &out), 0);
	ck_assert_uint_eq(out.len, strlen(text));
	ck_assert_mem_eq(out.p == NULL ? "" : (char *)out.p, text, out.len);
	ck_assert_int_eq(nk_base32_decode(text, &seed), 0);
	ck_assert_uint_eq(seed.len, strlen(bytes));
	ck_assert_mem_eq(seed.p == NULL ? "" : (char *)seed.p, bytes,
	    seed.len);
}
END_TEST

START_TEST(base32_typed)
{
	static const char *const good[] = {
		"mzxw6ytboi", "MZXW 6YTB OI", "mzxw-6ytb-oi======",
		" MZXW6YTBOI==== ==", "MZXW6YTBOI=",
	};
	static const char *const bad[] = {
		"M", "MZX", "MZXW6Y", "MZ", "MZXW6YTBO1", "MZXW6YTBOI=A",
		"MZXW0", "MZ\xc3\xa4", "MZXW6\n", "MZXW8", "=M",
	};
	int i;

	for (i = 0; i < N(good); i++) {
		ck_assert_int_eq(nk_base32_decode(good[i], &out), 0);
		ck_assert_str_eq((char *)out.p, "foobar");
		nk_secret_clear(&out);
	}
	for (i = 0; i < N(bad); i++) {
		ck_assert_msg(nk_base32_decode(bad[i], &out) == -EBADMSG,
		    "%s", bad[i]);
		nk_secret_clear(&out);
	}
}
END_TEST

START_TEST(seeds)
{
	ck_assert_int_eq(nk_otp_seed_new(&seed), 0);
	ck_assert_int_eq(nk_otp_seed_new(&out), 0);
	ck_assert_uint_eq(seed.len, NK_OTP_SEED_SIZE);
	ck_assert_uint_eq(out.len, NK_OTP_SEED_SIZE);
	ck_assert_mem_ne(seed.p, out.p, out.len);
}
END_TEST

/* ---- recovery codes ---- */

START_TEST(recovery)
{
	char code[NK_RECOVERY_SHOWN + 1], text[NK_OTP_TEXT_MAX + 1];
	size_t left, i;

	ck_assert_int_eq(nk_recovery_new(&out), 0);
	ck_assert_int_eq(nk_recovery_new(&seed), 0);
	ck_assert_mem_ne(out.p, seed.p, out.len);
	for (i = NK_RECOVERY_CODES; i > 0; i--) {
		ck_assert_uint_eq(nk_recovery_count(&out), i);
		/* the first, the last and others */
		nk_recovery_show(&out, i * 7 % i == 0 ? i / 2 : 0, code);
		ck_assert_uint_eq(strlen(code), 11);
		ck_assert_int_eq(code[5], '-');
		ck_assert_int_eq(nk_otp_text_parse(code, text),
		    NK_OTP_TEXT_RECOVERY);
		ck_assert_int_eq(nk_recovery_take(&seed, text, &left),
		    -EACCES);
		ck_assert_int_eq(nk_recovery_take(&out, text, &left), 0);
		ck_assert_uint_eq(left, i - 1);
		ck_assert_int_eq(nk_recovery_take(&out, text, &left),
		    -EACCES);
	}
	ck_assert_uint_eq(nk_recovery_count(&seed), NK_RECOVERY_CODES);
	seed.len--;
	ck_assert_int_eq(nk_recovery_take(&seed, text, &left), -EBADMSG);
}
END_TEST

START_TEST(equal)
{
	ck_assert(nk_otp_is_equal("abc", "abd", 2));
	ck_assert(!nk_otp_is_equal("abc", "abd", 3));
	ck_assert(!nk_otp_is_equal("\x80", "\x00", 1));
	ck_assert(nk_otp_is_equal("a", "b", 0));
}
END_TEST

/* ---- URIs ---- */

#define ISSUER_SECRET	"?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer="

static void
assert_uri(struct nk_otp o, const char *issuer, const char *account,
    const char *uri)
{
	nk_secret_clear(&out);
	ck_assert_int_eq(nk_otp_uri(&o, &seed, issuer, account, &out), 0);
	ck_assert_str_eq((char *)out.p, uri);
	ck_assert_uint_eq(out.len, strlen(uri));
}

START_TEST(uris)
{
	set_seed(20);
	assert_uri(totp(NK_OTP_SHA1, 6, 7), "nas.example.org", "alice",
	    "otpauth://totp/nas.example.org:alice" ISSUER_SECRET
	    "nas.example.org&algorithm=SHA1&digits=6&period=30");
	assert_uri(totp(NK_OTP_SHA512, 8, 0), "my nas", "a:b@c",
	    "otpauth://totp/my%20nas:a%3Ab%40c" ISSUER_SECRET
	    "my%20nas&algorithm=SHA512&digits=8&period=30");
	assert_uri(hotp(5), "n~1", "j\xc3\xb6rg%/?&=#+\"\x7f",
	    "otpauth://hotp/n~1:j%C3%B6rg%25%2F%3F%26%3D%23%2B%22%7F"
	    ISSUER_SECRET "n~1&algorithm=SHA1&digits=6&counter=5");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("otp");
	TCase *tc = tcase_create("otp");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, hotp_vectors, 0, N(rfc4226));
	tcase_add_test(tc, hotp_look_ahead);
	tcase_add_loop_test(tc, totp_vectors, 0, N(rfc6238));
	tcase_add_loop_test(tc, totp_drift, 0, N(drifts));
	tcase_add_test(tc, rules);
	tcase_add_loop_test(tc, typed, 0, N(texts));
	tcase_add_loop_test(tc, base32_both_ways, 0, N(base32));
	tcase_add_test(tc, base32_typed);
	tcase_add_test(tc, seeds);
	tcase_add_test(tc, recovery);
	tcase_add_test(tc, equal);
	tcase_add_test(tc, uris);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
