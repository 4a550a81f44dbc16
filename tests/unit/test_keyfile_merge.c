/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/keyfile/merge.h"
#include "tests/unit/ssh_keys.h"

#define COUNT(a)	((int)(sizeof(a) / sizeof((a)[0])))
#define LINES_MAX	8

/* Two keys with their fingerprints, and a third one, a stranger's. */
#define A		"ssh-ed25519 " ED25519_BASE64
#define B_SHA256	"SHA256:jbztTfH3TzkTO/oltFz+9SYwUHXto6AAkPcNB3zO4/Q"
#define B		"ecdsa-sha2-nistp256 " P256_BASE64
#define C		"ssh-rsa " RSA2048_BASE64
#define A_SHA256	"SHA256:2DhLmGWkSxQb21MiLBtjXEeabd/XTCOlZqV9QEWlSlQ"
#define LOCAL		"ssh-ed25519 AAAA hand made\n# ours, says he\n\n"

static const struct nk_keyfile_line old_a = { A_SHA256, A " alice" };
static const struct nk_keyfile_line old_b = { B_SHA256, B };
static const struct nk_keyfile_line key_a = { A_SHA256, "" };
static const struct nk_keyfile_line buried_a = { A_SHA256, A_SHA256 };

static const struct {
	const char	*what;
	const char	*file;		/* NULL: none */
	const char	*wanted;
	const struct nk_keyfile_line *written[LINES_MAX];
	const char	*alive[LINES_MAX];
	const char	*text;		/* NULL: empty */
} rows[] = {
	{ "nothing at all", NULL, "", { NULL }, { NULL }, NULL },
	{ "an empty file", "", "", { NULL }, { NULL }, NULL },
	{ "a first file", NULL, A "\n", { NULL }, { A_SHA256 },
	    A "\n" },
	{ "ours before the foreign ones", LOCAL, A "\n" B "\n", { NULL },
	    { A_SHA256, B_SHA256 }, A "\n" B "\n" LOCAL },
	{ "foreign ones alone", LOCAL, "", { NULL }, { NULL }, LOCAL },
	{ "without a last newline", "# x\n" C, A "\n", { NULL },
	    { A_SHA256 }, A "\n# x\n" C },
	{ "what is there already", A "\n" LOCAL, A "\n", { NULL },
	    { A_SHA256 }, A "\n" LOCAL },
	{ "ours twice", A "\n" A "\n" A, A "\n", { NULL },
	    { A_SHA256 }, A "\n" },
	{ "our order", LOCAL B "\n" A "\n", A "\n" B "\n", { NULL },
	    { A_SHA256, B_SHA256 }, A "\n" B "\n" LOCAL },
	{ "an old line of ours goes", "# x\n" A " alice\n# y\n", A " bob\n",
	    { &old_a }, { A_SHA256 }, A " bob\n# x\n# y\n" },
	{ "one that was never ours stays", A " alice\n", A " bob\n",
	    { NULL }, { A_SHA256 }, A " bob\n" A " alice\n" },
	{ "so does a copy that was changed", A " alice!\n", A " bob\n",
	    { &old_a }, { A_SHA256 }, A " bob\n" A " alice!\n" },
	{ "and one whose newline was", A " alice\r\n", A " alice\n",
	    { &old_a }, { A_SHA256 }, A " alice\n" A " alice\r\n" },
	{ "a dead key goes", A " alice\n" B "\n", B "\n",
	    { &old_a, &old_b }, { B_SHA256 }, B "\n" },
	{ "with other words", "# k\n" A " else\n", "", { &old_a }, { NULL },
	    "# k\n" },
	{ "with options", "from=\"a b\",restrict " A "\n" C "\n", "",
	    { &old_a }, { NULL }, C "\n" },
	{ "but not in another key's options", "no-pty,command=\"x " A
	    " y\",restrict " C " z\n", "", { &old_a }, { NULL },
	    "no-pty,command=\"x " A " y\",restrict " C " z\n" },
	{ "nor as all that they say", "command=\" " ED25519_BASE64 "\"\t" C
	    "\n", "", { &old_a }, { NULL }, "command=\" " ED25519_BASE64
	    "\"\t" C "\n" },
	{ "nor where lines end in a return", "command=\"" A " y\" " C
	    "\r\n", "", { &old_a }, { NULL }, "command=\"" A " y\" " C
	    "\r\n" },
	{ "behind another's options", "command=\"" C "\" " A "\n", "",
	    { &old_a }, { NULL }, NULL },
	{ "in options with an escape", "command=\"x\\\" " A " \\\"\" " C
	    "\n", "", { &old_a }, { NULL }, NULL },
	{ "in quotes that are no value", "x\" " A " \" " C "\n", "",
	    { &old_a }, { NULL }, NULL },
	{ "in quotes that do not end", "command=\"x " A " " C "\n", "",
	    { &old_a }, { NULL }, NULL },
	{ "in options before no key", "command=\"x " A " y\" ssh-rsa AAAA"
	    "\n", "", { &old_a }, { NULL }, NULL },
	{ "in options before a key of another type", "command=\"x " A " y\" "
	    "ssh-ed25519 " RSA2048_BASE64 "\n", "", { &old_a }, { NULL },
	    NULL },
	{ "in options with a return", "command=\"x\r " A " y\" " C "\n", "",
	    { &old_a }, { NULL }, NULL },
	{ "in another key's comment", C " command=\"x " A " y\"\n", "",
	    { &old_a }, { NULL }, NULL },
	{ "with options that nobody reads", "no \"such " A "\n", "",
	    { &old_a }, { NULL }, NULL },
	{ "after white space", " \t" A "\n", "", { &old_a }, { NULL },
	    NULL },
	{ "with tabs", "ssh-ed25519\t" ED25519_BASE64 "\tx\n", "",
	    { &old_a }, { NULL }, NULL },
	{ "after a byte order mark", "\xef\xbb\xbf" A "\n", "", { &old_a },
	    { NULL }, NULL },
	{ "with a carriage return", A "\r\n", "", { &old_a }, { NULL },
	    NULL },
	{ "known by its fingerprint alone", A " x\n", "", { &key_a },
	    { NULL }, NULL },
	{ "a buried key that has come back", A " x\nrestrict " A "\n" B "\n",
	    "restrict " A "\n", { &buried_a }, { A_SHA256 },
	    "restrict " A "\n" B "\n" },
	{ "not in a comment", "#" A "\n \t# " A "\n", "", { &old_a },
	    { NULL }, "#" A "\n \t# " A "\n" },
	{ "not in part of a word", "x" A "=\n" A "A\n", "", { &old_a },
	    { NULL }, "x" A "=\n" A "A\n" },
	{ "a key that lives on elsewhere", A " alice\n" A " x\n", "",
	    { &old_a }, { A_SHA256 }, A " x\n" },
	{ "a line that is the start of ours", A " alic\n" A " alicee\n", "",
	    { &old_a }, { A_SHA256 }, A " alic\n" A " alicee\n" },
	{ "all of it goes", A " alice\n" B, "", { &old_a, &old_b }, { NULL },
	    NULL },
	{ "blank lines stay", "\n\n" A " alice\n\n", "", { &old_a },
	    { NULL }, "\n\n\n" },
};

