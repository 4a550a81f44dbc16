/* SPDX-License-Identifier: ISC */

/* keychaincredential.* for connections, and naskeys.consumer.*. */

#include "lib/keychain/privatetext.h"
#include "lib/rpc/connection_read.h"
#include "lib/rpc/consumer_command.h"
#include "lib/rpc/consumer_write.h"
#include "lib/sandbox/sandbox.h"
#include "lib/ssh/hostkeys.h"
#include "tests/unit/methods_fixture.h"
#include "tests/unit/passwd_fixture.h"
#include "tests/unit/private_keys.h"

#define CREATE	"keychaincredential.create"
#define UPDATE	"keychaincredential.update"
#define DELETE	"keychaincredential.delete"
#define GET	"keychaincredential.get_instance"
#define QUERY	"keychaincredential.query"
#define OF_TYPE	"keychaincredential.get_of_type"
#define USED_BY	"keychaincredential.used_by"
#define SETUP	"keychaincredential.setup_ssh_connection"
#define EXPORT	"keychaincredential.export"
#define BIND	"naskeys.consumer.bind"
#define UNBIND	"naskeys.consumer.unbind"
#define LIST	"naskeys.consumer.list"
#define AT	"keychain_credential_create.attributes"
#define AT_SETUP "setup_ssh_connection"

#define REMOTE	"'host':'nas','private_key':1,'remote_host_key':'" ED25519 "'"
#define ATTRIBUTES "{'host':'nas','port':22,'username':'root'," \
	"'private_key':1,'remote_host_key':'" ED25519 "'," \
	"'connect_timeout':10}"
#define PUBLIC_PAIR "'type':'SSH_KEY_PAIR','attributes':{'public_key':'" \
	ED_PUBLIC "'}"
#define MANUAL	"'manual_setup':{'host':'nas','remote_host_key':'" ED25519 "'}"

/* ED_PUBLIC without its comment, as it is derived; in JSON. */
#define DERIVED	"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILn430pRfGHEj6Nu8UMmAS" \
	"67rwpT3ki/gcLIqctQ+pB2\\n"

static char seal_key[96];

static const char *
create_text(const char *name, const char *attributes)
{
	static char text[100000];

	(void)snprintf(text, sizeof(text), "[{'name':'%s','type':"
	    "'SSH_CREDENTIALS','attributes':{%s}}]", name, attributes);
	return text;
}

/* Keypair 1 "pair" with a private half, and 2 "half" without. */
static void
setup(void)
{
	json_t *v;
	char *attributes, text[4096];

	make_world();
	(void)snprintf(seal_key, sizeof(seal_key), "%s/seal.key", w.dir);
	w.state.seal_key = seal_key;
	put_passwd_file(w.dir);
	v = json_pack("{s:s}", "private_key", ED_OPENSSH);
	attributes = dump(v);
	(void)snprintf(text, sizeof(text), "[{'name':'pair','type':"
	    "'SSH_KEY_PAIR','attributes':%s}]", attributes);
	free(attributes);
	json_decref(v);
	done(CREATE, text);
	done(CREATE, "[{'name':'half'," PUBLIC_PAIR "}]");
}

static void
teardown(void)
{
	drop_passwd_file();
	drop_world();
}

/* ---- create ---- */

START_TEST(creates)
{
	expect(CREATE, create_text("nas", REMOTE), "attributes", ATTRIBUTES);
	expect(GET, "[3]", "type", "'SSH_CREDENTIALS'");
	expect(GET, "[3]", "name", "'nas'");
	expect(GET, "[3]", "keypair", "'pair'");
	expect(GET, "[3]", "host_keys", "[{'type':'ssh-ed25519',"
	    "'fingerprint':'SHA256:" ED25519_SHA256 "'}]");
	expect(GET, "[3]", "created_by", "'root'");
	expect(OF_TYPE, "[3,'SSH_CREDENTIALS']", "id", "3");
	refused(OF_TYPE, "[3,'SSH_KEY_PAIR']", "",
	    "Credential is not of type SSH_KEY_PAIR", EINVAL);
	/* each attribute, in the order in which they are shown */
	expect(CREATE, create_text("all", "'host':'2001:db8::1','port':65535,"
	    "'username':'backup','private_key':1,'connect_timeout':3600,"
	    "'remote_host_key':'# x\\nnas " ED25519 " c\\n\\n" P256 "\\n'"),
	    "attributes", "{'host':'2001:db8::1','port':65535,"
	    "'username':'backup','private_key':1,'remote_host_key':'" ED25519
	    "\\n" P256 "','connect_timeout':3600}");
	expect(QUERY, "[[['type','=','SSH_CREDENTIALS']],{'select':['id',"
	    "'name','keypair','attributes.host']}]", "", "[{'id':3,"
	    "'name':'nas','keypair':'pair','attributes':{'host':'nas'}},"
	    "{'id':4,'name':'all','keypair':'pair',"
	    "'attributes':{'host':'2001:db8::1'}}]");
	expect(QUERY, "[[['name','=','nas']],{'get':true}]", "id", "3");
}
END_TEST

