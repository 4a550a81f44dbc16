/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/rpc/rpc.h"
#include "lib/rpc/value.h"

/*
 * Five rows.  "n": 5 has null where others have values, 4 lacks most.
 */
static const char data[] = "["
    "{\"id\":1,\"name\":\"alice\",\"uid\":3000,\"locked\":false,"
    "\"email\":\"Alice@Example.org\",\"groups\":[1,2],"
    "\"group\":{\"id\":10,\"name\":\"staff\"},\"x.y\":\"dot\","
    "\"at\":{\"$date\":1700000000000},\"score\":1.5,"
    "\"keys\":[{\"t\":\"rsa\",\"n\":[1]},{\"t\":\"ed\",\"n\":[2,3]}]},"
    "{\"id\":2,\"name\":\"bob\",\"uid\":3001,\"locked\":true,"
    "\"email\":\"bob@example.org\",\"groups\":[2,3],"
    "\"group\":{\"id\":11,\"name\":\"Users\"},"
    "\"at\":{\"$date\":1600000000000},\"score\":2,\"keys\":[]},"
    "{\"id\":3,\"name\":\"\xc3\x84rger\",\"uid\":2000,\"locked\":false,"
    "\"email\":\"stra\xc3\x9f" "e@example.net\",\"groups\":[],"
    "\"group\":{\"id\":10,\"name\":\"staff\"},"
    "\"at\":{\"$date\":1650000000000},\"score\":-1,"
    "\"keys\":[{\"t\":\"ed\",\"n\":[]}]},"
    "{\"id\":4,\"name\":\"dave\"},"
    "{\"id\":5,\"name\":\"\",\"uid\":null,\"locked\":null,\"email\":null,"
    "\"groups\":null,\"group\":null,\"at\":null,\"score\":null,"
    "\"keys\":null}"
    "]";

static json_t *
parse(const char *text)
{
	json_error_t error;
	json_t *v = json_loads(text, JSON_DECODE_ANY, &error);

	ck_assert_msg(v != NULL, "%s: %s", text, error.text);
	return v;
}

/* The result, or NULL with *e set. */
static json_t *
run(const char *filters, const char *options, struct nk_error *e)
{
	json_t *f = parse(filters), *o = parse(options), *rows = parse(data);
	json_t *result = NULL, *before = parse(data);
	struct nk_query *q;
	size_t i;
	int r;

	nk_error_init(e);
	r = nk_query_new(&q, f, o, e);
	json_decref(f);
	json_decref(o);
	for (i = 0; r == 0 && i < json_array_size(rows); i++)
		r = nk_query_offer(q, json_incref(json_array_get(rows, i)));
	if (r >= 0)
		r = nk_query_finish(q, &result, e);
	ck_assert_int_eq(r, result != NULL ? 0 : -EINVAL);
	ck_assert(nk_error_is_set(e) == (r < 0));
	nk_query_free(q);
	ck_assert_int_eq(json_equal(rows, before), 1);
	json_decref(before);
	json_decref(rows);
	return result;
}

/* ---- filters ---- */

