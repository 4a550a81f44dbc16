/* SPDX-License-Identifier: ISC */

/* keychaincredential.* for keypairs, and naskeys.seal_rotate. */

#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <sched.h>
#include <signal.h>

#include "lib/keychain/privatetext.h"
#include "lib/rpc/keychain_check.h"
#include "lib/sandbox/sandbox.h"
#include "tests/unit/methods_fixture.h"
#include "tests/unit/passwd_fixture.h"
#include "tests/unit/private_keys.h"

#define CREATE	"keychaincredential.create"
#define UPDATE	"keychaincredential.update"
#define GET	"keychaincredential.get_instance"
#define QUERY	"keychaincredential.query"
#define OF_TYPE	"keychaincredential.get_of_type"
#define EXPORT	"keychaincredential.export"
#define AT_CREATE "keychain_credential_create"
#define AT_UPDATE "keychain_credentials_update"

static char seal_key[96];

static void
setup(void)
{
	make_world();
	(void)snprintf(seal_key, sizeof(seal_key), "%s/seal.key", w.dir);
	w.state.seal_key = seal_key;
	put_passwd_file(w.dir);
}

static void
teardown(void)
{
	drop_passwd_file();
	drop_world();
}

/* Text as a JSON string with its quotes; 8 of them at a time. */
static const char *
j(const char *text)
{
	static char all[8][8192];
	static unsigned int next;
	char *out = all[next++ % 8];
	json_t *v = json_string(text);
	char *s = json_dumps(v, JSON_ENCODE_ANY);

	ck_assert_ptr_nonnull(s);
	(void)snprintf(out, sizeof(all[0]), "%s", s);
	free(s);
	json_decref(v);
	return out;
}

/* Parameters of create; NULL: the member is left out. */
static const char *
pair(const char *name, const char *private_key, const char *public_key)
{
	static char text[20000];

	(void)snprintf(text, sizeof(text), "[{'name':%s,'type':"
	    "'SSH_KEY_PAIR','attributes':{%s%s%s%s%s}}]", j(name),
	    private_key == NULL ? "" : "'private_key':",
	    private_key == NULL ? "" : j(private_key),
	    private_key == NULL || public_key == NULL ? "" : ",",
	    public_key == NULL ? "" : "'public_key':",
	    public_key == NULL ? "" : j(public_key));
	return text;
}

/* The blob of a public line, without its comment, and a newline. */
static const char *
bare(const char *line)
{
	static char text[2048];
	size_t n = strcspn(line, " ") + 1;

	n += strcspn(line + n, " ");
	(void)snprintf(text, sizeof(text), "%.*s\n", (int)n, line);
	return text;
}

/* ---- create ---- */

static const struct {
	const char	*private_key;
	const char	*public_key;	/* that belongs to it */
	const char	*type;
	const char	*bits;
} good[] = {
	{ ED_OPENSSH, ED_PUBLIC, "'ssh-ed25519'", "256" },
	{ ED_PUTTY3, ED_PUBLIC, "'ssh-ed25519'", "256" },
	{ P256_SEC1, P256_PUBLIC, "'ecdsa-sha2-nistp256'", "256" },
	{ P384_OPENSSH, P384_PUBLIC, "'ecdsa-sha2-nistp384'", "384" },
	{ P521_PKCS8, P521_PUBLIC, "'ecdsa-sha2-nistp521'", "521" },
	{ RSA_PKCS1, RSA_PUBLIC, "'ssh-rsa'", "1024" },
};

START_TEST(derives)
{
	w.conf.rsa_min_bits = 1024;	/* the test's is short */
	expect(CREATE, pair("a", good[_i].private_key, NULL),
	    "attributes.public_key", j(bare(good[_i].public_key)));
	expect(GET, "[1]", "attributes.private_key",
	    j(good[_i].private_key));
	expect(GET, "[1]", "key_type", good[_i].type);
	expect(GET, "[1]", "bits", good[_i].bits);
	expect(GET, "[1]", "has_private", "true");
	/* "" is none, and a public half that fits is kept as it is */
	expect(CREATE, pair("b", good[_i].private_key, ""),
	    "attributes.public_key", j(bare(good[_i].public_key)));
	expect(CREATE, pair("c", good[_i].private_key,
	    good[_i].public_key), "attributes.public_key",
	    j(good[_i].public_key));
}
END_TEST

