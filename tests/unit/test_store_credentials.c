/* SPDX-License-Identifier: ISC */

/* Keypairs as rows: what comes back, what is refused, what stays. */

#include <errno.h>

#include "tests/unit/store_fixture.h"

#define N(a)	((int)(sizeof(a) / sizeof((a)[0])))

static char t_name[] = "backup", t_type[] = "ssh-ed25519";
static char t_fp[] = "SHA256:abc", t_pub[] = "ssh-ed25519 AAAA backup\n";
static char t_by[] = "root", t_empty[] = "";

static struct nk_credential
row(void)
{
	return (struct nk_credential){
		.type = NK_CREDENTIAL_KEYPAIR, .bits = 256,
		.created_at = 1700000000, .name = t_name, .key_type = t_type,
		.fingerprint = t_fp, .public_key = t_pub, .created_by = t_by,
	};
}

static int64_t
insert(char *name)
{
	struct nk_credential c = row();

	c.name = name;
	ck_assert_int_eq(nk_credential_insert(s, &c), 0);
	return c.id;
}

START_TEST(round_trip)
{
	struct nk_credential c, d;
	char other[] = "other";
	int64_t id;

	begin();
	id = insert(t_name);
	commit();
	ck_assert_int_eq(id, 1);
	ck_assert_int_eq(nk_credential_by_name(s, "backup", &c), 0);
	ck_assert_int_eq(c.id, id);
	ck_assert_int_eq(c.bits, 256);
	ck_assert_int_eq(c.created_at, 1700000000);
	ck_assert_str_eq(c.name, t_name);
	ck_assert_str_eq(c.key_type, t_type);
	ck_assert_str_eq(c.fingerprint, t_fp);
	ck_assert_str_eq(c.public_key, t_pub);
	ck_assert_str_eq(c.created_by, t_by);
	ck_assert(!c.has_private);

	d = c;
	d.name = other;
	d.bits = 384;
	d.created_at = 5;
	begin();
	ck_assert_int_eq(nk_credential_update(s, &d), 0);
	commit();
	nk_credential_clear(&c);
	ck_assert_int_eq(nk_credential_get(s, id, &c), 0);
	ck_assert_str_eq(c.name, "other");
	ck_assert_int_eq(c.bits, 384);
	ck_assert_int_eq(c.created_at, 1700000000);
	nk_credential_clear(&c);
	ck_assert_ptr_null(c.name);
	ck_assert_int_eq(nk_credential_by_name(s, "backup", &c), -ENOENT);

	begin();
	ck_assert_int_eq(nk_credential_delete(s, id), 0);
	ck_assert_int_eq(nk_credential_delete(s, id), -ENOENT);
	commit();
	ck_assert_int_eq(nk_credential_get(s, id, &c), -ENOENT);
	begin();		/* an id is never used again */
	ck_assert_int_eq(insert(t_name), id + 1);
	commit();
}
END_TEST

START_TEST(sealed)
{
	static const uint8_t bytes[] = { 1, 0, 2, 255, 0 };
	struct nk_credential c;
	uint8_t *out;
	size_t len;
	int64_t id;

	begin();
	id = insert(t_name);
	ck_assert_int_eq(nk_store_seal_key_set(s, "0123456789abcdef"), 0);
	ck_assert_int_eq(nk_credential_sealed_get(s, id, &out, &len),
	    -ENOENT);
	ck_assert_ptr_null(out);
	ck_assert_int_eq(nk_credential_sealed_set(s, id, bytes,
	    sizeof(bytes)), 0);
	ck_assert_int_eq(nk_credential_sealed_set(s, id + 1, bytes,
	    sizeof(bytes)), -ENOENT);
	commit();
	ck_assert_int_eq(nk_credential_get(s, id, &c), 0);
	ck_assert(c.has_private);
	begin();		/* an update leaves it alone */
	ck_assert_int_eq(nk_credential_update(s, &c), 0);
	commit();
	nk_credential_clear(&c);
	ck_assert_int_eq(nk_credential_sealed_get(s, id, &out, &len), 0);
	ck_assert_uint_eq(len, sizeof(bytes));
	ck_assert_mem_eq(out, bytes, len);
	free(out);
	begin();
	ck_assert_int_eq(nk_credential_sealed_set(s, id, NULL, 0), 0);
	commit();
	ck_assert_int_eq(nk_credential_get(s, id, &c), 0);
	ck_assert(!c.has_private);
	nk_credential_clear(&c);
	ck_assert_int_eq(nk_store_verify(s, NULL, NULL), 0);
}
END_TEST

