/* SPDX-License-Identifier: ISC */
/* What the sandbox may say of an agent's answers, and what it says. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/agent/checker.h"
#include "lib/agent/work.h"
#include "tests/unit/agent_key.h"

#define COUNT(a)	((int)(sizeof(a) / sizeof((a)[0])))
#define DATA		(const uint8_t *)"what is signed"
#define DATA_LEN	14u

static const struct nk_agent_rules rules = {
	NK_KEYPOLICY_DEFAULT, 1700000000, "192.0.2.1",
};

static struct nk_sandbox
sandbox(void)
{
	struct nk_sandbox sb = { 64123, 64124, 20, "/proc/self/exe" };

	if (geteuid() != 0)
		sb.uid = sb.gid = (uid_t)-1;
	return sb;
}

/* ---- answers of the child ---- */

#define ONE_KEY	"\0\0\0\0\0\0\0\1"		/* no error, one follows */
#define KEY	"\0\0\0\0\0\0\0\3key\0\0\0\0\0\0\0\0"
#define CERT	"\0\0\0\1\0\0\0\3key\0\0\0\2ca\0\0\0\1p"

static const struct {
	const char	*what;
	const char	*answer;
	size_t		 len;
	int		 want;
} lists[] = {
	{ "nothing", "", 0, -EIO },
	{ "no count", "\0\0\0\0", 4, -EIO },
	{ "no keys", "\0\0\0\0\0\0\0\0", 8, 0 },
	{ "a key", ONE_KEY KEY, 27, 0 },
	{ "a certificate", ONE_KEY CERT, 30, 0 },
	{ "something behind it", ONE_KEY KEY "\0", 28, -EIO },
	{ "one too few", ONE_KEY, 8, -EIO },
	{ "one that is cut", ONE_KEY KEY, 26, -EIO },
	{ "a flag that there is not",
	    ONE_KEY "\0\0\0\2\0\0\0\3key\0\0\0\0\0\0\0\0", 27, -EIO },
	{ "an empty key", ONE_KEY "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 24,
	    -EIO },
	{ "an authority as long as its certificate",
	    ONE_KEY "\0\0\0\0\0\0\0\1k\0\0\0\1c\0\0\0\0", 26, -EIO },
	{ "principals of a key",
	    ONE_KEY "\0\0\0\0\0\0\0\3key\0\0\0\0\0\0\0\1p", 28, -EIO },
	{ "65 of them", "\0\0\0\0\0\0\0\101", 8, -EIO },
	{ "very many", "\0\0\0\0\377\377\377\377", 8, -EIO },
	{ "a refusal", "\0\0\0\15\0\0\0\0", 8, -EACCES },
	{ "malformed", "\0\0\0\112\0\0\0\0", 8, -EBADMSG },
	{ "a refusal with keys", "\0\0\0\15\0\0\0\1" KEY, 27, -EIO },
	{ "an error of another kind", "\0\0\0\2\0\0\0\0", 8, -EIO },
	{ "no error at all", "\377\377\377\377\0\0\0\0", 8, -EIO },
};

START_TEST(takes_lists)
{
	struct nk_secret answer = NK_SECRET_NONE;
	struct nk_agent_offers o;
	int r;

	ck_assert_int_eq(nk_secret_append(&answer, lists[_i].answer,
	    lists[_i].len), 0);
	r = nk_agent_offers_take(&answer, &o);
	ck_assert_msg(r == lists[_i].want, "%s: got %d", lists[_i].what, r);
	ck_assert_ptr_null(answer.p);
	if (r < 0) {
		ck_assert_uint_eq(o.n, 0);
		ck_assert_ptr_null(o.answer.p);
	}
	nk_agent_offers_clear(&o);
}
END_TEST

