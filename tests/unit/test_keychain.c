/* SPDX-License-Identifier: ISC */

/* Sealed private halves: the key file, what opens, and what stays. */

#include "tests/unit/keychain_fixture.h"

#define N(a)	((int)(sizeof(a) / sizeof((a)[0])))

/* ---- the first use ---- */

START_TEST(makes_the_key_file)
{
	struct stat st;

	ck_assert_int_eq(access(key_path, F_OK), -1);
	add_sealed(2);
	ck_assert_int_eq(stat(key_path, &st), 0);
	ck_assert_uint_eq(st.st_mode, S_IFREG | 0600);
	ck_assert_int_eq(access(fresh_path, F_OK), -1);
	assert_all_open(2);
}
END_TEST

START_TEST(takes_the_key_file)
{
	put_file(key_path, KEY_A, 0600);
	add_sealed(1);
	ck_assert_str_eq(slurp(key_path), KEY_A);
	assert_all_open(1);
}
END_TEST

/* Of an edit that came to nothing, the file stays and is taken. */
START_TEST(first_rolled_back)
{
	struct nk_keychain kc;
	char made[256];

	nk_keychain_init(&kc, s, key_path);
	begin();
	(void)add_pair(0);
	ck_assert_int_eq(nk_keychain_seal(&kc, 1, "x", 1), 0);
	nk_store_rollback(s);
	(void)snprintf(made, sizeof(made), "%s", slurp(key_path));
	ck_assert_uint_eq(strlen(made), 65);
	begin();
	(void)add_pair(0);
	ck_assert_int_eq(nk_keychain_seal(&kc, 1, secret_of(1),
	    strlen(secret_of(1))), 0);
	commit();
	nk_keychain_clear(&kc);
	ck_assert_str_eq(slurp(key_path), made);
	assert_all_open(1);
}
END_TEST

START_TEST(first_file_bad)
{
	put_file(key_path, "no key at all\n", 0600);
	begin();
	(void)add_pair(0);
	commit();
	ck_assert_int_eq(seal(1), -ENOKEY);
	ck_assert_str_eq(slurp(key_path), "no key at all\n");
	ck_assert_int_eq(open_fresh(1), -ENOENT);
}
END_TEST

