/* SPDX-License-Identifier: ISC */

/* authorized_keys files as people have left them. */

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ssh/foundlines.h"
#include "tests/unit/private_keys.h"
#include "tests/unit/ssh_keys.h"

#define COUNT(a)	((int)(sizeof(a) / sizeof((a)[0])))
#define RAW(s)		(s), sizeof(s) - 1

#define ED		"ssh-ed25519 " ED25519_BASE64
#define EC		"ecdsa-sha2-nistp256 " P256_BASE64
#define BOM		"\xef\xbb\xbf"
#define SSH2		"---- BEGIN SSH2 PUBLIC KEY ----\n" ED25519_BASE64 \
			"\n---- END SSH2 PUBLIC KEY ----\n"

static const struct nk_keypolicy policy = { 2048, 16384, 2, { 9, 2 } };

/* Lines and ranges with k(ey), i(nvalid) or p(rivate). */
static const struct {
	const char	*what;
	const char	*text;
	size_t		 len;
	const char	*found;
	size_t		 comments, blanks;
	bool		 private;
} rows[] = {
	{ "nothing", RAW(""), "", 0, 0, false },
	{ "a newline", RAW("\n"), "", 0, 1, false },
	{ "keys", RAW(ED " a\n" EC "\n"), "1k 2k", 0, 0, false },
	{ "no newline at the end", RAW(ED " a\n" EC), "1k 2k", 0, 0, false },
	{ "CRLF", RAW(ED " a\r\n\r\n" EC "\r\n# c\r\n"), "1k 3k", 1, 1,
	    false },
	{ "tabs", RAW("\t" ED "\ta\n \t\n"), "1k", 0, 1, false },
	{ "more than a text may have", RAW(ED "\n" EC "\n" ED "\n"),
	    "1k 2k 3k", 0, 0, false },
	{ "comments", RAW("# a\n  # b\n#" ED "\n"), "", 3, 0, false },
	{ "options", RAW("no-pty,command=\"a \\\"b\\\" c\" " ED " x\n"), "1k",
	    0, 0, false },
	{ "an option that sshd does not know", RAW("nonsense " ED "\n" EC),
	    "1i 2k", 0, 0, false },
	{ "a quote without end", RAW("command=\"x " ED "\n" EC), "1i 2k", 0,
	    0, false },
	{ "a space after a comma", RAW("no-pty, no-x11-forwarding " ED "\n"
	    EC), "1i 2k", 0, 0, false },
	{ "a certificate", RAW("ssh-ed25519-cert-v01@openssh.com "
	    CERT_ED25519_BASE64 "\n"), "1k", 0, 0, false },
	{ "an authority", RAW("cert-authority " ED "\n"), "1k", 0, 0, false },
	{ "a key that is cut", RAW("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEE\n"
	    ED), "1i 2k", 0, 0, false },
	{ "a wrapped line", RAW("ssh-ed25519\n" ED25519_BASE64 "\n" ED),
	    "1i 2i 3k", 0, 0, false },
	{ "words", RAW("hello\nworld\n\nagain\n" ED), "1-2i 4i 5k", 0, 1,
	    false },
	{ "different faults", RAW("hello\n\x01\n" ED), "1i 2i 3k", 0, 0,
	    false },
	{ "NUL behind a key", RAW(ED " a\0b\n" EC), "1i 2k", 0, 0, false },
	{ "another alphabet", RAW(ED " m\xfcller\n" EC), "1i 2k", 0, 0,
	    false },
	{ "lines of an old Macintosh", RAW(ED "\r" EC "\r"), "1i", 0, 0,
	    false },
	{ "a mark", RAW(BOM ED "\n" EC), "1i 2k", 0, 0, false },
	{ "a mark before a comment", RAW(BOM "# c\n" EC), "2k", 1, 0, false },
	{ "a mark before nothing", RAW(BOM "\n" EC), "2k", 0, 1, false },
	{ "a mark alone", RAW(BOM), "", 0, 0, false },
	{ "a mark further down", RAW(ED "\n" BOM EC "\n"), "1k 2i", 0, 0,
	    false },
	{ "a key of several lines", RAW(SSH2 ED), "1i 2i 3i 4k", 0, 0, false },
	{ "a key inside of one", RAW("---- BEGIN SSH2 PUBLIC KEY ----\n"
	    "Comment: \\\n" ED "\n"), "1i 2i 3k", 0, 0, false },
	{ "a private key", RAW(ED "\n" ED_OPENSSH EC "\n"), "1k 2-8p 9k", 0,
	    0, true },
	{ "a key inside of one", RAW("-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    "abc\n" ED "\nabc\n-----END OPENSSH PRIVATE KEY-----\n"),
	    "1-2p 3k 4i 5p", 0, 0, true },
	{ "two private keys", RAW(ED_OPENSSH "x\n" ED_OPENSSH),
	    "1-7p 8i 9-15p", 0, 0, true },
	{ "a private key behind a public one", RAW(ED
	    " -----BEGIN OPENSSH PRIVATE KEY-----\n" EC), "1p 2k", 0, 0,
	    true },
	{ "a private key in a comment",
	    RAW("# -----BEGIN RSA PRIVATE KEY-----\n" EC), "1p 2k", 0, 0,
	    true },
};

static void
describe(const struct nk_found_lines *f, char *out, size_t room)
{
	static const char letters[] = { 'k', 'i', 'p' };
	size_t at = 0, i;

	out[0] = '\0';
	for (i = 0; i < f->n; i++) {
		at += (size_t)snprintf(out + at, room - at, "%s%zu",
		    i > 0 ? " " : "", f->v[i].first);
		if (f->v[i].last != f->v[i].first)
			at += (size_t)snprintf(out + at, room - at, "-%zu",
			    f->v[i].last);
		ck_assert_uint_lt(at + 2, room);
		out[at++] = letters[f->v[i].found];
		out[at] = '\0';
	}
}

START_TEST(judged)
{
	struct nk_found_lines f;
	char found[256];
	size_t i;

	ck_assert_int_eq(nk_found_lines_read(rows[_i].text, rows[_i].len,
	    &policy, &f), 0);
	describe(&f, found, sizeof(found));
	ck_assert_msg(strcmp(found, rows[_i].found) == 0, "%s: %s",
	    rows[_i].what, found);
	ck_assert_uint_eq(f.comments, rows[_i].comments);
	ck_assert_uint_eq(f.blanks, rows[_i].blanks);
	ck_assert_int_eq(f.private_key != NULL, rows[_i].private);
	for (i = 0; i < f.n; i++) {
		ck_assert_int_eq(f.v[i].why == NULL,
		    f.v[i].found == NK_FOUND_KEY);
		ck_assert_int_eq(f.v[i].key.blob != NULL,
		    f.v[i].found == NK_FOUND_KEY);
		ck_assert_uint_eq(nk_found_line_count(&f.v[i]),
		    f.v[i].last - f.v[i].first + 1);
	}
	nk_found_lines_clear(&f);
	ck_assert_ptr_null(f.v);
}
END_TEST

START_TEST(what_a_key_says)
{
	static const char text[] = "x\nfrom=\"192.0.2.7\" " ED " a  b \r\n";
	struct nk_found_lines f;

	ck_assert_int_eq(nk_found_lines_read(text, sizeof(text) - 1, &policy,
	    &f), 0);
	ck_assert_uint_eq(f.n, 2);
	ck_assert_str_eq(f.v[1].key.options, "from=\"192.0.2.7\"");
	ck_assert_str_eq(f.v[1].key.comment, "a  b");
	ck_assert_str_eq(f.v[1].key.base64, ED25519_BASE64);
	nk_found_lines_clear(&f);
}
END_TEST

/* Of a key in UTF-16 no line tells, but the whole does. */
START_TEST(wide_private_key)
{
	static const char narrow[] = ED_OPENSSH;
	char wide[2 * sizeof(narrow)];
	struct nk_found_lines f;
	size_t i;

	memset(wide, 0, sizeof(wide));
	for (i = 0; i < sizeof(narrow) - 1; i++)
		wide[2 * i] = narrow[i];
	ck_assert_int_eq(nk_found_lines_read(wide, 2 * (sizeof(narrow) - 1),
	    &policy, &f), 0);
	ck_assert_ptr_nonnull(f.private_key);
	for (i = 0; i < f.n; i++)
		ck_assert_int_ne(f.v[i].found, NK_FOUND_KEY);
	nk_found_lines_clear(&f);
}
END_TEST

START_TEST(limits)
{
	const size_t max = NK_KEYTEXT_MAX;
	char *text = malloc(max + 1);
	struct nk_found_lines f;

	ck_assert_ptr_nonnull(text);
	memset(text, 'x', max + 1);
	memcpy(text, ED "\n", sizeof(ED));
	memcpy(text + (2u << 20), "\n" ED " ", sizeof(ED) + 1);
	memset(text + (2u << 20) + sizeof(ED) + 1, 'y', 100);
	text[(2u << 20) + sizeof(ED) + 101] = '\n';
	ck_assert_int_eq(nk_found_lines_read(text, max, &policy, &f), 0);
	ck_assert_uint_eq(f.n, 4);	/* a key, 2 MB, a key, 2 MB */
	ck_assert_int_eq(f.v[1].found, NK_FOUND_INVALID);
	ck_assert_int_eq(f.v[2].found, NK_FOUND_KEY);
	ck_assert_uint_eq(strlen(f.v[2].key.comment), 100);
	nk_found_lines_clear(&f);
	ck_assert_int_eq(nk_found_lines_read(text, max + 1, &policy, &f),
	    -E2BIG);
	ck_assert_uint_eq(f.n, 0);
	/* very many lines */
	memset(text, '\n', max);
	ck_assert_int_eq(nk_found_lines_read(text, max, &policy, &f), 0);
	ck_assert_uint_eq(f.blanks, max);
	nk_found_lines_clear(&f);
	free(text);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("foundlines");
	TCase *tc = tcase_create("found");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, judged, 0, COUNT(rows));
	tcase_add_test(tc, what_a_key_says);
	tcase_add_test(tc, wide_private_key);
	tcase_add_test(tc, limits);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
