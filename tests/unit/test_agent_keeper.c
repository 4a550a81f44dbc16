/* SPDX-License-Identifier: ISC */
/* What an agent of one key answers, and above all what it does not. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/agent/keeper.h"
#include "lib/ssh/agentmsg.h"
#include "lib/ssh/keyblob.h"
#include "lib/ssh/sign.h"
#include "lib/ssh/signature.h"
#include "lib/ssh/wire.h"
#include "tests/unit/private_keys.h"

#define COUNT(a)	((int)(sizeof(a) / sizeof((a)[0])))
#define SID		"0123456789abcdef0123456789abcdef"
#define OTHER_SID	"0123456789abcdef0123456789abcdeF"
#define BIND		"session-bind@openssh.com"
#define PUBLICKEY	"publickey"
#define HOSTBOUND	"publickey-hostbound-v00@openssh.com"
#define RSA512		NK_AGENTMSG_RSA_SHA2_512
#define RSA256		NK_AGENTMSG_RSA_SHA2_256

static const struct nk_keypolicy policy = { 1024, 16384, 400, { 9, 2 } };

/* The lent key and another, two hosts that are pinned and one that is not. */
enum who {
	NOBODY,
	OWN,
	OTHER,
	HOST,
	SECOND_HOST,
	FOREIGN_HOST,
	KEYS
};

static struct nk_privatekey key[KEYS];
static struct nk_hostkeys pins;
static struct nk_keeper keeper;
static struct nk_keeper_talk talk;
static struct nk_secret answer;
static uint8_t data[NK_KEEPER_MESSAGE_MAX];
static uint8_t msg[NK_KEEPER_MESSAGE_MAX + 64];

static void
put_text(struct nk_wire_out *o, const char *s)
{
	ck_assert_int_eq(nk_wire_put_string(o, s, strlen(s)), 0);
}

static void
put_byte(struct nk_wire_out *o, int v)
{
	const uint8_t b = (uint8_t)v;

	ck_assert_int_eq(nk_wire_put(o, &b, 1), 0);
}

static void
put_blob(struct nk_wire_out *o, enum who who)
{
	ck_assert_int_eq(nk_wire_put_string(o, key[who].blob,
	    key[who].blob_len), 0);
}

static int
check(const void *arg, const uint8_t *blob, size_t blob_len,
    const uint8_t *sig, size_t sig_len, const uint8_t *p, size_t len)
{
	struct nk_keyblob kb;
	int r;

	ck_assert_ptr_eq(arg, &policy);
	if ((r = nk_keyblob_parse(blob, blob_len, &policy, &kb, NULL)) < 0)
		return r;
	return nk_signature_check(&kb.key, sig, sig_len, p, len, NULL);
}

static void
read_key(enum who who, const char *text)
{
	ck_assert_int_eq(nk_privatekey_read(text, strlen(text), &policy,
	    &key[who], NULL), 0);
}

static void
setup(void)
{
	enum who who;

	read_key(OWN, ED_OPENSSH);
	read_key(OTHER, RSA_OPENSSH);
	for (who = HOST; who <= FOREIGN_HOST; who++)
		ck_assert_int_eq(nk_privatekey_generate(who == HOST ?
		    "ssh-ed25519" : "ecdsa-sha2-nistp256", 0, NULL,
		    &key[who]), 0);
	for (who = HOST; who <= SECOND_HOST; who++)
		ck_assert_int_eq(nk_hostkeys_add(&pins, key[who].blob,
		    key[who].blob_len), 0);
	keeper = (struct nk_keeper){ &key[OWN], "backup", &pins, true, check,
	    &policy };
	talk = (struct nk_keeper_talk){ .session_len = 0 };
}

static void
teardown(void)
{
	int i;

	for (i = 0; i < KEYS; i++)
		nk_privatekey_clear(&key[i]);
	nk_hostkeys_clear(&pins);
	nk_secret_clear(&answer);
}

