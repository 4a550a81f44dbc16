/* SPDX-License-Identifier: ISC */

/* Lines of authorized_keys in the store. */

#include <errno.h>

#include "tests/unit/store_fixture.h"

#define N(a)		((int)(sizeof(a) / sizeof((a)[0])))
#define LINES_MAX	32

static int64_t alice, bob;

static void
setup_users(void)
{
	setup();
	begin();
	alice = add_user("alice", 3000, true);
	bob = add_user("bob", 3001, true);
	ck_assert_int_gt(alice, 0);
	ck_assert_int_gt(bob, 0);
	commit();
}

/* The user's lines as letters. */
static const char *
lines_of(int64_t user)
{
	static char text[LINES_MAX + 1];
	struct nk_keys ks;
	size_t i;

	ck_assert_int_eq(nk_keys_of_user(s, user, &ks), 0);
	ck_assert_uint_le(ks.n, LINES_MAX);
	for (i = 0; i < ks.n; i++) {
		ck_assert_int_eq(ks.v[i].user_id, user);
		ck_assert(i == 0 ||
		    ks.v[i].position > ks.v[i - 1].position);
		text[i] = ks.v[i].kind == NK_KEY_BLANK ? ' ' :
		    ks.v[i].comment[8];
	}
	text[ks.n] = '\0';
	nk_keys_clear(&ks);
	return text;
}

START_TEST(round_trip)
{
	struct key_text t;
	struct nk_key k;
	struct nk_keys ks;
	char options[] = "from=\"10.0.0.0/8\",no-pty", from[] = "10.0.0.1";
	int64_t seq = last_seq();

	make_key(&k, &t, alice, 'A');
	k.options = options;
	k.cert_authority = true;
	k.expires_at = 99;
	k.last_used_at = 5;
	k.last_used_from = from;
	begin();
	ck_assert_int_eq(nk_key_append(s, &k), 0);
	commit();
	ck_assert_int_eq(k.id, 1);
	ck_assert_str_eq(changes_after(seq), "K2");
	ck_assert_int_eq(nk_keys_of_user(s, alice, &ks), 0);
	ck_assert_uint_eq(ks.n, 1);
	ck_assert_int_eq(ks.v[0].id, k.id);
	ck_assert_int_eq(ks.v[0].user_id, alice);
	ck_assert_int_eq(ks.v[0].position, k.position);
	ck_assert_int_eq(ks.v[0].kind, NK_KEY_KEY);
	ck_assert(ks.v[0].cert_authority);
	ck_assert_uint_eq(ks.v[0].bits, 256);
	ck_assert_str_eq(ks.v[0].type, "ssh-ed25519");
	ck_assert_uint_eq(ks.v[0].blob_len, 8);
	ck_assert_mem_eq(ks.v[0].blob, "AAAAAAAA", 8);
	ck_assert_str_eq(ks.v[0].fingerprint, "SHA256:A");
	ck_assert_str_eq(ks.v[0].options, options);
	ck_assert_str_eq(ks.v[0].comment, "comment A");
	ck_assert_str_eq(ks.v[0].added_by, "root");
	ck_assert_int_eq(ks.v[0].added_at, 1000);
	ck_assert_int_eq(ks.v[0].expires_at, 99);
	ck_assert_int_eq(ks.v[0].last_used_at, 5);
	ck_assert_str_eq(ks.v[0].last_used_from, from);
	nk_keys_clear(&ks);
	begin();
	ck_assert_int_eq(add_key(alice, 'c'), 2);
	ck_assert_int_eq(add_key(alice, ' '), 3);
	commit();
	ck_assert_int_eq(nk_keys_of_user(s, alice, &ks), 0);
	ck_assert_uint_eq(ks.n, 3);
	ck_assert_int_eq(ks.v[1].kind, NK_KEY_COMMENT);
	ck_assert_str_eq(ks.v[1].comment, "comment c");
	ck_assert_ptr_null(ks.v[1].type);
	ck_assert_ptr_null(ks.v[1].blob);
	ck_assert_ptr_null(ks.v[1].fingerprint);
	ck_assert_int_eq(ks.v[2].kind, NK_KEY_BLANK);
	ck_assert_ptr_null(ks.v[2].comment);
	nk_keys_clear(&ks);
}
END_TEST

/* ---- what makes two lines the same ---- */

static char other_type[] = "ssh-rsa", other_text[] = "other", empty[] = "";
static char newline[] = "a\nb";

static void
same_line(struct nk_key *k)
{
	k->added_at = 5;	/* not part of what a line says */
}

static void
other_options(struct nk_key *k)
{
	k->options = other_text;
}