static const struct {
	const char	*filters;
	const char	*ids;
} matches[] = {
	{ "[]", "12345" },
	/* comparison */
	{ "[[\"name\",\"=\",\"bob\"]]", "2" },
	{ "[[\"name\",\"=\",\"Bob\"]]", "" },
	{ "[[\"name\",\"!=\",\"bob\"]]", "1345" },
	{ "[[\"uid\",\"=\",3000]]", "1" },
	{ "[[\"uid\",\"=\",3000.0]]", "1" },
	{ "[[\"uid\",\"=\",\"3000\"]]", "" },
	{ "[[\"uid\",\"!=\",3000]]", "235" },
	{ "[[\"uid\",\"=\",null]]", "5" },
	{ "[[\"uid\",\"!=\",null]]", "123" },
	{ "[[\"uid\",\">\",2000]]", "12" },
	{ "[[\"uid\",\">=\",2000]]", "123" },
	{ "[[\"uid\",\"<\",3000]]", "3" },
	{ "[[\"uid\",\"<=\",3000]]", "13" },
	{ "[[\"uid\",\"<\",\"a\"]]", "" },
	{ "[[\"uid\",\">\",null]]", "" },
	{ "[[\"uid\",\">=\",null]]", "" },
	{ "[[\"score\",\">\",1]]", "12" },
	{ "[[\"score\",\"<=\",1.5]]", "13" },
	{ "[[\"score\",\"=\",2.0]]", "2" },
	{ "[[\"name\",\">\",\"alice\"]]", "234" },
	{ "[[\"name\",\"<\",\"b\"]]", "15" },
	{ "[[\"locked\",\"=\",true]]", "2" },
	{ "[[\"locked\",\"=\",1]]", "2" },
	{ "[[\"locked\",\"=\",false]]", "13" },
	{ "[[\"locked\",\"!=\",false]]", "25" },
	{ "[[\"locked\",\">\",false]]", "2" },
	{ "[[\"groups\",\"=\",[1,2]]]", "1" },
	{ "[[\"groups\",\"=\",[2,1]]]", "" },
	{ "[[\"groups\",\"=\",[]]]", "3" },
	{ "[[\"groups\",\"<\",[9]]]", "" },
	{ "[[\"group\",\"=\",{\"name\":\"staff\",\"id\":10}]]", "13" },
	/* dates */
	{ "[[\"at\",\"=\",{\"$date\":1600000000000}]]", "2" },
	{ "[[\"at\",\">\",{\"$date\":1600000000000}]]", "13" },
	{ "[[\"at\",\">\",1600000000000]]", "" },
	{ "[[\"at.$date\",\"=\",\"2020-09-13T12:26:40Z\"]]", "2" },
	{ "[[\"at.$date\",\">\",\"2020-09-13T12:26:40Z\"]]", "13" },
	{ "[[\"at.$date\",\">=\",\"2020-09-13T12:26:40Z\"]]", "123" },
	{ "[[\"at.$date\",\"<\",\"2022-04-16\"]]", "23" },
	{ "[[\"at.$date\",\"!=\",\"2020-09-13T12:26:40\"]]", "13" },
	{ "[[\"at.$date\",\"<=\",\"2020-09-13T14:26:40+02:00\"]]", "2" },
	/* regular expressions, at the start; null is empty text */
	{ "[[\"name\",\"~\",\"b\"]]", "2" },
	{ "[[\"name\",\"~\",\"ob\"]]", "" },
	{ "[[\"name\",\"~\",\".*ob\"]]", "2" },
	{ "[[\"name\",\"~\",\"alice|dave\"]]", "14" },
	{ "[[\"name\",\"~\",\"x|ave\"]]", "" },
	{ "[[\"name\",\"~\",\"(a|b).*$\"]]", "12" },
	{ "[[\"name\",\"~\",\"\"]]", "12345" },
	{ "[[\"name\",\"~\",\"$\"]]", "5" },
	{ "[[\"email\",\"~\",\"^$\"]]", "5" },
	{ "[[\"email\",\"~\",\"[a-z]+@\"]]", "2" },
	{ "[[\"uid\",\"~\",\"3\"]]", "" },
	{ "[[\"uid\",\"~\",\"\"]]", "5" },
	{ "[[\"name\",\"~\",\"[])]*$\"]]", "5" },
	/* in a list */
	{ "[[\"id\",\"in\",[1,3,9]]]", "13" },
	{ "[[\"id\",\"in\",[]]]", "" },
	{ "[[\"id\",\"in\",[\"1\"]]]", "" },
	{ "[[\"id\",\"in\",[5.0,null,\"x\",true,{\"$date\":3}]]]", "15" },
	{ "[[\"uid\",\"in\",[null]]]", "5" },
	{ "[[\"uid\",\"nin\",[3000]]]", "23" },
	{ "[[\"uid\",\"nin\",[]]]", "123" },
	{ "[[\"groups\",\"in\",[[2,3],[1,2]]]]", "12" },
	{ "[[\"at\",\"in\",[{\"$date\":1600000000000}]]]", "2" },
	{ "[[\"group\",\"nin\",[{\"id\":10,\"name\":\"staff\"}]]]", "2" },
	/* contained in */
	{ "[[\"groups\",\"rin\",2]]", "12" },
	{ "[[\"groups\",\"rin\",9]]", "" },
	{ "[[\"groups\",\"rnin\",2]]", "3" },
	{ "[[\"name\",\"rin\",\"e\"]]", "134" },
	{ "[[\"name\",\"rin\",\"\"]]", "12345" },
	{ "[[\"name\",\"rnin\",\"e\"]]", "25" },
	{ "[[\"email\",\"rin\",\"example\"]]", "23" },
	{ "[[\"email\",\"rnin\",\"example\"]]", "1" },
	{ "[[\"name\",\"rin\",1]]", "" },
	{ "[[\"name\",\"rnin\",1]]", "" },
	{ "[[\"uid\",\"rin\",3]]", "" },
	{ "[[\"uid\",\"rnin\",3]]", "" },
	/* beginning and end */
	{ "[[\"name\",\"^\",\"a\"]]", "1" },
	{ "[[\"name\",\"^\",\"\"]]", "12345" },
	{ "[[\"name\",\"^\",\"alicealice\"]]", "" },
	{ "[[\"name\",\"!^\",\"a\"]]", "2345" },
	{ "[[\"email\",\"!^\",\"b\"]]", "13" },
	{ "[[\"name\",\"$\",\"e\"]]", "14" },
	{ "[[\"email\",\"!$\",\".org\"]]", "3" },
	{ "[[\"uid\",\"^\",\"3\"]]", "" },
	{ "[[\"uid\",\"!^\",\"3\"]]", "" },
	{ "[[\"uid\",\"!$\",\"3\"]]", "" },
	/* without case */
	{ "[[\"name\",\"C=\",\"ALICE\"]]", "1" },
	{ "[[\"name\",\"C!=\",\"ALICE\"]]", "2345" },
	{ "[[\"name\",\"C=\",\"\xc3\xa4RGER\"]]", "3" },
	{ "[[\"email\",\"C^\",\"STRASSE\"]]", "3" },
	{ "[[\"email\",\"C$\",\"EXAMPLE.ORG\"]]", "12" },
	{ "[[\"email\",\"C!$\",\"EXAMPLE.ORG\"]]", "3" },
	{ "[[\"email\",\"C!^\",\"BOB\"]]", "13" },
	{ "[[\"name\",\"Cin\",[\"ALICE\",\"BOB\",1]]]", "12" },
	{ "[[\"name\",\"Cnin\",[\"ALICE\",\"BOB\"]]]", "345" },
	{ "[[\"email\",\"Crin\",\"EXAMPLE\"]]", "123" },
	{ "[[\"email\",\"Crnin\",\"ALICE\"]]", "23" },
	{ "[[\"name\",\"C>\",\"ALICE\"]]", "234" },
	{ "[[\"group.name\",\"C=\",\"USERS\"]]", "2" },
	{ "[[\"uid\",\"C=\",3000]]", "1" },
	{ "[[\"uid\",\"C=\",null]]", "5" },
	/* paths */
	{ "[[\"group.name\",\"=\",\"staff\"]]", "13" },
	{ "[[\"group.name\",\"!=\",\"staff\"]]", "2" },
	{ "[[\"group.none\",\"!=\",\"staff\"]]", "" },
	{ "[[\"group.none\",\"=\",null]]", "" },
	{ "[[\"none\",\"nin\",[1]]]", "" },
	{ "[[\"none\",\"!^\",\"a\"]]", "" },
	{ "[[\"x\\\\.y\",\"=\",\"dot\"]]", "1" },
	{ "[[\"x.y\",\"=\",\"dot\"]]", "" },
	{ "[[\"groups.0\",\"=\",2]]", "2" },
	{ "[[\"groups.1\",\">\",0]]", "12" },
	{ "[[\"groups.2\",\">\",0]]", "" },
	{ "[[\"groups.-1\",\">\",0]]", "" },
	{ "[[\"groups.99999999999999999999\",\">\",0]]", "" },
	{ "[[\"groups.*\",\"=\",2]]", "12" },
	{ "[[\"groups.*\",\"!=\",2]]", "12" },
	{ "[[\"groups.*\",\">\",2]]", "2" },
	{ "[[\"keys.*.t\",\"=\",\"ed\"]]", "13" },
	{ "[[\"keys.1.t\",\"=\",\"ed\"]]", "1" },
	{ "[[\"keys.*.n.*\",\"=\",3]]", "1" },
	{ "[[\"keys.*.n.0\",\">\",0]]", "1" },
	{ "[[\"name.*\",\"=\",\"a\"]]", "" },
	{ "[[\"group.*\",\"=\",10]]", "" },
	/* and, or */
	{ "[[\"id\",\">\",1],[\"id\",\"<\",4]]", "23" },
	{ "[[\"id\",\">\",3],[\"id\",\"<\",2]]", "" },
	{ "[[\"OR\",[[\"id\",\"=\",1],[\"id\",\"=\",4]]]]", "14" },
	{ "[[\"OR\",[[[\"id\",\">\",1],[\"id\",\"<\",3]],[\"id\",\"=\",5]]]]",
	    "25" },
	{ "[[\"OR\",[[\"id\",\"=\",1],[\"id\",\"=\",4]]],[\"id\",\"!=\",4]]",
	    "1" },
	{ "[[\"OR\",[[\"OR\",[[\"OR\",[[\"id\",\"=\",3]]],[\"id\",\"=\",5]]],"
	    "[\"id\",\"=\",1]]]]", "135" },
	{ "[[\"OR\",[[[\"OR\",[[\"id\",\"=\",3],[\"id\",\"=\",4]]],"
	    "[\"uid\",\">\",0]]]]]", "3" },
	{ "[[\"OR\",\"=\",5]]", "" },
};