/* The first byte of the answer, or 0 for none. */
static int
ask(const uint8_t *p, size_t len)
{
	nk_secret_clear(&answer);
	ck_assert_int_eq(nk_keeper_answer(&keeper, &talk, p, len, &answer),
	    0);
	return answer.len > 0 ? answer.p[0] : 0;
}

/* ---- bindings ---- */

struct binding {
	const char	*what;
	const char	*session;
	enum who	 host;		/* whose key is named */
	enum who	 signer;
	const char	*signs;
	int		 forwarding;
	int		 want;
};

static const struct binding bindings[] = {
	{ "a pinned host", SID, HOST, HOST, SID, 0, NK_AGENTMSG_SUCCESS },
	{ "another one", SID, SECOND_HOST, SECOND_HOST, SID, 0,
	    NK_AGENTMSG_SUCCESS },
	{ "a host that is not pinned", SID, FOREIGN_HOST, FOREIGN_HOST, SID,
	    0, NK_AGENTMSG_FAILURE },
	{ "another's signature", SID, HOST, FOREIGN_HOST, SID, 0,
	    NK_AGENTMSG_FAILURE },
	{ "another pinned host's signature", SID, HOST, SECOND_HOST, SID, 0,
	    NK_AGENTMSG_FAILURE },
	{ "the signature of another session", SID, HOST, HOST, OTHER_SID, 0,
	    NK_AGENTMSG_FAILURE },
	{ "forwarded", SID, HOST, HOST, SID, 1, NK_AGENTMSG_FAILURE },
	{ "forwarded, in another way", SID, HOST, HOST, SID, 2,
	    NK_AGENTMSG_FAILURE },
	{ "no session", "", HOST, HOST, "", 0, NK_AGENTMSG_FAILURE },
	{ "no host", SID, NOBODY, HOST, SID, 0, NK_AGENTMSG_FAILURE },
};

static size_t
make_binding(const struct binding *b, const char *name)
{
	struct nk_wire_out o = { msg, sizeof(msg) };
	struct nk_secret sig = NK_SECRET_NONE;

	ck_assert_int_eq(nk_sign(&key[b->signer], key[b->signer].type->name,
	    (const uint8_t *)b->signs, strlen(b->signs), &sig), 0);
	put_byte(&o, NK_AGENTMSG_EXTENSION);
	put_text(&o, name);
	put_blob(&o, b->host);
	put_text(&o, b->session);
	ck_assert_int_eq(nk_wire_put_string(&o, sig.p, sig.len), 0);
	put_byte(&o, b->forwarding);
	nk_secret_clear(&sig);
	return sizeof(msg) - o.left;
}

static int
bind_to(const struct binding *b)
{
	return ask(msg, make_binding(b, BIND));
}

/* ---- requests to log in ---- */

struct request {
	const char	*what;
	int		 bound;
	const char	*user;
	const char	*service;
	const char	*method;
	const char	*algorithm;	/* NULL: the key's */
	enum who	 named;		/* the key in what is signed */
	enum who	 asked;		/* the key that shall sign */
	const char	*session;
	enum who	 host;
	uint32_t	 flags;
	int		 want;
};

#define GOOD	"backup", "ssh-connection", PUBLICKEY, NULL, OWN, OWN, SID
#define YES	NK_AGENTMSG_SIGN_ANSWER
#define NO	NK_AGENTMSG_FAILURE