static void
empty_options(struct nk_key *k)
{
	k->options = empty;
}

static void
other_comment(struct nk_key *k)
{
	k->comment = other_text;
}

static void
no_comment(struct nk_key *k)
{
	k->comment = NULL;
}

static void
other_expiry(struct nk_key *k)
{
	k->expires_at = 4;
}

static void
type_differs(struct nk_key *k)
{
	k->type = other_type;
}

static void
authority(struct nk_key *k)
{
	k->cert_authority = true;
}

static void
longer_blob(struct nk_key *k)
{
	k->blob_len = 7;
}

static const struct {
	const char	*what;
	void		(*change)(struct nk_key *k);
	bool		 same;
} variants[] = {
	{ "the same",		same_line,	true },
	{ "options",		other_options,	false },
	{ "empty options",	empty_options,	false },
	{ "comment",		other_comment,	false },
	{ "no comment",		no_comment,	false },
	{ "expiry",		other_expiry,	false },
	{ "type",		type_differs,	false },
	{ "cert-authority",	authority,	false },
	{ "blob",		longer_blob,	false },
};

START_TEST(same)
{
	struct key_text t;
	struct nk_key k;
	struct nk_keys ks;
	int64_t seq;
	int i;

	begin();
	ck_assert_int_eq(add_key(bob, 'A'), 1);
	ck_assert_int_eq(add_key(alice, 'A'), 2);
	ck_assert_int_eq(add_key(alice, 'B'), 3);
	commit();
	seq = last_seq();
	for (i = 0; i < 2; i++) {	/* twice: then it is there */
		make_key(&k, &t, alice, 'A');
		variants[_i].change(&k);
		begin();
		ck_assert_int_eq(nk_key_append(s, &k), 0);
		commit();
		ck_assert_msg((k.id == 2) == variants[_i].same, "%s: %lld",
		    variants[_i].what, (long long)k.id);
		ck_assert_int_eq(k.position, variants[_i].same ? 1 : 3);
	}
	ck_assert_str_eq(changes_after(seq), variants[_i].same ? "" : "K2");
	ck_assert_int_eq(nk_keys_of_user(s, alice, &ks), 0);
	ck_assert_uint_eq(ks.n, variants[_i].same ? 2 : 3);
	ck_assert_int_eq(ks.v[0].added_at, 1000);
	nk_keys_clear(&ks);
	/* comments and blanks stand as often as they were written */
	begin();
	ck_assert_int_gt(add_key(alice, 'c'), 3);
	ck_assert_int_gt(add_key(alice, 'c'), 4);
	ck_assert_int_gt(add_key(alice, ' '), 5);
	ck_assert_int_gt(add_key(alice, ' '), 6);
	commit();
}
END_TEST

/* ---- what is refused ---- */

static void
no_type(struct nk_key *k)
{
	k->type = NULL;
}

static void
no_blob(struct nk_key *k)
{
	k->blob = NULL;
	k->blob_len = 0;
}

static void
empty_blob(struct nk_key *k)
{
	k->blob_len = 0;
}

static void
length_alone(struct nk_key *k)
{
	k->blob = NULL;
}

static void
no_fingerprint(struct nk_key *k)
{
	k->fingerprint = NULL;
}

static void
no_adder(struct nk_key *k)
{
	k->added_by = NULL;
}

static void
newline_in_options(struct nk_key *k)
{
	k->options = newline;
}

static void
newline_in_comment(struct nk_key *k)
{
	k->comment = newline;
}

static void
newline_in_type(struct nk_key *k)
{
	k->type = newline;
}

static void
comment_with_blob(struct nk_key *k)
{
	k->kind = NK_KEY_COMMENT;
}

static void
unknown_kind(struct nk_key *k)
{
	k->kind = (enum nk_key_kind)3;
}

static void
early_expiry(struct nk_key *k)
{
	k->expires_at = -1;
}

static void
early_adding(struct nk_key *k)
{
	k->added_at = -1;
}

static void
no_user(struct nk_key *k)
{
	k->user_id = 99;
}

static const struct {
	const char	*what;
	void		(*change)(struct nk_key *k);
	int		 want;
} refusals[] = {
	{ "no type",		no_type,		-EINVAL },
	{ "no blob",		no_blob,		-EINVAL },
	{ "empty blob",		empty_blob,		-EINVAL },
	{ "length alone",	length_alone,		-EINVAL },
	{ "no fingerprint",	no_fingerprint,		-EINVAL },
	{ "nobody added it",	no_adder,		-EINVAL },
	{ "newline, options",	newline_in_options,	-EINVAL },
	{ "newline, comment",	newline_in_comment,	-EINVAL },
	{ "newline, type",	newline_in_type,	-EINVAL },
	{ "comment with blob",	comment_with_blob,	-EINVAL },
	{ "unknown kind",	unknown_kind,		-EINVAL },
	{ "expiry below 0",	early_expiry,		-EINVAL },
	{ "adding below 0",	early_adding,		-EINVAL },
	{ "no such user",	no_user,		-ENOENT },
};