START_TEST(white_space)
{
	expect(CREATE, pair("a", " \n\t" ED_OPENSSH "\r\n \n", NULL),
	    "attributes.private_key", j(ED_OPENSSH));
	refused_once(CREATE, pair("b", " \n ", NULL),
	    AT_CREATE ".attributes.public_key", "You must specify a key",
	    EINVAL);
}
END_TEST

static const struct {
	const char	*private_key;
	const char	*public_key;
	const char	*where;
	const char	*text;
} bad[] = {
	{ NULL, NULL, "public_key", "You must specify a key" },
	{ "", "", "public_key", "You must specify a key" },
	{ NULL, "nonsense", "public_key", "Invalid public key" },
	{ NULL, ED_PUBLIC "\n" P256_PUBLIC, "public_key",
	  "Invalid public key" },
	{ NULL, "restrict " ED_PUBLIC, "public_key", "Invalid public key" },
	{ NULL, "# only a comment", "public_key", "Invalid public key" },
	{ ED_OPENSSH, "nonsense", "public_key", "Invalid public key" },
	{ ED_OPENSSH, P256_PUBLIC, "public_key",
	  "Private key and public key do not match" },
	{ ED_OPENSSH, ED25519, "public_key",
	  "Private key and public key do not match" },
	{ ENCRYPTED_OPENSSH, NULL, "private_key", NULL },
	{ ENCRYPTED_PEM, NULL, "private_key", NULL },
	{ ENCRYPTED_PKCS8, NULL, "private_key", NULL },
	{ ENCRYPTED_PUTTY2, NULL, "private_key", NULL },
	{ ENCRYPTED_PUTTY3, NULL, "private_key", NULL },
};

START_TEST(refuses)
{
	const char *text = bad[_i].text, *params, *got;
	char where[96], *before = contents(), *after;
	json_t *v;

	params = pair("a", bad[_i].private_key, bad[_i].public_key);
	(void)snprintf(where, sizeof(where), AT_CREATE ".attributes.%s",
	    bad[_i].where);
	if (text != NULL)
		refused_once(CREATE, params, where, text, EINVAL);
	v = call(CREATE, params);
	got = json_string_value(at(v, "error.data.extra.0.0"));
	ck_assert_ptr_nonnull(got);
	ck_assert_str_eq(got, where);
	got = json_string_value(at(v, "error.data.extra.0.1"));
	ck_assert_msg(text != NULL || strstr(got, "Encrypted private keys "
	    "are not allowed") == got, "%s", got);
	json_decref(v);
	expect(QUERY, "[]", "", "[]");
	after = contents();
	ck_assert_str_eq(before, after);
	free(before);
	free(after);
}
END_TEST

/* A frame with nothing good in it, and a private key as a public one. */
START_TEST(refuses_broken)
{
	json_t *v = call(CREATE, pair("a", "-----BEGIN OPENSSH PRIVATE KEY"
	    "-----\nZm9v\n-----END OPENSSH PRIVATE KEY-----\n", NULL));

	ck_assert_str_eq(json_string_value(at(v, "error.data.extra.0.0")),
	    AT_CREATE ".attributes.private_key");
	json_decref(v);
	v = call(CREATE, pair("a", NULL, ED_OPENSSH));
	ck_assert_str_eq(json_string_value(at(v, "error.data.extra.0.0")),
	    AT_CREATE ".attributes.public_key");
	json_decref(v);
	expect(QUERY, "[]", "", "[]");
}
END_TEST

/* ---- who reads private keys ---- */

