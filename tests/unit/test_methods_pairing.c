/* SPDX-License-Identifier: ISC */

/* keychaincredential.ssh_pair and replication.pair, with an sshd of ours. */

#include <stdarg.h>

#include "lib/ssh/base64.h"
#include "lib/ssh/keypolicy.h"
#include "tests/unit/methods_fixture.h"

#define RSA		"ssh-rsa " RSA2048_BASE64
#define P521		"ecdsa-sha2-nistp521 " P521_BASE64
#define SSH_PAIR	"keychaincredential.ssh_pair"
#define KEY_FIELD	"keychain_ssh_pair.public_key"
#define THREE		"hostkey D/rsa\nhostkey D/ecdsa\nhostkey D/ed25519\n"
#define SAID		"port 2222\nlistenaddress 127.0.0.1:2222\n" THREE
#define HOST_KEYS(h)	h " " RSA "\\n\\n" h " " P256 "\\n\\n" \
	h " " ED25519 "\\n\\n"
#define OF(user, key)	"[{'remote_hostname':'any-host','username':'" user \
	"','public_key':'" key "'}]"
#define RESULT		"{'port':2222,'host_key':'" HOST_KEYS("any-host") "'}"

static void put(const char *name, const char *fmt, ...) NK_PRINTF(2, 3);

static void
put(const char *name, const char *fmt, ...)
{
	char path[128];
	va_list ap;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", w.dir, name);
	ck_assert_ptr_nonnull(f = fopen(path, "w"));
	va_start(ap, fmt);
	ck_assert_int_ge(vfprintf(f, fmt, ap), 0);
	va_end(ap);
	ck_assert_int_eq(fchmod(fileno(f), 0755), 0);
	ck_assert_int_eq(fclose(f), 0);
}

static void
take_away(const char *name)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", w.dir, name);
	ck_assert_int_eq(unlink(path), 0);
}

/* D is the folder. */
static void
sshd_says(const char *said)
{
	put("said", "%s", said);
	put("sshd", "#!/bin/sh\nexec sed 's|D/|%s/|' %s/said\n", w.dir,
	    w.dir);
}

static void
setup(void)
{
	make_world();
	put("rsa", "a private key that nobody needs\n");
	put("rsa.pub", RSA " root@nas\n");
	put("ecdsa", "likewise\n");
	put("ecdsa.pub", P256 "\n");
	put("ed25519", "likewise\n");
	put("ed25519.pub", ED25519 " root@nas with words");
	sshd_says(SAID);
	(void)snprintf(w.conf.sshd, sizeof(w.conf.sshd), "%s/sshd", w.dir);
	w.state.system = true;
}

static void
count_keys(const char *user, size_t n)
{
	char params[64];
	json_t *v;

	(void)snprintf(params, sizeof(params), "['%s']", user);
	v = call("user.keys", params);
	ck_assert_uint_eq(json_array_size(at(v, "result")), n);
	json_decref(v);
}

/* How many rows of the audit log tell this? */
static void
count_audit(const char *text, int n)
{
	char params[256], number[16];

	(void)snprintf(params, sizeof(params), "[[['text','=','%s']],"
	    "{'count':true}]", text);
	(void)snprintf(number, sizeof(number), "%d", n);
	expect("naskeys.audit.query", params, "", number);
}

START_TEST(pairs)
{
	expect(SSH_PAIR, OF("bob", P256 " pair@far\\n"), "", RESULT);
	expect("user.keys", "['bob']", "0.line", "'" P256 " pair@far'");
	expect("user.keys", "['bob']", "0.added_by", "'root'");
	count_audit("Pair user bob with a machine, from this machine: add key "
	    "SHA256:" P256_SHA256, 1);
	expect("naskeys.audit.query", "[[['action','=','" SSH_PAIR "']],"
	    "{'get':true,'select':['object','object_kind']}]", "",
	    "{'object':'bob','object_kind':'user'}");
}
END_TEST

/* The key is there once, whatever is around it. */
START_TEST(pairs_again)
{
	static const char *const texts[] = {
		OF("bob", P256 " pair@far"), OF("bob", P256 " pair@far\\n"),
		OF("bob", "\\r\\n " P256 " pair@far \\n\\n"),
		OF("bob", P256), OF("bob", P256 " another comment"),
	};
	int i;

	for (i = 0; i < LENGTH(texts); i++)
		expect(SSH_PAIR, texts[i], "", RESULT);
	count_keys("bob", 1);
	expect("user.keys", "['bob']", "0.line", "'" P256 " pair@far'");
	count_audit("Pair user bob with a machine, from this machine: keep "
	    "key SHA256:" P256_SHA256, LENGTH(texts) - 1);
}
END_TEST