START_TEST(filter)
{
	struct nk_error e;
	json_t *result = run(matches[_i].filters, "{}", &e);
	char ids[16] = "";
	size_t i;

	ck_assert_msg(result != NULL, "%s", matches[_i].filters);
	for (i = 0; i < json_array_size(result); i++)
		ids[i] = (char)('0' + json_integer_value(json_object_get(
		    json_array_get(result, i), "id")));
	ck_assert_msg(strcmp(ids, matches[_i].ids) == 0, "%s: %s",
	    matches[_i].filters, ids);
	json_decref(result);
}
END_TEST

/* ---- options ---- */

static const struct {
	const char	*filters;
	const char	*options;
	const char	*want;
} selections[] = {
	{ "[]", "{\"select\":[\"id\"]}",
	    "[{\"id\":1},{\"id\":2},{\"id\":3},{\"id\":4},{\"id\":5}]" },
	{ "[[\"id\",\"=\",1]]", "{\"select\":[\"none\"]}", "[{}]" },
	{ "[[\"id\",\">\",3]]", "{\"select\":[\"uid\",\"id\"]}",
	    "[{\"id\":4},{\"uid\":null,\"id\":5}]" },
	{ "[[\"id\",\"=\",1]]", "{\"select\":[\"group.name\",\"group.id\"]}",
	    "[{\"group\":{\"name\":\"staff\",\"id\":10}}]" },
	{ "[[\"id\",\"=\",1]]", "{\"select\":[\"group.name\",\"group\"]}",
	    "[{\"group\":{\"id\":10,\"name\":\"staff\"}}]" },
	{ "[[\"id\",\"=\",1]]", "{\"select\":[\"group\",\"group.name\"]}",
	    "[{\"group\":{\"id\":10,\"name\":\"staff\"}}]" },
	{ "[[\"id\",\"=\",1]]",
	    "{\"select\":[[\"group.name\",\"g\"],[\"id\",\"a.b\"]]}",
	    "[{\"g\":\"staff\",\"a.b\":1}]" },
	{ "[[\"id\",\"=\",1]]",
	    "{\"select\":[[\"group\",\"keys\"],\"keys.0.t\",\"groups.1\"]}",
	    "[{\"keys\":{\"id\":10,\"name\":\"staff\",\"0\":{\"t\":\"rsa\"}},"
	    "\"groups\":{\"1\":2}}]" },
	{ "[[\"id\",\"=\",1]]", "{\"select\":[\"x\\\\.y\",\"id\"]}",
	    "[{\"x.y\":\"dot\",\"id\":1}]" },
	{ "[[\"id\",\"=\",5]]", "{\"select\":[\"group.name\"]}", "[{}]" },
	/* count comes before limits */
	{ "[]", "{\"count\":true}", "5" },
	{ "[]", "{\"count\":true,\"limit\":2,\"offset\":1}", "5" },
	{ "[]", "{\"count\":true,\"order_by\":[\"id\"]}", "5" },
	{ "[]", "{\"count\":true,\"get\":true}", "5" },
	{ "[[\"id\",\">\",9]]", "{\"count\":true}", "0" },
	/* get */
	{ "[[\"id\",\">\",1]]", "{\"get\":true,\"select\":[\"id\"]}",
	    "{\"id\":2}" },
	{ "[]", "{\"get\":true,\"limit\":1,\"select\":[\"id\"]}",
	    "{\"id\":1}" },
	{ "[]", "{\"get\":true,\"order_by\":[\"-id\"],\"select\":[\"id\"]}",
	    "{\"id\":5}" },
	/* offset, limit */
	{ "[]", "{\"limit\":2,\"select\":[\"id\"]}", "[{\"id\":1},{\"id\":2}]" },
	{ "[]", "{\"limit\":2,\"offset\":3,\"select\":[\"id\"]}",
	    "[{\"id\":4},{\"id\":5}]" },
	{ "[]", "{\"limit\":10000,\"offset\":4,\"select\":[\"id\"]}",
	    "[{\"id\":5}]" },
	{ "[]", "{\"offset\":5}", "[]" },
	{ "[]", "{\"offset\":9223372036854775807,\"limit\":1}", "[]" },
	{ "[]", "{\"offset\":4,\"limit\":0,\"select\":[\"id\"]}",
	    "[{\"id\":5}]" },
	{ "[]", "{\"offset\":1,\"limit\":2,\"order_by\":[\"-id\"],"
	    "\"select\":[\"id\"]}", "[{\"id\":4},{\"id\":3}]" },
	{ "[]", "{\"offset\":9,\"limit\":2,\"order_by\":[\"-id\"]}", "[]" },
	/* order: nulls are smallest, absent is null */
	{ "[]", "{\"order_by\":[\"uid\"],\"select\":[\"id\",\"uid\"]}",
	    "[{\"id\":4},{\"id\":5,\"uid\":null},{\"id\":3,\"uid\":2000},"
	    "{\"id\":1,\"uid\":3000},{\"id\":2,\"uid\":3001}]" },
	{ "[]", "{\"order_by\":[\"-uid\"],\"select\":[\"id\",\"uid\"]}",
	    "[{\"id\":2,\"uid\":3001},{\"id\":1,\"uid\":3000},"
	    "{\"id\":3,\"uid\":2000},{\"id\":4},{\"id\":5,\"uid\":null}]" },
	{ "[[\"id\",\">\",2]]",
	    "{\"order_by\":[\"nulls_last:uid\"],\"select\":[\"id\",\"uid\"]}",
	    "[{\"id\":3,\"uid\":2000},{\"id\":4},{\"id\":5,\"uid\":null}]" },
	{ "[[\"id\",\">\",2]]",
	    "{\"order_by\":[\"nulls_first:-uid\"],\"select\":[\"id\","
	    "\"uid\"]}",
	    "[{\"id\":4},{\"id\":5,\"uid\":null},{\"id\":3,\"uid\":2000}]" },
	{ "[[\"id\",\"<\",4]]",
	    "{\"order_by\":[\"at\"],\"select\":[[\"id\",\"i\"],\"at\"]}",
	    "[{\"i\":2,\"at\":{\"$date\":1600000000000}},"
	    "{\"i\":3,\"at\":{\"$date\":1650000000000}},"
	    "{\"i\":1,\"at\":{\"$date\":1700000000000}}]" },
	{ "[[\"id\",\"<\",4]]",
	    "{\"order_by\":[\"score\"],\"select\":[\"score\"]}",
	    "[{\"score\":-1},{\"score\":1.5},{\"score\":2}]" },
	{ "[[\"id\",\"<\",4]]",
	    "{\"order_by\":[\"-name\"],\"select\":[\"name\"]}",
	    "[{\"name\":\"\xc3\x84rger\"},{\"name\":\"bob\"},"
	    "{\"name\":\"alice\"}]" },
	/* the last key is the primary one; sorts are stable */
	{ "[[\"id\",\"<\",4]]", "{\"order_by\":[\"-id\",\"group.id\"],"
	    "\"select\":[\"id\",\"group.id\"]}",
	    "[{\"id\":3,\"group\":{\"id\":10}},{\"id\":1,\"group\":{\"id\":10}}"
	    ",{\"id\":2,\"group\":{\"id\":11}}]" },
	{ "[[\"id\",\"<\",4]]", "{\"order_by\":[\"-locked\"],"
	    "\"select\":[\"id\",\"locked\"]}",
	    "[{\"id\":2,\"locked\":true},{\"id\":1,\"locked\":false},"
	    "{\"id\":3,\"locked\":false}]" },
	/* ordering is after selection */
	{ "[[\"id\",\"<\",4]]",
	    "{\"order_by\":[\"-id\"],\"select\":[\"uid\"]}",
	    "[{\"uid\":3000},{\"uid\":3001},{\"uid\":2000}]" },
	/* what changes nothing */
	{ "[]", "{\"extra\":{\"a\":1},\"force_sql_filters\":true,"
	    "\"select\":[],\"order_by\":[],\"limit\":1,\"get\":false,"
	    "\"count\":false,\"offset\":3}",
	    "[{\"id\":4,\"name\":\"dave\"}]" },
};

