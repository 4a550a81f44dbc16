/* SPDX-License-Identifier: ISC */

/* Another machine's authorized_keys: is the key in it? */

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "helper/net/place.h"

#define TYPE	"ssh-ed25519"
#define KEY	"AAAAC3NzaKEY"

static const struct {
	const char	*text;
	bool		 has;
} texts[] = {
	{ TYPE " " KEY, true },
	{ TYPE " " KEY " comment\n", true },
	{ " \t" TYPE "\t " KEY "\r\n", true },
	{ "\n\n# x\n" TYPE " " KEY "\n", true },
	{ "restrict,command=\"a b\" " TYPE " " KEY " c\n", true },
	{ "command=\"a \\\" b\" " TYPE " " KEY "\n", true },
	{ "ssh-rsa AAAA x\n" TYPE " " KEY, true },
	{ "", false },
	{ "\n", false },
	{ TYPE, false },
	{ KEY, false },
	{ "#" TYPE " " KEY "\n", false },
	{ " # " TYPE " " KEY "\n", false },
	{ TYPE " " KEY "x\n", false },
	{ TYPE " x" KEY "\n", false },
	{ "x" TYPE " " KEY "\n", false },
	{ "ssh-rsa " KEY "\n", false },
	{ TYPE "\n" KEY "\n", false },
	{ TYPE " x " KEY "\n", false },
	{ "command=\"echo " TYPE " " KEY "\" ssh-rsa AAAA\n", false },
	{ "command=\"" TYPE " " KEY "\n", false },
	{ "command=\"\\", false },
	{ "\\", false },
};

/* Behind the text there is nothing that may be read. */
START_TEST(finds)
{
	struct place_text t = { NULL, strlen(texts[_i].text), true, true };

	ck_assert_ptr_nonnull(t.p = malloc(t.len + 1));
	memcpy(t.p, texts[_i].text, t.len);
	ck_assert_ptr_nonnull(t.p = realloc(t.p, t.len == 0 ? 1 : t.len));
	ck_assert_msg(place_has_key(&t, TYPE, KEY) == texts[_i].has, "%s",
	    texts[_i].text);
	free(t.p);
}
END_TEST

START_TEST(grows)
{
	struct place_text t = { NULL, 0, true, true };
	size_t room = 0;

	for (t.len = 0; t.len + 4096 <= PLACE_MAX; t.len += 4096) {
		ck_assert(place_grow(&t, &room, 4096));
		ck_assert_uint_ge(room, t.len + 4096);
		memset(t.p + t.len, 'x', 4096);
	}
	ck_assert(!place_grow(&t, &room, 4097));
	ck_assert(!place_has_key(&t, TYPE, KEY));
	free(t.p);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("net_place");
	TCase *tc = tcase_create("all");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_loop_test(tc, finds, 0, sizeof(texts) / sizeof(texts[0]));
	tcase_add_test(tc, grows);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