START_TEST(takes_so_many)
{
	const uint32_t n = NK_AGENT_KEYS_MAX + (uint32_t)_i;
	struct nk_secret answer = NK_SECRET_NONE;
	struct nk_agent_offers o;
	uint32_t i;

	ck_assert_int_eq(nk_secret_append(&answer, ONE_KEY, 8), 0);
	answer.p[7] = (uint8_t)n;
	for (i = 0; i < n; i++)
		ck_assert_int_eq(nk_secret_append(&answer, KEY, 19), 0);
	ck_assert_int_eq(nk_agent_offers_take(&answer, &o),
	    _i == 0 ? 0 : -EIO);
	ck_assert_uint_eq(o.n, _i == 0 ? n : 0);
	nk_agent_offers_clear(&o);
}
END_TEST

static const struct {
	const char	*what;
	const char	*answer;
	size_t		 len;
	int		 want;
} verdicts[] = {
	{ "nothing", "", 0, -EIO },
	{ "yes", "\0\0\0\0\0\0\0\0", 8, 0 },
	{ "all that can be shown", "\0\0\0\0\0\0\0\37", 8, 0 },
	{ "more than can be", "\0\0\0\0\0\0\0\40", 8, -EIO },
	{ "cut", "\0\0\0\0\0\0\0", 7, -EIO },
	{ "longer", "\0\0\0\0\0\0\0\0\0", 9, -EIO },
	{ "no", "\0\0\0\15\0\0\0\0", 8, -EACCES },
	{ "an algorithm", "\0\0\0\1\0\0\0\0", 8, -EPERM },
	{ "no, and yet", "\0\0\0\15\0\0\0\1", 8, -EIO },
	{ "what is no refusal", "\0\0\0\5\0\0\0\0", 8, -EIO },
};

START_TEST(takes_verdicts)
{
	struct nk_secret answer = NK_SECRET_NONE;
	uint32_t shown = 77;
	int r;

	ck_assert_int_eq(nk_secret_append(&answer, verdicts[_i].answer,
	    verdicts[_i].len), 0);
	r = nk_agent_signature_take(&answer, &shown);
	ck_assert_msg(r == verdicts[_i].want, "%s: got %d",
	    verdicts[_i].what, r);
	ck_assert(r == 0 ? shown <= NK_AGENT_SHOWN : shown == 77);
	nk_secret_clear(&answer);
}
END_TEST

/* ---- through the sandbox ---- */

static struct agent_key key;
static uint8_t msg[4096];

static void
setup(void)
{
	make_agent_key(&key);
}

static void
teardown(void)
{
	EVP_PKEY_free(key.pkey);
}

START_TEST(lists_keys)
{
	const struct nk_sandbox sb = sandbox();
	size_t len = list_agent_key(&key, msg, sizeof(msg)), n;
	struct nk_agent_offers o;

	ck_assert_int_eq(nk_agent_offers_read(&sb, &rules, msg, len, &o), 0);
	ck_assert_uint_eq(o.n, 1);
	ck_assert_uint_eq(o.v[0].len, key.len);
	ck_assert_mem_eq(o.v[0].blob, key.blob, key.len);
	ck_assert_uint_eq(o.v[0].ca_len, 0);
	ck_assert(!o.v[0].rsa);
	nk_agent_offers_clear(&o);
	for (n = 0; n < len; n += 7) {
		ck_assert_int_eq(nk_agent_offers_read(&sb, &rules, msg, n,
		    &o), -EBADMSG);
		ck_assert_ptr_null(o.answer.p);
	}
	ck_assert_int_eq(nk_agent_offers_read(&sb, &rules,
	    (const uint8_t *)"\5", 1, &o), -EACCES);
	/* a key of another type is passed over */
	msg[5 + 4 + 4] = 'S';
	ck_assert_int_eq(nk_agent_offers_read(&sb, &rules, msg, len, &o), 0);
	ck_assert_uint_eq(o.n, 0);
	nk_agent_offers_clear(&o);
}
END_TEST