START_TEST(option)
{
	struct nk_error e;
	json_t *result = run(selections[_i].filters, selections[_i].options,
	    &e);
	char *got;

	ck_assert_msg(result != NULL, "%s", selections[_i].options);
	got = json_dumps(result, JSON_COMPACT | JSON_ENCODE_ANY);
	ck_assert_ptr_nonnull(got);
	ck_assert_msg(strcmp(got, selections[_i].want) == 0, "%s: %s",
	    selections[_i].options, got);
	free(got);
	json_decref(result);
}
END_TEST

/* ---- refused ---- */

#define OP	"filters=The operations "
#define SHAPE	"filters=Invalid filter: it must be [field, operation, value] " \
    "or [\"OR\", [filters]]"
#define REGEX	"filters=Invalid regular expression: "

static const struct {
	const char	*filters;
	const char	*options;
	const char	*error;
} refusals[] = {
	{ "{}", "{}", "filters=Input should be a valid list" },
	{ "null", "{}", "filters=Input should be a valid list" },
	{ "\"id\"", "{}", "filters=Input should be a valid list" },
	{ "[5]", "{}", "filters=Invalid filter: it must be an array" },
	{ "[\"id\",\"=\",5]", "{}",
	    "filters=Invalid filter: it must be an array" },
	{ "[{\"id\":5}]", "{}", "filters=Invalid filter: it must be an array" },
	{ "[[]]", "{}", SHAPE },
	{ "[[\"id\"]]", "{}", SHAPE },
	{ "[[\"id\",\"=\"]]", "{}", SHAPE },
	{ "[[\"id\",\"=\",5,6]]", "{}", SHAPE },
	{ "[[\"AND\",[]]]", "{}", SHAPE },
	{ "[[5,\"=\",5]]", "{}",
	    "filters=The field of a filter must be a string" },
	{ "[[null,\"=\",5]]", "{}",
	    "filters=The field of a filter must be a string" },
	{ "[[\"id\",5,5]]", "{}",
	    "filters=The operation of a filter must be a string" },
	{ "[[\"id\",\"==\",5]]", "{}", "filters=Invalid operation: ==" },
	{ "[[\"id\",\"\",5]]", "{}", "filters=Invalid operation: " },
	{ "[[\"id\",\"IN\",[5]]]", "{}", "filters=Invalid operation: IN" },
	{ "[[\"id\",\"C~\",\"a\"]]", "{}", "filters=Invalid operation: C~" },
	{ "[[\"id\",\"CC=\",\"a\"]]", "{}", "filters=Invalid operation: CC=" },
	{ "[[\"id\",\"c=\",\"a\"]]", "{}", "filters=Invalid operation: c=" },
	{ "[[\"id\",\"!~\",\"a\"]]", "{}", "filters=Invalid operation: !~" },
	{ "[[\"\",\"=\",5]]", "{}",
	    "filters=Invalid filter: a field name is empty" },
	{ "[[\"a..b\",\"=\",5]]", "{}",
	    "filters=Invalid filter: a field name is empty" },
	{ "[[\".a\",\"=\",5]]", "{}",
	    "filters=Invalid filter: a field name is empty" },
	{ "[[\"a.\",\"=\",5]]", "{}",
	    "filters=Invalid filter: a field name is empty" },
	{ "[[\"a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a\",\"=\",5]]", "{}",
	    "filters=Invalid filter: a field name has too many parts" },
	{ "[[\"id\",\"in\",5]]", "{}", OP "in and nin take an array" },
	{ "[[\"id\",\"in\",\"abc\"]]", "{}", OP "in and nin take an array" },
	{ "[[\"id\",\"Cnin\",null]]", "{}", OP "in and nin take an array" },
	{ "[[\"id\",\"^\",5]]", "{}", OP "~ ^ !^ $ !$ take a string" },
	{ "[[\"id\",\"!$\",null]]", "{}", OP "~ ^ !^ $ !$ take a string" },
	{ "[[\"id\",\"~\",[\"a\"]]]", "{}", OP "~ ^ !^ $ !$ take a string" },
	/* dates */
	{ "[[\"at.$date\",\"=\",5]]", "{}", "filters=A field that ends in "
	    ".$date takes a date such as \"2024-01-31T12:00:00Z\"" },
	{ "[[\"at.$date\",\"=\",\"soon\"]]", "{}", "filters=A field that ends "
	    "in .$date takes a date such as \"2024-01-31T12:00:00Z\"" },
	{ "[[\"at.$date\",\"in\",[]]]", "{}", "filters=A field that ends in "
	    ".$date can only be compared: = != > >= < <=" },
	{ "[[\"at.$date\",\"C=\",\"2024-01-01\"]]", "{}", "filters=A field "
	    "that ends in .$date can only be compared: = != > >= < <=" },
	{ "[[\"at.$date\",\"~\",\"2024\"]]", "{}", "filters=A field that ends "
	    "in .$date can only be compared: = != > >= < <=" },
	/* OR */
	{ "[[\"OR\",[]]]", "{}", "filters=OR takes a list of filters" },
	{ "[[\"OR\",5]]", "{}", "filters=OR takes a list of filters" },
	{ "[[\"OR\",{}]]", "{}", "filters=OR takes a list of filters" },
	{ "[[\"OR\",[5]]]", "{}", "filters=A branch of OR must be a filter or "
	    "a list of filters" },
	{ "[[\"OR\",[[]]]]", "{}", "filters=A branch of OR must be a filter or "
	    "a list of filters" },
	{ "[[\"OR\",[\"id\",\"=\",5]]]", "{}", "filters=A branch of OR must "
	    "be a filter or a list of filters" },
	{ "[[\"OR\",[[\"id\",\"=\"]]]]", "{}", SHAPE },
	{ "[[\"OR\",[[\"OR\",[[\"OR\",[[\"OR\",[[\"id\",\"=\",1]]]]]]]]]]",
	    "{}", "filters=Filters are nested more than 3 deep" },
	{ "[[\"OR\",[[[\"OR\",[[[\"OR\",[[[\"OR\",[[[\"id\",\"=\",1]]]]]]]]"
	    "]]]]]]",
	    "{}", "filters=Filters are nested more than 3 deep" },
	/* regular expressions: more of them in test_rpc_pattern */
	{ "[[\"a\",\"~\",\"(\"]]", "{}", REGEX "a ( is not closed" },
	{ "[[\"a\",\"~\",\"*\"]]", "{}",
	    REGEX "a repetition has nothing to repeat" },
	/* options */
	{ "[]", "[]", "options=Input should be a valid dictionary" },
	{ "[]", "null", "options=Input should be a valid dictionary" },
	{ "[]", "{\"limits\":1}",
	    "options.limits=Extra inputs are not permitted" },
	{ "[]", "{\"limit\":-1}",
	    "options.limit=Input should be greater than or equal to 0" },
	{ "[]", "{\"limit\":10001}",
	    "options.limit=Input should be less than or equal to 10000" },
	{ "[]", "{\"limit\":\"5\"}",
	    "options.limit=Input should be a valid integer" },
	{ "[]", "{\"limit\":null}",
	    "options.limit=Input should be a valid integer" },
	{ "[]", "{\"offset\":-1}",
	    "options.offset=Input should be greater than or equal to 0" },
	{ "[]", "{\"offset\":1.5}",
	    "options.offset=Input should be a valid integer" },
	{ "[]", "{\"count\":1}",
	    "options.count=Input should be a valid boolean" },
	{ "[]", "{\"get\":\"yes\"}",
	    "options.get=Input should be a valid boolean" },
	{ "[]", "{\"extra\":[]}",
	    "options.extra=Input should be a valid dictionary" },
	{ "[]", "{\"select\":\"id\"}",
	    "options.select=Input should be a valid list" },
	{ "[]", "{\"select\":[5]}",
	    "options.select=Each must be a name or [name, new name]" },
	{ "[]", "{\"select\":[[\"a\"]]}",
	    "options.select=Each must be a name or [name, new name]" },
	{ "[]", "{\"select\":[[\"a\",\"b\",\"c\"]]}",
	    "options.select=Each must be a name or [name, new name]" },
	{ "[]", "{\"select\":[[\"a\",5]]}",
	    "options.select=Each must be a name or [name, new name]" },
	{ "[]", "{\"select\":[\"a.*\"]}",
	    "options.select=A selected name has no \"*\"" },
	{ "[]", "{\"select\":[\"\"]}",
	    "options.select=Invalid selection: a field name is empty" },
	{ "[]", "{\"order_by\":\"id\"}",
	    "options.order_by=Input should be a valid list" },
	{ "[]", "{\"order_by\":[5]}",
	    "options.order_by=Each must be the name of a field" },
	{ "[]", "{\"order_by\":[\"\"]}",
	    "options.order_by=Invalid order: a field name is empty" },
	{ "[]", "{\"order_by\":[\"-\"]}",
	    "options.order_by=Invalid order: a field name is empty" },
	{ "[]", "{\"order_by\":[\"nulls_last:\"]}",
	    "options.order_by=Invalid order: a field name is empty" },
	{ "[]", "{\"order_by\":[\"a.*\"]}",
	    "options.order_by=Invalid order: it has a \"*\"" },
	{ "[]", "{\"order_by\":[\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\","
	    "\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\"]}",
	    "options.order_by=There are more than 16 names" },
	{ "[]", "{\"get\":true,\"offset\":1}", "options=\"get\" returns one "
	    "row: leave out \"offset\", and \"limit\" above 1" },
	{ "[]", "{\"get\":true,\"limit\":2}", "options=\"get\" returns one "
	    "row: leave out \"offset\", and \"limit\" above 1" },
};