static const struct {
	const char	*attributes;
	const char	*where;		/* below "attributes." */
	const char	*text;		/* NULL: whatever it is */
} bad[] = {
	{ "'private_key':1,'remote_host_key':'" ED25519 "'", "host",
	  "Field required" },
	{ "'host':'nas','remote_host_key':'" ED25519 "'", "private_key",
	  "Field required" },
	{ "'host':'nas','private_key':1", "remote_host_key",
	  "Field required" },
	{ REMOTE ",'cipher':'FAST'", "cipher",
	  "Extra inputs are not permitted" },
	{ REMOTE ",'port':0", "port", NULL },
	{ REMOTE ",'port':65536", "port", NULL },
	{ REMOTE ",'port':'22'", "port", NULL },
	{ REMOTE ",'connect_timeout':0", "connect_timeout", NULL },
	{ REMOTE ",'connect_timeout':3601", "connect_timeout", NULL },
	{ REMOTE ",'username':''", "username", NULL },
	{ REMOTE ",'username':'-oProxyCommand=x'", "username", NULL },
	{ "'host':'','private_key':1,'remote_host_key':'" ED25519 "'",
	  "host", NULL },
	{ "'host':'-oX=y','private_key':1,'remote_host_key':'" ED25519 "'",
	  "host", NULL },
	{ "'host':'nas','private_key':1,'remote_host_key':''",
	  "remote_host_key", NULL },
	{ "'host':'nas','private_key':1,'remote_host_key':'nonsense'",
	  "remote_host_key", NULL },
	{ "'host':'nas','private_key':1,'remote_host_key':'ssh-dss "
	  DSA_BASE64 "'", "remote_host_key", NULL },
	{ "'host':'nas','private_key':9,'remote_host_key':'" ED25519 "'",
	  "private_key", "SSH Key Pair not found" },
	{ "'host':'nas','private_key':0,'remote_host_key':'" ED25519 "'",
	  "private_key", "SSH Key Pair not found" },
	{ "'host':'nas','private_key':3,'remote_host_key':'" ED25519 "'",
	  "private_key", "SSH Key Pair not found" },
	{ "'host':'nas','private_key':2,'remote_host_key':'" ED25519 "'",
	  "private_key", "This keypair has no private half, with which the "
	  "connection would log in" },
};

START_TEST(refuses)
{
	char where[96], *before, *after;
	const char *params, *got;
	json_t *v;

	done(CREATE, create_text("there", REMOTE));
	before = contents();
	(void)snprintf(where, sizeof(where), AT ".%s", bad[_i].where);
	params = create_text("nas", bad[_i].attributes);
	if (bad[_i].text != NULL)
		refused_once(CREATE, params, where, bad[_i].text, EINVAL);
	v = call(CREATE, params);
	got = json_string_value(at(v, "error.data.extra.0.0"));
	ck_assert_msg(got != NULL && strcmp(got, where) == 0, "%s: %s",
	    params, got == NULL ? "" : got);
	json_decref(v);
	after = contents();
	ck_assert_str_eq(before, after);
	free(before);
	free(after);
}
END_TEST

/* Both kinds have their names and their attributes apart. */
START_TEST(names_and_types)
{
	refused_once(CREATE, create_text("pair", REMOTE),
	    "keychain_credential_create.name",
	    "Object with this name already exists", EINVAL);
	done(CREATE, create_text("nas", REMOTE));
	refused_once(CREATE, "[{'name':'nas'," PUBLIC_PAIR "}]",
	    "keychain_credential_create.name",
	    "Object with this name already exists", EINVAL);
	refused_once(UPDATE, "[1,{'name':'nas'}]",
	    "keychain_credentials_update.name",
	    "Object with this name already exists", EINVAL);
	refused(UPDATE, "[1,{'attributes':{" REMOTE ",'public_key':'"
	    ED_PUBLIC "'}}]", "keychain_credentials_update.attributes.host",
	    "Extra inputs are not permitted", EINVAL);
	refused(CREATE, "[{'name':'x','type':'SSH_KEY_PAIR','attributes':{"
	    REMOTE "}}]", AT ".host", "Extra inputs are not permitted",
	    EINVAL);
	refused(CREATE, create_text("x", "'public_key':'" ED_PUBLIC "'"),
	    AT ".public_key", "Extra inputs are not permitted", EINVAL);
	expect(QUERY, "[[],{'count':true}]", "", "3");
}
END_TEST

/* To the character: 1024 as they are kept, more as they are given. */
START_TEST(host_key_limit)
{
	static char text[90000], params[95000];

	memset(text, ' ', NK_HOSTKEYS_TEXT_MAX);
	memcpy(text, ED25519, sizeof(ED25519) - 1);
	text[NK_HOSTKEYS_TEXT_MAX] = '\0';
	(void)snprintf(params, sizeof(params), "'host':'nas',"
	    "'private_key':1,'remote_host_key':'%s'", text);
	expect(CREATE, create_text("a", params), "attributes", ATTRIBUTES);
	(void)snprintf(params, sizeof(params), "'host':'nas',"
	    "'private_key':1,'remote_host_key':'%s '", text);
	refused_once(CREATE, create_text("b", params), AT ".remote_host_key",
	    "String should have at most 65536 characters", EINVAL);
}
END_TEST

