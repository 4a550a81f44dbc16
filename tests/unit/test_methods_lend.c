/* SPDX-License-Identifier: ISC */

/* keychaincredential.lend: who gets what, and how long it lasts. */

#include <sys/wait.h>

#include "lib/agent/checker.h"
#include "lib/keychain/privatetext.h"
#include "lib/rpc/connection_lend.h"
#include "lib/sandbox/sandbox.h"
#include "lib/store/connections.h"
#include "tests/unit/lent_agent.h"
#include "tests/unit/methods_fixture.h"
#include "tests/unit/passwd_fixture.h"
#include "tests/unit/private_keys.h"

#define LEND	"keychaincredential.lend"
#define SOCKET	"Pass a listening Unix stream socket, for the agent, with " \
		"the first byte of the request"
#define PINS	"ecdsa-sha2-nistp256 " P256_BASE64

static char seal_key[96];
static int64_t connection;

static char *
json_text(const char *text)
{
	json_t *v = json_string(text);
	char *s = json_dumps(v, JSON_ENCODE_ANY);

	ck_assert_ptr_nonnull(s);
	json_decref(v);
	return s;
}

static void
make_pair(const char *name, const char *member, const char *key)
{
	char params[4096], *text = json_text(key);

	(void)snprintf(params, sizeof(params), "[{'name':'%s','type':"
	    "'SSH_KEY_PAIR','attributes':{'%s':%s}}]", name, member, text);
	done("keychaincredential.create", params);
	free(text);
}

/* Straight into the store: what a connection is made of is not at issue. */
static void
put_connection(int64_t keypair, const char *host, uint16_t port,
    const char *user, const char *pins)
{
	struct nk_credential row = { .type = NK_CREDENTIAL_CONNECTION,
	    .key_type = (char[]){ "" }, .fingerprint = (char[]){ "" },
	    .public_key = (char[]){ "" }, .name = (char[]){ "far" },
	    .created_by = (char[]){ "root" } };
	struct nk_store *s = nk_publisher_store(w.c.publisher);
	struct nk_connection c = { .keypair_id = keypair, .port = port,
	    .connect_timeout = 7, .host = strdup(host),
	    .username = strdup(user), .host_keys = strdup(pins) };

	ck_assert_int_eq(nk_edit_begin(w.c.publisher), 0);
	if (connection == 0) {
		ck_assert_int_eq(nk_credential_insert(s, &row), 0);
		connection = row.id;
	}
	c.id = connection;
	ck_assert_int_eq(nk_connection_put(s, &c), 0);
	ck_assert_int_eq(nk_edit_commit(w.c.publisher), 0);
	nk_connection_clear(&c);
}

static void
setup(void)
{
	make_world();
	(void)snprintf(seal_key, sizeof(seal_key), "%s/seal.key", w.dir);
	w.state.seal_key = seal_key;
	put_passwd_file(w.dir);
	make_pair("nas", "private_key", ED_OPENSSH);		/* 1 */
	make_pair("public", "public_key", P256_PUBLIC);		/* 2 */
	connection = 0;
	put_connection(1, "far.example", 2222, "backup", PINS);	/* 3 */
	ck_assert_int_eq(connection, 3);
}

static void
teardown(void)
{
	nk_connection_lend_end(&w.c);
	drop_passwd_file();
	drop_world();
}

/* With a socket to listen on; *fdp is ours to ask it by. */
static json_t *
lend(const char *params, int *fdp)
{
	json_t *v;

	*fdp = listen_anywhere(SOCK_STREAM);
	ck_assert_int_ne(w.c.passed_fd = dup(*fdp), -1);
	v = call(LEND, params);
	if (w.c.passed_fd != -1)
		close(w.c.passed_fd);
	w.c.passed_fd = -1;
	return v;
}

static void
lend_well(const char *params, int *fdp)
{
	json_t *v = lend(params, fdp);
	char *whole = dump(v);

	ck_assert_msg(json_object_get(v, "result") != NULL, "%s", whole);
	ck_assert_ptr_nonnull(w.c.lending);
	free(whole);
	json_decref(v);
}