START_TEST(refused)
{
	struct key_text t[2];
	struct nk_key k[2];
	struct nk_keys ks = { k, 2 };
	int64_t seq;
	int r;

	begin();
	ck_assert_int_eq(add_key(alice, 'A'), 1);
	commit();
	seq = last_seq();
	make_key(&k[0], &t[0], alice, 'B');
	make_key(&k[1], &t[1], alice, 'C');
	refusals[_i].change(&k[1]);
	begin();
	r = nk_key_append(s, &k[1]);
	ck_assert_msg(r == refusals[_i].want, "%s: %d", refusals[_i].what,
	    r);
	ck_assert_int_eq(nk_keys_replace(s, k[1].user_id, &ks),
	    refusals[_i].want);
	commit();
	ck_assert_str_eq(lines_of(alice), "A");
	ck_assert_str_eq(changes_after(seq), "");
}
END_TEST

/* ---- replacing ---- */

static int
replace_with(const char *letters, int64_t *ids)
{
	struct key_text t[LINES_MAX];
	struct nk_key k[LINES_MAX];
	struct nk_keys ks = { k, strlen(letters) };
	size_t i;
	int r;

	for (i = 0; i < ks.n; i++) {
		make_key(&k[i], &t[i], 0, letters[i]);
		k[i].added_at = 2000;
	}
	r = nk_keys_replace(s, alice, &ks);
	for (i = 0; r == 0 && i < ks.n; i++)
		ids[i] = k[i].id;
	return r;
}

static const struct {
	const char	*old, *new;
	const char	*want;		/* what stands there then */
	bool		 noted;
} replacements[] = {
	{ "",		"",		"",		false },
	{ "",		"A",		"A",		true },
	{ "A",		"",		"",		true },
	{ "ABC",	"ABC",		"ABC",		false },
	{ "ABC",	"ABCD",		"ABCD",		true },
	{ "ABC",	"AC",		"AC",		true },
	{ "ABC",	"CBA",		"CBA",		true },
	{ "ABC",	"DABC",		"DABC",		true },
	{ "ABC",	"AXBYC",	"AXBYC",	true },
	{ "ABC",	"XYZ",		"XYZ",		true },
	{ "ABC",	"BCA",		"BCA",		true },
	{ "A",		"AA",		"A",		false },
	{ "",		"AABAB",	"AB",		true },
	{ "c A",	"c A",		"c A",		false },
	{ "c A",	"A c",		"A c",		true },
	{ "  c",	"   c",		"   c",		true },
	{ "ccA",	"cA",		"cA",		true },
	{ "c c c",	"ccc",		"ccc",		true },
	{ "ABcd EF",	"FE dcBA",	"FE dcBA",	true },
};

START_TEST(replaced)
{
	const char *old = replacements[_i].old, *new = replacements[_i].new;
	struct nk_keys before, after;
	int64_t ids[LINES_MAX], seq;
	size_t i, j;

	begin();
	for (i = 0; old[i] != '\0'; i++)
		ck_assert_int_gt(add_key(alice, old[i]), 0);
	ck_assert_int_gt(add_key(bob, 'A'), 0);
	commit();
	seq = last_seq();
	ck_assert_int_eq(nk_keys_of_user(s, alice, &before), 0);
	begin();
	ck_assert_int_eq(replace_with(new, ids), 0);
	commit();
	ck_assert_str_eq(lines_of(alice), replacements[_i].want);
	ck_assert_str_eq(lines_of(bob), "A");
	ck_assert_str_eq(changes_after(seq), replacements[_i].noted ? "K2" :
	    "");
	ck_assert_int_eq(nk_keys_of_user(s, alice, &after), 0);
	for (i = 0; i < after.n; i++) {
		/* a key that was there is the same row; others are new */
		for (j = 0; j < before.n; j++) {
			if (after.v[i].kind == NK_KEY_KEY && strcmp(
			    after.v[i].comment, before.v[j].comment == NULL ?
			    "" : before.v[j].comment) == 0)
				break;
		}
		if (j < before.n) {
			ck_assert_int_eq(after.v[i].id, before.v[j].id);
			ck_assert_int_eq(after.v[i].added_at, 1000);
		} else if (after.v[i].kind == NK_KEY_KEY) {
			ck_assert_int_eq(after.v[i].added_at, 2000);
		}
	}
	for (i = 0; new[i] != '\0'; i++) {	/* and the ids told are right */
		for (j = 0; j < after.n && after.v[j].id != ids[i]; j++)
			;
		ck_assert_uint_lt(j, after.n);
		ck_assert_int_eq(new[i], replacements[_i].want[j]);
	}
	nk_keys_clear(&before);
	nk_keys_clear(&after);
	ck_assert_int_eq(nk_store_verify(s, NULL, NULL), 0);
}
END_TEST