/* ---- update ---- */

START_TEST(updates)
{
	done(CREATE, create_text("nas", REMOTE));
	expect(UPDATE, "[3,{'name':'tank'}]", "name", "'tank'");
	expect(GET, "[3]", "attributes", ATTRIBUTES);
	/* the whole object is replaced */
	expect(UPDATE, "[3,{'attributes':{" REMOTE ",'port':2222}}]",
	    "attributes.port", "2222");
	expect(UPDATE, "[3,{'attributes':{" REMOTE "}}]", "attributes",
	    ATTRIBUTES);
	expect(UPDATE, "[3,{'name':'nas','attributes':{'host':'h',"
	    "'private_key':1,'username':'u','remote_host_key':'" P256
	    "','connect_timeout':3}}]", "attributes", "{'host':'h',"
	    "'port':22,'username':'u','private_key':1,'remote_host_key':'"
	    P256 "','connect_timeout':3}");
	expect(GET, "[3]", "name", "'nas'");
	refused_once(UPDATE, "[3,{'name':'pair'}]",
	    "keychain_credentials_update.name",
	    "Object with this name already exists", EINVAL);
	refused_once(UPDATE, "[3,{'attributes':{'host':'h','private_key':2,"
	    "'remote_host_key':'" P256 "'}}]",
	    "keychain_credentials_update.attributes.private_key",
	    "This keypair has no private half, with which the connection "
	    "would log in", EINVAL);
	refused(UPDATE, "[3,{'attributes':{'host':'h'}}]",
	    "keychain_credentials_update.attributes.remote_host_key",
	    "Field required", EINVAL);
	refused(UPDATE, "[9,{}]", NULL, "KeychainCredential 9 does not exist",
	    ENOENT);
}
END_TEST

START_TEST(updates_nothing)
{
	static const char *const same[] = {
		"[3,{}]", "[3,{'name':'nas'}]",
		"[3,{'attributes':" ATTRIBUTES "}]",
		"[3,{'name':'nas','attributes':{" REMOTE "}}]",
		"[3,{'attributes':{'host':'nas','private_key':1,"
		    "'remote_host_key':'x " ED25519 " y\\n'}}]",
	};
	char *before, *after;
	int i;

	done(CREATE, create_text("nas", REMOTE));
	before = contents();
	for (i = 0; i < LENGTH(same); i++)
		done(UPDATE, same[i]);
	after = contents();
	ck_assert_str_eq(before, after);
	free(before);
	free(after);
}
END_TEST

/* ---- who uses what ---- */

#define TASKS	"{'title':'SSH credentials nas','unbind_method':'delete'}," \
	"{'title':'Replication task tank','unbind_method':'disable'}," \
	"{'title':'Rsync task for \\u0027/mnt/x\\u0027'," \
	"'unbind_method':'delete'}"

/*
 * Connections 3 nas and 4 other; consumers 1 and 2 of nas, 3 of the keypair,
 * 4 of the other connection.
 */
static void
make_users(void)
{
	done(CREATE, create_text("nas", REMOTE));
	done(CREATE, create_text("other", REMOTE));
	done(BIND, "[3,{'kind':'REPLICATION','title':'tank'}]");
	done(BIND, "[3,{'kind':'RSYNC','title':'/mnt/x',"
	    "'on_delete':'DELETE'}]");
	done(BIND, "[1,{'kind':'SFTP_CLOUD','title':'box'}]");
	done(BIND, "[4,{'kind':'MY_JOB2','title':'Nightly copy'}]");
}

START_TEST(used_by)
{
	expect(USED_BY, "[1]", "", "[]");
	make_users();
	expect(USED_BY, "[1]", "", "[" TASKS ","
	    "{'title':'SSH credentials other','unbind_method':'delete'},"
	    "{'title':'Nightly copy','unbind_method':'disable'},"
	    "{'title':'Cloud credentials box','unbind_method':'disable'}]");
	expect(USED_BY, "[2]", "", "[]");
	expect(USED_BY, "[4]", "", "[{'title':'Nightly copy',"
	    "'unbind_method':'disable'}]");
	refused(USED_BY, "[9]", NULL, "KeychainCredential 9 does not exist",
	    ENOENT);
}
END_TEST

#define USED	"options.cascade", "This credential is used and no cascade " \
	"option is specified", EINVAL