static struct nk_agent_claim
claim(void)
{
	return (struct nk_agent_claim){ .blob = key.blob,
	    .blob_len = key.len, .names = "alice", .data = DATA,
	    .len = DATA_LEN };
}

START_TEST(checks_signatures)
{
	const struct nk_sandbox sb = sandbox();
	struct nk_agent_claim c = claim();
	uint32_t shown = 77;
	size_t len;

	len = sign_agent_key(&key, DATA, DATA_LEN, msg, sizeof(msg));
	ck_assert_int_eq(nk_agent_signature_check(&sb, &rules, &c, msg, len,
	    &shown), 0);
	ck_assert_uint_eq(shown, 0);
	c.len--;
	ck_assert_int_eq(nk_agent_signature_check(&sb, &rules, &c, msg, len,
	    &shown), -EBADMSG);
	c.len++;
	msg[len - 1] ^= 1;
	ck_assert_int_eq(nk_agent_signature_check(&sb, &rules, &c, msg, len,
	    &shown), -EBADMSG);
	msg[len - 1] ^= 1;
	c.ca = key.blob;	/* but it is no certificate */
	c.ca_len = key.len;
	ck_assert_int_eq(nk_agent_signature_check(&sb, &rules, &c, msg, len,
	    &shown), -EACCES);
	c.ca_len = 0;
	ck_assert_int_eq(nk_agent_signature_check(&sb, &rules, &c,
	    (const uint8_t *)"\5", 1, &shown), -EACCES);
}
END_TEST

/* ---- in the sandbox: no cut of a request is one, and no bit is spare ---- */

static size_t
make_request(uint8_t *buf, size_t room, const uint8_t *sig, size_t len)
{
	struct nk_wire_out o = { buf, room };

	ck_assert_int_eq(nk_keypolicy_put(&o, &rules.policy), 0);
	ck_assert_int_eq(nk_wire_put(&o, "\0\0\0\0\145\123\361\0", 8), 0);
	ck_assert_int_eq(nk_wire_put_string(&o, "", 0), 0);
	ck_assert_int_eq(nk_wire_put_string(&o, key.blob, key.len), 0);
	ck_assert_int_eq(nk_wire_put_string(&o, "", 0), 0);
	ck_assert_int_eq(nk_wire_put_string(&o, "alice", 5), 0);
	ck_assert_int_eq(nk_wire_put_string(&o, DATA, DATA_LEN), 0);
	ck_assert_int_eq(nk_wire_put(&o, sig, len), 0);
	return room - o.left;
}

static int
work(const uint8_t *request, size_t len)
{
	struct nk_secret answer = NK_SECRET_NONE;
	uint32_t shown;
	int r;

	r = nk_agent_work_check(request, len, &answer);
	if (r == 0)
		r = nk_agent_signature_take(&answer, &shown);
	nk_secret_clear(&answer);
	return r;
}

START_TEST(every_bit_counts)
{
	uint8_t request[1024], sig[256];
	size_t sig_len, len, i;

	sig_len = sign_agent_key(&key, DATA, DATA_LEN, sig, sizeof(sig));
	len = make_request(request, sizeof(request), sig, sig_len);
	ck_assert_int_eq(work(request, len), 0);
	for (i = 0; i < len; i++)
		ck_assert_int_lt(work(request, i), 0);
	for (i = len - sig_len; i < len; i++) {
		request[i] ^= (uint8_t)(1u << i % 8);
		ck_assert_int_lt(work(request, len), 0);
		request[i] ^= (uint8_t)(1u << i % 8);
	}
	ck_assert_int_eq(work(request, len), 0);
}
END_TEST

/* ---- a certificate is held against everything once more ---- */

enum field {
	RHOST,
	BLOB,
	AUTHORITY,
	NAMES,
	SIGNED,
	FIELDS
};

