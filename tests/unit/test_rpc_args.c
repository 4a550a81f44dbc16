/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/rpc/date.h"
#include "lib/rpc/rpc.h"

/* ---- arguments ---- */

static const struct nk_arg inner[] = {
	{ .name = "x", .type = NK_ARG_INT, .flags = NK_ARG_REQUIRED },
	{ .name = "y", .type = NK_ARG_STRING },
	{ .name = NULL },
};

static const struct nk_arg string_item[] = {
	{ .name = "item", .type = NK_ARG_STRING, .flags = NK_ARG_NONEMPTY },
};

static const struct nk_arg inner_item[] = {
	{ .name = "item", .type = NK_ARG_OBJECT, .fields = inner },
};

static const struct nk_arg fields[] = {
	{ .name = "name", .type = NK_ARG_STRING, .max = 4,
	    .flags = NK_ARG_REQUIRED | NK_ARG_NONEMPTY },
	{ .name = "flag", .type = NK_ARG_BOOL },
	{ .name = "id", .type = NK_ARG_INT, .min = -1, .max = 90000000 },
	{ .name = "any_int", .type = NK_ARG_INT, .flags = NK_ARG_NULL },
	{ .name = "text", .type = NK_ARG_STRING },
	{ .name = "long", .type = NK_ARG_STRING,
	    .flags = NK_ARG_LONG | NK_ARG_NULL | NK_ARG_SECRET },
	{ .name = "list", .type = NK_ARG_ARRAY, .max = 2,
	    .flags = NK_ARG_NONEMPTY, .fields = string_item },
	{ .name = "objects", .type = NK_ARG_ARRAY, .fields = inner_item },
	{ .name = "object", .type = NK_ARG_OBJECT, .fields = inner },
	{ .name = "free", .type = NK_ARG_OBJECT },
	{ .name = "open", .type = NK_ARG_OBJECT, .flags = NK_ARG_OPEN,
	    .fields = inner },
	{ .name = "date", .type = NK_ARG_DATE, .flags = NK_ARG_NULL },
	{ .name = "any", .type = NK_ARG_ANY },
	{ .name = NULL },
};

static const struct nk_arg args[] = {
	{ .name = "user", .type = NK_ARG_OBJECT, .flags = NK_ARG_REQUIRED,
	    .fields = fields },
	{ .name = "n", .type = NK_ARG_INT },
	{ .name = NULL },
};

#define N(rest)	"[{\"name\":\"a\"" rest "}]"