static void
lend_badly(const char *params, const char *attribute, const char *text,
    int number)
{
	json_t *v;
	int fd;

	v = lend(params, &fd);
	assert_refused(v, params, attribute, text, number);
	ck_assert_ptr_null(w.c.lending);
	json_decref(v);
	close(fd);
}

START_TEST(says_where_to_go)
{
	json_t *v, *row;
	int fd;

	v = lend("[3]", &fd);
	row = json_object_get(v, "result");
	ck_assert_str_eq(json_string_value(at(row, "name")), "far");
	ck_assert_str_eq(json_string_value(at(row, "host")), "far.example");
	ck_assert_int_eq(json_integer_value(at(row, "port")), 2222);
	ck_assert_str_eq(json_string_value(at(row, "username")), "backup");
	ck_assert_int_eq(json_integer_value(at(row, "connect_timeout")), 7);
	ck_assert_str_eq(json_string_value(at(row, "remote_host_key")),
	    PINS);
	ck_assert_str_eq(json_string_value(at(row, "key_type")),
	    "ssh-ed25519");
	ck_assert_int_eq(strncmp(json_string_value(at(row, "public_key")),
	    "ssh-ed25519 AAAA", 16), 0);
	ck_assert_uint_eq(json_object_size(row), 8);
	ck_assert_ptr_nonnull(w.c.lending);
	json_decref(v);
	close(fd);
	nk_connection_lend_end(&w.c);
	ck_assert_ptr_null(w.c.lending);
	expect("naskeys.audit.query", "[[['action','=','" LEND "']],"
	    "{'get':true,'select':['actor','object_kind','object','text']}]",
	    "", "{'actor':'root','object_kind':'credential','object':'far',"
	    "'text':'Lend the key of connection far to uid 0'}");
	expect("naskeys.audit.query", "[[['action','=','" LEND "']],"
	    "{'count':true}]", "", "1");
}
END_TEST

START_TEST(refuses)
{
	char *before = contents(), *after;

	lend_badly("[77]", NULL, "KeychainCredential 77 does not exist",
	    ENOENT);
	lend_badly("[1]", "", "nas is a keypair: give the id of an SSH "
	    "connection", EINVAL);
	lend_badly("[3,{'bound':1}]", "options.bound", "Input should be a "
	    "valid boolean", EINVAL);
	refused(LEND, "[3]", "", SOCKET, EINVAL);
	ck_assert_int_ne(w.c.passed_fd = socket(AF_UNIX, SOCK_STREAM, 0),
	    -1);
	refused(LEND, "[3]", "", SOCKET, EINVAL);
	close(w.c.passed_fd);
	w.c.passed_fd = -1;
	after = contents();
	ck_assert_str_eq(before, after);
	free(before);
	free(after);
}
END_TEST

START_TEST(refuses_what_has_no_private_half)
{
	put_connection(2, "far.example", 22, "backup", PINS);
	lend_badly("[3]", "", "The keypair public of the connection far has "
	    "no private half: give the connection another keypair", ENOENT);
}
END_TEST

START_TEST(refuses_when_the_seal_is_lost)
{
	json_t *v;
	int fd;

	ck_assert_int_eq(unlink(seal_key), 0);
	v = lend("[3]", &fd);
	ck_assert_int_eq(json_integer_value(at(v, "error.data.error")),
	    EFAULT);
	ck_assert_ptr_null(w.c.lending);
	json_decref(v);
	close(fd);
}
END_TEST

/* ---- how long it lasts ---- */

enum event {
	NOTHING,
	OTHER_KEYPAIR,
	OTHER_KEY,
	NO_KEY,
	OTHER_HOST,
	OTHER_PORT,
	OTHER_USER,
	OTHER_PINS,
	MORE_PINS,
	NO_CONNECTION,
	NO_RIGHT,
};

static const struct {
	enum event	 event;
	int		 want;
} events[] = {
	{ NOTHING, 0 },
	{ OTHER_KEYPAIR, -EACCES },
	{ OTHER_KEY, -EACCES },
	{ NO_KEY, -EACCES },
	{ OTHER_HOST, -EACCES },
	{ OTHER_PORT, -EACCES },
	{ OTHER_USER, -EACCES },
	{ OTHER_PINS, -EACCES },
	{ MORE_PINS, 0 },
	{ NO_CONNECTION, -EACCES },
	{ NO_RIGHT, -EACCES },
};