START_TEST(cascade)
{
	char *before, *after;

	make_users();
	before = contents();
	refused_once(DELETE, "[1]", USED);
	refused_once(DELETE, "[3,{}]", USED);
	refused_once(DELETE, "[4,{'cascade':false}]", USED);
	after = contents();
	ck_assert_str_eq(before, after);
	expect(DELETE, "[4,{'cascade':true}]", "", "null");
	/* disabled ones stay, and use nothing any more */
	expect(LIST, "[[['id','=',4]],{'select':['credential_id','enabled',"
	    "'credential','title'],'get':true}]", "", "{'credential_id':null,"
	    "'enabled':false,'credential':null,'title':'Nightly copy'}");
	expect(USED_BY, "[1]", "", "[" TASKS ",{'title':"
	    "'Cloud credentials box','unbind_method':'disable'}]");
	expect(DELETE, "[1,{'cascade':true}]", "", "null");
	expect(QUERY, "[[],{'select':['name']}]", "", "[{'name':'half'}]");
	expect(LIST, "[[],{'select':['id','enabled']}]", "",
	    "[{'id':1,'enabled':false},{'id':3,'enabled':false},"
	    "{'id':4,'enabled':false}]");
	expect(DELETE, "[2]", "", "null");
	free(before);
	free(after);
}
END_TEST

/* Each of them is in the audit log, under its own name. */
START_TEST(cascade_audit)
{
	static const char *const sentences[] = {
		"Setup SSH Connection: third", "Bind Replication task tank",
		"Unbind Replication task tank", "Unbind Cloud credentials box",
		"Delete Keychain Credential: nas",
		"Delete Keychain Credential: other",
		"Delete Keychain Credential: pair",
		"Create Keychain Credential: nas",
		"Update Keychain Credential: renamed",
	};
	char *text;
	json_t *v;
	int i;

	make_users();
	done(UPDATE, "[4,{'name':'renamed'}]");
	done(UPDATE, "[4,{'name':'other'}]");
	done(SETUP, "[{'private_key':{'generate_key':false,"
	    "'existing_key_id':1},'connection_name':'third'," MANUAL "}]");
	done(DELETE, "[1,{'cascade':true}]");
	v = call("naskeys.audit.query", "[]");
	text = dump(v);
	for (i = 0; i < LENGTH(sentences); i++)
		ck_assert_msg(strstr(text, sentences[i]) != NULL, "%s",
		    sentences[i]);
	/* what was trusted can be read there for ever */
	ck_assert_ptr_nonnull(strstr(text, "remote_host_key"));
	ck_assert_ptr_null(strstr(text, "PRIVATE KEY"));
	free(text);
	json_decref(v);
}
END_TEST

/* ---- consumers ---- */

START_TEST(binds)
{
	done(CREATE, create_text("nas", REMOTE));
	expect(BIND, "[3,{'kind':'REPLICATION','title':'tank','command':"
	    "['/bin/true','a b']}]", "command", "['/bin/true','a b']");
	expect(LIST, "[[['credential_id','=',3]],{'get':true}]",
	    "credential", "'nas'");
	expect(LIST, "[[],{'get':true}]", "on_delete", "'DISABLE'");
	expect(LIST, "[[],{'get':true}]", "kind", "'REPLICATION'");
	expect(LIST, "[[],{'get':true}]", "created_by", "'root'");
	expect(LIST, "[[['credential_id','=',1]]]", "", "[]");
	refused_once(BIND, "[3,{'kind':'REPLICATION','title':'tank'}]",
	    "consumer.title", "Is already bound to this credential", EINVAL);
	expect(BIND, "[1,{'kind':'REPLICATION','title':'tank',"
	    "'command':null,'on_delete':'DELETE'}]", "command", "null");
	refused(BIND, "[9,{'kind':'REPLICATION','title':'tank'}]", NULL,
	    "KeychainCredential 9 does not exist", ENOENT);
	expect(UNBIND, "[1]", "", "null");
	refused(UNBIND, "[1]", NULL, "Consumer 1 does not exist", ENOENT);
	expect(USED_BY, "[3]", "", "[]");
}
END_TEST

static const struct {
	const char	*consumer;
	const char	*where;
} bad_consumers[] = {
	{ "'title':'x'", "kind" },
	{ "'kind':'RSYNC'", "title" },
	{ "'kind':'','title':'x'", "kind" },
	{ "'kind':'rsync','title':'x'", "kind" },
	{ "'kind':'A-B','title':'x'", "kind" },
	{ "'kind':'2A','title':'x'", "kind" },
	{ "'kind':'ABCDEFGHIJKLMNOPQRSTUVWXYZ1234567','title':'x'", "kind" },
	{ "'kind':'A','title':''", "title" },
	{ "'kind':'A','title':'x\\ny'", "title" },
	{ "'kind':'A','title':'x','on_delete':'delete'", "on_delete" },
	{ "'kind':'A','title':'x','command':'/bin/true'", "command" },
	{ "'kind':'A','title':'x','command':[]", "command" },
	{ "'kind':'A','title':'x','command':['true']", "command" },
	{ "'kind':'A','title':'x','command':['/bin/true','a\\nb']",
	  "command" },
	{ "'kind':'A','title':'x','command':['/bin/true',7]", "command.1" },
	{ "'kind':'A','title':'x','command':['/b','1','2','3','4','5','6',"
	  "'7','8']", "command" },
	{ "'kind':'A','title':'x','credential_id':1", "credential_id" },
};