static const struct {
	const char	*line;		/* of /etc/passwd, besides root's */
	off_t		 size;		/* of the whole file, 0: as it is */
	int		 error;
	const char	*text;
} nobodies[] = {
	{ "", 0, ENOENT, "The user naskeys-net is missing: run "
	    "\"naskeysctl init\"" },
	{ NK_SANDBOX_USER ":x:0:64124::/:/bin/false\n", 0, EPERM,
	    "The user naskeys-net, who reads private keys, has root's uid or "
	    "group in " NK_SYSCONFDIR "/passwd: give it ids of its own" },
	{ NK_SANDBOX_USER ":x:64123:0::/:/bin/false\n", 0, EPERM,
	    "The user naskeys-net, who reads private keys, has root's uid or "
	    "group in " NK_SYSCONFDIR "/passwd: give it ids of its own" },
	{ "", 65 << 20, EFBIG, "The user naskeys-net cannot be looked up in "
	    NK_SYSCONFDIR "/passwd: File too large" },
};

START_TEST(without_a_reader)
{
	int fd;

	if (geteuid() != 0 || strcmp(NK_SYSCONFDIR, "/etc") != 0)
		return;
	done(CREATE, pair("kept", ED_OPENSSH, NULL));
	ck_assert_int_ge(fd = open("/etc/passwd", O_WRONLY | O_TRUNC), 0);
	ck_assert_int_gt(dprintf(fd, "root:x:0:0::/root:/bin/sh\n%s",
	    nobodies[_i].line), 0);
	if (nobodies[_i].size != 0)
		ck_assert_int_eq(ftruncate(fd, nobodies[_i].size), 0);
	close(fd);
	refused(CREATE, pair("a", ED_OPENSSH, NULL), "", nobodies[_i].text,
	    nobodies[_i].error);
	refused(EXPORT, "[1,{'format':'pkcs8'}]", "", nobodies[_i].text,
	    nobodies[_i].error);
	expect(EXPORT, "[1]", "", j(ED_OPENSSH));
}
END_TEST

START_TEST(names_and_types)
{
	done(CREATE, pair("a", NULL, ED_PUBLIC));
	/* the name is looked at before the key */
	refused_once(CREATE, pair("a", NULL, "nonsense"), AT_CREATE ".name",
	    "Object with this name already exists", EINVAL);
	refused_once(CREATE, pair("x\ty", NULL, ED_PUBLIC),
	    AT_CREATE ".name", "The name may not have control characters",
	    EINVAL);
	refused_once(CREATE, "[{'name':'b','type':'OTHER','attributes':{}}]",
	    AT_CREATE ".type", "Input should be 'SSH_KEY_PAIR' or "
	    "'SSH_CREDENTIALS'", EINVAL);
	done(CREATE, pair("A", NULL, ED_PUBLIC));
	expect(QUERY, "[[],{'select':['id','name']}]", "",
	    "[{'id':1,'name':'a'},{'id':2,'name':'A'}]");
}
END_TEST

START_TEST(public_only)
{
	expect(CREATE, pair("a", NULL, ED_PUBLIC), "attributes",
	    "{'private_key':null,'public_key':'" ED_PUBLIC "'}");
	expect(GET, "[1]", "has_private", "false");
	expect(GET, "[1]", "created_by", "'root'");
	ck_assert_int_eq(access(seal_key, F_OK), -1);
	refused(EXPORT, "[1]", "", "Keypair a has no private half: ask for "
	    "the format public", ENOENT);
	expect(EXPORT, "[1,{'format':'public'}]", "", "'" ED_PUBLIC "'");
}
END_TEST

/* ---- update ---- */