/* What an administrator has restricted stays so; an authority is no key. */
START_TEST(beside_others)
{
	done("user.add_key", "['bob',{'key':'restrict " P256 "'}]");
	done(SSH_PAIR, OF("bob", P256));
	expect("user.query", "[[['username','=','bob']],{'get':true}]",
	    "sshpubkey", "'restrict " P256 "'");
	done("user.update", "[3,{'sshpubkey':'cert-authority " P256 "'}]");
	done(SSH_PAIR, OF("bob", P256));
	count_keys("bob", 2);
	done(SSH_PAIR, OF("alice", P256));
	count_keys("alice", 2);
}
END_TEST

START_TEST(of_root)
{
	done(SSH_PAIR, "[{'remote_hostname':'x','public_key':'" P256 "'}]");
	count_keys("root", 1);
	done("replication.pair", "[{'hostname':'x','user':null,'public-key':'"
	    P256 "'}]");
	count_keys("root", 1);
	expect("replication.pair", "[{'hostname':'nas.example','public-key':'"
	    P521 "\\n'}]", "", "{'ssh_port':2222,'ssh_hostkey':'"
	    HOST_KEYS("nas.example") "'}");
	count_keys("root", 2);
	done("replication.pair", "[{'hostname':'x','user':'bob',"
	    "'public-key':'" P521 "'}]");
	count_keys("bob", 1);
}
END_TEST

/* ---- what is refused, and leaves nothing behind ---- */

#define PRIVATE		"-----BEGIN OPENSSH PRIVATE KEY-----"
#define NO_HOST		"This is no name of a host: it is one word of " \
	"printable characters of ASCII"
#define PLAIN		"A machine is paired by a plain public key, without " \
	"options and without a certificate"

static const struct {
	const char	*method, *params, *attribute, *text;
	int		 number;
} wrong[] = {
	{ SSH_PAIR, OF("bob", ""), KEY_FIELD, "This is no public key",
	  EINVAL },
	{ SSH_PAIR, OF("bob", "\\n"), KEY_FIELD, "This is no public key",
	  EINVAL },
	{ SSH_PAIR, OF("bob", "# " P256), KEY_FIELD, "This is no public key",
	  EINVAL },
	{ SSH_PAIR, OF("bob", P256 "\\n" ED25519), KEY_FIELD,
	  "This is more than one line: give one public key", EINVAL },
	{ SSH_PAIR, OF("bob", "command=\\\"id\\\" " P256), KEY_FIELD, PLAIN,
	  EINVAL },
	{ SSH_PAIR, OF("bob", "cert-authority " P256), KEY_FIELD, PLAIN,
	  EINVAL },
	{ SSH_PAIR, OF("bob", "ssh-ed25519-cert-v01@openssh.com "
	  CERT_ED25519_BASE64), KEY_FIELD, PLAIN, EINVAL },
	{ SSH_PAIR, OF("nobody-here", P256), "", "User nobody-here does not "
	  "exist: naskeys has no account of this name", EFAULT },
	{ SSH_PAIR, OF("", P256), "", "User  does not exist: naskeys has no "
	  "account of this name", EFAULT },
	{ SSH_PAIR, "[{'remote_hostname':'','public_key':'" P256 "'}]",
	  "keychain_ssh_pair.remote_hostname", NO_HOST, EINVAL },
	{ SSH_PAIR, "[{'remote_hostname':'a b','public_key':'" P256 "'}]",
	  "keychain_ssh_pair.remote_hostname", NO_HOST, EINVAL },
	{ SSH_PAIR, "[{'remote_hostname':'a\\nb','public_key':'" P256 "'}]",
	  "keychain_ssh_pair.remote_hostname", NO_HOST, EINVAL },
	{ SSH_PAIR, "[{'remote_hostname':'#','public_key':'" P256 "'}]",
	  "keychain_ssh_pair.remote_hostname", NO_HOST, EINVAL },
	{ SSH_PAIR, "[{'remote_hostname':'@revoked','public_key':'" P256
	  "'}]", "keychain_ssh_pair.remote_hostname", NO_HOST, EINVAL },
	{ SSH_PAIR, "[{'public_key':'" P256 "'}]",
	  "keychain_ssh_pair.remote_hostname", "Field required", EINVAL },
	{ SSH_PAIR, "[{'remote_hostname':'x','public-key':'" P256 "'}]",
	  KEY_FIELD, "Field required", EINVAL },
	{ "replication.pair", "[{'hostname':'x','public_key':'" P256 "'}]",
	  "replication_pair.public-key", "Field required", EINVAL },
	{ "replication.pair", "[{'hostname':'','public-key':'" P256 "'}]",
	  "replication_pair.hostname", NO_HOST, EINVAL },
	{ "replication.pair", "[{'hostname':'x','public-key':''}]",
	  "replication_pair.public-key", "This is no public key", EINVAL },
};

