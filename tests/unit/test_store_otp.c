/* SPDX-License-Identifier: ISC */

/* Second factors as rows, and sealed. */

#include <stdint.h>

#include "tests/unit/keychain_fixture.h"


static int64_t user;

static void
setup_user(void)
{
	setup_keychain();
	begin();
	user = add_user("alice", 3000, true);
	commit();
}

static struct nk_otp
row(void)
{
	return (struct nk_otp){ .user_id = user, .kind = NK_OTP_TOTP,
	    .hash = NK_OTP_SHA256, .digits = 8, .period = 60, .window = 2,
	    .next = 17, .created_at = 1700000000, .last_used_at = 5 };
}

static void
put_row(struct nk_otp o)
{
	begin();
	ck_assert_int_eq(nk_otp_put(s, &o), 0);
	commit();
}

static int64_t
changes(void)
{
	int64_t seq;

	ck_assert_int_eq(nk_store_seq(s, &seq), 0);
	return seq;
}

START_TEST(round_trip)
{
	struct nk_otp o = row(), got;
	int64_t seq = changes();

	ck_assert_int_eq(nk_otp_get(s, user, &got), -ENOENT);
	put_row(o);
	ck_assert_int_gt(changes(), seq);	/* the map is to say so */
	ck_assert_int_eq(nk_otp_get(s, user, &got), 0);
	ck_assert_int_eq(got.user_id, o.user_id);
	ck_assert_int_eq(got.kind, o.kind);
	ck_assert_int_eq(got.hash, o.hash);
	ck_assert_uint_eq(got.digits, o.digits);
	ck_assert_uint_eq(got.period, o.period);
	ck_assert_uint_eq(got.window, o.window);
	ck_assert_int_eq(got.next, o.next);
	ck_assert_int_eq(got.created_at, o.created_at);
	ck_assert_int_eq(got.last_used_at, o.last_used_at);
	o = (struct nk_otp){ .user_id = user, .kind = NK_OTP_HOTP,
	    .digits = 6, .window = 10, .next = INT64_MAX };
	seq = changes();
	put_row(o);
	ck_assert_int_gt(changes(), seq);
	ck_assert_int_eq(nk_otp_get(s, user, &got), 0);
	ck_assert_int_eq(got.kind, NK_OTP_HOTP);
	ck_assert_int_eq(got.next, INT64_MAX);
	seq = changes();
	begin();
	ck_assert_int_eq(nk_otp_delete(s, user), 0);
	ck_assert_int_eq(nk_otp_delete(s, user), -ENOENT);
	commit();
	ck_assert_int_gt(changes(), seq);
	ck_assert_int_eq(nk_otp_get(s, user, &got), -ENOENT);
}
END_TEST

/* No code that was used comes back, whatever somebody asks for. */
START_TEST(used)
{
	struct nk_otp got;
	int64_t seq;

	put_row(row());
	seq = changes();
	begin();
	ck_assert_int_eq(nk_otp_set_used(s, user, 16, 9), -ENOENT);
	ck_assert_int_eq(nk_otp_set_used(s, user, 17, 9), 0);
	ck_assert_int_eq(nk_otp_set_used(s, user, 20, 10), 0);
	ck_assert_int_eq(nk_otp_set_used(s, user, 19, 11), -ENOENT);
	ck_assert_int_eq(nk_otp_set_used(s, user, -1, 11), -EINVAL);
	ck_assert_int_eq(nk_otp_set_used(s, user, 20, -1), -EINVAL);
	ck_assert_int_eq(nk_otp_set_used(s, user + 1, 20, 1), -ENOENT);
	commit();
	ck_assert_int_eq(nk_otp_get(s, user, &got), 0);
	ck_assert_int_eq(got.next, 20);
	ck_assert_int_eq(got.last_used_at, 10);
	ck_assert_int_eq(changes(), seq);	/* nothing to publish */
}
END_TEST