START_TEST(refused)
{
	struct nk_error e;
	json_t *result = run(refusals[_i].filters, refusals[_i].options, &e);
	const json_t *t;
	char got[512];

	ck_assert_msg(result == NULL, "%s %s", refusals[_i].filters,
	    refusals[_i].options);
	ck_assert_int_eq(e.code, NK_RPC_INVALID_PARAMS);
	ck_assert_uint_eq(json_array_size(e.triples), 1);
	t = json_array_get(e.triples, 0);
	(void)snprintf(got, sizeof(got), "%s=%s",
	    json_string_value(json_array_get(t, 0)),
	    json_string_value(json_array_get(t, 1)));
	ck_assert_msg(strcmp(got, refusals[_i].error) == 0, "%s %s: %s",
	    refusals[_i].filters, refusals[_i].options, got);
	nk_error_clear(&e);
}
END_TEST

START_TEST(errors_together)
{
	struct nk_error e;

	ck_assert_ptr_null(run("[5]", "{\"limit\":-1,\"x\":1}", &e));
	ck_assert_uint_eq(json_array_size(e.triples), 3);
	nk_error_clear(&e);
}
END_TEST

START_TEST(no_match)
{
	struct nk_error e;

	ck_assert_ptr_null(run("[[\"id\",\"=\",9]]", "{\"get\":true}", &e));
	ck_assert_int_eq(e.code, NK_RPC_CALL_ERROR);
	ck_assert_int_eq(e.number, EINVAL);
	ck_assert_str_eq(e.reason, "MatchNotFound()");
	ck_assert(e.plain);
	nk_error_clear(&e);
}
END_TEST