START_TEST(binds_not)
{
	char params[512], where[64];
	const char *got;
	json_t *v;

	(void)snprintf(params, sizeof(params), "[1,{%s}]",
	    bad_consumers[_i].consumer);
	(void)snprintf(where, sizeof(where), "consumer.%s",
	    bad_consumers[_i].where);
	v = call(BIND, params);
	got = json_string_value(at(v, "error.data.extra.0.0"));
	ck_assert_msg(got != NULL && strcmp(got, where) == 0, "%s: %s",
	    params, got == NULL ? "" : got);
	json_decref(v);
	expect(LIST, "[]", "", "[]");
}
END_TEST

START_TEST(limits)
{
	char title[NK_CONSUMER_TITLE_MAX + 2], params[1024];

	memset(title, 't', sizeof(title) - 1);
	title[sizeof(title) - 1] = '\0';
	(void)snprintf(params, sizeof(params), "[1,{'kind':'A',"
	    "'title':'%s'}]", title);
	refused_once(BIND, params, "consumer.title",
	    "String should have at most 200 characters", EINVAL);
	(void)snprintf(params, sizeof(params), "[1,{'kind':"
	    "'ABCDEFGHIJKLMNOPQRSTUVWXYZ123456','title':'%s','command':"
	    "['/b','1','2','3','4','5','6','7']}]", title + 1);
	done(BIND, params);
}
END_TEST

/* ---- commands ---- */

static const char *
note_of(size_t i)
{
	return json_string_value(json_object_get(json_array_get(w.notes, i),
	    "text"));
}

static void
bind_touch(const char *name, const char *file, int credential)
{
	char params[512];

	(void)snprintf(params, sizeof(params), "[%d,{'kind':'A','title':"
	    "'%s','command':['/usr/bin/touch','%s/%s']}]", credential, name,
	    w.dir, file);
	done(BIND, params);
}

static bool
exists(const char *file)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", w.dir, file);
	return access(path, F_OK) == 0;
}

START_TEST(commands)
{
	if (geteuid() != 0)
		return;
	make_users();
	bind_touch("a", "a;b", 3);
	bind_touch("b", "b", 1);
	bind_touch("c", "c", 2);
	refused_once(DELETE, "[1]", USED);
	ck_assert(!exists("a;b") && !exists("b"));
	done(DELETE, "[1,{'cascade':true}]");
	ck_assert_uint_eq(json_array_size(w.notes), 0);
	ck_assert(exists("a;b") && exists("b") && !exists("c"));
	done(UNBIND, "[7]");
	ck_assert(exists("c"));
	/* it was unbound before: not twice */
	(void)unlinkat(AT_FDCWD, w.dir, 0);
	expect(LIST, "[[['title','=','b']],{'get':true}]", "enabled",
	    "false");
}
END_TEST

/* One that has lost its credential has been told so. */
START_TEST(commands_once)
{
	char path[128];

	if (geteuid() != 0)
		return;
	bind_touch("c", "c", 2);
	done(DELETE, "[2,{'cascade':true}]");
	ck_assert(exists("c"));
	(void)snprintf(path, sizeof(path), "%s/c", w.dir);
	ck_assert_int_eq(unlink(path), 0);
	done(UNBIND, "[1]");
	ck_assert(!exists("c"));
}
END_TEST

static const struct {
	const char	*command;	/* NULL: the script */
	const char	*note;
} failing[] = {
	{ "'/bin/false'", "Unbind x: /bin/false failed: it says nothing" },
	{ "'/usr/bin/printf','no\\\\nmore\\\\n%d','x'",
	  "Unbind x: /usr/bin/printf failed: no" },
	{ "'/nonexistent'", "Unbind x: /nonexistent cannot be run: No such "
	  "file or directory" },
	{ "'/usr'", "Unbind x: /usr cannot be run: it, or a folder on the "
	  "way to it, is not root's alone to change" },
	{ "'/etc/group'", "Unbind x: /etc/group cannot be run: Permission "
	  "denied" },
	{ NULL, NULL },
};

/* What fails is said, and takes nothing back. */
START_TEST(commands_fail)
{
	char path[128], command[256], params[512];
	const char *note_text;
	int fd;

	if (geteuid() != 0)
		return;
	(void)snprintf(path, sizeof(path), "%s/script", w.dir);
	ck_assert_int_ge(fd = open(path, O_WRONLY | O_CREAT, 0755), 0);
	ck_assert_int_gt(dprintf(fd, "#!/bin/sh\n>%s/ran\n", w.dir), 0);
	close(fd);
	(void)snprintf(command, sizeof(command), "'%s'", path);
	(void)snprintf(params, sizeof(params), "[2,{'kind':'A','title':'x',"
	    "'command':[%s]}]", failing[_i].command == NULL ? command :
	    failing[_i].command);
	done(BIND, params);
	done(DELETE, "[2,{'cascade':true}]");
	ck_assert_uint_eq(json_array_size(w.notes), 1);
	ck_assert_ptr_nonnull(note_text = note_of(0));
	if (failing[_i].note != NULL)
		ck_assert_str_eq(note_text, failing[_i].note);
	else	/* /tmp is everybody's */
		ck_assert_msg(strstr(note_text, "cannot be run: ") != NULL,
		    "%s", note_text);
	(void)snprintf(params, sizeof(params), "[[['text','=','%s']],"
	    "{'count':true}]", note_text);
	ck_assert(!exists("ran"));
	if (strchr(note_text, '\'') == NULL)
		expect("naskeys.audit.query", params, "", "1");
	expect(QUERY, "[[['id','=',2]]]", "", "[]");
}
END_TEST