START_TEST(seal_key)
{
	char id[17];

	ck_assert_int_eq(nk_store_seal_key_get(s, id, sizeof(id)), -ENOENT);
	ck_assert_int_eq(nk_store_seal_key_set(s, "aa"), -EINVAL);
	begin();
	ck_assert_int_eq(nk_store_seal_key_set(s, ""), -EINVAL);
	ck_assert_int_eq(nk_store_seal_key_set(s, "aa"), 0);
	ck_assert_int_eq(nk_store_seal_key_set(s, "0123456789abcdef"), 0);
	commit();
	ck_assert_int_eq(nk_store_seal_key_get(s, id, sizeof(id)), 0);
	ck_assert_str_eq(id, "0123456789abcdef");
	ck_assert_int_eq(nk_store_seal_key_get(s, id, 16), -EBADMSG);
	begin();
	ck_assert_int_eq(nk_store_seal_key_set(s, "bb"), 0);
	nk_store_rollback(s);
	ck_assert_int_eq(nk_store_seal_key_get(s, id, sizeof(id)), 0);
	ck_assert_str_eq(id, "0123456789abcdef");
}
END_TEST

static void no_name(struct nk_credential *c) { c->name = NULL; }
static void empty_name(struct nk_credential *c) { c->name = t_empty; }
static void no_type(struct nk_credential *c) { c->key_type = NULL; }
static void no_fp(struct nk_credential *c) { c->fingerprint = NULL; }
static void no_public(struct nk_credential *c) { c->public_key = NULL; }
static void empty_public(struct nk_credential *c) { c->public_key = t_empty; }
static void no_by(struct nk_credential *c) { c->created_by = NULL; }
static void before_time(struct nk_credential *c) { c->created_at = -1; }
static void
strange_type(struct nk_credential *c)
{
	c->type = (enum nk_credential_type)7;
}

static const struct {
	const char	*what;
	void		(*change)(struct nk_credential *c);
} refused[] = {
	{ "no name",		no_name },
	{ "empty name",		empty_name },
	{ "no key type",	no_type },
	{ "no fingerprint",	no_fp },
	{ "no public key",	no_public },
	{ "empty public key",	empty_public },
	{ "nobody made it",	no_by },
	{ "before the epoch",	before_time },
	{ "unknown type",	strange_type },
};

START_TEST(refusals)
{
	struct nk_credential c = row();

	refused[_i].change(&c);
	begin();
	ck_assert_msg(nk_credential_insert(s, &c) == -EINVAL, "%s",
	    refused[_i].what);
	ck_assert_int_eq(c.id, 0);
	commit();
	ck_assert_int_eq(nk_credential_get(s, 1, &c), -ENOENT);
}
END_TEST

START_TEST(names_are_unique)
{
	struct nk_credential c = row();
	char other[] = "other";
	int64_t id;

	ck_assert_int_eq(nk_credential_insert(s, &c), -EINVAL);
	begin();
	(void)insert(t_name);
	id = insert(other);
	ck_assert_int_eq(nk_credential_insert(s, &c), -EEXIST);
	c.id = id;
	ck_assert_int_eq(nk_credential_update(s, &c), -EEXIST);
	c.id = 99;
	c.name = t_fp;
	ck_assert_int_eq(nk_credential_update(s, &c), -ENOENT);
	commit();
	ck_assert_int_eq(nk_credential_get(s, id, &c), 0);
	ck_assert_str_eq(c.name, "other");
	nk_credential_clear(&c);
}
END_TEST

static int
add_id(void *arg, const struct nk_credential *c)
{
	int64_t *sum = arg;

	*sum += c->id;
	return c->id == 4 ? 7 : 0;
}

START_TEST(walk)
{
	char name[] = "k0";
	int64_t sum = 0;

	begin();
	for (; name[1] < '5'; name[1]++)
		(void)insert(name);
	commit();
	ck_assert_int_eq(nk_credential_each(s, 2, add_id, &sum), 7);
	ck_assert_int_eq(sum, 3 + 4);
	sum = 0;
	ck_assert_int_eq(nk_credential_each(s, 4, add_id, &sum), 0);
	ck_assert_int_eq(sum, 5);
}
END_TEST

int
main(void)
{
	Suite *su = suite_create("store_credentials");
	TCase *tc = tcase_create("credentials");
	SRunner *sr = srunner_create(su);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, round_trip);
	tcase_add_test(tc, sealed);
	tcase_add_test(tc, seal_key);
	tcase_add_loop_test(tc, refusals, 0, N(refused));
	tcase_add_test(tc, names_are_unique);
	tcase_add_test(tc, walk);
	suite_add_tcase(su, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