/* All follow a binding to HOST where it is bound. */
static const struct request requests[] = {
	{ "bound", 1, GOOD, NOBODY, 0, YES },
	{ "bound, hostbound", 1, "backup", "ssh-connection", HOSTBOUND, NULL,
	    OWN, OWN, SID, HOST, 0, YES },
	{ "not bound", 0, GOOD, NOBODY, 0, YES },
	{ "not bound, hostbound", 0, "backup", "ssh-connection", HOSTBOUND,
	    NULL, OWN, OWN, SID, SECOND_HOST, 0, YES },
	{ "not bound, any session", 0, "backup", "ssh-connection", PUBLICKEY,
	    NULL, OWN, OWN, OTHER_SID, NOBODY, 0, YES },
	{ "flags of another type of key", 1, GOOD, NOBODY, RSA512, YES },
	{ "another user", 1, "root", "ssh-connection", PUBLICKEY, NULL, OWN,
	    OWN, SID, NOBODY, 0, NO },
	{ "no user", 1, "", "ssh-connection", PUBLICKEY, NULL, OWN, OWN, SID,
	    NOBODY, 0, NO },
	{ "a longer user", 1, "backup2", "ssh-connection", PUBLICKEY, NULL,
	    OWN, OWN, SID, NOBODY, 0, NO },
	{ "a shorter user", 1, "backu", "ssh-connection", PUBLICKEY, NULL,
	    OWN, OWN, SID, NOBODY, 0, NO },
	{ "another user, not bound", 0, "root", "ssh-connection", PUBLICKEY,
	    NULL, OWN, OWN, SID, NOBODY, 0, NO },
	{ "another service", 1, "backup", "ssh-userauth", PUBLICKEY, NULL,
	    OWN, OWN, SID, NOBODY, 0, NO },
	{ "another method", 1, "backup", "ssh-connection", "hostbased", NULL,
	    OWN, OWN, SID, NOBODY, 0, NO },
	{ "another session", 1, "backup", "ssh-connection", PUBLICKEY, NULL,
	    OWN, OWN, OTHER_SID, NOBODY, 0, NO },
	{ "a part of the session", 1, "backup", "ssh-connection", PUBLICKEY,
	    NULL, OWN, OWN, "0123456789abcdef", NOBODY, 0, NO },
	{ "no session", 0, "backup", "ssh-connection", PUBLICKEY, NULL, OWN,
	    OWN, "", NOBODY, 0, NO },
	{ "another pinned host's session", 1, "backup", "ssh-connection",
	    HOSTBOUND, NULL, OWN, OWN, SID, SECOND_HOST, 0, NO },
	{ "a foreign host", 1, "backup", "ssh-connection", HOSTBOUND, NULL,
	    OWN, OWN, SID, FOREIGN_HOST, 0, NO },
	{ "a foreign host, not bound", 0, "backup", "ssh-connection",
	    HOSTBOUND, NULL, OWN, OWN, SID, FOREIGN_HOST, 0, NO },
	{ "another key is named", 1, "backup", "ssh-connection", PUBLICKEY,
	    NULL, OTHER, OWN, SID, NOBODY, 0, NO },
	{ "another key is asked", 1, "backup", "ssh-connection", PUBLICKEY,
	    NULL, OWN, OTHER, SID, NOBODY, 0, NO },
	{ "no key is asked", 1, "backup", "ssh-connection", PUBLICKEY, NULL,
	    OWN, NOBODY, SID, NOBODY, 0, NO },
	{ "another algorithm", 1, "backup", "ssh-connection", PUBLICKEY,
	    "ssh-rsa", OWN, OWN, SID, NOBODY, 0, NO },
	{ "a certificate", 1, "backup", "ssh-connection", PUBLICKEY,
	    "ssh-ed25519-cert-v01@openssh.com", OWN, OWN, SID, NOBODY, 0,
	    NO },
};

static const struct {
	const char	*algorithm;
	uint32_t	 flags;
	int		 want;
} rsa[] = {
	{ "rsa-sha2-512", RSA512, YES },
	{ "rsa-sha2-256", RSA256, YES },
	{ "rsa-sha2-512", RSA256, NO },
	{ "rsa-sha2-256", RSA512, NO },
	{ "rsa-sha2-512", 0, NO },
	{ "rsa-sha2-512", RSA256 | RSA512, NO },
	{ "rsa-sha2-512", RSA512 | 1, NO },
	{ "ssh-rsa", 0, NO },
	{ "ssh-rsa", RSA512, NO },
	{ "ssh-ed25519", 0, NO },
};