/* No environment, no input, and none of our descriptors. */
START_TEST(commands_environment)
{
	char params[512], path[128], text[512] = "";
	ssize_t n;
	int fd;

	if (geteuid() != 0)
		return;
	ck_assert_int_eq(setenv("NK_TEST_SECRET", "x", 1), 0);
	(void)snprintf(path, sizeof(path), "%s/out", w.dir);
	(void)snprintf(params, sizeof(params), "[2,{'kind':'A','title':'x',"
	    "'command':['/bin/sh','-c','(env; ls /proc/self/fd) >%s; "
	    "cat; exit 3']}]", path);
	done(BIND, params);
	done(DELETE, "[2,{'cascade':true}]");
	ck_assert_str_eq(note_of(0), "Unbind x: /bin/sh failed: it says "
	    "nothing");
	ck_assert_int_ge(fd = open(path, O_RDONLY), 0);
	ck_assert_int_gt(n = read(fd, text, sizeof(text) - 1), 0);
	close(fd);
	ck_assert_ptr_null(strstr(text, "NK_TEST_SECRET"));
	/* 3 is the folder that ls reads, and its child's of the pipe */
	ck_assert_ptr_null(strstr(text, "\n5\n"));
}
END_TEST

/* Over the gateway nobody sets a command, whoever it is. */
START_TEST(commands_elsewhere)
{
	struct nk_error e;
	json_t *words = json_pack("[s]", "/bin/true");
	char *text;

	nk_error_init(&e);
	as(0);
	w.caller.gateway = true;
	ck_assert_int_eq(nk_consumer_command_take(&w.c, words,
	    "consumer.command", &text, &e), -EINVAL);
	ck_assert_ptr_null(text);
	ck_assert_str_eq(json_string_value(json_array_get(json_array_get(
	    e.triples, 0), 0)), "consumer.command");
	nk_error_clear(&e);
	nk_error_init(&e);
	ck_assert_int_eq(nk_consumer_command_take(&w.c, NULL,
	    "consumer.command", &text, &e), 0);
	ck_assert_ptr_null(text);
	w.caller.gateway = false;
	ck_assert_int_eq(nk_consumer_command_take(&w.c, words,
	    "consumer.command", &text, &e), 0);
	ck_assert_str_eq(text, "[\"/bin/true\"]");
	free(text);
	nk_error_clear(&e);
	json_decref(words);
}
END_TEST

/* ---- in one call ---- */

#define EXISTING "'private_key':{'generate_key':false,'existing_key_id':1}"
#define AT_SEMI	"options.semi_automatic_setup"
#define DIGEST	"SHA256:00112233445566778899aabbccddeeff00112233445566778899aa" \
	"bbccddeeff"
#define NEW	"'private_key':{'generate_key':true,'name':'new'," \
		"'type':'ed25519'}"
#define SEMI	NEW ",'connection_name':'nas','setup_type':" \
	"'SEMI-AUTOMATIC','semi_automatic_setup':"

START_TEST(sets_up)
{
	expect(SETUP, "[{" EXISTING ",'connection_name':'nas'," MANUAL "}]",
	    "attributes", ATTRIBUTES);
	expect(SETUP, "[{" NEW ",'connection_name':'two','setup_type':"
	    "'MANUAL'," MANUAL ",'semi_automatic_setup':null}]", "keypair",
	    "'new'");
	expect(GET, "[4]", "key_type", "'ssh-ed25519'");
	expect(GET, "[4]", "has_private", "true");
	expect(GET, "[5]", "attributes.private_key", "4");
	/* everything for a job */
	expect(SETUP, "[{'private_key':{'generate_key':true,'name':'three',"
	    "'type':'ed25519'},'connection_name':'for tank'," MANUAL
	    ",'consumer':{'kind':'REPLICATION','title':'tank'}}]",
	    "consumer.credential", "'for tank'");
	expect(USED_BY, "[6]", "", "[{'title':'SSH credentials for tank',"
	    "'unbind_method':'delete'},{'title':'Replication task tank',"
	    "'unbind_method':'disable'}]");
	expect(EXPORT, "[1,{'format':'public'}]", "",
	    "'" DERIVED "'");
}
END_TEST

/* RSA, as the peer has it, where nothing is said. */
START_TEST(sets_up_rsa)
{
	done(SETUP, "[{'private_key':{'generate_key':true,'name':'new'},"
	    "'connection_name':'nas'," MANUAL "}]");
	expect(GET, "[3]", "key_type", "'ssh-rsa'");
	expect(GET, "[3]", "bits", "3072");
}
END_TEST