/* ---- limits ---- */

static json_t *
many_filters(size_t n, const char *op, const char *value)
{
	json_t *a = json_array();
	size_t i;

	for (i = 0; i < n; i++)
		ck_assert_int_eq(json_array_append_new(a,
		    json_pack("[s, s, s]", "id", op, value)), 0);
	return a;
}

static int
compile(json_t *filters, json_t *options)
{
	struct nk_query *q;
	struct nk_error e;
	int r;

	nk_error_init(&e);
	r = nk_query_new(&q, filters, options, &e);
	nk_query_free(q);
	nk_error_clear(&e);
	json_decref(filters);
	json_decref(options);
	return r;
}

START_TEST(limits)
{
	char name[NK_PATH_LEN_MAX + 2];
	json_t *list = json_array();
	int i;

	ck_assert_int_eq(compile(NULL, NULL), 0);
	ck_assert_int_eq(compile(many_filters(1000, "=", "a"), NULL), 0);
	ck_assert_int_eq(compile(many_filters(1001, "=", "a"), NULL),
	    -EINVAL);
	ck_assert_int_eq(compile(many_filters(8, "~", "a"), NULL), 0);
	ck_assert_int_eq(compile(many_filters(9, "~", "a"), NULL), -EINVAL);

	memset(name, 'a', sizeof(name));
	name[NK_PATH_LEN_MAX] = '\0';
	ck_assert_int_eq(compile(json_pack("[[s,s,i]]", name, "=", 1), NULL),
	    0);
	name[NK_PATH_LEN_MAX] = 'a';
	name[NK_PATH_LEN_MAX + 1] = '\0';
	ck_assert_int_eq(compile(json_pack("[[s,s,i]]", name, "=", 1), NULL),
	    -EINVAL);

	for (i = 0; i < 256; i++)
		ck_assert_int_eq(json_array_append_new(list,
		    json_string("a")), 0);
	ck_assert_int_eq(compile(NULL, json_pack("{s:O}", "select", list)),
	    0);
	ck_assert_int_eq(json_array_append_new(list, json_string("a")), 0);
	ck_assert_int_eq(compile(NULL, json_pack("{s:o}", "select", list)),
	    -EINVAL);
}
END_TEST