static size_t
make_data(const struct request *q)
{
	struct nk_wire_out o = { data, sizeof(data) };

	put_text(&o, q->session);
	put_byte(&o, 50);
	put_text(&o, q->user);
	put_text(&o, q->service);
	put_text(&o, q->method);
	put_byte(&o, 1);
	put_text(&o, q->algorithm != NULL ? q->algorithm :
	    keeper.key->type->name);
	put_blob(&o, q->named);
	if (strcmp(q->method, HOSTBOUND) == 0)
		put_blob(&o, q->host);
	return sizeof(data) - o.left;
}

static size_t
make_request(const struct request *q)
{
	struct nk_wire_out o = { msg, sizeof(msg) };

	ck_assert_int_eq(nk_agentmsg_put_sign(&o, key[q->asked].blob,
	    key[q->asked].blob_len, data, make_data(q), q->flags), 0);
	return sizeof(msg) - o.left;
}

/* Is the answer a signature over what was asked for? */
static void
check_answer(const struct request *q)
{
	const uint8_t *sig;
	size_t len;

	ck_assert_int_eq(nk_agentmsg_get_signature(answer.p, answer.len,
	    &sig, &len), 0);
	ck_assert_int_eq(check(&policy, keeper.key->blob,
	    keeper.key->blob_len, sig, len, data, make_data(q)), 0);
}

START_TEST(binds)
{
	const struct binding *b = &bindings[_i];
	int got = bind_to(b);

	ck_assert_msg(got == b->want, "%s: got %d", b->what, got);
	ck_assert_uint_eq(answer.len, 1);
	if (got == NK_AGENTMSG_SUCCESS) {
		ck_assert_uint_eq(talk.session_len, strlen(b->session));
		ck_assert(!talk.spoilt);
		return;
	}
	/* that is the end of it, whatever comes later */
	ck_assert_uint_eq(talk.session_len, 0);
	ck_assert_int_eq(bind_to(&bindings[0]), NK_AGENTMSG_FAILURE);
	ck_assert_int_eq(ask(msg, make_request(&requests[0])), NO);
	keeper.bound = false;
	ck_assert_int_eq(ask(msg, make_request(&requests[0])), NO);
}
END_TEST

START_TEST(binds_once)
{
	ck_assert_int_eq(bind_to(&bindings[0]), NK_AGENTMSG_SUCCESS);
	ck_assert_int_eq(ask(msg, make_request(&requests[0])), YES);
	ck_assert_int_eq(bind_to(&bindings[0]), NK_AGENTMSG_FAILURE);
	ck_assert_int_eq(ask(msg, make_request(&requests[0])), NO);
}
END_TEST

START_TEST(binds_with_a_check_alone)
{
	keeper.check = NULL;
	ck_assert_int_eq(bind_to(&bindings[0]), NK_AGENTMSG_FAILURE);
	talk = (struct nk_keeper_talk){ .session_len = 0 };
	keeper.check = check;
	keeper.pins = NULL;
	ck_assert_int_eq(bind_to(&bindings[0]), NK_AGENTMSG_FAILURE);
}
END_TEST

/* No cut of a binding is one, no byte may follow, and no bit is spare. */
START_TEST(every_bit_of_a_binding)
{
	size_t len = make_binding(&bindings[0], BIND), i;

	for (i = 0; i <= len + 1; i++) {
		talk = (struct nk_keeper_talk){ .session_len = 0 };
		msg[len] = 0;
		ck_assert_int_eq(ask(msg, i), i == len ?
		    NK_AGENTMSG_SUCCESS : NK_AGENTMSG_FAILURE);
	}
	for (i = 0; i < len; i++) {
		talk = (struct nk_keeper_talk){ .session_len = 0 };
		msg[i] ^= (uint8_t)(1u << i % 8);
		ck_assert_int_ne(ask(msg, len), NK_AGENTMSG_SUCCESS);
		ck_assert_uint_eq(talk.session_len, 0);
		msg[i] ^= (uint8_t)(1u << i % 8);
	}
}
END_TEST