static const struct {
	const char	*in;
	const char	*errors;	/* attribute=text|..., "" */
} rows[] = {
	/* accepted */
	{ N(""), "" },
	{ "[{\"name\":\"a\"},1]", "" },
	{ "[{\"name\":\"\xc3\xa4\xc3\xb6\xc3\xbc\xe2\x82\xac\"}]", "" },
	{ N(",\"flag\":true,\"id\":0,\"any_int\":null"), "" },
	{ N(",\"id\":-1"), "" },
	{ N(",\"id\":90000000"), "" },
	{ N(",\"any_int\":-9223372036854775808"), "" },
	{ N(",\"long\":null,\"text\":\"\""), "" },
	{ N(",\"list\":[\"a\",\"b\"],\"objects\":[]"), "" },
	{ N(",\"object\":{\"x\":1,\"y\":\"z\"}"), "" },
	{ N(",\"objects\":[{\"x\":1},{\"x\":2}]"), "" },
	{ N(",\"free\":{\"a\":[1,{}]},\"any\":[null]"), "" },
	{ N(",\"open\":{\"x\":1,\"other\":2}"), "" },
	{ N(",\"date\":null"), "" },
	{ N(",\"date\":{\"$date\":1700000000000}"), "" },
	{ N(",\"date\":\"2024-02-29\""), "" },
	/* number of arguments */
	{ "[]", "user=Field required" },
	{ "[{\"name\":\"a\"},1,2]",
	    "=Too many arguments (expected 2, found 3)" },
	{ "[5,1,2,3]", "user=Input should be a valid dictionary|"
	    "=Too many arguments (expected 2, found 4)" },
	/* types: none becomes another */
	{ "[null]", "user=Input should be a valid dictionary" },
	{ "[[]]", "user=Input should be a valid dictionary" },
	{ "[\"x\"]", "user=Input should be a valid dictionary" },
	{ "[{\"name\":\"a\"},null]", "n=Input should be a valid integer" },
	{ "[{\"name\":\"a\"},1.0]", "n=Input should be a valid integer" },
	{ "[{\"name\":\"a\"},\"1\"]", "n=Input should be a valid integer" },
	{ "[{\"name\":\"a\"},true]", "n=Input should be a valid integer" },
	{ N(",\"flag\":1"), "user.flag=Input should be a valid boolean" },
	{ N(",\"flag\":null"), "user.flag=Input should be a valid boolean" },
	{ N(",\"flag\":\"true\""),
	    "user.flag=Input should be a valid boolean" },
	{ N(",\"text\":1"), "user.text=Input should be a valid string" },
	{ N(",\"text\":null"), "user.text=Input should be a valid string" },
	{ N(",\"text\":[]"), "user.text=Input should be a valid string" },
	{ N(",\"list\":\"a\""), "user.list=Input should be a valid list" },
	{ N(",\"list\":{}"), "user.list=Input should be a valid list" },
	{ N(",\"free\":[]"), "user.free=Input should be a valid dictionary" },
	{ N(",\"any_int\":\"\""),
	    "user.any_int=Input should be a valid integer" },
	/* limits */
	{ "[{}]", "user.name=Field required" },
	{ "[{\"name\":\"\"}]",
	    "user.name=String should have at least 1 character" },
	{ "[{\"name\":\"abcde\"}]",
	    "user.name=String should have at most 4 characters" },
	{ "[{\"name\":\"\xc3\xa4\xc3\xb6\xc3\xbc\xe2\x82\xac.\"}]",
	    "user.name=String should have at most 4 characters" },
	{ N(",\"id\":-2"),
	    "user.id=Input should be greater than or equal to -1" },
	{ N(",\"id\":90000001"),
	    "user.id=Input should be less than or equal to 90000000" },
	{ N(",\"list\":[]"), "user.list=List should have at least 1 item" },
	{ N(",\"list\":[\"a\",\"b\",\"c\"]"),
	    "user.list=List should have at most 2 items" },
	/* below */
	{ N(",\"list\":[\"a\",\"\"]"),
	    "user.list.1=String should have at least 1 character" },
	{ N(",\"list\":[1,null]"), "user.list.0=Input should be a valid string|"
	    "user.list.1=Input should be a valid string" },
	{ N(",\"objects\":[{\"x\":1},{\"y\":2}]"),
	    "user.objects.1.x=Field required|"
	    "user.objects.1.y=Input should be a valid string" },
	{ N(",\"object\":{\"x\":1,\"z\":1,\"w\":2}"),
	    "user.object.z=Extra inputs are not permitted|"
	    "user.object.w=Extra inputs are not permitted" },
	{ N(",\"open\":{\"other\":2}"), "user.open.x=Field required" },
	{ N(",\"\":1"), "user.=Extra inputs are not permitted" },
	{ N(",\"Name\":1"), "user.Name=Extra inputs are not permitted" },
	/* dates */
	{ N(",\"date\":1700000000"),
	    "user.date=Input should be a valid datetime" },
	{ N(",\"date\":\"tomorrow\""),
	    "user.date=Input should be a valid datetime" },
	{ N(",\"date\":{\"$date\":\"2024-01-01\"}"),
	    "user.date=Input should be a valid datetime" },
	/* all together */
	{ "[{\"flag\":0,\"bad\":0},\"x\"]", "user.name=Field required|"
	    "user.flag=Input should be a valid boolean|"
	    "user.bad=Extra inputs are not permitted|"
	    "n=Input should be a valid integer" },
};

/* attribute=text, with | between them. */
static void
join(const struct nk_error *e, char *buf, size_t size)
{
	const json_t *t;
	size_t i, len = 0;
	int n;

	buf[0] = '\0';
	for (i = 0; i < json_array_size(e->triples); i++) {
		t = json_array_get(e->triples, i);
		ck_assert_int_eq(json_integer_value(json_array_get(t, 2)),
		    EINVAL);
		n = snprintf(buf + len, size - len, "%s%s=%s",
		    i > 0 ? "|" : "",
		    json_string_value(json_array_get(t, 0)),
		    json_string_value(json_array_get(t, 1)));
		ck_assert(n > 0 && (size_t)n < size - len);
		len += (size_t)n;
	}
}

START_TEST(check)
{
	json_t *params = json_loads(rows[_i].in, 0, NULL);
	struct nk_error e;
	char got[4096];
	int r;

	ck_assert_msg(params != NULL, "%s", rows[_i].in);
	nk_error_init(&e);
	r = nk_args_check(args, params, &e);
	join(&e, got, sizeof(got));
	ck_assert_msg(strcmp(got, rows[_i].errors) == 0, "%s: %s",
	    rows[_i].in, got);
	ck_assert_int_eq(r, rows[_i].errors[0] == '\0' ? 0 : -EINVAL);
	ck_assert_int_eq(e.code, r == 0 ? 0 : NK_RPC_INVALID_PARAMS);
	nk_error_clear(&e);
	json_decref(params);
}
END_TEST

