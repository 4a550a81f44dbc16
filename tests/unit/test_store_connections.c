/* SPDX-License-Identifier: ISC */

/* Connections, their rotations and the consumers of credentials, as rows. */

#include <errno.h>

#include "lib/store/connections.h"
#include "lib/store/consumers.h"
#include "tests/unit/store_fixture.h"

#define N(a)	((int)(sizeof(a) / sizeof((a)[0])))

static char t_empty[] = "", t_by[] = "root", t_type[] = "ssh-ed25519";
static char t_fp[] = "SHA256:abc", t_pub[] = "ssh-ed25519 AAAA\n";
static char t_host[] = "nas", t_user[] = "backup", t_keys[] = "ssh-x AAAA";
static char t_other[] = "other", t_kind[] = "RSYNC", t_title[] = "/tank";
static char t_command[] = "[\"/bin/true\"]";

static int64_t
add(enum nk_credential_type type, const char *name)
{
	bool pair = type == NK_CREDENTIAL_KEYPAIR;
	char text[32];
	struct nk_credential c = {
		.type = type, .bits = pair ? 256 : 0, .name = text,
		.key_type = pair ? t_type : t_empty,
		.fingerprint = pair ? t_fp : t_empty,
		.public_key = pair ? t_pub : t_empty, .created_by = t_by,
	};
	int r;

	(void)snprintf(text, sizeof(text), "%s", name);
	r = nk_credential_insert(s, &c);
	return r < 0 ? r : c.id;
}

static struct nk_connection
row(int64_t id, int64_t keypair)
{
	return (struct nk_connection){
		.id = id, .keypair_id = keypair, .port = 22,
		.connect_timeout = 10, .host = t_host, .username = t_user,
		.host_keys = t_keys,
	};
}

static struct nk_consumer
consumer(int64_t credential)
{
	return (struct nk_consumer){
		.credential_id = credential, .created_at = 1700000000,
		.on_delete = NK_ON_DELETE_DISABLE, .kind = t_kind,
		.title = t_title, .command = t_command, .created_by = t_by,
	};
}

/* Keypairs 1 and 2, connection 3 with keypair 1. */
static void
setup_rows(void)
{
	struct nk_connection c;

	setup();
	begin();
	ck_assert_int_eq(add(NK_CREDENTIAL_KEYPAIR, "a"), 1);
	ck_assert_int_eq(add(NK_CREDENTIAL_KEYPAIR, "b"), 2);
	ck_assert_int_eq(add(NK_CREDENTIAL_CONNECTION, "nas"), 3);
	c = row(3, 1);
	ck_assert_int_eq(nk_connection_put(s, &c), 0);
	commit();
}

START_TEST(round_trip)
{
	struct nk_connection c, d;

	ck_assert_int_eq(nk_connection_get(s, 3, &c), 0);
	ck_assert_int_eq(c.id, 3);
	ck_assert_int_eq(c.keypair_id, 1);
	ck_assert_uint_eq(c.port, 22);
	ck_assert_uint_eq(c.connect_timeout, 10);
	ck_assert_str_eq(c.host, t_host);
	ck_assert_str_eq(c.username, t_user);
	ck_assert_str_eq(c.host_keys, t_keys);
	d = c;
	d.keypair_id = 2;
	d.port = 65535;
	d.connect_timeout = 1;
	d.host = t_other;
	d.username = d.host_keys = t_title;
	begin();
	ck_assert_int_eq(nk_connection_put(s, &d), 0);
	commit();
	nk_connection_clear(&c);
	ck_assert_ptr_null(c.host);
	ck_assert_int_eq(nk_connection_get(s, 3, &c), 0);
	ck_assert_int_eq(c.keypair_id, 2);
	ck_assert_uint_eq(c.port, 65535);
	ck_assert_uint_eq(c.connect_timeout, 1);
	ck_assert_str_eq(c.host, t_other);
	ck_assert_str_eq(c.username, t_title);
	ck_assert_str_eq(c.host_keys, t_title);
	nk_connection_clear(&c);
	ck_assert_int_eq(nk_connection_get(s, 1, &c), -ENOENT);
	ck_assert_int_eq(nk_store_verify(s, NULL, NULL), 0);
}
END_TEST