START_TEST(session_of_most_bytes)
{
	char session[NK_KEEPER_SESSION_MAX + 2];
	struct binding b = bindings[0];

	memset(session, 's', sizeof(session) - 1);
	session[sizeof(session) - 1] = '\0';
	b.session = b.signs = session;
	ck_assert_int_eq(bind_to(&b), NK_AGENTMSG_FAILURE);
	talk = (struct nk_keeper_talk){ .session_len = 0 };
	session[sizeof(session) - 2] = '\0';
	ck_assert_int_eq(bind_to(&b), NK_AGENTMSG_SUCCESS);
}
END_TEST

START_TEST(signs)
{
	const struct request *q = &requests[_i];
	int got;

	keeper.bound = q->bound == 1;
	if (keeper.bound)
		ck_assert_int_eq(bind_to(&bindings[0]), NK_AGENTMSG_SUCCESS);
	got = ask(msg, make_request(q));
	ck_assert_msg(got == q->want, "%s: got %d", q->what, got);
	if (got == YES)
		check_answer(q);
	else
		ck_assert_uint_eq(answer.len, 1);
}
END_TEST

START_TEST(signs_when_bound_alone)
{
	ck_assert_int_eq(ask(msg, make_request(&requests[0])), NO);
	ck_assert_int_eq(ask(msg, make_request(&requests[1])), NO);
	ck_assert_int_eq(bind_to(&bindings[0]), NK_AGENTMSG_SUCCESS);
	ck_assert_int_eq(ask(msg, make_request(&requests[0])), YES);
	/* and that holds for one connection */
	talk = (struct nk_keeper_talk){ .session_len = 0 };
	ck_assert_int_eq(ask(msg, make_request(&requests[0])), NO);
}
END_TEST

/* Who binds, where nobody must, is held to it. */
START_TEST(a_binding_holds)
{
	const struct request *any_session = &requests[4];

	keeper.bound = false;
	ck_assert_int_eq(ask(msg, make_request(any_session)), YES);
	ck_assert_int_eq(bind_to(&bindings[0]), NK_AGENTMSG_SUCCESS);
	ck_assert_int_eq(ask(msg, make_request(any_session)), NO);
	ck_assert_int_eq(ask(msg, make_request(&requests[0])), YES);
}
END_TEST

START_TEST(signs_with_rsa)
{
	struct request q = requests[2];

	keeper.bound = false;
	keeper.key = &key[OTHER];
	q.named = q.asked = OTHER;
	q.algorithm = rsa[_i].algorithm;
	q.flags = rsa[_i].flags;
	ck_assert_int_eq(ask(msg, make_request(&q)), rsa[_i].want);
	if (rsa[_i].want == YES)
		check_answer(&q);
}
END_TEST

/* No cut of a request is one, no byte may follow, and no bit is spare. */
START_TEST(every_bit_of_a_request)
{
	const struct request *q = &requests[1];
	size_t len, i;

	ck_assert_int_eq(bind_to(&bindings[0]), NK_AGENTMSG_SUCCESS);
	len = make_request(q);
	msg[len] = 0;
	for (i = 0; i <= len + 1; i++)
		ck_assert_int_eq(ask(msg, i), i == len ? YES : NO);
	for (i = 0; i < len - 4; i++) {	/* its flags are for RSA */
		msg[i] ^= (uint8_t)(1u << i % 8);
		ck_assert_int_ne(ask(msg, len), YES);
		msg[i] ^= (uint8_t)(1u << i % 8);
	}
}
END_TEST

/* ---- everything else ---- */

