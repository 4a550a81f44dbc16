/* SPDX-License-Identifier: ISC */

/*
 * Another machine's authorized_keys: is the key in it, what is it without
 * it, and how does it get there?
 */

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
	/* of another key */
	{ "ssh-rsa AAAA " TYPE " " KEY "\n", false },
	{ "restrict ssh-rsa AAAA " TYPE " " KEY "\n", false },
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

/* ---- without it ---- */

#define LINE	TYPE " " KEY " c\n"

static const struct {
	const char	*text, *rest;
} strips[] = {
	{ LINE, "" },
	{ TYPE " " KEY, "" },
	{ LINE LINE, "" },
	{ "a\n" LINE "b\n", "a\nb\n" },
	{ "a\n" LINE "b", "a\nb" },
	{ "a\n" TYPE " " KEY, "a\n" },
	{ LINE "\n\n# x\n", "\n\n# x\n" },
	{ "a\r\n" TYPE " " KEY "\r\nb\r\n", "a\r\nb\r\n" },
	{ "\n" LINE "\n", "\n\n" },
	{ "from=\"a b\",restrict " LINE "a\n" LINE "b \n", "a\nb \n" },
	{ "# " LINE LINE, "# " LINE },
	{ TYPE " " KEY "x\n" LINE, TYPE " " KEY "x\n" },
	{ "ssh-rsa AAAA " LINE LINE, "ssh-rsa AAAA " LINE },
	{ "", "" },
	{ "a", "a" },
};

/* A copy, behind which there is nothing that may be read. */
static struct place_text
text_of(const char *s)
{
	struct place_text t = { NULL, strlen(s), true, true };

	ck_assert_ptr_nonnull(t.p = malloc(t.len == 0 ? 1 : t.len));
	memcpy(t.p, s, t.len);
	return t;
}

START_TEST(strips_lines)
{
	struct place_text t = text_of(strips[_i].text), rest;

	ck_assert(place_strip(&t, TYPE, KEY, &rest));
	ck_assert_msg(rest.len == strlen(strips[_i].rest) &&
	    memcmp(rest.p, strips[_i].rest, rest.len) == 0, "%s: %.*s",
	    strips[_i].text, (int)rest.len, rest.p);
	free(t.p);
	free(rest.p);
}
END_TEST

/* ---- with which options ---- */

static const struct {
	const char	*text;
	const char	*options;	/* NULL: they cannot be told */
} options[] = {
	{ LINE, "" },
	{ TYPE " " KEY, "" },
	{ " \t" TYPE "\t " KEY "\r\n", "" },
	{ "restrict " LINE, "restrict" },
	{ "a\n\trestrict \t" TYPE " " KEY "\r\nb", "restrict" },
	{ "from=\"a b\",command=\"x \\\" y\" " LINE,
	  "from=\"a b\",command=\"x \\\" y\"" },
	{ "command=\"" TYPE " " KEY "\" " LINE,
	  "command=\"" TYPE " " KEY "\"" },
	{ TYPE " " LINE, TYPE },
	{ LINE "# x\n" TYPE " " KEY, "" },
	{ "pty " LINE "pty  " LINE, "pty" },
	{ "pty " LINE "no-pty " LINE, NULL },
	{ LINE "pty " LINE, NULL },
	{ "pty " LINE "restrict " TYPE " x\n" LINE, NULL },
	{ "", NULL },
	{ "# " LINE, NULL },
	{ "restrict " TYPE " x\n", NULL },
};

START_TEST(tells_options)
{
	struct place_text t = text_of(options[_i].text);
	const char *want = options[_i].options, *why;
	struct place_options o = { NULL, 0 };

	why = place_options(&t, TYPE, KEY, &o);
	ck_assert_msg((why == NULL) == (want != NULL), "%s",
	    options[_i].text);
	ck_assert_msg(want == NULL || (o.len == strlen(want) &&
	    memcmp(o.p, want, o.len) == 0), "%s: %.*s", options[_i].text,
	    (int)o.len, o.p);
	free(t.p);
}
END_TEST