START_TEST(refuses)
{
	char *before = contents(), *after;

	refused(wrong[_i].method, wrong[_i].params, wrong[_i].attribute,
	    wrong[_i].text, wrong[_i].number);
	after = contents();
	ck_assert_str_eq(before, after);
	free(before);
	free(after);
}
END_TEST

START_TEST(refuses_a_private_key)
{
	json_t *v = call(SSH_PAIR, OF("bob", PRIVATE));

	ck_assert_int_eq(json_integer_value(at(v, "error.code")), -32602);
	json_decref(v);
	count_keys("bob", 0);
}
END_TEST

START_TEST(refuses_a_revoked_key)
{
	done("user.revoke_key", "['SHA256:" P256_SHA256 "']");
	refused(SSH_PAIR, OF("bob", P256), KEY_FIELD, "The key SHA256:"
	    P256_SHA256 " has been revoked. Use another key; only an "
	    "administrator can bring this one back, with \"force\" "
	    "(naskeysctl key add --force).", EPERM);
	count_keys("bob", 0);
}
END_TEST

START_TEST(refuses_too_many)
{
	char *text = NULL;
	size_t len, i;
	FILE *f = open_memstream(&text, &len);

	ck_assert_ptr_nonnull(f);
	(void)fputs("[3,{'sshpubkey':'", f);
	for (i = 0; i < NK_KEYLINES_MAX; i++)
		(void)fprintf(f, ED25519 " %zu\\n", i);
	(void)fputs("'}]", f);
	ck_assert_int_eq(fclose(f), 0);
	done("user.update", text);
	free(text);
	refused(SSH_PAIR, OF("bob", P256), KEY_FIELD,
	    "A user cannot have more than 400 keys.", EINVAL);
	done(SSH_PAIR, OF("bob", ED25519));
	count_keys("bob", NK_KEYLINES_MAX);
}
END_TEST

START_TEST(refuses_what_is_no_state_of_sshds)
{
	w.state.system = false;
	refused(SSH_PAIR, OF("bob", P256), "", "This is not the machine's "
	    "own state: its sshd lets nobody in here", EOPNOTSUPP);
	count_keys("bob", 0);
}
END_TEST

/* Of each account, a minute. */
START_TEST(limits)
{
	const int64_t later = nk_session_now() + 3600;
	int i;

	done(SSH_PAIR, OF("bob", P256));
	/* as seen from a time that does not come: none is given back */
	for (i = 0; i < 60; i++)
		ck_assert_int_eq(nk_session_rate(w.c.session, "pair:0", 60,
		    60, later), 0);
	refused(SSH_PAIR, OF("bob", P256), "", "Rate Limit Exceeded", EBUSY);
	as(5002);
	done(SSH_PAIR, OF("bob", P256));
}
END_TEST

/* ---- this machine ---- */

#define MISSING(k)	"Host " k " key not configured: sshd has no " k \
	" key among its HostKey files, or none with its .pub file beside " \
	"it (ssh-keygen -A makes those that are missing)"

static void
lacks(const char *text)
{
	refused(SSH_PAIR, OF("bob", P256), "", text, EFAULT);
	count_keys("bob", 0);
}

static const struct {
	const char	*gone;		/* a file */
	const char	*file, *text;	/* or what one has instead */
	const char	*kind;
} missing[] = {
	{ "rsa.pub", NULL, NULL, MISSING("RSA") },
	{ "rsa", NULL, NULL, MISSING("RSA") },
	{ "ecdsa.pub", NULL, NULL, MISSING("ECDSA") },
	{ "ed25519.pub", NULL, NULL, MISSING("ED25519") },
	{ "ed25519", NULL, NULL, MISSING("ED25519") },
	{ NULL, "rsa.pub", "", MISSING("RSA") },
	{ NULL, "rsa.pub", P521 "\n", MISSING("RSA") },
	{ NULL, "rsa.pub", RSA "\n" P521 "\n", MISSING("RSA") },
	{ NULL, "ecdsa.pub", PRIVATE "\n", MISSING("ECDSA") },
	{ NULL, "ecdsa.pub", "ssh-ed25519-cert-v01@openssh.com "
	  CERT_ED25519_BASE64, MISSING("ECDSA") },
	{ NULL, "said", "port 1\nhostkey D/rsa\nhostkey D/ed25519\n",
	  MISSING("ECDSA") },
	{ NULL, "said", "port 1\n", MISSING("RSA") },
	{ NULL, "said", "hostkey D/rsa\n",
	  "sshd does not say on which port it listens" },
	{ NULL, "said", THREE "port 0\nport 65536\nport 1x\nport \n",
	  "sshd does not say on which port it listens" },
	{ NULL, "said", THREE "port 22\nlistenaddress 127.0.0.1:x\n",
	  "sshd does not say on which port it listens" },
	{ NULL, "said", "", "sshd does not say what its settings are: see "
	  "what \"sshd -t\" says about them" },
	{ NULL, "sshd", "#!/bin/sh\necho port 22\nexit 1\n", "sshd does not "
	  "say what its settings are: see what \"sshd -t\" says about them" },
};