/* Keep only the first of each key: what a replacement comes to. */
static void
without_twins(char *out, const char *in)
{
	size_t n = 0;

	for (; *in != '\0'; in++) {
		out[n] = '\0';
		if (*in >= 'a' || *in == ' ' || strchr(out, *in) == NULL)
			out[n++] = *in;
	}
	out[n] = '\0';
}

START_TEST(replaced_at_random)
{
	static const char letters[] = "ABCDEFGHab ";
	unsigned int seed = (unsigned int)_i + 1;
	char new[LINES_MAX], want[LINES_MAX];
	int64_t ids[LINES_MAX];
	int round, i, n;

	for (round = 0; round < 60; round++) {
		n = rand_r(&seed) % 16;
		for (i = 0; i < n; i++)
			new[i] = letters[rand_r(&seed) % 11];
		new[n] = '\0';
		without_twins(want, new);
		begin();
		ck_assert_int_eq(replace_with(new, ids), 0);
		commit();
		ck_assert_str_eq(lines_of(alice), want);
	}
	ck_assert_int_eq(nk_store_verify(s, NULL, NULL), 0);
}
END_TEST

/* ---- removing and finding ---- */

START_TEST(removed)
{
	struct key_text t;
	struct nk_key k;
	struct nk_keys ks;
	struct nk_ids ids;
	size_t n = 9;
	int64_t seq;

	begin();
	ck_assert_int_gt(add_key(bob, 'A'), 0);
	ck_assert_int_gt(add_key(alice, 'A'), 0);
	ck_assert_int_gt(add_key(alice, 'B'), 0);
	make_key(&k, &t, alice, 'A');
	k.options = other_text;
	ck_assert_int_eq(nk_key_append(s, &k), 0);
	commit();
	ck_assert_int_eq(nk_keys_by_fingerprint(s, "SHA256:A", &ks), 0);
	ck_assert_uint_eq(ks.n, 3);
	ck_assert_int_eq(ks.v[0].user_id, alice);
	ck_assert_ptr_null(ks.v[0].options);
	ck_assert_str_eq(ks.v[1].options, other_text);
	ck_assert_int_eq(ks.v[2].user_id, bob);
	nk_keys_clear(&ks);
	ck_assert_int_eq(nk_keys_by_fingerprint(s, "SHA256:", &ks), 0);
	ck_assert_uint_eq(ks.n, 0);
	/* each user once, and not the one who asks */
	ck_assert_int_eq(nk_key_holders(s, "SHA256:A", 0, 9, &ids), 0);
	ck_assert_uint_eq(ids.n, 2);
	ck_assert_int_eq(ids.v[0], alice);
	ck_assert_int_eq(ids.v[1], bob);
	nk_ids_clear(&ids);
	ck_assert_int_eq(nk_key_holders(s, "SHA256:A", alice, 9, &ids), 0);
	ck_assert_uint_eq(ids.n, 1);
	ck_assert_int_eq(ids.v[0], bob);
	nk_ids_clear(&ids);
	ck_assert_int_eq(nk_key_holders(s, "SHA256:A", 0, 1, &ids), 0);
	ck_assert_uint_eq(ids.n, 1);
	nk_ids_clear(&ids);
	ck_assert_int_eq(nk_key_holders(s, "SHA256:B", alice, 9, &ids), 0);
	ck_assert_uint_eq(ids.n, 0);
	nk_ids_clear(&ids);
	ck_assert_int_eq(nk_user_has_key(s, alice, "SHA256:A"), 1);
	ck_assert_int_eq(nk_user_has_key(s, bob, "SHA256:A"), 1);
	ck_assert_int_eq(nk_user_has_key(s, bob, "SHA256:B"), 0);
	ck_assert_int_eq(nk_user_has_key(s, alice, "SHA256:"), 0);
	seq = last_seq();
	begin();
	ck_assert_int_eq(nk_keys_remove(s, alice, "SHA256:Z", &n), 0);
	ck_assert_uint_eq(n, 0);
	ck_assert_int_eq(nk_keys_remove(s, 99, "SHA256:A", &n), 0);
	ck_assert_uint_eq(n, 0);
	commit();
	ck_assert_str_eq(changes_after(seq), "");
	begin();
	ck_assert_int_eq(nk_keys_remove(s, alice, "SHA256:A", &n), 0);
	ck_assert_uint_eq(n, 2);
	commit();
	ck_assert_str_eq(changes_after(seq), "K2");
	ck_assert_str_eq(lines_of(alice), "B");
	ck_assert_str_eq(lines_of(bob), "A");
}
END_TEST

