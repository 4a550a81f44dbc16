/* SPDX-License-Identifier: ISC */
#include "tests/unit/store_fixture.h"

#include <errno.h>

#include "lib/agent/certificate.h"
#include "lib/agent/challenge.h"
#include "lib/agent/lines.h"
#include "lib/ssh/base64.h"
#include "lib/store/revoked.h"
#include "tests/unit/ssh_keys.h"

#define COUNT(a)	((int)(sizeof(a) / sizeof((a)[0])))
#define NOW		1700000000	/* 2023-11-14 */
#define SSHD		((struct nk_sshd_version){ 9, 2 })

static const struct {
	const char	*options;
	bool		 ca;
	int64_t		 expires_at;
	const char	*rhost;
	size_t		 n;
	const char	*names;
} rows[] = {
	{ NULL, false, INT64_MAX, "", 1, "alice" },
	{ NULL, false, NOW + 1, "", 1, "alice" },
	{ NULL, false, NOW, "", 0, NULL },
	{ "no-pty", false, INT64_MAX, "", 1, "alice" },
	{ "command=\"id\"", false, INT64_MAX, "", 0, NULL },
	{ "no-pty,COMMAND=\"id\"", false, INT64_MAX, "", 0, NULL },
	{ "restrict", false, INT64_MAX, "", 0, NULL },
	{ "Restrict,pty", false, INT64_MAX, "", 0, NULL },
	{ "environment=\"A=,restrict\"", false, INT64_MAX, "", 1, "alice" },
	{ "expiry-time=\"20231114221320Z\"", false, INT64_MAX, "", 0, NULL },
	{ "expiry-time=\"20231114221321Z\"", false, INT64_MAX, "", 1,
	    "alice" },
	{ "from=\"*\"", false, INT64_MAX, "", 0, NULL },
	{ "from=\"*\"", false, INT64_MAX, "192.0.2.1", 1, "alice" },
	{ "from=\"192.0.2.9\"", false, INT64_MAX, "192.0.2.1", 0, NULL },
	{ "from=\"*\"", false, INT64_MAX, "host", 0, NULL },
	{ "cert-authority", true, INT64_MAX, "", 1, "alice" },
	{ "cert-authority,principals=\"x,y\"", true, INT64_MAX, "", 1,
	    "x,y" },
	{ "cert-authority,restrict", true, INT64_MAX, "", 0, NULL },
	/* rows that nobody could have written */
	{ NULL, true, INT64_MAX, "", 0, NULL },
	{ "no-pty", true, INT64_MAX, "", 0, NULL },
	{ "cert-authority", false, INT64_MAX, "", 0, NULL },
	{ "unknown", false, INT64_MAX, "", 0, NULL },
	{ "", false, INT64_MAX, "", 0, NULL },
	{ "no-pty,", false, INT64_MAX, "", 0, NULL },
};

START_TEST(loads)
{
	struct nk_agent_lines ls;
	struct nk_user *u;
	struct key_text t;
	struct nk_key k;
	char options[128];
	int64_t id;

	begin();
	id = add_user("alice", 3000, true);
	make_key(&k, &t, id, 'K');
	if (rows[_i].options != NULL) {
		(void)snprintf(options, sizeof(options), "%s",
		    rows[_i].options);
		k.options = options;
	}
	k.cert_authority = rows[_i].ca;
	k.expires_at = rows[_i].expires_at;
	ck_assert_int_eq(nk_key_append(s, &k), 0);
	ck_assert_int_gt(add_key(id, ' '), 0);
	ck_assert_int_gt(add_key(id, 'c'), 0);
	commit();
	ck_assert_int_eq(nk_user_get(s, id, &u), 0);
	ck_assert_int_eq(nk_agent_lines_load(s, u, SSHD, rows[_i].rhost, NOW,
	    &ls), 0);
	ck_assert_msg(ls.n == rows[_i].n, "%s: %zu", rows[_i].options, ls.n);
	if (ls.n == 1) {
		ck_assert_str_eq(ls.v[0].names, rows[_i].names);
		ck_assert_ptr_eq(nk_agent_lines_by_id(&ls, k.id), ls.v);
		ck_assert_ptr_null(nk_agent_lines_by_id(&ls, k.id + 1));
	}
	nk_agent_lines_clear(&ls);
	nk_user_free(u);
}
END_TEST

/* ---- which line an offer is for ---- */

START_TEST(finds)
{
	uint8_t blob[] = "blob", ca[] = "ca";
	struct nk_key keys[2] = {
		{ .id = 1, .blob = blob, .blob_len = 4 },
		{ .id = 2, .blob = ca, .blob_len = 2,
		    .cert_authority = true },
	};
	char alice[] = "alice";
	struct nk_agent_line v[2] = {
		{ .k = &keys[0], .names = alice },
		{ .k = &keys[1], .names = alice },
	};
	const struct nk_agent_lines ls = { .v = v, .n = 2 };
	struct nk_agent_offer o = { .blob = blob, .len = 4 };

	ck_assert_ptr_eq(nk_agent_lines_find(&ls, &o), &v[0]);
	o.len = 3;
	ck_assert_ptr_null(nk_agent_lines_find(&ls, &o));
	o = (struct nk_agent_offer){ .blob = ca, .len = 2 };
	ck_assert_ptr_null(nk_agent_lines_find(&ls, &o));
	o = (struct nk_agent_offer){ .blob = blob, .len = 4, .ca = ca,
	    .ca_len = 2 };
	ck_assert_ptr_null(nk_agent_lines_find(&ls, &o));
	o.principals = (struct nk_wire){
	    (const uint8_t *)"\0\0\0\3bob\0\0\0\5alice", 16 };
	ck_assert_ptr_eq(nk_agent_lines_find(&ls, &o), &v[1]);
	o.principals.left--;
	ck_assert_ptr_null(nk_agent_lines_find(&ls, &o));
	o.principals.left++;
	o.ca = blob;
	o.ca_len = 4;
	ck_assert_ptr_null(nk_agent_lines_find(&ls, &o));
}
END_TEST