static const struct {
	const char	*what;
	uint32_t	 now;
	enum field	 field;
	const char	*value;		/* instead; NULL: as it is */
	int		 want;
} certificates[] = {
	{ "as it is", 1700000000, RHOST, NULL, 0 },
	{ "another address that it admits", 1700000000, RHOST, "192.0.2.9",
	    0 },
	{ "an address that it does not", 1700000000, RHOST, "192.0.3.1",
	    -EACCES },
	{ "no address", 1700000000, RHOST, "", -EACCES },
	{ "another authority", 1700000000, AUTHORITY, "ca", -EACCES },
	{ "another one as long", 1700000000, AUTHORITY,
	    "ccccccccccccccccccccccccccccccccccccccccccccccccccc", -EACCES },
	{ "no authority", 1700000000, AUTHORITY, "", -EACCES },
	{ "another principal", 1700000000, NAMES, "x,bob", 0 },
	{ "none of its principals", 1700000000, NAMES, "carol", -EACCES },
	{ "no principal", 1700000000, NAMES, "", -EACCES },
	{ "other data", 1700000000, SIGNED, "data", -EBADMSG },
	{ "too early", 1577000000, RHOST, NULL, -EACCES },
	{ "too late", 2600000000, RHOST, NULL, -EACCES },
};

/* The seed of the fuzzer, for the principals alice and bob. */
static size_t
read_seed(uint8_t *buf, size_t room)
{
	FILE *f = fopen(NK_TEST_SOURCE "/tests/fuzz/corpus/agent_check/cert",
	    "re");
	size_t n;

	ck_assert_ptr_nonnull(f);
	n = fread(buf, 1, room, f);
	ck_assert_int_eq(fclose(f), 0);
	ck_assert_uint_gt(n, NK_KEYPOLICY_SIZE + 8);
	return n;
}

START_TEST(holds_certificates)
{
	uint8_t seed[2048], request[4096];
	struct nk_wire w = { seed, read_seed(seed, sizeof(seed)) };
	struct nk_wire_out o = { request, sizeof(request) };
	const char *value = certificates[_i].value;
	const uint8_t *s;
	size_t len;
	int i, r;

	ck_assert_int_eq(nk_wire_put(&o, w.p, NK_KEYPOLICY_SIZE + 4), 0);
	ck_assert_int_eq(nk_wire_put_u32(&o, certificates[_i].now), 0);
	w.p += NK_KEYPOLICY_SIZE + 8;
	w.left -= NK_KEYPOLICY_SIZE + 8;
	for (i = 0; i < FIELDS; i++) {
		ck_assert_int_eq(nk_wire_get_string(&w, &s, &len), 0);
		if (value != NULL && i == (int)certificates[_i].field) {
			s = (const uint8_t *)value;
			len = strlen(value);
		}
		ck_assert_int_eq(nk_wire_put_string(&o, s, len), 0);
	}
	ck_assert_int_eq(nk_wire_put(&o, w.p, w.left), 0);
	r = work(request, sizeof(request) - o.left);
	ck_assert_msg(r == certificates[_i].want, "%s: got %d",
	    certificates[_i].what, r);
}
END_TEST

static const struct nk_sandbox_work *const tables[] = {
	nk_agent_works, NULL,
};

int
main(int argc, char **argv)
{
	Suite *s = suite_create("agent checker");
	TCase *t = tcase_create("answers");
	SRunner *sr;
	int failed;

	nk_sandbox_serve(argc, argv, tables);
	tcase_add_loop_test(t, takes_lists, 0, COUNT(lists));
	tcase_add_loop_test(t, takes_so_many, 0, 2);
	tcase_add_loop_test(t, takes_verdicts, 0, COUNT(verdicts));
	suite_add_tcase(s, t);
	t = tcase_create("sandbox");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, lists_keys);
	tcase_add_test(t, checks_signatures);
	tcase_add_test(t, every_bit_counts);
	tcase_add_loop_test(t, holds_certificates, 0, COUNT(certificates));
	suite_add_tcase(s, t);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