/* One id and one name for both kinds of credentials. */
START_TEST(names)
{
	struct nk_credential c;

	begin();
	ck_assert_int_eq(add(NK_CREDENTIAL_CONNECTION, "a"), -EEXIST);
	ck_assert_int_eq(add(NK_CREDENTIAL_KEYPAIR, "nas"), -EEXIST);
	ck_assert_int_eq(nk_credential_get(s, 3, &c), 0);
	ck_assert_int_eq(c.type, NK_CREDENTIAL_CONNECTION);
	ck_assert_str_eq(c.public_key, "");
	/* neither becomes the other */
	c.type = NK_CREDENTIAL_KEYPAIR;
	ck_assert_int_eq(nk_credential_update(s, &c), -EINVAL);
	c.id = 1;
	c.type = NK_CREDENTIAL_CONNECTION;
	ck_assert_int_eq(nk_credential_update(s, &c), -ENOENT);
	nk_credential_clear(&c);
	ck_assert_int_lt(nk_credential_sealed_set(s, 3,
	    (const uint8_t *)"x", 1), 0);
	commit();
	ck_assert_int_eq(nk_store_verify(s, NULL, NULL), 0);
}
END_TEST

static void no_host(struct nk_connection *c) { c->host = NULL; }
static void empty_host(struct nk_connection *c) { c->host = t_empty; }
static void no_user(struct nk_connection *c) { c->username = NULL; }
static void empty_user(struct nk_connection *c) { c->username = t_empty; }
static void no_keys(struct nk_connection *c) { c->host_keys = NULL; }
static void empty_keys(struct nk_connection *c) { c->host_keys = t_empty; }
static void port_0(struct nk_connection *c) { c->port = 0; }
static void at_once(struct nk_connection *c) { c->connect_timeout = 0; }
static void never(struct nk_connection *c) { c->connect_timeout = 1u << 31; }
static void no_pair(struct nk_connection *c) { c->keypair_id = 9; }
static void nobody(struct nk_connection *c) { c->id = 9; }

static const struct {
	const char	*what;
	void		(*change)(struct nk_connection *c);
	int		 want;
} refused[] = {
	{ "no host",			no_host,	-EINVAL },
	{ "empty host",			empty_host,	-EINVAL },
	{ "no user",			no_user,	-EINVAL },
	{ "empty user",			empty_user,	-EINVAL },
	{ "no host keys",		no_keys,	-EINVAL },
	{ "empty host keys",		empty_keys,	-EINVAL },
	{ "port 0",			port_0,		-EINVAL },
	{ "no time",			at_once,	-EINVAL },
	{ "too much time",		never,		-EINVAL },
	{ "a keypair that is not there", no_pair,	-ENOENT },
	{ "no such credential",		nobody,		-ENOENT },
};

START_TEST(refusals)
{
	struct nk_connection c = row(3, 2);
	int r;

	ck_assert_int_eq(nk_connection_put(s, &c), -EINVAL);
	refused[_i].change(&c);
	begin();
	r = nk_connection_put(s, &c);
	ck_assert_msg(r == refused[_i].want, "%s: %d", refused[_i].what, r);
	commit();
	ck_assert_int_eq(nk_connection_get(s, 3, &c), 0);
	ck_assert_int_eq(c.keypair_id, 1);
	nk_connection_clear(&c);
}
END_TEST

