/* SPDX-License-Identifier: ISC */

/* The text of an authorized_keys file, as the store has the lines. */

#include <errno.h>
#include <stdint.h>

#include "lib/publish/filetext.h"
#include "tests/unit/store_fixture.h"

#define N(a)	((int)(sizeof(a) / sizeof((a)[0])))

#define NEVER	INT64_MAX
#define NOW	1700000000		/* 2023-11-14T22:13:20Z */
#define DAY	86400
#define TOO_FAR	253402300800		/* 10000-01-01 */
#define LINE_A	"ssh-ed25519 QUFBQUFBQUE= comment A"
#define LINE_B	"ssh-ed25519 QkJCQkJCQkI= comment B"
#define UNTIL(when)	"expiry-time=\"" when "\" "
#define TOMORROW	UNTIL("20231115221320Z")
#define IN_TWO_DAYS	UNTIL("20231116221320Z")

static struct nk_filetext t;

static void
free_text(void)
{
	nk_filetext_clear(&t);
	teardown();
}

static void
put_line(char letter, const char *options, int64_t expires_at)
{
	struct key_text text;
	struct nk_key k;
	char *copy = options == NULL ? NULL : strdup(options);

	make_key(&k, &text, 2, letter);
	k.options = copy;
	k.expires_at = expires_at;
	ck_assert_int_eq(nk_key_append(s, &k), 0);
	free(copy);
}

/* Alice, with what the row says of her; her text. */
static const char *
make(bool locked, int64_t expires_at)
{
	struct nk_user *u;

	ck_assert_int_eq(nk_user_get(s, 2, &u), 0);
	u->locked = locked;
	u->expires_at = expires_at;
	ck_assert_int_eq(nk_filetext_make(s, u, NOW, &t), 0);
	ck_assert_uint_eq(t.len, strlen(t.text));
	nk_user_free(u);
	return t.text;
}

static void
begin_alice(void)
{
	begin();
	ck_assert_int_eq(add_user("alice", 3000, true), 2);
}

static const struct {
	const char	*what;
	const char	*options;
	int64_t		 expires_at;		/* the key's */
	bool		 locked;
	int64_t		 account;		/* its end */
	const char	*line;			/* NULL: none */
	bool		 ended;
} rows[] = {
	{ "plain", NULL, NEVER, false, NEVER, LINE_A, false },
	{ "options", "no-pty,from=\"::1\"", NEVER, false, NEVER,
	  "no-pty,from=\"::1\" " LINE_A, false },
	{ "it ends", NULL, NOW + DAY, false, NEVER, TOMORROW LINE_A,
	  false },
	{ "the account ends", NULL, NEVER, false, NOW + DAY,
	  TOMORROW LINE_A, false },
	{ "the account ends sooner", NULL, NOW + 2 * DAY, false, NOW + DAY,
	  TOMORROW LINE_A, false },
	{ "the key ends sooner", NULL, NOW + DAY, false, NOW + 2 * DAY,
	  TOMORROW LINE_A, false },
	{ "the option ends sooner", "expiry-time=\"20231115221320Z\"", NEVER,
	  false, NOW + 2 * DAY, TOMORROW LINE_A, false },
	{ "the option ends later", "expiry-time=\"20231116221320Z\"", NEVER,
	  false, NOW + DAY, "expiry-time=\"20231116221320Z\","
	  TOMORROW LINE_A, false },
	{ "it has ended", NULL, NOW, false, NEVER,
	  UNTIL("20231114221320Z") LINE_A, true },
	{ "it ends in a second", NULL, NOW + 1, false, NEVER,
	  UNTIL("20231114221321Z") LINE_A, false },
	{ "the option has ended", "expiry-time=\"20231114221320Z\"", NEVER,
	  false, NEVER, UNTIL("20231114221320Z") LINE_A, true },
	{ "one of two options has ended", "expiry-time=\"20231116221320Z\","
	  "expiry-time=\"20231114221320Z\"", NEVER, false, NEVER,
	  "expiry-time=\"20231116221320Z\"," UNTIL("20231114221320Z") LINE_A,
	  true },
	{ "the account has ended", NULL, NEVER, false, NOW,
	  UNTIL("20231114221320Z") LINE_A, true },
	{ "the account ends when nobody cares", NULL, NEVER, false, TOO_FAR,
	  LINE_A, false },
	{ "locked", NULL, NEVER, true, NEVER, NULL, false },
	{ "locked and ended", NULL, NOW, true, NOW, NULL, false },
	{ "an end that sshd cannot be told", "nonsense", NOW + DAY, false,
	  NEVER, NULL, false },
	{ "likewise, of the account", "nonsense", NEVER, false, NOW + DAY,
	  NULL, false },
	{ "two lines to sshd", "no-pty\r", NEVER, false, NEVER, NULL,
	  false },
};