START_TEST(updates)
{
	json_t *v;

	done(CREATE, pair("a", ED_OPENSSH, ED_PUBLIC));
	done(CREATE, pair("b", NULL, ED_PUBLIC));
	expect(UPDATE, "[1,{}]", "attributes.public_key",
	    "'" ED_PUBLIC "'");
	expect(UPDATE, "[1,{'name':'c'}]", "attributes.private_key",
	    j(ED_OPENSSH));
	expect(UPDATE, "[1,{'name':'c'}]", "name", "'c'");
	refused_once(UPDATE, "[1,{'name':'b'}]", AT_UPDATE ".name",
	    "Object with this name already exists", EINVAL);
	refused_once(UPDATE, "[1,{'attributes':{}}]",
	    AT_UPDATE ".attributes.public_key", "You must specify a key",
	    EINVAL);
	refused_once(UPDATE, "[1,{'attributes':{'public_key':'x'}}]",
	    AT_UPDATE ".attributes.public_key", "Invalid public key",
	    EINVAL);
	expect(GET, "[1]", "attributes.private_key", j(ED_OPENSSH));
	/* the whole object is replaced */
	expect(UPDATE, "[1,{'attributes':{'public_key':'" P256_PUBLIC
	    "'}}]", "attributes", "{'private_key':null,'public_key':'"
	    P256_PUBLIC "'}");
	expect(GET, "[1]", "key_type", "'ecdsa-sha2-nistp256'");
	v = call(UPDATE, "[1,{'type':'SSH_KEY_PAIR'}]");
	ck_assert_ptr_null(json_object_get(v, "result"));
	json_decref(v);
	refused(UPDATE, "[7,{}]", NULL,
	    "KeychainCredential 7 does not exist", ENOENT);
}
END_TEST