START_TEST(rotations)
{
	struct nk_rotation ro = { .connection_id = 3, .keypair_id = 2 };
	struct nk_ids ids;
	int64_t id;

	ck_assert_int_eq(nk_rotation_put(s, &ro), -EINVAL);
	ck_assert_int_eq(nk_rotation_get(s, 3, &ro), -ENOENT);
	begin();
	ro = (struct nk_rotation){ .connection_id = 1, .keypair_id = 2 };
	ck_assert_int_eq(nk_rotation_put(s, &ro), -ENOENT);
	ro = (struct nk_rotation){ .connection_id = 3, .keypair_id = 9 };
	ck_assert_int_eq(nk_rotation_put(s, &ro), -ENOENT);
	ro.keypair_id = 2;
	ck_assert_int_eq(nk_rotation_put(s, &ro), 0);
	ro.step = 4;
	ck_assert_int_eq(nk_rotation_put(s, &ro), 0);
	/* the connection is on its way to it */
	ck_assert_int_eq(nk_credential_delete(s, 2), -EBUSY);
	commit();
	ck_assert_int_eq(nk_rotation_get(s, 3, &ro), 0);
	ck_assert_int_eq(ro.connection_id, 3);
	ck_assert_int_eq(ro.keypair_id, 2);
	ck_assert_uint_eq(ro.step, 4);
	/* both keypairs have their part in it */
	for (id = 1; id <= 2; id++) {
		ck_assert_int_eq(nk_rotation_of_keypair(s, id, &ro), 0);
		ck_assert_int_eq(ro.connection_id, 3);
		ck_assert_int_eq(ro.keypair_id, 2);
		ck_assert_uint_eq(ro.step, 4);
	}
	ck_assert_int_eq(nk_rotation_of_keypair(s, 3, &ro), -ENOENT);
	ck_assert_int_eq(nk_connections_of_keypair(s, 2, &ids), 0);
	ck_assert_uint_eq(ids.n, 1);
	ck_assert_int_eq(ids.v[0], 3);
	nk_ids_clear(&ids);
	ck_assert_int_eq(nk_store_verify(s, NULL, NULL), 0);
	begin();
	ck_assert_int_eq(nk_rotation_delete(s, 3), 0);
	ck_assert_int_eq(nk_rotation_delete(s, 3), -ENOENT);
	ck_assert_int_eq(nk_rotation_of_keypair(s, 1, &ro), -ENOENT);
	ck_assert_int_eq(nk_credential_delete(s, 2), 0);
	commit();
	ck_assert_int_eq(nk_connections_of_keypair(s, 2, &ids), 0);
	ck_assert_uint_eq(ids.n, 0);
	nk_ids_clear(&ids);
}
END_TEST

START_TEST(deletes)
{
	struct nk_rotation ro = { .connection_id = 3, .keypair_id = 2 };
	struct nk_consumer c = consumer(3);
	struct nk_connection row3;

	begin();
	ck_assert_int_eq(nk_credential_delete(s, 1), -EBUSY);
	ck_assert_int_eq(nk_consumer_insert(s, &c), 0);
	ck_assert_int_eq(nk_rotation_put(s, &ro), 0);
	ck_assert_int_eq(nk_credential_delete(s, 3), -EBUSY);
	ck_assert_int_eq(nk_consumer_delete(s, c.id), 0);
	/* the rest goes with it */
	ck_assert_int_eq(nk_credential_delete(s, 3), 0);
	ck_assert_int_eq(nk_credential_delete(s, 3), -ENOENT);
	ck_assert_int_eq(nk_credential_delete(s, 1), 0);
	ck_assert_int_eq(nk_credential_delete(s, 2), 0);
	commit();
	ck_assert_int_eq(nk_connection_get(s, 3, &row3), -ENOENT);
	ck_assert_int_eq(nk_rotation_get(s, 3, &ro), -ENOENT);
	ck_assert_int_eq(nk_store_verify(s, NULL, NULL), 0);
}
END_TEST

static int
collect(void *arg, const struct nk_consumer *c)
{
	int64_t *number = arg;

	*number = *number * 10 + c->id;
	return c->id == 9 ? 7 : 0;
}

static int64_t
consumers_of(int64_t credential, int64_t after)
{
	int64_t number = 0;

	ck_assert_int_eq(nk_consumer_each(s, credential, after, collect,
	    &number), 0);
	return number;
}

START_TEST(consumers)
{
	struct nk_consumer c = consumer(3), d;

	ck_assert_int_eq(nk_consumer_insert(s, &c), -EINVAL);
	begin();
	ck_assert_int_eq(nk_consumer_insert(s, &c), 0);
	ck_assert_int_eq(c.id, 1);
	ck_assert_int_eq(nk_consumer_insert(s, &c), -EEXIST);
	d = consumer(1);
	ck_assert_int_eq(nk_consumer_insert(s, &d), 0);
	d.credential_id = 3;
	d.title = t_other;
	d.on_delete = NK_ON_DELETE_DELETE;
	d.command = NULL;
	ck_assert_int_eq(nk_consumer_insert(s, &d), 0);
	d.credential_id = 9;
	ck_assert_int_eq(nk_consumer_insert(s, &d), -ENOENT);
	commit();
	ck_assert_int_eq(nk_consumer_get(s, 1, &c), 0);
	ck_assert_int_eq(c.credential_id, 3);
	ck_assert_int_eq(c.on_delete, NK_ON_DELETE_DISABLE);
	ck_assert_int_eq(c.created_at, 1700000000);
	ck_assert_str_eq(c.kind, t_kind);
	ck_assert_str_eq(c.title, t_title);
	ck_assert_str_eq(c.command, t_command);
	ck_assert_str_eq(c.created_by, t_by);
	nk_consumer_clear(&c);
	ck_assert_ptr_null(c.kind);
	/* the number of one that was refused is not used again */
	ck_assert_int_eq(consumers_of(0, 0), 134);
	ck_assert_int_eq(consumers_of(3, 1), 4);
	ck_assert_int_eq(consumers_of(2, 0), 0);
	ck_assert_int_eq(nk_consumer_get(s, 99, &c), -ENOENT);
	ck_assert_int_eq(nk_store_verify(s, NULL, NULL), 0);
}
END_TEST