static const struct {
	const char	*options;
	const char	*where;
	const char	*text;		/* NULL: whatever it is */
} bad_setups[] = {
	{ "'private_key':{'generate_key':true,'name':'pair'},"
	  "'connection_name':'nas'," MANUAL, AT_SETUP ".private_key.name",
	  "Is already in use by another SSH Key pair" },
	{ "'private_key':{'generate_key':false,'existing_key_id':9},"
	  "'connection_name':'nas'," MANUAL,
	  AT_SETUP ".private_key.existing_key_id",
	  "SSH Key Pair not found" },
	{ "'private_key':{'generate_key':false,'existing_key_id':3},"
	  "'connection_name':'nas'," MANUAL,
	  AT_SETUP ".private_key.existing_key_id",
	  "SSH Key Pair not found" },
	{ EXISTING ",'connection_name':'half'," MANUAL,
	  AT_SETUP ".connection_name",
	  "Is already in use by another Keychain Credential" },
	{ NEW ",'connection_name':'new'," MANUAL,
	  AT_SETUP ".connection_name",
	  "Is already in use by another Keychain Credential" },
	{ "'private_key':{'generate_key':true},'connection_name':'nas',"
	  MANUAL, "options.private_key.name", "Field required" },
	{ "'private_key':{'generate_key':false},'connection_name':'nas',"
	  MANUAL, "options.private_key.existing_key_id", "Field required" },
	{ "'private_key':{},'connection_name':'nas'," MANUAL,
	  "options.private_key.generate_key", "Field required" },
	{ NEW "," MANUAL, "options.connection_name", "Field required" },
	{ NEW ",'connection_name':'nas'", "options.manual_setup",
	  "Field required" },
	{ NEW ",'connection_name':'nas','manual_setup':null",
	  "options.manual_setup", "Field required" },
	{ NEW ",'connection_name':'nas','setup_type':'OTHER'," MANUAL,
	  "options.setup_type",
	  "Input should be 'MANUAL' or 'SEMI-AUTOMATIC'" },
	{ NEW ",'connection_name':'nas','setup_type':'SEMI-AUTOMATIC'",
	  "options.semi_automatic_setup", "Field required" },
	{ NEW ",'connection_name':'nas','setup_type':'SEMI-AUTOMATIC',"
	  "'semi_automatic_setup':{}", "options.semi_automatic_setup.url",
	  "Field required" },
	{ SEMI "{'url':'nas','password':'x'}", AT_SEMI ".url",
	  "this is no URL: write https:// in front of the host" },
	{ SEMI "{'url':'https://a:b@nas','password':'x'}", AT_SEMI ".url",
	  NULL },
	{ SEMI "{'url':'https://nas','password':'x','username':'a b'}",
	  AT_SEMI ".username", NULL },
	{ SEMI "{'url':'https://nas','password':'x',"
	  "'certificate_fingerprint':'SHA256:00'}",
	  AT_SEMI ".certificate_fingerprint", NULL },
	{ SEMI "{'url':'http://nas','password':'x',"
	  "'certificate_fingerprint':'" DIGEST "'}",
	  AT_SEMI ".certificate_fingerprint", "a URL that begins with "
	  "http:// has no certificate to pin" },
	{ SEMI "{'url':'https://nas','password':'x','connect_timeout':0}",
	  AT_SEMI ".connect_timeout", NULL },
	{ SEMI "{'url':'https://nas','password':'x'},'copy_key':"
	  "{'password':'x'}", "options.copy_key", NULL },
	{ NEW ",'connection_name':'nas','manual_setup':{'host':'nas',"
	  "'private_key':1,'remote_host_key':'" ED25519 "'}",
	  "options.manual_setup.private_key",
	  "Extra inputs are not permitted" },
	{ NEW ",'connection_name':'nas','manual_setup':{'host':'a b',"
	  "'remote_host_key':'" ED25519 "'}", AT ".host", NULL },
	{ NEW ",'connection_name':'nas','manual_setup':{'host':'nas',"
	  "'remote_host_key':'x'}", AT ".remote_host_key", NULL },
	{ "'private_key':{'generate_key':false,'existing_key_id':2},"
	  "'connection_name':'nas'," MANUAL,
	  AT_SETUP ".private_key.existing_key_id", NULL },
	{ "'private_key':{'generate_key':true,'name':'new','type':'dsa'},"
	  "'connection_name':'nas'," MANUAL, "options.private_key.type",
	  "Input should be 'rsa', 'ed25519' or 'ecdsa'" },
	{ "'private_key':{'generate_key':true,'name':'new','bits':1024},"
	  "'connection_name':'nas'," MANUAL, "options.private_key.bits",
	  NULL },
	{ NEW ",'connection_name':'a\\tb'," MANUAL,
	  "keychain_credential_create.name",
	  "The name may not have control characters" },
	{ NEW ",'connection_name':'nas'," MANUAL ",'consumer':{'kind':'x',"
	  "'title':'y'}", "options.consumer.kind", NULL },
	{ NEW ",'connection_name':'nas'," MANUAL ",'copy_key':{}",
	  "options.copy_key.password", "Field required" },
	{ NEW ",'connection_name':'nas'," MANUAL ",'copy_key':"
	  "{'password':''}", "options.copy_key.password", NULL },
	{ NEW ",'connection_name':'nas'," MANUAL ",'copy_key':"
	  "{'password':7}", "options.copy_key.password", NULL },
	{ NEW ",'connection_name':'nas'," MANUAL ",'copy_key':"
	  "{'password':'x','restrict':'yes'}", "options.copy_key.restrict",
	  NULL },
	{ NEW ",'connection_name':'nas'," MANUAL ",'copy_key':"
	  "{'password':'x','user':'root'}", "options.copy_key.user",
	  "Extra inputs are not permitted" },
	{ NEW ",'connection_name':'nas'," MANUAL ",'copy_key':"
	  "{'password':'x','from':'no address'}", "options.copy_key", NULL },
	{ EXISTING ",'connection_name':'nas'," MANUAL ",'copy_key':"
	  "{'password':'x','command':'a\\nb'}", "options.copy_key", NULL },
	/* all of it is tried before anybody far is asked */
	{ "'private_key':{'generate_key':false,'existing_key_id':2},"
	  "'connection_name':'nas'," MANUAL ",'copy_key':{'password':'x'}",
	  AT_SETUP ".private_key.existing_key_id", NULL },
	{ NEW ",'connection_name':'half'," MANUAL ",'copy_key':"
	  "{'password':'x'}", AT_SETUP ".connection_name",
	  "Is already in use by another Keychain Credential" },
};