/* How many of 1000 rows must be offered before the query has enough? */
static const struct {
	const char	*options;
	int		 offered;
	size_t		 result;	/* rows */
} stops[] = {
	{ "{}", 1000, 1000 },
	{ "{\"limit\":1}", 1, 1 },
	{ "{\"limit\":10}", 10, 10 },
	{ "{\"limit\":10,\"offset\":5}", 15, 10 },
	{ "{\"limit\":1000}", 1000, 1000 },
	{ "{\"limit\":10,\"order_by\":[\"n\"]}", 1000, 10 },
	{ "{\"get\":true}", 1, 0 },
	{ "{\"get\":true,\"order_by\":[\"n\"]}", 1000, 0 },
	{ "{\"count\":true,\"limit\":10}", 1000, 0 },
};

START_TEST(early_stop)
{
	json_t *options = parse(stops[_i].options), *result;
	struct nk_query *q;
	struct nk_error e;
	int i, r = 0;

	nk_error_init(&e);
	ck_assert_int_eq(nk_query_new(&q, NULL, options, &e), 0);
	for (i = 0; i < 1000 && r == 0; i++)
		r = nk_query_offer(q, json_pack("{s:i}", "n", 1000 - i));
	ck_assert_int_ge(r, 0);
	ck_assert_msg(i == stops[_i].offered, "%s: %d", stops[_i].options, i);
	/* More of them do no harm. */
	if (r == 1)
		ck_assert_int_eq(nk_query_offer(q, json_object()), 1);
	ck_assert_int_eq(nk_query_finish(q, &result, &e), 0);
	ck_assert_uint_eq(json_array_size(result), stops[_i].result);
	json_decref(result);
	json_decref(options);
	nk_query_free(q);
}
END_TEST

START_TEST(no_row)
{
	struct nk_query *q;
	struct nk_error e;

	nk_error_init(&e);
	ck_assert_int_eq(nk_query_new(&q, NULL, NULL, &e), 0);
	ck_assert_int_eq(nk_query_offer(q, NULL), -ENOMEM);
	nk_query_free(q);
	nk_query_free(NULL);
}
END_TEST

/* ---- what is wanted ---- */

static const struct {
	const char	*filters;
	int64_t		 n;		/* -1: none */
	const char	*s;
} wants[] = {
	{ "[[\"id\",\"=\",5]]", 5, NULL },
	{ "[[\"x\",\">\",1],[\"id\",\"=\",5],[\"name\",\"=\",\"a\"]]", 5,
	    "a" },
	{ "[[\"name\",\"=\",\"bob\"]]", -1, "bob" },
	{ "[]", -1, NULL },
	{ "[[\"id\",\"=\",\"5\"],[\"name\",\"=\",5]]", -1, NULL },
	{ "[[\"id\",\"=\",5.0]]", -1, NULL },
	{ "[[\"id\",\"=\",true]]", -1, NULL },
	{ "[[\"id\",\"!=\",5]]", -1, NULL },
	{ "[[\"id\",\">=\",5]]", -1, NULL },
	{ "[[\"id\",\"C=\",5],[\"name\",\"C=\",\"a\"]]", -1, NULL },
	{ "[[\"id\",\"in\",[5]]]", -1, NULL },
	{ "[[\"id.x\",\"=\",5]]", -1, NULL },
	{ "[[\"group.id\",\"=\",5]]", -1, NULL },
	{ "[[\"OR\",[[\"id\",\"=\",5]]]]", -1, NULL },
};