START_TEST(line_of)
{
	const char *line = rows[_i].line;
	char want[256] = "";

	begin_alice();
	put_line('A', rows[_i].options, rows[_i].expires_at);
	commit();
	(void)make(rows[_i].locked, rows[_i].account);
	ck_assert_msg(t.n == (line != NULL), "%s", rows[_i].what);
	if (line != NULL) {
		ck_assert_str_eq(t.lines[0].line, line);
		ck_assert_str_eq(t.lines[0].fingerprint, "SHA256:A");
		ck_assert_msg(t.lines[0].ended == rows[_i].ended, "%s",
		    rows[_i].what);
		if (!rows[_i].ended)
			(void)snprintf(want, sizeof(want), "%s\n", line);
	}
	ck_assert_str_eq(t.text, want);
	ck_assert(nk_filetext_fits(&t, t.text, t.len));
	if (line != NULL)	/* also when it was there before its end */
		(void)snprintf(want, sizeof(want), "%s\n", line);
	ck_assert(nk_filetext_fits(&t, want, strlen(want)));
}
END_TEST

/* The store's order; comments and blanks stay there. */
START_TEST(order)
{
	begin_alice();
	put_line('x', NULL, NEVER);
	put_line('B', NULL, NEVER);
	put_line(' ', NULL, NEVER);
	put_line('C', NULL, NOW - 1);
	put_line('A', NULL, NEVER);
	put_line('A', "no-pty", NEVER);
	commit();
	ck_assert_str_eq(make(false, NEVER), LINE_B "\n" LINE_A "\n"
	    "no-pty " LINE_A "\n");
	ck_assert_uint_eq(t.n, 4);
}
END_TEST

START_TEST(nothing)
{
	begin_alice();
	commit();
	ck_assert_str_eq(make(false, NEVER), "");
	ck_assert(nk_filetext_fits(&t, "", 0));
	ck_assert(!nk_filetext_fits(&t, "\n", 1));
	nk_filetext_clear(&t);
	nk_filetext_clear(&t);
}
END_TEST

static const struct {
	const char	*file;
	bool		 fits;
} files[] = {
	{ LINE_A "\n" LINE_B "\n", true },
	{ LINE_A "\n" "E1\n" LINE_B "\n", true },
	{ LINE_A "\n" "E1\n" LINE_B "\n" "E2\n", true },
	{ LINE_A "\n" LINE_B "\n" "E2\n", true },
	{ LINE_A "\n" LINE_B, false },
	{ LINE_A "\n", false },
	{ LINE_B "\n" LINE_A "\n", false },
	{ LINE_A "\n" LINE_B "\n" "E1\n", false },
	{ LINE_A "\n" "E2\n" LINE_B "\n", false },
	{ LINE_A "\n" "E1\n" "E1\n" LINE_B "\n", false },
	{ LINE_A "\n" LINE_B "\n" "E3\n", false },
	{ LINE_A "\n" LINE_B "\n\n", false },
	{ "\n" LINE_A "\n" LINE_B "\n", false },
	{ LINE_A "\n" "E", false },
	{ "", false },
};

/* E1 and E2 stand for lines whose time is over. */
START_TEST(fits)
{
	struct nk_filetext_line lines[] = {
		{ (char[]){ LINE_A }, NULL, false },
		{ (char[]){ "E1" }, NULL, true },
		{ (char[]){ LINE_B }, NULL, false },
		{ (char[]){ "E2" }, NULL, true },
	};
	const struct nk_filetext text = { .lines = lines, .n = N(lines) };

	ck_assert_msg(nk_filetext_fits(&text, files[_i].file,
	    strlen(files[_i].file)) == files[_i].fits, "%s",
	    files[_i].file);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("publish_filetext");
	TCase *tc = tcase_create("filetext");

	tcase_add_checked_fixture(tc, setup, free_text);
	tcase_add_loop_test(tc, line_of, 0, N(rows));
	tcase_add_test(tc, order);
	tcase_add_test(tc, nothing);
	suite_add_tcase(suite, tc);
	tc = tcase_create("fits");
	tcase_add_loop_test(tc, fits, 0, N(files));
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