/* A string of n characters of two bytes in the field "name". */
static int
check_length(const char *field, size_t n)
{
	char *text = malloc(2 * n + 1);
	struct nk_error e;
	json_t *params;
	size_t i;
	int r;

	ck_assert_ptr_nonnull(text);
	for (i = 0; i < n; i++)
		memcpy(text + 2 * i, "\xc3\xa9", 2);
	text[2 * n] = '\0';
	params = json_pack("[{s:s, s:s}]", "name", "a", field, text);
	ck_assert_ptr_nonnull(params);
	nk_error_init(&e);
	r = nk_args_check(args, params, &e);
	nk_error_clear(&e);
	json_decref(params);
	free(text);
	return r;
}

START_TEST(lengths)
{
	ck_assert_int_eq(check_length("text", 1024), 0);
	ck_assert_int_eq(check_length("text", 1025), -EINVAL);
	ck_assert_int_eq(check_length("long", 1025), 0);
	ck_assert_int_eq(check_length("long", 1000000), 0);
}
END_TEST

START_TEST(no_args)
{
	json_t *none = json_array(), *one = json_pack("[i]", 1);
	static const struct nk_arg empty[] = { { .name = NULL } };
	struct nk_error e;

	nk_error_init(&e);
	ck_assert_int_eq(nk_args_check(NULL, none, &e), 0);
	ck_assert_int_eq(nk_args_check(empty, none, &e), 0);
	ck_assert(!nk_error_is_set(&e));
	ck_assert_int_eq(nk_args_check(NULL, one, &e), -EINVAL);
	ck_assert_int_eq(nk_args_check(empty, one, &e), -EINVAL);
	nk_error_clear(&e);
	json_decref(none);
	json_decref(one);
}
END_TEST

/* A path as long as somebody likes is cut, whatever it cuts through. */
START_TEST(long_key)
{
	struct nk_error e;
	char key[2001];
	json_t *params;
	size_t i, shift;

	for (shift = 0; shift < 2; shift++) {
		memset(key, 'x', sizeof(key));
		for (i = shift; i + 2 < sizeof(key); i += 2)
			memcpy(key + i, "\xc3\xa9", 2);
		key[sizeof(key) - 1 - (sizeof(key) - 1 - shift) % 2] = '\0';
		params = json_pack("[{s:s, s:i}]", "name", "a", key, 1);
		ck_assert_ptr_nonnull(params);
		nk_error_init(&e);
		ck_assert_int_eq(nk_args_check(args, params, &e), -EINVAL);
		ck_assert_int_eq(e.code, NK_RPC_INVALID_PARAMS);
		ck_assert_uint_eq(json_array_size(e.triples), 1);
		nk_error_clear(&e);
		json_decref(params);
	}
}
END_TEST

START_TEST(many_errors)
{
	json_t *o = json_object(), *params;
	struct nk_error e;
	char key[16];
	int i;

	for (i = 0; i < 1000; i++) {
		(void)snprintf(key, sizeof(key), "k%d", i);
		ck_assert_int_eq(json_object_set_new(o, key, json_null()), 0);
	}
	ck_assert_ptr_nonnull(params = json_pack("[o]", o));
	nk_error_init(&e);
	ck_assert_int_eq(nk_args_check(args, params, &e), -EINVAL);
	ck_assert_uint_eq(json_array_size(e.triples), NK_ERRORS_MAX);
	nk_error_clear(&e);
	json_decref(params);
}
END_TEST

/* ---- dates ---- */

#define BAD	INT64_MIN