START_TEST(refused)
{
	struct nk_otp o;
	size_t i;

	for (i = 0; i < 9; i++) {
		o = row();
		switch (i) {
		case 0: o.kind = (enum nk_otp_kind)2; break;
		case 1: o.hash = (enum nk_otp_hash)3; break;
		case 2: o.digits = 7; break;
		case 3: o.period = 0; break;
		case 4: o.kind = NK_OTP_HOTP; break;
		case 5: o.next = -1; break;
		case 6: o.created_at = -1; break;
		case 7: o.last_used_at = -1; break;
		default: o.window = UINT32_MAX; break;
		}
		begin();
		ck_assert_int_eq(nk_otp_put(s, &o), -EINVAL);
		commit();
	}
	o = row();
	o.user_id = user + 1;
	begin();
	ck_assert_int_eq(nk_otp_put(s, &o), -ENOENT);
	commit();
	/* outside of a transaction */
	o = row();
	ck_assert_int_eq(nk_otp_put(s, &o), -EINVAL);
	ck_assert_int_eq(nk_otp_delete(s, user), -EINVAL);
	ck_assert_int_eq(nk_otp_set_used(s, user, 99, 1), -EINVAL);
	ck_assert_int_eq(nk_otp_sealed_set(s, user, NK_OTP_SEED,
	    (const uint8_t *)"x", 1), -EINVAL);
}
END_TEST

static int
count(void *arg, const struct nk_otp *o)
{
	int64_t *last = arg;

	ck_assert_int_gt(o->user_id, *last);
	*last = o->user_id;
	return 0;
}

START_TEST(each_in_order)
{
	struct nk_otp o = row();
	int64_t last = 0, ids[3];
	int i;

	begin();
	for (i = 0; i < 3; i++)
		ids[i] = add_user(i == 0 ? "b" : i == 1 ? "c" : "d",
		    (uint32_t)(3001 + i), true);
	for (i = 2; i >= 0; i--) {
		o.user_id = ids[i];
		ck_assert_int_eq(nk_otp_put(s, &o), 0);
	}
	commit();
	ck_assert_int_eq(nk_otp_each(s, 0, count, &last), 0);
	ck_assert_int_eq(last, ids[2]);
	last = 0;
	ck_assert_int_eq(nk_otp_each(s, ids[2], count, &last), 0);
	ck_assert_int_eq(last, 0);
}
END_TEST

START_TEST(goes_with_the_user)
{
	struct nk_otp got;

	put_row(row());
	begin();
	ck_assert_int_eq(nk_user_delete(s, user), 0);
	commit();
	ck_assert_int_eq(nk_otp_get(s, user, &got), -ENOENT);
	ck_assert_int_eq(nk_store_verify(s, NULL, NULL), 0);
}
END_TEST

/* ---- sealed ---- */

static const enum nk_sealed parts[] = { NK_SEALED_OTP_SEED,
    NK_SEALED_OTP_RECOVERY };

/* The text of a part, which must be "text", or -errno. */
static int
get(enum nk_sealed part, const char *text)
{
	struct nk_secret got = NK_SECRET_NONE;
	struct nk_keychain kc;
	int r;

	nk_keychain_init(&kc, s, key_path);
	if ((r = nk_keychain_get(&kc, part, user, &got)) == 0) {
		ck_assert_uint_eq(got.len, strlen(text));
		ck_assert_mem_eq(got.p, text, got.len);
	}
	nk_secret_clear(&got);
	nk_keychain_clear(&kc);
	return r;
}

static void
seal_parts(void)
{
	struct nk_otp o = row();
	struct nk_keychain kc;

	nk_keychain_init(&kc, s, key_path);
	begin();
	ck_assert_int_eq(nk_otp_put(s, &o), 0);
	ck_assert_int_eq(nk_keychain_put(&kc, parts[0], user, "seed", 4), 0);
	ck_assert_int_eq(nk_keychain_put(&kc, parts[1], user, "", 0), 0);
	commit();
	nk_keychain_clear(&kc);
}