/* In the same keypair. */
static void
change_pair(const char *member, const char *key)
{
	char params[4096], *text = json_text(key);

	(void)snprintf(params, sizeof(params), "[1,{'attributes':{'%s':%s}}]",
	    member, text);
	as(0);
	done("keychaincredential.update", params);
	as(5002);
	free(text);
}

static void
happen(enum event event)
{
	switch (event) {
	case NOTHING:
		break;
	case OTHER_KEYPAIR:
		put_connection(2, "far.example", 2222, "backup", PINS);
		break;
	case OTHER_KEY:
		change_pair("private_key", P256_OPENSSH);
		break;
	case NO_KEY:
		change_pair("public_key", ED_PUBLIC);
		break;
	case OTHER_HOST:
		put_connection(1, "far.example.org", 2222, "backup", PINS);
		break;
	case OTHER_PORT:
		put_connection(1, "far.example", 22, "backup", PINS);
		break;
	case OTHER_USER:
		put_connection(1, "far.example", 2222, "root", PINS);
		break;
	case OTHER_PINS:
		put_connection(1, "far.example", 2222, "backup",
		    "ssh-ed25519 " ED25519_BASE64);
		break;
	case MORE_PINS:
		put_connection(1, "far.example", 2222, "backup",
		    "ssh-ed25519 " ED25519_BASE64 "\n" PINS);
		break;
	case NO_CONNECTION:
		ck_assert_int_eq(nk_edit_begin(w.c.publisher), 0);
		ck_assert_int_eq(nk_credential_delete(nk_publisher_store(
		    w.c.publisher), 3), 0);
		ck_assert_int_eq(nk_edit_commit(w.c.publisher), 0);
		break;
	case NO_RIGHT:
		as(0);
		done("user.update", "[3,{'groups':[],'force':true}]");
		as(5002);
		break;
	}
}

/* What bob, an administrator, has lent; then something happens. */
START_TEST(lasts)
{
	struct nk_publisher *p;
	int fd, hold[2], status, client;
	pid_t pid;

	as(5002);
	lend_well("[3]", &fd);
	happen(events[_i].event);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, hold), 0);
	client = connect_to(fd);
	ck_assert_int_ne(pid = fork(), -1);
	if (pid == 0) {
		close(hold[0]);
		/* SQLite's connections do not survive a fork */
		if (nk_publisher_open(&p, &w.state, &w.conf, 0) < 0)
			_exit(255);
		w.c.publisher = p;
		if (nk_session_open(&w.c.session, w.session) < 0)
			_exit(254);
		_exit(-nk_connection_lend_serve(&w.c, hold[1]));
	}
	close(hold[1]);
	ck_assert_int_eq(ask_for_keys(client), events[_i].want == 0 ?
	    NK_AGENTMSG_LIST_ANSWER : 0);
	close(client);
	close(hold[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(-WEXITSTATUS(status), events[_i].want);
	close(fd);
}
END_TEST

/* The socket is for bob's programs, and root's. */
START_TEST(for_whom)
{
	int fd;

	as(5002);
	lend_well("[3,{'bound':false}]", &fd);
	expect("naskeys.audit.query", "[[['action','=','" LEND "']],"
	    "{'get':true,'select':['actor','text']}]", "", "{'actor':'bob',"
	    "'text':'Lend the key of connection far to uid 5002'}");
	close(fd);
}
END_TEST

static const struct nk_sandbox_work *const tables[] = {
	nk_privatetext_works, nk_agent_works, NULL,
};

int
main(int argc, char **argv)
{
	Suite *suite = suite_create("methods that lend");
	TCase *tc = tcase_create("lend");
	SRunner *sr;
	int failed;

	nk_sandbox_serve(argc, argv, tables);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, says_where_to_go);
	tcase_add_test(tc, refuses);
	tcase_add_test(tc, refuses_what_has_no_private_half);
	tcase_add_test(tc, refuses_when_the_seal_is_lost);
	tcase_add_loop_test(tc, lasts, 0, LENGTH(events));
	tcase_add_test(tc, for_whom);
	suite_add_tcase(suite, tc);
	sr = srunner_create(suite);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