/* What changes nothing is no change: neither sealed anew nor in the audit. */
START_TEST(updates_nothing)
{
	static const char *const same[] = {
		"[1,{}]", "[1,{'name':'a'}]", "[2,{'name':'b'}]",
		"[2,{'attributes':{'public_key':'" ED_PUBLIC "'}}]",
		"[2,{'attributes':{'private_key':null,'public_key':'"
		    ED_PUBLIC "'}}]",
	};
	char params[4096], *before, *after;
	size_t i;

	done(CREATE, pair("a", ED_OPENSSH, ED_PUBLIC));
	done(CREATE, pair("b", NULL, ED_PUBLIC));
	before = contents();
	for (i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		done(UPDATE, same[i]);
	(void)snprintf(params, sizeof(params), "[1,{'name':'a','attributes':"
	    "{'private_key':%s,'public_key':'" ED_PUBLIC "'}}]",
	    j(ED_OPENSSH));
	done(UPDATE, params);
	after = contents();
	ck_assert(strcmp(before, after) == 0);
	free(after);
	/* the public text is one of its own, with a comment or without */
	(void)snprintf(params, sizeof(params), "[1,{'attributes':"
	    "{'private_key':%s}}]", j(ED_OPENSSH));
	expect(UPDATE, params, "attributes.public_key", j(bare(ED_PUBLIC)));
	after = contents();
	ck_assert(strcmp(before, after) != 0);
	free(before);
	/* as is the private one, whose forms are many */
	before = after;
	(void)snprintf(params, sizeof(params), "[1,{'attributes':"
	    "{'private_key':%s}}]", j(ED_PUTTY3));
	expect(UPDATE, params, "attributes.private_key", j(ED_PUTTY3));
	after = contents();
	ck_assert(strcmp(before, after) != 0);
	free(before);
	free(after);
}
END_TEST

/* ---- delete, used_by, get_of_type ---- */

START_TEST(others)
{
	done(CREATE, pair("a", ED_OPENSSH, NULL));
	expect("keychaincredential.used_by", "[1]", "", "[]");
	expect(OF_TYPE, "[1,'SSH_KEY_PAIR']", "attributes.private_key",
	    j(ED_OPENSSH));
	refused(OF_TYPE, "[1,'SSH_CREDENTIALS']", "",
	    "Credential is not of type SSH_CREDENTIALS", EINVAL);
	refused(OF_TYPE, "[2,'SSH_KEY_PAIR']", "",
	    "Credential does not exist", ENOENT);
	expect("keychaincredential.delete", "[1]", "", "null");
	refused("keychaincredential.delete", "[1]", NULL,
	    "KeychainCredential 1 does not exist", ENOENT);
	refused("keychaincredential.used_by", "[1]", NULL,
	    "KeychainCredential 1 does not exist", ENOENT);
	refused(GET, "[1]", NULL, "KeychainCredential 1 does not exist",
	    ENOENT);
	/* a number is not given twice */
	expect(CREATE, pair("a", NULL, ED_PUBLIC), "id", "2");
	expect("keychaincredential.delete", "[2,{'cascade':true}]", "",
	    "null");
}
END_TEST

/* ---- the key is lost ---- */

START_TEST(key_lost)
{
	char spare[128], reason[512];

	done(CREATE, pair("a", ED_OPENSSH, NULL));
	(void)snprintf(spare, sizeof(spare), "%s.spare", seal_key);
	ck_assert_int_eq(rename(seal_key, spare), 0);
	(void)snprintf(reason, sizeof(reason), "Decrypting credential a "
	    "failed: it is not sealed with the key in %s; put the right key "
	    "file back, nothing is lost", seal_key);
	refused(OF_TYPE, "[1,'SSH_KEY_PAIR']", "", reason, EFAULT);
	refused(EXPORT, "[1]", "", reason, EFAULT);
	expect(GET, "[1]", "attributes", "{}");
	/* what needs no private half goes on */
	expect(QUERY, "[[],{'select':['name','bits','has_private']}]", "",
	    "[{'name':'a','bits':256,'has_private':true}]");
	expect(UPDATE, "[1,{'name':'b'}]", "name", "'b'");
	expect(UPDATE, "[1,{'name':'a'}]", "name", "'a'");
	/* nothing is lost by who writes back what was shown */
	refused(UPDATE, "[1,{'attributes':{'public_key':'" ED_PUBLIC
	    "'}}]", "", reason, EFAULT);
	ck_assert_int_eq(access(seal_key, F_OK), -1);
	ck_assert_int_eq(rename(spare, seal_key), 0);
	expect(OF_TYPE, "[1,'SSH_KEY_PAIR']", "attributes.private_key",
	    j(ED_OPENSSH));
}
END_TEST

/* ---- generate, export, rotate ---- */

static const struct {
	const char	*params;
	const char	*type;
	const char	*bits;
} kinds[] = {
	{ "[]", "'ssh-rsa'", "3072" },
	{ "[{'type':'rsa','bits':2048}]", "'ssh-rsa'", "2048" },
	{ "[{'type':'ed25519','comment':'x y'}]", "'ssh-ed25519'", "256" },
	{ "[{'type':'ecdsa'}]", "'ecdsa-sha2-nistp256'", "256" },
	{ "[{'type':'ecdsa','bits':521}]", "'ecdsa-sha2-nistp521'", "521" },
};

/* What is made can be kept, and nothing is kept of itself. */
START_TEST(generates)
{
	json_t *v = call("keychaincredential.generate_ssh_key_pair",
	    kinds[_i].params);
	const char *private_key, *public_key;
	char *both = dump(json_object_get(v, "result"));

	private_key = json_string_value(at(v, "result.private_key"));
	public_key = json_string_value(at(v, "result.public_key"));
	ck_assert(private_key != NULL && public_key != NULL);
	ck_assert_int_eq(public_key[strlen(public_key) - 1], '\n');
	expect(QUERY, "[]", "", "[]");
	expect(CREATE, pair("a", private_key, public_key), "attributes",
	    both);
	expect(GET, "[1]", "key_type", kinds[_i].type);
	expect(GET, "[1]", "bits", kinds[_i].bits);
	expect(EXPORT, "[1]", "", j(private_key));
	free(both);
	json_decref(v);
}
END_TEST

START_TEST(generates_not)
{
	const char *method = "keychaincredential.generate_ssh_key_pair";

	refused_once(method, "[{'type':'dsa'}]",
	    "generate_ssh_key_pair.type",
	    "Input should be 'rsa', 'ed25519' or 'ecdsa'", EINVAL);
	refused_once(method, "[{'type':'rsa','bits':1024}]",
	    "generate_ssh_key_pair.bits", "An RSA key has 2048 to 16384 "
	    "bits, and a comment is one line", EINVAL);
	refused_once(method, "[{'bits':16385}]",
	    "generate_ssh_key_pair.bits", "An RSA key has 2048 to 16384 "
	    "bits, and a comment is one line", EINVAL);
	refused_once(method, "[{'type':'ecdsa','bits':255}]",
	    "generate_ssh_key_pair.bits",
	    "An ECDSA key has 256, 384 or 521 bits", EINVAL);
	refused_once(method, "[{'type':'ed25519','bits':512}]",
	    "generate_ssh_key_pair.bits",
	    "An Ed25519 key has 256 bits: leave out the number", EINVAL);
}
END_TEST

START_TEST(exports)
{
	done(CREATE, pair("a", ED_OPENSSH, NULL));
	done(CREATE, pair("b", P521_PKCS8, NULL));
	expect(EXPORT, "[1,{'format':'openssh'}]", "", j(ED_OPENSSH));
	expect(EXPORT, "[2,{'format':'pkcs8'}]", "", j(P521_PKCS8));
	done(EXPORT, "[1,{'format':'pkcs8'}]");
	done(EXPORT, "[2,{'format':'openssh'}]");
	refused(EXPORT, "[1,{'format':'pkcs1'}]", "", "Only an RSA key has "
	    "the form pkcs1: ask for pkcs8 or openssh", EINVAL);
	refused_once(EXPORT, "[1,{'format':'putty'}]", "options.format",
	    "Input should be 'openssh', 'pkcs8', 'pkcs1' or 'public'",
	    EINVAL);
	refused(EXPORT, "[7]", NULL, "KeychainCredential 7 does not exist",
	    ENOENT);
}
END_TEST

/* A rule for keys that come in keeps none of those that are there. */
START_TEST(exports_what_is_too_short_by_now)
{
	json_t *v;

	w.conf.rsa_min_bits = 1024;
	done(CREATE, pair("a", RSA_PKCS1, NULL));
	w.conf.rsa_min_bits = 3072;
	expect(EXPORT, "[1,{'format':'pkcs8'}]", "", j(RSA_PKCS8));
	expect(EXPORT, "[1,{'format':'pkcs1'}]", "", j(RSA_PKCS1));
	done(EXPORT, "[1,{'format':'openssh'}]");
	done(UPDATE, "[1,{'name':'b'}]");
	v = call(CREATE, pair("c", RSA_PKCS1, NULL));
	ck_assert_str_eq(json_string_value(at(v, "error.data.extra.0.0")),
	    AT_CREATE ".attributes.private_key");
	json_decref(v);
}
END_TEST

START_TEST(rotates)
{
	refused("naskeys.seal_rotate", "[]", "", "Nothing is sealed yet: "
	    "there is no key to rotate", ENOENT);
	done(CREATE, pair("a", ED_OPENSSH, NULL));
	done(CREATE, pair("b", P521_PKCS8, NULL));
	done(CREATE, pair("c", NULL, ED_PUBLIC));
	expect("naskeys.seal_rotate", "[]", "", "{'resealed':2}");
	expect(EXPORT, "[1]", "", j(ED_OPENSSH));
	expect(QUERY, "[[['id','=',2]]]", "0.attributes.private_key",
	    j(P521_PKCS8));
	expect("naskeys.audit.query", "[[['action','=',"
	    "'naskeys.seal_rotate']]]", "0.text", "'Rotate seal key'");
}
END_TEST

/* ---- check ---- */

#define WITHOUT	3000	/* keypairs that are walked over before the key */

static void
add_without_private(void)
{
	char type[] = "ssh-ed25519", fp[] = "SHA256:x", name[32];
	char pub[] = ED_PUBLIC, by[] = "root";
	struct nk_credential row = {
		.type = NK_CREDENTIAL_KEYPAIR, .bits = 256, .name = name,
		.key_type = type, .fingerprint = fp, .public_key = pub,
		.created_by = by,
	};
	struct nk_store *s = nk_publisher_store(w.c.publisher);
	int i;

	ck_assert_int_eq(nk_edit_begin(w.c.publisher), 0);
	for (i = 0; i < WITHOUT; i++) {
		(void)snprintf(name, sizeof(name), "public %d", i);
		ck_assert_int_eq(nk_credential_insert(s, &row), 0);
	}
	ck_assert_int_eq(nk_edit_commit(w.c.publisher), 0);
}

static void
say_fault(void *arg, const char *what)
{
	(void)snprintf(arg, 512, "%s", what);
}

/* Rotate until killed, as another process with nothing of this one. */
static _Noreturn void
keep_rotating(void)
{
	w.conf.edits_per_minute = 1000000;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1 ||
	    nk_publisher_open(&w.c.publisher, &w.state, &w.conf,
	    NK_STORE_CREATE) < 0)
		_exit(1);
	for (;;)
		done("naskeys.seal_rotate", "[]");
}