static const struct {
	const char	*names;
	bool		 yes;
} names[] = {
	{ "alice", true }, { "bob", true }, { "x,alice", true },
	{ "alice,x", true }, { "ali", false }, { "alice2", false },
	{ "", false }, { ",", false }, { "*", false }, { "bob,", true },
};

START_TEST(names_of_certificates)
{
	const struct nk_wire list = {
		(const uint8_t *)"\0\0\0\5alice\0\0\0\3bob", 16
	};

	ck_assert_msg(nk_agent_certificate_names(list, names[_i].names) ==
	    names[_i].yes, "%s", names[_i].names);
}
END_TEST

/* ---- what a signature must show ---- */

#define SK	NK_AGENT_SECURITY_KEY
#define TOUCH	NK_AGENT_TOUCHED
#define PIN	NK_AGENT_VERIFIED
#define C_NO	NK_AGENT_CERT_NO_TOUCH
#define C_PIN	NK_AGENT_CERT_VERIFY

static const struct {
	bool		 ca, no_touch, verify;
	uint32_t	 shown;
	bool		 content;
} shows[] = {
	{ false, false, false, 0, true },
	{ false, false, true, 0, true },
	{ false, false, false, SK, false },
	{ false, false, false, SK | TOUCH, true },
	{ false, false, false, SK | PIN, false },
	{ false, true, false, SK, true },
	{ false, false, true, SK | TOUCH, false },
	{ false, false, true, SK | TOUCH | PIN, true },
	{ false, true, true, SK, false },
	{ false, true, true, SK | PIN, true },
	{ true, false, false, SK, false },
	{ true, true, false, SK, false },
	{ true, false, false, SK | C_NO, false },
	{ true, true, false, SK | C_NO, true },
	{ true, false, false, SK | TOUCH | C_PIN, false },
	{ true, false, false, SK | TOUCH | C_PIN | PIN, true },
};

START_TEST(is_content)
{
	const struct nk_key k = { .cert_authority = shows[_i].ca };
	const struct nk_agent_line l = { .k = &k,
	    .no_touch = shows[_i].no_touch, .verify = shows[_i].verify };

	ck_assert_msg(nk_agent_line_is_content(&l, shows[_i].shown) ==
	    shows[_i].content, "row %d", _i);
}
END_TEST

/* ---- what is signed ---- */

START_TEST(challenges)
{
	static char name[NK_AGENT_CHALLENGE_MAX + 1];
	struct nk_agent_challenge a, b;

	ck_assert_int_eq(nk_agent_challenge_make(&a, "alice", "sudo",
	    (const uint8_t *)"k", 1), 0);
	ck_assert_int_eq(nk_agent_challenge_make(&b, "alice", "sudo",
	    (const uint8_t *)"k", 1), 0);
	ck_assert_uint_eq(a.len, b.len);
	ck_assert_mem_eq(a.data, "\0\0\0\25naskeys-agent-auth-v1\0\0\0", 28);
	/* all but the random end is the same */
	ck_assert_mem_eq(a.data, b.data, a.len - 32);
	ck_assert_mem_ne(a.data + a.len - 32, b.data + a.len - 32, 32);
	ck_assert_int_eq(nk_agent_challenge_make(&b, "alice", "sudo",
	    (const uint8_t *)"l", 1), 0);
	ck_assert_mem_ne(a.data, b.data, a.len - 32);
	memset(name, 'x', sizeof(name) - 1);
	ck_assert_int_eq(nk_agent_challenge_make(&b, name, "sudo",
	    (const uint8_t *)"k", 1), -ENOBUFS);
	ck_assert_uint_eq(b.len, 0);
}
END_TEST

/* MUST 5: the key, and the key in a certificate. */
START_TEST(revoked)
{
	const struct nk_revoked row = { .revoked_by = "root",
	    .fingerprint = ssh_keys[KEY_ED25519].sha256 };
	const struct ssh_key *k = &ssh_keys[_i];
	uint8_t *blob;
	size_t len;

	ck_assert_int_eq(nk_base64_decode(k->base64, strlen(k->base64),
	    &blob, &len), 0);
	ck_assert_int_eq(nk_agent_check_revoked(s, blob, len), 0);
	begin();
	ck_assert_int_eq(nk_revoked_add(s, &row), 0);
	commit();
	ck_assert_int_eq(nk_agent_check_revoked(s, blob, len),
	    _i == KEY_ED25519 || _i == KEY_CERT_ED25519 ? -EACCES : 0);
	if (_i >= KEY_CERT_ED25519)
		ck_assert_int_eq(nk_agent_check_revoked(s, blob, 50),
		    -EBADMSG);
	free(blob);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("agent lines");
	TCase *t = tcase_create("store");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, revoked, 0, KEY_COUNT);
	tcase_add_loop_test(t, loads, 0, COUNT(rows));
	suite_add_tcase(suite, t);
	t = tcase_create("rules");
	tcase_add_test(t, finds);
	tcase_add_loop_test(t, names_of_certificates, 0, COUNT(names));
	tcase_add_loop_test(t, is_content, 0, COUNT(shows));
	tcase_add_test(t, challenges);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