/* ---- how it gets there: a place in memory ---- */

#define FILE_MAX	256

enum fail {
	FAIL_BESIDE = 1, FAIL_SETTLE = 2, FAIL_OVERWRITE = 4,
	FAIL_RESTORE = 8, FAIL_READ = 16,
};

struct far {
	char		 file[FILE_MAX], new[FILE_MAX];
	size_t		 len, new_len;
	bool		 has_new;
	unsigned int	 fails;
	int		 calls;
	int		 foreign_at;	/* the call before which somebody */
	const char	*foreign;	/* appends this, */
	size_t		 cut;		/* or how short the file gets */
};

static bool
far_call(struct place *p, enum fail what)
{
	struct far *f = p->state;

	if (++f->calls == f->foreign_at) {
		if (f->foreign == NULL) {
			f->len = f->cut;
		} else {
			memcpy(f->file + f->len, f->foreign,
			    strlen(f->foreign));
			f->len += strlen(f->foreign);
		}
	}
	return (f->fails & what) == 0;
}

static const char *
far_read(struct place *p, struct place_text *t)
{
	const struct far *f = p->state;

	/* the first one works, or there is nothing to see */
	if (!far_call(p, FAIL_READ) && f->calls > 1)
		return "read";
	ck_assert_ptr_nonnull(t->p = malloc(f->len == 0 ? 1 : f->len));
	memcpy(t->p, f->file, f->len);
	t->len = f->len;
	t->present = t->folder = true;
	return NULL;
}

static const char *
far_beside(struct place *p, const char *bytes, size_t len)
{
	struct far *f = p->state;

	if (!far_call(p, FAIL_BESIDE))
		return "beside";
	memcpy(f->new, bytes, len);
	f->new_len = len;
	f->has_new = true;
	return NULL;
}

static const char *
far_settle(struct place *p, bool take)
{
	struct far *f = p->state;
	bool can = far_call(p, FAIL_SETTLE);

	ck_assert(f->has_new);
	f->has_new = false;
	if (!take)
		return NULL;
	if (!can)
		return "settle";
	memcpy(f->file, f->new, f->new_len);
	f->len = f->new_len;
	return NULL;
}

/* Where it fails, half of it is written the first time. */
static const char *
far_overwrite(struct place *p, const char *bytes, size_t len)
{
	struct far *f = p->state;
	bool can = far_call(p, FAIL_OVERWRITE);

	f->fails &= ~(unsigned int)FAIL_OVERWRITE;
	memcpy(f->file, bytes, can ? len : len / 2);
	return can ? NULL : "overwrite";
}

static const char *
far_restore(struct place *p, const struct place_text *before)
{
	struct far *f = p->state;

	if (!far_call(p, FAIL_RESTORE))
		return "restore";
	f->len = before->len;
	return NULL;
}

#define BEFORE	"a\n" LINE "b\n"
#define WITHOUT	"a\nb\n"
#define FOREIGN	"somebody else is writing to it"