START_TEST(rotation)
{
	char old[256];
	int64_t n = 0;

	put_file(key_path, KEY_A, 0600);
	seal_parts();
	begin();
	ck_assert_int_eq(add_pair(1), 1);
	commit();
	ck_assert_int_eq(seal(1), 0);
	(void)snprintf(old, sizeof(old), "%s", slurp(key_path));
	ck_assert_int_eq(rotate(&n), 0);
	ck_assert_int_eq(n, 3);
	ck_assert_str_ne(slurp(key_path), old);
	ck_assert_int_eq(get(parts[0], "seed"), 0);
	ck_assert_int_eq(get(parts[1], ""), 0);
	ck_assert_int_eq(open_fresh(1), 0);
	ck_assert_int_eq(nk_store_verify(s, NULL, NULL), 0);
	put_file(key_path, old, 0600);
	ck_assert_int_eq(get(parts[0], ""), -ENOKEY);
	ck_assert_int_eq(get(parts[1], ""), -ENOKEY);
}
END_TEST

/* A lost key, or one value that does not open: nothing is touched. */
START_TEST(no_rotation)
{
	uint8_t *sealed;
	size_t len;
	int64_t n;

	put_file(key_path, KEY_A, 0600);
	seal_parts();
	put_file(key_path, KEY_B, 0600);
	ck_assert_int_eq(rotate(&n), -ENOKEY);
	ck_assert_str_eq(slurp(key_path), KEY_B);
	put_file(key_path, KEY_A, 0600);
	ck_assert_int_eq(get(parts[0], "seed"), 0);
	ck_assert_int_eq(nk_otp_sealed_get(s, user, NK_OTP_RECOVERY, &sealed,
	    &len), 0);
	sealed[len - 1] ^= 1;
	begin();
	ck_assert_int_eq(nk_otp_sealed_set(s, user, NK_OTP_RECOVERY, sealed,
	    len), 0);
	commit();
	ck_assert_int_eq(rotate(&n), -EBADMSG);
	ck_assert_str_eq(slurp(key_path), KEY_A);
	ck_assert_int_eq(get(parts[0], "seed"), 0);
	begin();
	ck_assert_int_eq(nk_otp_sealed_set(s, user, NK_OTP_RECOVERY, NULL,
	    0), 0);
	commit();
	ck_assert_int_eq(rotate(&n), -EBADMSG);
	free(sealed);
}
END_TEST

/* A value opens in its own place alone. */
START_TEST(bound_to_its_place)
{
	int64_t other;
	struct nk_otp o = row();
	uint8_t *sealed;
	size_t len;

	seal_parts();
	ck_assert_int_eq(nk_otp_sealed_get(s, user, NK_OTP_SEED, &sealed,
	    &len), 0);
	begin();
	ck_assert_int_eq(nk_otp_sealed_set(s, user, NK_OTP_RECOVERY, sealed,
	    len), 0);
	o.user_id = other = add_user("bob", 3001, true);
	ck_assert_int_eq(nk_otp_put(s, &o), 0);
	ck_assert_int_eq(nk_otp_sealed_set(s, other, NK_OTP_SEED, sealed,
	    len), 0);
	commit();
	ck_assert_int_eq(get(parts[1], ""), -EBADMSG);
	ck_assert_int_eq(get(parts[0], "seed"), 0);
	user = other;
	ck_assert_int_eq(get(parts[0], ""), -EBADMSG);
	free(sealed);
}
END_TEST

static void
count_faults(void *arg, const char *what)
{
	int *n = arg;

	if (strstr(what, "second factor") != NULL)
		++*n;
}

START_TEST(verified)
{
	int n = 0;

	put_row(row());		/* no seed, and no key either */
	ck_assert_int_eq(nk_store_verify(s, count_faults, &n), -EBADMSG);
	ck_assert_int_eq(n, 2);
	seal_parts();
	ck_assert_int_eq(nk_store_verify(s, count_faults, &n), 0);
	ck_assert_int_eq(n, 2);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("store_otp");
	TCase *tc = tcase_create("otp");
	SRunner *sr = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, setup_user, teardown);
	tcase_add_test(tc, round_trip);
	tcase_add_test(tc, used);
	tcase_add_test(tc, refused);
	tcase_add_test(tc, each_in_order);
	tcase_add_test(tc, goes_with_the_user);
	tcase_add_test(tc, rotation);
	tcase_add_test(tc, no_rotation);
	tcase_add_test(tc, bound_to_its_place);
	tcase_add_test(tc, verified);
	suite_add_tcase(suite, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