START_TEST(last_used)
{
	struct nk_keys ks;
	int64_t seq;

	begin();
	ck_assert_int_eq(add_key(alice, 'A'), 1);
	commit();
	seq = last_seq();
	begin();
	ck_assert_int_eq(nk_key_set_last_used(s, 1, 55, "::1"), 0);
	ck_assert_int_eq(nk_key_set_last_used(s, 2, 55, "::1"), -ENOENT);
	ck_assert_int_eq(nk_key_set_last_used(s, 1, -1, "::1"), -EINVAL);
	commit();
	ck_assert_str_eq(changes_after(seq), "");
	ck_assert_int_eq(nk_keys_of_user(s, alice, &ks), 0);
	ck_assert_int_eq(ks.v[0].last_used_at, 55);
	ck_assert_str_eq(ks.v[0].last_used_from, "::1");
	nk_keys_clear(&ks);
}
END_TEST

static int
walk(void *arg, const struct nk_key *k)
{
	char *text = arg;
	size_t used = strlen(text);

	(void)snprintf(text + used, 64 - used, "%lld%c ",
	    (long long)k->user_id, k->kind == NK_KEY_BLANK ? '_' :
	    k->comment[8]);
	return k->kind == NK_KEY_BLANK ? 3 : 0;
}

/* Of the first key: what a map has no use for is empty. */
static int
compare_mapped(void *arg, const struct nk_key *k)
{
	const struct nk_key *whole = arg;

	ck_assert_int_eq(k->user_id, whole->user_id);
	ck_assert_int_eq(k->kind, whole->kind);
	ck_assert_int_eq(k->cert_authority, whole->cert_authority);
	ck_assert_str_eq(k->type, whole->type);
	ck_assert_uint_eq(k->blob_len, whole->blob_len);
	ck_assert_mem_eq(k->blob, whole->blob, k->blob_len);
	ck_assert_pstr_eq(k->options, whole->options);
	ck_assert_pstr_eq(k->comment, whole->comment);
	ck_assert(k->expires_at == whole->expires_at);
	ck_assert_ptr_null(k->fingerprint);
	ck_assert_ptr_null(k->added_by);
	ck_assert_ptr_null(k->last_used_from);
	ck_assert(k->id == 0 && k->position == 0 && k->added_at == 0);
	return 7;
}

START_TEST(each)
{
	char text[64] = "";
	struct nk_keys ks;

	ck_assert_int_eq(nk_key_each(s, walk, text), 0);
	ck_assert_str_eq(text, "");
	begin();
	ck_assert_int_gt(add_key(bob, 'A'), 0);
	ck_assert_int_gt(add_key(alice, 'B'), 0);
	ck_assert_int_gt(add_key(1, 'C'), 0);
	ck_assert_int_gt(add_key(alice, 'd'), 0);
	ck_assert_int_gt(add_key(bob, ' '), 0);
	ck_assert_int_gt(add_key(bob, 'E'), 0);
	commit();
	ck_assert_int_eq(nk_key_each(s, walk, text), 3);
	ck_assert_str_eq(text, "1C 2B 2d 3A 3_ ");
	text[0] = '\0';
	ck_assert_int_eq(nk_key_each_mapped(s, walk, text), 3);
	ck_assert_str_eq(text, "1C 2B 2d 3A 3_ ");
	ck_assert_int_eq(nk_keys_of_user(s, 1, &ks), 0);
	ck_assert_int_eq(nk_key_each_mapped(s, compare_mapped, &ks.v[0]), 7);
	nk_keys_clear(&ks);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("store_keys");
	TCase *tc = tcase_create("keys");

	tcase_add_checked_fixture(tc, setup_users, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, round_trip);
	tcase_add_loop_test(tc, same, 0, N(variants));
	tcase_add_loop_test(tc, refused, 0, N(refusals));
	tcase_add_loop_test(tc, replaced, 0, N(replacements));
	tcase_add_loop_test(tc, replaced_at_random, 0, 4);
	tcase_add_test(tc, removed);
	tcase_add_test(tc, last_used);
	tcase_add_test(tc, each);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