/* For row i; the lines of it are v's. */
static struct nk_merge
row(int i, struct nk_keyfile_line v[LINES_MAX])
{
	struct nk_merge m = {
		.file = rows[i].file,
		.file_len = rows[i].file == NULL ? 0 : strlen(rows[i].file),
		.wanted = rows[i].wanted,
		.wanted_len = strlen(rows[i].wanted),
		.written = v,
		.alive = rows[i].alive,
	};

	while (rows[i].written[m.n_written] != NULL) {
		v[m.n_written] = *rows[i].written[m.n_written];
		m.n_written++;
	}
	while (rows[i].alive[m.n_alive] != NULL)
		m.n_alive++;
	return m;
}

START_TEST(merge)
{
	const char *wanted = rows[_i].text;
	struct nk_keyfile_line v[LINES_MAX];
	struct nk_merge m = row(_i, v);
	char *text, *again;
	size_t len, again_len;

	ck_assert_int_eq(nk_merge_text(&m, &text, &len), 0);
	ck_assert_msg((text == NULL) == (wanted == NULL), "%s",
	    rows[_i].what);
	ck_assert_msg(len == (wanted == NULL ? 0 : strlen(wanted)) &&
	    (len == 0 || memcmp(text, wanted, len) == 0), "%s: \"%.*s\"",
	    rows[_i].what, (int)len, text == NULL ? "" : text);
	m.file = text;
	m.file_len = len;
	ck_assert_int_eq(nk_merge_text(&m, &again, &again_len), 0);
	ck_assert_msg(again_len == len &&
	    (len == 0 || memcmp(again, text, len) == 0), "%s: again",
	    rows[_i].what);
	free(again);
	free(text);
}
END_TEST