START_TEST(lacking)
{
	if (missing[_i].gone != NULL)
		take_away(missing[_i].gone);
	else
		put(missing[_i].file, "%s", missing[_i].text);
	lacks(missing[_i].kind);
}
END_TEST

static const struct {
	const char	*said;
	const char	*port;
} ports[] = {
	{ THREE "port 22\n", "22" },
	{ THREE "port 65535\nlistenaddress [::]:65535\n", "65535" },
	{ THREE "port 22\nport 23\nlistenaddress 0.0.0.0:23\n", "23" },
	{ THREE "port 22\nlistenaddress [fe80::1%eth0]:2200\n"
	  "listenaddress 192.0.2.1:2201\n", "2200" },
	{ THREE "port 22\nlistenaddress [::]:2200\nlistenaddress "
	  "0.0.0.0:22\n", "22" },
};

START_TEST(listens)
{
	sshd_says(ports[_i].said);
	expect(SSH_PAIR, OF("bob", P256), "port", ports[_i].port);
}
END_TEST

/* The first of each kind, in our order; an agent's by its public half. */
START_TEST(chooses)
{
	put("more", "x\n");
	put("more.pub", P521 "\n");
	sshd_says("port 2222\nhostkey D/none\nhostkey D/ed25519.pub\n"
	    "hostkey D/ecdsa\nhostkey D/more\nhostkey D/rsa\n");
	expect(SSH_PAIR, OF("bob", P256), "", RESULT);
}
END_TEST

/* An RSA key of so many bytes, whoever could have made it. */
static void
put_rsa(size_t bytes)
{
	static const uint8_t head[] = { 0, 0, 0, 7, 's', 's', 'h', '-', 'r',
	    's', 'a', 0, 0, 0, 3, 1, 0, 1, 0, 0 };
	uint8_t blob[sizeof(head) + 3 + 2048];
	char *base64;

	ck_assert_uint_le(bytes, 2048);
	memset(blob, 0xff, sizeof(blob));
	memcpy(blob, head, sizeof(head));
	blob[sizeof(head)] = (uint8_t)((bytes + 1) >> 8);
	blob[sizeof(head) + 1] = (uint8_t)(bytes + 1);
	blob[sizeof(head) + 2] = 0;
	ck_assert_int_eq(nk_base64_encode(blob, sizeof(head) + 3 + bytes,
	    &base64), 0);
	put("rsa.pub", "ssh-rsa %s root@a-name-that-is-rather-long\n",
	    base64);
	free(base64);
}

START_TEST(fits)
{
	json_t *v;

	put_rsa(512);
	v = call(SSH_PAIR, OF("bob", P256));
	/* the keys, and around each one the name and two newlines */
	ck_assert_uint_eq(strlen(json_string_value(at(v,
	    "result.host_key"))), 964 + 3 * (strlen("any-host ") + 2));
	json_decref(v);
	count_keys("bob", 1);
	done("user.update", "[3,{'sshpubkey':null}]");
	put_rsa(1024);
	lacks("The host keys of this machine are longer than 1024 characters "
	    "together, and nobody could keep them: RSA with 4096 bits and "
	    "ECDSA with 256 fit");
	put_rsa(512);
	put("ecdsa.pub", P521 "\n");
	lacks("The host keys of this machine are longer than 1024 characters "
	    "together, and nobody could keep them: RSA with 4096 bits and "
	    "ECDSA with 256 fit");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("methods of pairing");
	TCase *tc = tcase_create("pairing");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, setup, drop_world);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, pairs);
	tcase_add_test(tc, pairs_again);
	tcase_add_test(tc, beside_others);
	tcase_add_test(tc, of_root);
	tcase_add_loop_test(tc, refuses, 0, LENGTH(wrong));
	tcase_add_test(tc, refuses_a_private_key);
	tcase_add_test(tc, refuses_a_revoked_key);
	tcase_add_test(tc, refuses_too_many);
	tcase_add_test(tc, refuses_what_is_no_state_of_sshds);
	tcase_add_test(tc, limits);
	tcase_add_loop_test(tc, lacking, 0, LENGTH(missing));
	tcase_add_loop_test(tc, listens, 0, LENGTH(ports));
	tcase_add_test(tc, chooses);
	tcase_add_test(tc, fits);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