/* One stays without credential, the other goes. */
START_TEST(releases)
{
	struct nk_consumer stays = consumer(3), goes = consumer(3), c;

	goes.on_delete = NK_ON_DELETE_DELETE;
	goes.title = t_other;
	begin();
	ck_assert_int_eq(nk_consumer_insert(s, &stays), 0);
	ck_assert_int_eq(nk_consumer_insert(s, &goes), 0);
	ck_assert_int_eq(nk_consumer_release(s, 99), -ENOENT);
	ck_assert_int_eq(nk_consumer_release(s, stays.id), 0);
	ck_assert_int_eq(nk_consumer_release(s, goes.id), 0);
	ck_assert_int_eq(nk_credential_delete(s, 3), 0);
	commit();
	ck_assert_int_eq(nk_consumer_get(s, goes.id, &c), -ENOENT);
	ck_assert_int_eq(nk_consumer_get(s, stays.id, &c), 0);
	ck_assert_int_eq(c.credential_id, 0);
	ck_assert_str_eq(c.title, t_title);
	nk_consumer_clear(&c);
	ck_assert_int_eq(nk_store_verify(s, NULL, NULL), 0);
	ck_assert_int_eq(nk_consumer_delete(s, stays.id), -EINVAL);
	begin();
	ck_assert_int_eq(nk_consumer_delete(s, stays.id), 0);
	ck_assert_int_eq(nk_consumer_delete(s, stays.id), -ENOENT);
	commit();
}
END_TEST

static void no_kind(struct nk_consumer *c) { c->kind = NULL; }
static void empty_kind(struct nk_consumer *c) { c->kind = t_empty; }
static void no_title(struct nk_consumer *c) { c->title = NULL; }
static void empty_title(struct nk_consumer *c) { c->title = t_empty; }
static void no_command(struct nk_consumer *c) { c->command = t_empty; }
static void no_maker(struct nk_consumer *c) { c->created_by = NULL; }
static void of_none(struct nk_consumer *c) { c->credential_id = 0; }
static void too_old(struct nk_consumer *c) { c->created_at = -1; }
static void
strange(struct nk_consumer *c)
{
	c->on_delete = (enum nk_on_delete)2;
}

static const struct {
	const char	*what;
	void		(*change)(struct nk_consumer *c);
} bad_consumers[] = {
	{ "no kind",		no_kind },
	{ "empty kind",		empty_kind },
	{ "no title",		no_title },
	{ "empty title",	empty_title },
	{ "empty command",	no_command },
	{ "nobody made it",	no_maker },
	{ "of no credential",	of_none },
	{ "before the epoch",	too_old },
	{ "unknown on_delete",	strange },
};

START_TEST(consumers_not)
{
	struct nk_consumer c = consumer(3);

	bad_consumers[_i].change(&c);
	begin();
	ck_assert_msg(nk_consumer_insert(s, &c) == -EINVAL, "%s",
	    bad_consumers[_i].what);
	ck_assert_int_eq(c.id, 0);
	commit();
	ck_assert_int_eq(consumers_of(0, 0), 0);
}
END_TEST

int
main(void)
{
	Suite *su = suite_create("store_connections");
	TCase *tc = tcase_create("connections");
	SRunner *sr = srunner_create(su);
	int failed;

	tcase_add_checked_fixture(tc, setup_rows, teardown);
	tcase_add_test(tc, round_trip);
	tcase_add_test(tc, names);
	tcase_add_loop_test(tc, refusals, 0, N(refused));
	tcase_add_test(tc, rotations);
	tcase_add_test(tc, deletes);
	tcase_add_test(tc, consumers);
	tcase_add_test(tc, releases);
	tcase_add_loop_test(tc, consumers_not, 0, N(bad_consumers));
	suite_add_tcase(su, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