/* A NUL is no end of a line, but ends its last word. */
START_TEST(nul)
{
	static const char file[] = "a\0b\n" A "\0 c\n" C "\0\n";
	static const char wanted[] = "a\0b\n" C "\0\n";
	const struct nk_merge m = { .file = file,
	    .file_len = sizeof(file) - 1, .written = &old_a,
	    .n_written = 1 };
	char *text;
	size_t len;

	ck_assert_int_eq(nk_merge_text(&m, &text, &len), 0);
	ck_assert_uint_eq(len, sizeof(wanted) - 1);
	ck_assert_mem_eq(text, wanted, len);
	free(text);
}
END_TEST

/* Each cut of its base64 is another key or none, and each other letter. */
START_TEST(no_key)
{
	static const struct nk_keyfile_line v[] = {
		{ A_SHA256, A }, { "", "" }, { "SHA256:", "x" },
	};
	char file[1024];
	struct nk_merge m = { .file = file, .written = v, .n_written = 3 };
	char *text;
	size_t len, i;

	for (i = 1; i < strlen(ED25519_BASE64); i++) {
		(void)snprintf(file, sizeof(file), "ssh-ed25519 %.*s\n"
		    "ssh-ed25519 %.*s%c%s\n", (int)i, ED25519_BASE64,
		    (int)i - 1, ED25519_BASE64,
		    ED25519_BASE64[i - 1] == 'A' ? 'B' : 'A',
		    ED25519_BASE64 + i);
		m.file_len = strlen(file);
		ck_assert_int_eq(nk_merge_text(&m, &text, &len), 0);
		ck_assert_uint_eq(len, m.file_len);
		ck_assert_mem_eq(text, file, len);
		free(text);
	}
}
END_TEST

struct seen {
	char	text[256];
	size_t	stop;		/* after so many */
	size_t	n;
};

static int
see(void *arg, size_t number, const char *line, size_t len)
{
	struct seen *s = arg;
	size_t at = strlen(s->text);

	ck_assert_int_lt(snprintf(s->text + at, sizeof(s->text) - at,
	    "%zu:%.*s;", number, (int)len, line),
	    (int)(sizeof(s->text) - at));
	return ++s->n == s->stop ? -ECANCELED : 0;
}

START_TEST(foreign)
{
	static const char file[] = "# one\n" A " alice\n\n" A " bob\n" B
	    "\nlast";
	struct nk_merge m = { .file = file, .file_len = strlen(file),
	    .wanted = B "\n", .wanted_len = strlen(B "\n"),
	    .written = &old_a, .n_written = 1 };
	struct seen s = { "", 0, 0 };

	ck_assert_int_eq(nk_merge_foreign(&m, see, &s), 0);
	ck_assert_str_eq(s.text, "1:# one;3:;6:last;");
	s = (struct seen){ "", 2, 0 };
	ck_assert_int_eq(nk_merge_foreign(&m, see, &s), -ECANCELED);
	ck_assert_str_eq(s.text, "1:# one;3:;");
	s = (struct seen){ "", 0, 0 };
	m.file = NULL;
	m.file_len = 0;
	ck_assert_int_eq(nk_merge_foreign(&m, see, &s), 0);
	ck_assert_str_eq(s.text, "");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("keyfile_merge");
	TCase *tc = tcase_create("merge");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_loop_test(tc, merge, 0, COUNT(rows));
	tcase_add_test(tc, nul);
	tcase_add_test(tc, no_key);
	tcase_add_test(tc, foreign);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