static const struct {
	const char	*what;
	unsigned int	 fails;
	int		 foreign_at;
	const char	*foreign;
	const char	*file;		/* in the end */
	const char	*why;
} removals[] = {
	{ "by a new file", 0, 0, NULL, WITHOUT, NULL },
	{ "in place", FAIL_BESIDE, 0, NULL, WITHOUT, NULL },
	{ "in place of the new one", FAIL_SETTLE, 0, NULL, WITHOUT, NULL },
	/* read, beside, read, settle, read */
	{ "foreign before beside", 0, 2, "x\n", BEFORE "x\n", FOREIGN },
	{ "foreign before it is taken", 0, 3, "x\n", BEFORE "x\n", FOREIGN },
	{ "foreign behind that", 0, 5, "x\n", WITHOUT "x\n", NULL },
	{ "put there again", 0, 5, LINE, WITHOUT LINE,
	    "it is there again when it is read again" },
	{ "cut", 0, 3, NULL, "a\n", FOREIGN },
	{ "cut in the end", 0, 5, NULL, "a\n", FOREIGN },
	{ "unread", FAIL_READ, 0, NULL, BEFORE, "read" },
	/* read, beside, read, overwrite, read, restore, read */
	{ "in place, foreign at once", FAIL_BESIDE, 3, "x\n", BEFORE "x\n",
	    FOREIGN },
	{ "in place, foreign when written", FAIL_BESIDE, 5, "x\n",
	    BEFORE "x\n", FOREIGN },
	{ "in place, cut", FAIL_BESIDE, 5, NULL, "a\n",
	    FOREIGN "; nothing was taken back: " FOREIGN },
	{ "in place, half", FAIL_BESIDE | FAIL_OVERWRITE, 0, NULL, BEFORE,
	    "overwrite" },
	{ "in place, not shorter", FAIL_BESIDE | FAIL_RESTORE, 0, NULL,
	    BEFORE, "restore" },
	{ "in place, foreign in the end", FAIL_BESIDE, 7, "x\n",
	    WITHOUT "x\n", NULL },
};

START_TEST(removes)
{
	struct far f = { .len = strlen(BEFORE), .fails = removals[_i].fails,
		.foreign_at = removals[_i].foreign_at,
		.foreign = removals[_i].foreign, .cut = 2 };
	struct place p = { .state = &f, .read = far_read,
		.beside = far_beside, .settle = far_settle,
		.overwrite = far_overwrite, .restore = far_restore };
	const char *why;
	bool removed;

	memcpy(f.file, BEFORE, f.len);
	why = place_remove(&p, TYPE, KEY, &removed);
	ck_assert_msg(removals[_i].why == NULL ? why == NULL :
	    why != NULL && strcmp(why, removals[_i].why) == 0, "%s: %s",
	    removals[_i].what, why == NULL ? "done" : why);
	ck_assert(removed == (why == NULL));
	ck_assert_msg(f.len == strlen(removals[_i].file) &&
	    memcmp(f.file, removals[_i].file, f.len) == 0, "%s: %.*s",
	    removals[_i].what, (int)f.len, f.file);
	ck_assert(!f.has_new);
}
END_TEST

/* Nothing is written where there is nothing to take. */
START_TEST(removes_nothing)
{
	struct far f = { .file = "a\n", .len = 2 };
	struct place p = { .state = &f, .read = far_read };
	bool removed;

	ck_assert_ptr_null(place_remove(&p, TYPE, KEY, &removed));
	ck_assert(!removed);
	ck_assert_int_eq(f.calls, 1);
}
END_TEST

/* What cannot be taken back is said. */
START_TEST(says_worse)
{
	struct place p = { .fault = NK_REMOTE_NOT_REMOVED };
	char why[2 * NK_REMOTE_WORDS_MAX];

	ck_assert_str_eq(place_worse(&p, "why", NULL), "why");
	ck_assert_str_eq(place_worse(&p, "why", "worse"),
	    "why; nothing was taken back: worse");
	memset(why, 'x', sizeof(why) - 1);
	why[sizeof(why) - 1] = '\0';
	ck_assert_uint_eq(strlen(place_worse(&p, why, "worse")),
	    NK_REMOTE_WORDS_MAX);
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
	tcase_add_loop_test(tc, strips_lines, 0,
	    sizeof(strips) / sizeof(strips[0]));
	tcase_add_loop_test(tc, tells_options, 0,
	    sizeof(options) / sizeof(options[0]));
	tcase_add_loop_test(tc, removes, 0,
	    sizeof(removals) / sizeof(removals[0]));
	tcase_add_test(tc, removes_nothing);
	tcase_add_test(tc, says_worse);
	tcase_add_test(tc, grows);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