START_TEST(lists_one_key)
{
	static const uint8_t request[] = { NK_AGENTMSG_LIST, 0 };
	const uint8_t *blob;
	struct nk_wire w;
	uint32_t n;
	size_t len;

	ck_assert_int_eq(ask(request, 1), NK_AGENTMSG_LIST_ANSWER);
	ck_assert_int_eq(nk_agentmsg_get_list(answer.p, answer.len, &w, &n),
	    0);
	ck_assert_uint_eq(n, 1);
	ck_assert_int_eq(nk_agentmsg_get_key(&w, &blob, &len), 0);
	ck_assert_uint_eq(len, key[OWN].blob_len);
	ck_assert_mem_eq(blob, key[OWN].blob, len);
	ck_assert_int_eq(nk_wire_get_end(&w), 0);
	ck_assert_int_eq(ask(request, 2), NK_AGENTMSG_FAILURE);
}
END_TEST

/* Whatever the first byte is: add, remove, lock, answers, what is new. */
START_TEST(refuses_the_rest)
{
	size_t len = make_request(&requests[2]);

	keeper.bound = false;
	msg[0] = (uint8_t)_i;
	if (_i == NK_AGENTMSG_SIGN) {
		ck_assert_int_eq(ask(msg, len), YES);
		return;
	}
	ck_assert_int_eq(ask(msg, len), NK_AGENTMSG_FAILURE);
	ck_assert_uint_eq(answer.len, 1);
	if (_i != NK_AGENTMSG_LIST)
		ck_assert_int_eq(ask(msg, 1), NK_AGENTMSG_FAILURE);
}
END_TEST

START_TEST(refuses_extensions)
{
	static const char *const names[] = { "query", "query@openssh.com",
	    "session-bind@openssh.co", "session-bind@openssh.comm",
	    "restrict-destination-v00@openssh.com", "" };
	size_t i, len;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		len = make_binding(&bindings[0], names[i]);
		ck_assert_int_eq(ask(msg, len), NK_AGENTMSG_FAILURE);
	}
	/* to ask for another one spoils nothing */
	ck_assert_int_eq(bind_to(&bindings[0]), NK_AGENTMSG_SUCCESS);
}
END_TEST

START_TEST(limits)
{
	struct request q = requests[0];
	struct nk_wire_out o = { msg, sizeof(msg) };
	char *user;
	size_t len, more;

	keeper.bound = false;
	len = make_request(&q);
	more = NK_KEEPER_MESSAGE_MAX - len;
	ck_assert_ptr_nonnull(user = malloc(more + 8));
	memset(user, 'u', more + 7);
	user[strlen("backup") + more] = '\0';
	keeper.user = q.user = user;
	ck_assert_int_eq(ask(msg, make_request(&q)), YES);
	/* the same with one byte more, which data[] has no room for */
	len = make_data(&q);
	msg[0] = NK_AGENTMSG_SIGN;
	ck_assert_int_eq(nk_wire_put(&o, msg, NK_KEEPER_MESSAGE_MAX), 0);
	put_byte(&o, 0);
	ck_assert_uint_gt(len, 0);
	ck_assert_int_eq(ask(msg, NK_KEEPER_MESSAGE_MAX + 1), NO);
	ck_assert_int_eq(ask(msg, 0), NO);
	free(user);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("agent_keeper");
	TCase *t = tcase_create("keeper");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, binds, 0, COUNT(bindings));
	tcase_add_test(t, binds_once);
	tcase_add_test(t, binds_with_a_check_alone);
	tcase_add_test(t, every_bit_of_a_binding);
	tcase_add_test(t, session_of_most_bytes);
	tcase_add_loop_test(t, signs, 0, COUNT(requests));
	tcase_add_test(t, signs_when_bound_alone);
	tcase_add_test(t, a_binding_holds);
	tcase_add_loop_test(t, signs_with_rsa, 0, COUNT(rsa));
	tcase_add_test(t, every_bit_of_a_request);
	tcase_add_test(t, lists_one_key);
	tcase_add_loop_test(t, refuses_the_rest, 0, 256);
	tcase_add_test(t, refuses_extensions);
	tcase_add_test(t, limits);
	suite_add_tcase(s, t);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