START_TEST(wanted)
{
	json_t *filters = parse(wants[_i].filters);
	struct nk_query *q;
	struct nk_error e;
	const char *s = NULL;
	int64_t n = -1;

	nk_error_init(&e);
	ck_assert_int_eq(nk_query_new(&q, filters, NULL, &e), 0);
	ck_assert(nk_query_wants_int(q, "id", &n) == (wants[_i].n != -1));
	ck_assert(n == wants[_i].n);
	ck_assert(nk_query_wants_string(q, "name", &s) ==
	    (wants[_i].s != NULL));
	if (s != NULL)
		ck_assert_str_eq(s, wants[_i].s);
	nk_query_free(q);
	json_decref(filters);
}
END_TEST

static const struct {
	const char	*filters;
	int64_t		 n;		/* -1: none */
} aboves[] = {
	{ "[[\"id\",\">\",5]]", 5 },
	{ "[[\"x\",\"=\",1],[\"id\",\"=\",9],[\"id\",\">\",5]]", 5 },
	{ "[[\"id\",\">=\",5]]", -1 },
	{ "[[\"id\",\"<\",5]]", -1 },
	{ "[[\"id\",\"C>\",5]]", -1 },
	{ "[[\"id\",\">\",\"5\"]]", -1 },
	{ "[[\"id\",\">\",5.5]]", -1 },
	{ "[[\"id.x\",\">\",5]]", -1 },
	{ "[[\"OR\",[[\"id\",\">\",5]]]]", -1 },
};

START_TEST(wanted_above)
{
	json_t *filters = parse(aboves[_i].filters);
	struct nk_query *q;
	struct nk_error e;
	int64_t n = -1;

	nk_error_init(&e);
	ck_assert_int_eq(nk_query_new(&q, filters, NULL, &e), 0);
	ck_assert(nk_query_wants_above(q, "id", &n) == (aboves[_i].n != -1));
	ck_assert(n == aboves[_i].n);
	nk_query_free(q);
	json_decref(filters);
}
END_TEST

/* The order of values is total: what a sort relies on. */
START_TEST(value_order)
{
	static const char *const sorted[] = { "null", "-1e300",
	    "-9223372036854775808", "-1.5", "-1", "false", "0.25", "true",
	    "9007199254740992", "9007199254740993", "9223372036854775807",
	    "9223372036854775808.0", "\"\"", "\"B\"", "\"a\"", "\"ab\"",
	    "\"\xc3\xa9\"", "{\"$date\":-5}", "{\"$date\":5}", "[]" };
	size_t i, j, n = sizeof(sorted) / sizeof(sorted[0]);
	json_t *v[sizeof(sorted) / sizeof(sorted[0])];
	int c;

	for (i = 0; i < n; i++)
		v[i] = parse(sorted[i]);
	for (i = 0; i < n; i++) {
		for (j = 0; j < n; j++) {
			c = nk_value_compare(v[i], v[j]);
			ck_assert_msg((c > 0) - (c < 0) == (i > j) - (i < j),
			    "%s %s", sorted[i], sorted[j]);
		}
	}
	for (i = 0; i < n; i++)
		json_decref(v[i]);
}
END_TEST

static const struct {
	const char	*in, *out;
} folds[] = {
	{ "", "" },
	{ "AbZ09_", "abz09_" },
	{ "\xc3\x84\xc3\x96\xc3\x97\xc3\x9e", "\xc3\xa4\xc3\xb6\xc3\x97\xc3\xbe" },
	{ "\xc3\x9f\xe1\xba\x9e", "ssss" },
	{ "\xc4\x80\xc4\xb0\xc4\xb9\xc5\x81\xc5\xb8\xc5\xbd",
	    "\xc4\x81\xc4\xb0\xc4\xba\xc5\x82\xc3\xbf\xc5\xbe" },
	{ "\xce\x91\xce\xa9\xcf\x82\xce\x86\xce\x8f",
	    "\xce\xb1\xcf\x89\xcf\x83\xce\xac\xcf\x8e" },
	{ "\xd0\x90\xd0\xaf\xd0\x81\xd2\x90",
	    "\xd0\xb0\xd1\x8f\xd1\x91\xd2\x91" },
	{ "\xe2\x82\xac\xf0\x9f\x94\x91" "A", "\xe2\x82\xac\xf0\x9f\x94\x91" "a" },
};

START_TEST(fold)
{
	json_t *v = json_string(folds[_i].in), *folded = nk_value_fold(v);

	ck_assert_str_eq(json_string_value(folded), folds[_i].out);
	json_decref(v);
	/* It is small now, and stays so. */
	v = nk_value_fold(folded);
	ck_assert_str_eq(json_string_value(v), folds[_i].out);
	json_decref(v);
	json_decref(folded);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("rpc_query");
	TCase *tc = tcase_create("query");
	SRunner *sr;
	int failed;

#define LOOP(test, table) tcase_add_loop_test(tc, test, 0, \
	    (int)(sizeof(table) / sizeof(table[0])))
	nk_json_wipe_memory();
	LOOP(filter, matches);
	LOOP(option, selections);
	LOOP(refused, refusals);
	LOOP(early_stop, stops);
	LOOP(wanted, wants);
	LOOP(wanted_above, aboves);
	LOOP(fold, folds);
#undef LOOP
	tcase_add_test(tc, errors_together);
	tcase_add_test(tc, no_match);
	tcase_add_test(tc, limits);
	tcase_add_test(tc, no_row);
	tcase_add_test(tc, value_order);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