/* Where none is handed over none is made: it would be gone afterwards. */
START_TEST(first_file_handed_over)
{
	char folder[80], inside[96];
	struct nk_keychain kc;

	(void)snprintf(folder, sizeof(folder), "%s/credentials", dir);
	(void)snprintf(inside, sizeof(inside), "%s/key", folder);
	ck_assert_int_eq(mkdir(folder, 0500), 0);
	nk_keychain_init(&kc, s, inside);
	begin();
	(void)add_pair(0);
	ck_assert_int_eq(nk_keychain_seal(&kc, 1, "x", 1), -ENOKEY);
	nk_store_rollback(s);
	nk_keychain_clear(&kc);
	ck_assert_int_eq(access(inside, F_OK), -1);
	ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

START_TEST(nothing_there)
{
	begin();
	(void)add_pair(0);
	commit();
	ck_assert_int_eq(open_fresh(1), -ENOENT);
	ck_assert_int_eq(access(key_path, F_OK), -1);
	ck_assert_int_eq(seal(2), -ENOENT);
}
END_TEST

/* Text of no bytes, of many, and with a NUL. */
START_TEST(sizes)
{
	static const size_t lens[] = { 0, 1, 4096, NK_SECRET_MAX };
	struct nk_secret text = NK_SECRET_NONE;
	struct nk_keychain kc;
	uint8_t *p;

	ck_assert_ptr_nonnull(p = calloc(1, NK_SECRET_MAX));
	nk_keychain_init(&kc, s, key_path);
	begin();
	(void)add_pair(0);
	ck_assert_int_eq(nk_keychain_seal(&kc, 1, p, lens[_i]), 0);
	commit();
	ck_assert_int_eq(nk_keychain_open(&kc, 1, &text), 0);
	ck_assert_uint_eq(text.len, lens[_i]);
	ck_assert(lens[_i] == 0 || memcmp(text.p, p, lens[_i]) == 0);
	nk_secret_clear(&text);
	nk_keychain_clear(&kc);
	free(p);
}
END_TEST

/* ---- a key file that does not do ---- */

static const struct {
	const char	*text;		/* NULL: none */
	mode_t		 mode;
} bad_keys[] = {
	{ NULL,			0 },		/* lost */
	{ KEY_B,		0600 },		/* another */
	{ KEY_A,		0644 },
	{ KEY_A,		0660 },
	{ "",			0600 },
	{ "0001020304\n",	0600 },
	{ KEY_A "\n",		0600 },
	{ "g00102030405060708090a0b0c0d0e0f"
	  "101112131415161718191a1b1c1d1e1f\n", 0600 },
};

/* Nothing opens, and nothing is made, written or lost. */
START_TEST(bad_key)
{
	const char *text = bad_keys[_i].text;
	struct sealed was;

	put_file(key_path, KEY_A, 0600);
	add_sealed(1);
	begin();
	(void)add_pair(1);
	commit();
	was = sealed_of(1);
	ck_assert_int_eq(unlink(key_path), 0);
	if (text != NULL)
		put_file(key_path, text, bad_keys[_i].mode);
	ck_assert_int_eq(open_fresh(1), -ENOKEY);
	ck_assert_int_eq(seal(1), -ENOKEY);
	ck_assert_int_eq(seal(2), -ENOKEY);
	ck_assert_str_eq(slurp(key_path), text == NULL ? "" : text);
	ck_assert_int_eq(access(key_path, F_OK), text == NULL ? -1 : 0);
	ck_assert_int_eq(access(fresh_path, F_OK), -1);
	assert_untouched(1, &was);
	free(was.p);
	put_file(key_path, KEY_A, 0400);
	assert_all_open(1);
}
END_TEST

START_TEST(key_elsewhere)
{
	char other[128];

	put_file(key_path, KEY_A, 0600);
	add_sealed(1);
	(void)snprintf(other, sizeof(other), "%s/elsewhere", dir);
	ck_assert_int_eq(rename(key_path, other), 0);
	ck_assert_int_eq(symlink(other, key_path), 0);
	ck_assert_int_eq(open_fresh(1), -ENOKEY);
	ck_assert_int_eq(unlink(key_path), 0);
	ck_assert_int_eq(mkdir(key_path, 0700), 0);
	ck_assert_int_eq(open_fresh(1), -ENOKEY);
	ck_assert_int_eq(rmdir(key_path), 0);
	ck_assert_int_eq(chmod(dir, 0777), 0);
	ck_assert_int_eq(rename(other, key_path), 0);
	ck_assert_int_eq(open_fresh(1), -ENOKEY);
	ck_assert_int_eq(chmod(dir, 0700), 0);
	assert_all_open(1);
}
END_TEST

/* ---- a value that does not do ---- */

/* Version, the key's id, nonce, text and tag, by their first bytes. */
static const struct {
	int	at;		/* below 0: from the end */
	int	result;
} damages[] = {
	{ 0, -EBADMSG }, { 1, -ENOKEY }, { 8, -ENOKEY }, { 9, -EBADMSG },
	{ 20, -EBADMSG }, { 21, -EBADMSG }, { -17, -EBADMSG },
	{ -16, -EBADMSG }, { -1, -EBADMSG },
};

START_TEST(damaged)
{
	struct sealed v;
	size_t at;

	add_sealed(2);
	v = sealed_of(1);
	at = damages[_i].at < 0 ? v.len - (size_t)-damages[_i].at :
	    (size_t)damages[_i].at;
	v.p[at] ^= 1;
	replace_sealed(1, v.p, v.len);
	ck_assert_int_eq(open_fresh(1), damages[_i].result);
	ck_assert_int_eq(open_fresh(2), 0);
	assert_untouched(1, &v);
	v.p[at] ^= 1;
	replace_sealed(1, v.p, v.len);
	ck_assert_int_eq(open_fresh(1), 0);
	free(v.p);
}
END_TEST

START_TEST(cut)
{
	struct sealed v;
	size_t n;

	add_sealed(1);
	v = sealed_of(1);
	for (n = 1; n < v.len; n++) {
		replace_sealed(1, v.p, n);
		ck_assert_int_eq(open_fresh(1), -EBADMSG);
	}
	free(v.p);
}
END_TEST

/* Another row's value, and one of another store with the same key. */
START_TEST(moved)
{
	struct sealed v;

	put_file(key_path, KEY_A, 0600);
	add_sealed(2);
	v = sealed_of(1);
	replace_sealed(2, v.p, v.len);
	ck_assert_int_eq(open_fresh(2), -EBADMSG);
	ck_assert_int_eq(open_fresh(1), 0);
	teardown();
	setup_keychain();
	put_file(key_path, KEY_A, 0600);
	add_sealed(1);
	replace_sealed(1, v.p, v.len);
	ck_assert_int_eq(open_fresh(1), -EBADMSG);
	free(v.p);
}
END_TEST

/* ---- at rest ---- */

static void
assert_not_in(const char *name)
{
	char *text;
	FILE *f;
	size_t n;

	ck_assert_ptr_nonnull(f = fopen(name, "re"));
	ck_assert_ptr_nonnull(text = malloc(1 << 24));
	n = fread(text, 1, 1 << 24, f);
	ck_assert(feof(f));
	ck_assert_ptr_null(memmem(text, n, SECRET, strlen(SECRET)));
	free(text);
	fclose(f);
}

static int
assert_nowhere(void)
{
	char name[400];
	struct dirent *e;
	int n = 0;
	DIR *d;

	ck_assert_ptr_nonnull(d = opendir(dir));
	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		(void)snprintf(name, sizeof(name), "%s/%s", dir, e->d_name);
		assert_not_in(name);
		n++;
	}
	closedir(d);
	return n;
}

START_TEST(no_private_text)
{
	add_sealed(50);
	/* the database, its log and index, and the key */
	ck_assert_int_ge(assert_nowhere(), 4);
	begin();
	ck_assert_int_eq(nk_credential_delete(s, 7), 0);
	commit();
	nk_store_close(s);
	s = NULL;
	ck_assert_int_ge(assert_nowhere(), 2);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("keychain");
	TCase *tc = tcase_create("sealed");

	tcase_add_checked_fixture(tc, setup_keychain, teardown);
	tcase_add_test(tc, makes_the_key_file);
	tcase_add_test(tc, takes_the_key_file);
	tcase_add_test(tc, first_rolled_back);
	tcase_add_test(tc, first_file_bad);
	tcase_add_test(tc, first_file_handed_over);
	tcase_add_test(tc, nothing_there);
	tcase_add_loop_test(tc, sizes, 0, 4);
	tcase_add_loop_test(tc, bad_key, 0, N(bad_keys));
	tcase_add_test(tc, key_elsewhere);
	tcase_add_loop_test(tc, damaged, 0, N(damages));
	tcase_add_test(tc, cut);
	tcase_add_test(tc, moved);
	tcase_add_test(tc, no_private_text);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
