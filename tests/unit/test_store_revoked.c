/* SPDX-License-Identifier: ISC */

/* Keys that must not come back, as rows. */

#include <errno.h>
#include <stdint.h>

#include "lib/store/revoked.h"
#include "tests/unit/store_fixture.h"

#define N(a)	((int)(sizeof(a) / sizeof((a)[0])))

static const uint8_t blob[3] = { 1, 2, 3 };

static struct nk_revoked
row(const char *fingerprint)
{
	return (struct nk_revoked){ .fingerprint = fingerprint,
	    .type = "ssh-ed25519", .blob = blob, .blob_len = sizeof(blob),
	    .comment = "of alice", .revoked_by = "root",
	    .revoked_at = 1700000000 };
}

static int64_t
revision(void)
{
	int64_t v = -1;

	ck_assert_int_eq(nk_revoked_revision(s, &v), 0);
	return v;
}

static bool
has(const char *fingerprint)
{
	bool there = false;

	ck_assert_int_eq(nk_revoked_has(s, fingerprint, &there), 0);
	return there;
}

static void
add(struct nk_revoked r)
{
	begin();
	ck_assert_int_eq(nk_revoked_add(s, &r), 0);
	commit();
}

struct seen {
	char	text[64];
	int	n, stop_at;
};

static int
see(void *arg, const struct nk_revoked *r)
{
	struct seen *seen = arg;

	ck_assert_str_eq(r->revoked_by, "root");
	ck_assert_int_eq(r->revoked_at, 1700000000);
	if (r->type != NULL) {
		ck_assert_str_eq(r->type, "ssh-ed25519");
		ck_assert_str_eq(r->comment, "of alice");
		ck_assert_uint_eq(r->blob_len, sizeof(blob));
		ck_assert_mem_eq(r->blob, blob, sizeof(blob));
	} else {
		ck_assert_ptr_null(r->comment);
		ck_assert_uint_eq(r->blob_len, 0);
	}
	(void)strcat(seen->text, r->fingerprint + 7);
	return ++seen->n == seen->stop_at ? -ECANCELED : 0;
}

START_TEST(added_and_removed)
{
	struct nk_revoked bare = { .fingerprint = "SHA256:B",
	    .revoked_by = "root", .revoked_at = 1700000000 };
	struct seen seen = { "", 0, 0 }, first = { "", 0, 1 };

	ck_assert_int_eq(revision(), 0);
	add(row("SHA256:C"));
	add(bare);
	add(row("SHA256:A"));
	ck_assert_int_eq(revision(), 3);
	ck_assert(has("SHA256:B") && !has("SHA256:") && !has("SHA256:b"));
	ck_assert_int_eq(nk_revoked_each(s, see, &seen), 0);
	ck_assert_str_eq(seen.text, "ABC");
	ck_assert_int_eq(nk_revoked_each(s, see, &first), -ECANCELED);
	ck_assert_int_eq(first.n, 1);
	begin();
	ck_assert_int_eq(nk_revoked_remove(s, "SHA256:A"), 0);
	ck_assert_int_eq(nk_revoked_remove(s, "SHA256:A"), -ENOENT);
	commit();
	ck_assert(!has("SHA256:A"));
	ck_assert_int_eq(revision(), 4);
	ck_assert_int_eq(nk_store_verify(s, NULL, NULL), 0);
}
END_TEST

START_TEST(twice)
{
	struct nk_revoked r = row("SHA256:A");

	add(r);
	begin();
	ck_assert_int_eq(nk_revoked_add(s, &r), -EEXIST);
	commit();
	ck_assert_int_eq(revision(), 1);
}
END_TEST

/* What is taken back has not been: the revision neither. */
START_TEST(rolled_back)
{
	struct nk_revoked r = row("SHA256:A");

	begin();
	ck_assert_int_eq(nk_revoked_add(s, &r), 0);
	nk_store_rollback(s);
	ck_assert(!has("SHA256:A"));
	ck_assert_int_eq(revision(), 0);
}
END_TEST

START_TEST(outside)
{
	struct nk_revoked r = row("SHA256:A");

	ck_assert_int_eq(nk_revoked_add(s, &r), -EINVAL);
	ck_assert_int_eq(nk_revoked_remove(s, "SHA256:A"), -EINVAL);
}
END_TEST

static const struct {
	const char		*what;
	struct nk_revoked	 row;
} refused[] = {
	{ "no fingerprint", { .revoked_by = "root" } },
	{ "MD5", { .fingerprint = "MD5:00", .revoked_by = "root" } },
	{ "by nobody", { .fingerprint = "SHA256:A" } },
	{ "before 1970", { .fingerprint = "SHA256:A", .revoked_by = "root",
	    .revoked_at = -1 } },
	{ "type alone", { .fingerprint = "SHA256:A", .revoked_by = "root",
	    .type = "ssh-rsa" } },
	{ "blob alone", { .fingerprint = "SHA256:A", .revoked_by = "root",
	    .blob = blob, .blob_len = 3 } },
	{ "empty blob", { .fingerprint = "SHA256:A", .revoked_by = "root",
	    .type = "ssh-rsa", .blob = blob } },
};

START_TEST(refuses)
{
	begin();
	ck_assert_msg(nk_revoked_add(s, &refused[_i].row) == -EINVAL, "%s",
	    refused[_i].what);
	commit();
	ck_assert_int_eq(revision(), 0);
}
END_TEST

static void
count_faults(void *arg, const char *what)
{
	ck_assert_str_eq(what, "key 1 is revoked, and still authorises");
	(*(int *)arg)++;
}

/* A key and its revocation beside each other are a fault. */
START_TEST(verified)
{
	int64_t user;
	int n = 0;

	begin();
	user = add_user("alice", 3000, true);
	ck_assert_int_eq(add_key(user, 'A'), 1);
	ck_assert_int_eq(add_key(user, 'B'), 2);
	commit();
	ck_assert_int_eq(nk_store_verify(s, count_faults, &n), 0);
	add(row("SHA256:A"));
	ck_assert_int_eq(nk_store_verify(s, count_faults, &n), -EBADMSG);
	ck_assert_int_eq(n, 1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("store_revoked");
	TCase *tc = tcase_create("revoked");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, added_and_removed);
	tcase_add_test(tc, twice);
	tcase_add_test(tc, rolled_back);
	tcase_add_test(tc, outside);
	tcase_add_loop_test(tc, refuses, 0, N(refused));
	tcase_add_test(tc, verified);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