/* Whatever it is that fails, nothing is left of it. */
START_TEST(sets_up_not)
{
	char params[2048], *before, *after;
	const char *got;
	json_t *v;

	done(CREATE, create_text("there", REMOTE));
	before = contents();
	(void)snprintf(params, sizeof(params), "[{%s}]",
	    bad_setups[_i].options);
	if (bad_setups[_i].text != NULL)
		refused_once(SETUP, params, bad_setups[_i].where,
		    bad_setups[_i].text, EINVAL);
	v = call(SETUP, params);
	got = json_string_value(at(v, "error.data.extra.0.0"));
	ck_assert_msg(got != NULL && strcmp(got, bad_setups[_i].where) == 0,
	    "%s: %s", params, got == NULL ? "" : got);
	json_decref(v);
	after = contents();
	ck_assert_str_eq(before, after);
	expect(QUERY, "[[],{'count':true}]", "", "3");
	free(before);
	free(after);
}
END_TEST

/* ---- export ---- */

START_TEST(exports)
{
	json_t *v;

	done(CREATE, create_text("nas", REMOTE));
	v = call(EXPORT, "[3]");
	ck_assert_str_eq(json_string_value(json_object_get(v, "result")),
	    ED_OPENSSH);
	json_decref(v);
	expect(EXPORT, "[3,{'format':'public'}]", "",
	    "'" DERIVED "'");
	/* under the name that was asked for; a public half is no secret */
	expect("naskeys.audit.query", "[[['text','=','Export private key of "
	    "Keychain Credential: nas']],{'count':true}]", "", "1");
	expect("naskeys.audit.query", "[[['action','=','" EXPORT "']],"
	    "{'count':true}]", "", "1");
}
END_TEST

static const struct nk_sandbox_work *const tables[] = {
	nk_privatetext_works, NULL,
};

int
main(int argc, char **argv)
{
	Suite *suite = suite_create("methods of connections");
	TCase *tc = tcase_create("connections");
	SRunner *sr;
	int failed;

	nk_sandbox_serve(argc, argv, tables);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, creates);
	tcase_add_loop_test(tc, refuses, 0, LENGTH(bad));
	tcase_add_test(tc, names_and_types);
	tcase_add_test(tc, host_key_limit);
	tcase_add_test(tc, updates);
	tcase_add_test(tc, updates_nothing);
	tcase_add_test(tc, used_by);
	tcase_add_test(tc, cascade);
	tcase_add_test(tc, cascade_audit);
	tcase_add_test(tc, binds);
	tcase_add_loop_test(tc, binds_not, 0, LENGTH(bad_consumers));
	tcase_add_test(tc, limits);
	tcase_add_test(tc, commands);
	tcase_add_test(tc, commands_once);
	tcase_add_loop_test(tc, commands_fail, 0, LENGTH(failing));
	tcase_add_test(tc, commands_environment);
	tcase_add_test(tc, commands_elsewhere);
	tcase_add_test(tc, sets_up);
	tcase_add_test(tc, sets_up_rsa);
	tcase_add_loop_test(tc, sets_up_not, 0, LENGTH(bad_setups));
	tcase_add_test(tc, exports);
	suite_add_tcase(suite, tc);
	sr = srunner_create(suite);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