static const struct {
	const char	*in;
	int64_t		 ms;
} dates[] = {
	{ "1970-01-01", 0 },
	{ "1970-01-01T00:00", 0 },
	{ "1970-01-01 00:00:01Z", 1000 },
	{ "1970-01-01T00:00:00.5", 500 },
	{ "1970-01-01T00:00:00.123999Z", 123 },
	{ "1970-01-01T00:00:00.1234567890123456789Z", 123 },
	{ "1970-01-01T01:00+01:00", 0 },
	{ "1970-01-01T01:00:00+0100", 0 },
	{ "1969-12-31T19:00-05:00", 0 },
	{ "1969-12-31T23:59:59", -1000 },
	{ "2000-02-29T12:34:56Z", 951827696000 },
	{ "2024-02-29", 1709164800000 },
	{ "2038-01-19T03:14:08Z", 2147483648000 },
	{ "0001-01-01", NK_DATE_MIN },
	{ "9999-12-31T23:59:59.999", NK_DATE_MAX },
	{ "", BAD },
	{ "1970", BAD },
	{ "1970-01", BAD },
	{ "1970-1-1", BAD },
	{ "70-01-01", BAD },
	{ "0000-01-01", BAD },
	{ "10000-01-01", BAD },
	{ "2023-02-29", BAD },
	{ "1900-02-29", BAD },
	{ "2023-13-01", BAD },
	{ "2023-00-01", BAD },
	{ "2023-04-31", BAD },
	{ "2023-01-00", BAD },
	{ "2023-01-01T", BAD },
	{ "2023-01-01T1", BAD },
	{ "2023-01-01T24:00", BAD },
	{ "2023-01-01T00:60", BAD },
	{ "2023-01-01T00:00:60", BAD },
	{ "2023-01-01T00:00:", BAD },
	{ "2023-01-01T00:00:00.", BAD },
	{ "2023-01-01T00:00.5", BAD },
	{ "2023-01-01t00:00", BAD },
	{ "2023-01-01Z", BAD },
	{ "2023-01-01T00:00z", BAD },
	{ "2023-01-01T00:00+", BAD },
	{ "2023-01-01T00:00+1", BAD },
	{ "2023-01-01T00:00+24:00", BAD },
	{ "2023-01-01T00:00+01:60", BAD },
	{ "2023-01-01T00:00Z ", BAD },
	{ " 2023-01-01", BAD },
	{ "0001-01-01T00:00+00:01", BAD },
	{ "9999-12-31T23:59:59-00:01", BAD },
	{ "+023-01-01", BAD },
	{ "2023-01-01T-1:00", BAD },
};

START_TEST(date_parse)
{
	int64_t ms = BAD;
	int r = nk_date_parse(dates[_i].in, &ms);

	ck_assert_msg(ms == dates[_i].ms, "%s: %lld", dates[_i].in,
	    (long long)ms);
	ck_assert_int_eq(r, dates[_i].ms == BAD ? -EINVAL : 0);
}
END_TEST

static const struct {
	const char	*in;
	int64_t		 ms;
} encoded[] = {
	{ "\"1970-01-02\"", 86400000 },
	{ "{\"$date\":-1}", -1 },
	{ "{\"$date\":253402300799999}", NK_DATE_MAX },
	{ "{\"$type\":\"date\",\"$value\":\"1970-01-02\"}", 86400000 },
	{ "5", BAD },
	{ "null", BAD },
	{ "[]", BAD },
	{ "{}", BAD },
	{ "{\"$date\":1.5}", BAD },
	{ "{\"$date\":null}", BAD },
	{ "{\"$date\":253402300800000}", BAD },
	{ "{\"$date\":-62135596800001}", BAD },
	{ "{\"$date\":1,\"more\":2}", BAD },
	{ "{\"$type\":\"date\"}", BAD },
	{ "{\"$type\":\"time\",\"$value\":\"1970-01-02\"}", BAD },
	{ "{\"$type\":\"date\",\"$value\":\"1970-01-02T00:00\"}", BAD },
	{ "{\"$type\":\"date\",\"$value\":7}", BAD },
	{ "{\"$type\":\"date\",\"$value\":\"1970-01-02\",\"x\":1}", BAD },
};

START_TEST(date_get)
{
	json_t *v = json_loads(encoded[_i].in, JSON_DECODE_ANY, NULL);
	int64_t ms = BAD;
	int r;

	ck_assert_ptr_nonnull(v);
	r = nk_json_date_get(v, &ms);
	ck_assert_msg(ms == encoded[_i].ms, "%s", encoded[_i].in);
	ck_assert_int_eq(r, ms == BAD ? -EINVAL : 0);
	json_decref(v);
}
END_TEST

START_TEST(date_new)
{
	json_t *v = nk_json_date_new(1700000000);
	int64_t ms;

	ck_assert_int_eq(nk_json_date_get(v, &ms), 0);
	ck_assert(ms == 1700000000000);
	json_decref(v);
	ck_assert(json_is_null(nk_json_date_new(INT64_MAX)));
	ck_assert(json_is_null(nk_json_date_new(INT64_MIN)));
	ck_assert(json_is_null(nk_json_date_new(253402300800)));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("rpc_args");
	TCase *tc = tcase_create("args");
	SRunner *sr;
	int failed;

#define LOOP(test, table) tcase_add_loop_test(tc, test, 0, \
	    (int)(sizeof(table) / sizeof(table[0])))
	nk_json_wipe_memory();
	LOOP(check, rows);
	LOOP(date_parse, dates);
	LOOP(date_get, encoded);
#undef LOOP
	tcase_add_test(tc, lengths);
	tcase_add_test(tc, no_args);
	tcase_add_test(tc, long_key);
	tcase_add_test(tc, many_errors);
	tcase_add_test(tc, date_new);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