START_TEST(check_while_rotated)
{
	char fault[512] = "";
	int i, status;
	pid_t pid;

	add_without_private();
	done(CREATE, pair("a", ED_OPENSSH, NULL));
	ck_assert_int_ge(pid = fork(), 0);
	if (pid == 0)
		keep_rotating();
	for (i = 0; i < 100; i++)
		ck_assert_msg(nk_keychain_check(&w.c, say_fault, fault) == 0,
		    "%s", fault);
	ck_assert_int_eq(waitpid(pid, &status, WNOHANG), 0);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	/* it may have left a second key file, which is as good */
	done("naskeys.seal_rotate", "[]");
	ck_assert_int_eq(rename(seal_key, w.lock), 0);
	ck_assert_int_eq(nk_keychain_check(&w.c, say_fault, fault),
	    -EBADMSG);
	ck_assert_ptr_nonnull(strstr(fault, "it is missing"));
}
END_TEST

/* Whatever was done to it, no audit row has a line of the private half. */
START_TEST(audit)
{
	char line[71] = "";
	json_t *v;
	char *text;

	memcpy(line, strchr(ED_OPENSSH, '\n') + 1, sizeof(line) - 1);
	done(CREATE, pair("a", ED_OPENSSH, NULL));
	done(UPDATE, "[1,{'name':'b'}]");
	done(EXPORT, "[1]");
	done("naskeys.seal_rotate", "[]");
	done("keychaincredential.delete", "[1]");
	v = call("naskeys.audit.query", "[]");
	text = dump(v);
	ck_assert_ptr_null(strstr(text, line));
	ck_assert_ptr_null(strstr(text, "PRIVATE KEY"));
	ck_assert_ptr_nonnull(strstr(text, "Create Keychain Credential: a"));
	ck_assert_ptr_nonnull(strstr(text, "Update Keychain Credential: b"));
	ck_assert_ptr_nonnull(strstr(text, "Delete Keychain Credential: b"));
	ck_assert_ptr_nonnull(strstr(text, "Export private key of Keychain "
	    "Credential: b"));
	free(text);
	json_decref(v);
}
END_TEST

static const struct nk_sandbox_work *const tables[] = {
	nk_privatetext_works, NULL,
};

int
main(int argc, char **argv)
{
	Suite *suite = suite_create("methods of keypairs");
	TCase *tc = tcase_create("keychain");
	SRunner *sr;
	int failed;

	nk_sandbox_serve(argc, argv, tables);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, derives, 0, LENGTH(good));
	tcase_add_test(tc, white_space);
	tcase_add_loop_test(tc, refuses, 0, LENGTH(bad));
	tcase_add_test(tc, refuses_broken);
	tcase_add_loop_test(tc, without_a_reader, 0, LENGTH(nobodies));
	tcase_add_test(tc, names_and_types);
	tcase_add_test(tc, public_only);
	tcase_add_test(tc, updates);
	tcase_add_test(tc, updates_nothing);
	tcase_add_test(tc, others);
	tcase_add_test(tc, key_lost);
	tcase_add_loop_test(tc, generates, 0, LENGTH(kinds));
	tcase_add_test(tc, generates_not);
	tcase_add_test(tc, exports);
	tcase_add_test(tc, exports_what_is_too_short_by_now);
	tcase_add_test(tc, rotates);
	tcase_add_test(tc, check_while_rotated);
	tcase_add_test(tc, audit);
	suite_add_tcase(suite, tc);
	sr = srunner_create(suite);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
