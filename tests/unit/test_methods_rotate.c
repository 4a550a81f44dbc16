/* SPDX-License-Identifier: ISC */

/*
 * keychaincredential.rotate, as far as no other machine answers, and what an
 * unfinished rotation means to other methods.
 */

#include "lib/keychain/privatetext.h"
#include "lib/rpc/rotation.h"
#include "lib/sandbox/sandbox.h"
#include "tests/unit/methods_fixture.h"
#include "tests/unit/passwd_fixture.h"
#include "tests/unit/private_keys.h"

#define CREATE	"keychaincredential.create"
#define UPDATE	"keychaincredential.update"
#define DELETE	"keychaincredential.delete"
#define GET	"keychaincredential.get_instance"
#define QUERY	"keychaincredential.query"
#define ROTATE	"keychaincredential.rotate"
#define USED_BY	"keychaincredential.used_by"
#define BIND	"naskeys.consumer.bind"
#define CHECK	"naskeys.check"

#define REMOTE(id) "'host':'nas','private_key':" id \
	",'remote_host_key':'" ED25519 "'"
#define CONNECTION(name, id) "[{'name':'" name "','type':" \
	"'SSH_CREDENTIALS','attributes':{" REMOTE(id) "}}]"
#define FINISH	"finish that first, or abandon it (naskeysctl connection " \
	"rotate)"
#define PART	"This keypair is part of the unfinished rotation of the " \
	"connection nas: " FINISH

static char seal_key[96];

static void
add_pair(const char *name, const char *private)
{
	json_t *v = json_pack("{s:s}", "private_key", private);
	char *attributes = dump(v), text[8192];

	(void)snprintf(text, sizeof(text), "[{'name':'%s','type':"
	    "'SSH_KEY_PAIR','attributes':%s}]", name, attributes);
	free(attributes);
	json_decref(v);
	done(CREATE, text);
}

/* Keypairs 1 "old", 2 "old (rotation)" and 3 "other"; connection 4 "nas". */
static void
setup(void)
{
	make_world();
	(void)snprintf(seal_key, sizeof(seal_key), "%s/seal.key", w.dir);
	w.state.seal_key = seal_key;
	put_passwd_file(w.dir);
	add_pair("old", ED_OPENSSH);
	add_pair("old (rotation)", ED_OPENSSH);
	add_pair("other", ED_OPENSSH);
	done(CREATE, CONNECTION("nas", "1"));
}

static void
teardown(void)
{
	drop_passwd_file();
	drop_world();
}

/* As one that stopped before this step left it. */
static void
begin(int step)
{
	const struct nk_rotation row = { 4, 2, (unsigned int)step };

	ck_assert_int_eq(nk_edit_begin(w.c.publisher), 0);
	ck_assert_int_eq(nk_rotation_put(nk_publisher_store(w.c.publisher),
	    &row), 0);
	ck_assert_int_eq(nk_edit_commit(w.c.publisher), 0);
}

static bool
has_row(void)
{
	struct nk_rotation row;

	return nk_rotation_get(nk_publisher_store(w.c.publisher), 4, &row) ==
	    0;
}

/* What get_instance answers at this path, the caller's to free. */
static char *
shown(const char *params, const char *path)
{
	json_t *v = call(GET, params);
	char *text = dump(at(v, path));

	json_decref(v);
	return text;
}

/* ---- the call ---- */

START_TEST(refuses)
{
	refused(ROTATE, "[77]", NULL, "KeychainCredential 77 does not exist",
	    ENOENT);
	refused(ROTATE, "[1]", "", "old is a keypair: give the id of an SSH "
	    "connection", EINVAL);
	refused(ROTATE, "[4,{'offline':true}]", "options.offline", "Only a "
	    "rotation that is abandoned leaves the other machine alone",
	    EINVAL);
	refused(ROTATE, "[4,{'abandon':true,'type':'rsa'}]",
	    "options.abandon", "No new key is made then: leave out type and "
	    "bits", EINVAL);
	refused(ROTATE, "[4,{'abandon':true}]", "", "There is no unfinished "
	    "rotation of the key of the connection nas", ENOENT);
	refused(ROTATE, "[4,{'type':'dsa'}]", "options.type", "Input should "
	    "be 'rsa', 'ed25519' or 'ecdsa'", EINVAL);
	refused(ROTATE, "[4,{'type':'ecdsa','bits':255}]", "options.bits",
	    "An ECDSA key has 256, 384 or 521 bits", EINVAL);
	ck_assert(!has_row());
}
END_TEST

/* A remote that nobody reaches: nothing is begun. */
START_TEST(begins_nothing)
{
	char *before = contents(), *after;
	json_t *v = call(ROTATE, "[4]");

	ck_assert_str_eq(json_string_value(at(v, "error.data.errname")),
	    "EFAULT");
	json_decref(v);
	after = contents();
	ck_assert_str_eq(before, after);
	free(before);
	free(after);
}
END_TEST

/* Others that use the keypair, all of them named. */
START_TEST(is_alone)
{
	done(BIND, "[4,{'kind':'RSYNC','title':'/mine'}]");
	done(CREATE, CONNECTION("second", "1"));
	done(BIND, "[5,{'kind':'REPLICATION','title':'daily'}]");
	done(BIND, "[1,{'kind':'SFTP_CLOUD','title':'cloud'}]");
	refused(ROTATE, "[4]", "", "Others use the key of the "
	    "keypair old, too, and would lose it: SSH credentials second, "
	    "Replication task daily, Cloud credentials cloud.  Give each "
	    "connection a keypair of its own first", EBUSY);
	done(BIND, "[1,{'kind':'OTHER','title':'a'}]");
	done(BIND, "[1,{'kind':'OTHER','title':'b'}]");
	done(BIND, "[1,{'kind':'OTHER','title':'c'}]");
	done(BIND, "[1,{'kind':'OTHER','title':'d'}]");
	refused(ROTATE, "[4]", "", "Others use the key of the keypair old, "
	    "too, and would lose it: SSH credentials second, "
	    "Replication task daily, Cloud credentials cloud, a, b and 2 "
	    "more.  Give each connection a keypair of its own first", EBUSY);
	ck_assert(!has_row());
}
END_TEST

/* The same key under another name is the same key. */
START_TEST(is_alone_by_key)
{
	done(CREATE, CONNECTION("second", "3"));
	refused(ROTATE, "[4]", "", "Others use the key of the keypair old, "
	    "too, and would lose it: SSH credentials second.  Give each "
	    "connection a keypair of its own first", EBUSY);
	ck_assert(!has_row());
}
END_TEST

/* One at a time. */
START_TEST(locks)
{
	struct nk_rotating ro;
	struct nk_error e;

	nk_error_init(&e);
	ck_assert_int_eq(nk_rotation_open(&w.c, 4, &ro, &e), 0);
	refused(ROTATE, "[4]", "", "The key of this connection is being "
	    "replaced by somebody else at this moment", EBUSY);
	refused(ROTATE, "[4,{'abandon':true}]", "", "The key of this "
	    "connection is being replaced by somebody else at this moment",
	    EBUSY);
	nk_rotation_close(&ro);
	nk_error_clear(&e);
	refused(ROTATE, "[4,{'abandon':true}]", "", "There is no unfinished "
	    "rotation of the key of the connection nas", ENOENT);
}
END_TEST

/* ---- one that is unfinished ---- */

START_TEST(goes_on_with_the_same)
{
	begin(_i);
	refused(ROTATE, "[4,{'type':'rsa'}]", "", "A rotation to a key "
	    "of the type ed25519 with 256 bits is unfinished: finish or "
	    "abandon that first", EBUSY);
	refused(ROTATE, "[4,{'bits':384}]", "", "A rotation to a key of the "
	    "type ed25519 with 256 bits is unfinished: finish or abandon "
	    "that first", EBUSY);
	ck_assert(has_row());
}
END_TEST

/* Where it stands is said behind why it stops. */
START_TEST(stops)
{
	static const char *const ends[] = {
		"; the old key is still in use: rotate again to go on, or "
		"abandon the rotation",
		"; the old key is still in use: rotate again to go on, or "
		"abandon the rotation",
		"; the new key is in use, and the old one may still be let "
		"in there: rotate again to go on",
	};
	const char *said;
	json_t *v;

	begin(_i);
	v = call(ROTATE, "[4,{'type':'ed25519'}]");
	said = json_string_value(at(v, "error.data.reason"));
	ck_assert_ptr_nonnull(said);
	ck_assert_uint_gt(strlen(said), strlen(ends[_i]));
	ck_assert_str_eq(said + strlen(said) - strlen(ends[_i]), ends[_i]);
	json_decref(v);
	ck_assert(has_row());
}
END_TEST

START_TEST(shows)
{
	static const char *const steps[] = { "'COPY'", "'SWITCH'",
		"'REMOVE'" };

	expect(GET, "[4]", "rotation", "null");
	expect(CHECK, "[]", "ok", "true");
	begin(_i);
	expect(GET, "[4]", "rotation.step", steps[_i]);
	expect(QUERY, "[[['id','=',4]],{'select':['rotation.step'],"
	    "'get':true}]", "rotation.step", steps[_i]);
	expect(CHECK, "[]", "faults", "['connection nas: the rotation of its "
	    "key is unfinished; \\\"naskeysctl connection rotate\\\" goes on "
	    "with it']");
	expect(CHECK, "[]", "ok", "false");
}
END_TEST

/* What would change under it, or vanish. */
START_TEST(guards)
{
	static const char *const changes[] = {
		"[4,{'attributes':{'host':'else','private_key':1,"
		"'remote_host_key':'" ED25519 "'}}]",
		"[4,{'attributes':{'host':'nas','private_key':3,"
		"'remote_host_key':'" ED25519 "'}}]",
		"[4,{'attributes':{'host':'nas','private_key':2,"
		"'remote_host_key':'" ED25519 "'}}]",
		"[4,{'attributes':{'host':'nas','private_key':1,"
		"'username':'x','remote_host_key':'" ED25519 "'}}]",
	};
	char *before, *after;
	size_t i;

	begin(_i);
	before = contents();
	for (i = 0; i < sizeof(changes) / sizeof(changes[0]); i++)
		refused(UPDATE, changes[i], "", "The rotation of the key of "
		    "the connection nas is unfinished, which may have left a "
		    "key with its host and user: " FINISH, EBUSY);
	refused(CREATE, CONNECTION("second", "1"), "", PART, EBUSY);
	refused(CREATE, CONNECTION("second", "2"), "", PART, EBUSY);
	refused(BIND, "[1,{'kind':'RSYNC','title':'x'}]", "", PART, EBUSY);
	refused(BIND, "[2,{'kind':'RSYNC','title':'x'}]", "", PART, EBUSY);
	refused(UPDATE, "[1,{'attributes':{'public_key':'" ED_PUBLIC "'}}]",
	    "", PART, EBUSY);
	refused(UPDATE, "[2,{'attributes':{'public_key':'" ED_PUBLIC "'}}]",
	    "", PART, EBUSY);
	refused(DELETE, "[2]", "", PART, EBUSY);
	refused(DELETE, "[2,{'cascade':true}]", "", PART, EBUSY);
	refused(DELETE, "[1]", "options.cascade", "This credential is used "
	    "and no cascade option is specified", EINVAL);
	after = contents();
	ck_assert_str_eq(before, after);
	free(before);
	free(after);
	/* and what may change all the same */
	done(UPDATE, "[4,{'attributes':{'host':'nas','private_key':1,"
	    "'port':2222,'remote_host_key':'" P256 "'}}]");
	done(UPDATE, "[4,{'name':'renamed'}]");
	done(UPDATE, "[1,{'name':'pair'}]");
	done(UPDATE, "[2,{'name':'second'}]");
	done(BIND, "[4,{'kind':'RSYNC','title':'x'}]");
	ck_assert(has_row());
}
END_TEST

/* The second keypair goes with the connection, whatever else goes. */
START_TEST(deletes)
{
	begin(_i);
	done(DELETE, "[4]");
	expect(QUERY, "[[],{'select':['name']}]", "", "[{'name':'old'},"
	    "{'name':'other'}]");
	done(CREATE, CONNECTION("again", "1"));
	expect(USED_BY, "[1]", "", "[{'title':'SSH credentials again',"
	    "'unbind_method':'delete'}]");
	expect("naskeys.audit.query", "[[['action','=',"
	    "'keychaincredential.delete']],{'select':['object']}]", "",
	    "[{'object':'nas'},{'object':'old (rotation)'}]");
}
END_TEST

START_TEST(deletes_by_cascade)
{
	begin(_i);
	done(DELETE, "[1,{'cascade':true}]");
	expect(QUERY, "[[],{'select':['name']}]", "", "[{'name':'other'}]");
	expect(CHECK, "[]", "ok", "true");
}
END_TEST

/* ---- given up ---- */

/* Nobody is asked: what was not in use goes. */
START_TEST(abandons_offline)
{
	char *pair, *after;

	pair = shown("[1]", "result");
	begin(_i);
	done(ROTATE, "[4,{'abandon':true,'offline':true}]");
	ck_assert(!has_row());
	after = shown("[1]", "result");
	ck_assert_str_eq(pair, after);
	free(pair);
	free(after);
	expect(QUERY, "[[],{'select':['name']}]", "", "[{'name':'old'},"
	    "{'name':'other'},{'name':'nas'}]");
	refused(ROTATE, "[4,{'abandon':true,'offline':true}]", "", "There is "
	    "no unfinished rotation of the key of the connection nas",
	    ENOENT);
	expect("naskeys.audit.query", "[[['action','=',"
	    "'keychaincredential.rotate']],{'select':['text']}]", "",
	    "[{'text':'Leave the rotation, and what there is of it on the "
	    "other machine: connection nas, root at nas'}]");
}
END_TEST

START_TEST(abandons_not)
{
	json_t *v;

	begin(_i);
	v = call(ROTATE, "[4,{'abandon':true}]");
	ck_assert_ptr_nonnull(at(v, "error.data"));
	json_decref(v);
	ck_assert(has_row());
	if (_i == NK_ROTATION_REMOVE)
		refused(ROTATE, "[4,{'abandon':true}]", "", "The connection "
		    "nas logs in with its new key already: rotate again to "
		    "have the old one removed there", EBUSY);
}
END_TEST

/* What another version may have written is not guessed at. */
START_TEST(unknown_step)
{
	json_t *v;

	begin(NK_ROTATION_STEPS);
	v = call(ROTATE, "[4,{'abandon':true,'offline':true}]");
	ck_assert_ptr_nonnull(at(v, "error.data"));
	json_decref(v);
	ck_assert(has_row());
}
END_TEST

/* ---- what is written ---- */

static void
open_rotation(struct nk_rotating *ro)
{
	struct nk_error e;

	nk_error_init(&e);
	ck_assert_int_eq(nk_rotation_open(&w.c, 4, ro, &e), 0);
	nk_error_clear(&e);
}

/* Step by step, each of which is seen by who comes anew. */
START_TEST(edits)
{
	char *old = shown("[1]", "result.public_key"), *now, *text;
	json_t *v = json_pack("{s:s}", "private_key", P256_OPENSSH);
	struct nk_rotating ro;
	struct nk_error e;
	struct nk_pair pair;
	char *new;

	nk_error_init(&e);
	open_rotation(&ro);
	ck_assert(!ro.begun);
	ck_assert_int_eq(nk_pair_read(&w.c, v, "x", &pair, &e), 0);
	ck_assert_int_eq(nk_rotation_begin(&w.c, &ro, &pair, &e), 0);
	ck_assert(ro.begun);
	ck_assert_str_eq(ro.other.type->name, "ecdsa-sha2-nistp256");
	nk_pair_clear(&pair);
	json_decref(v);
	nk_rotation_close(&ro);
	/* its own name was taken */
	expect(GET, "[5]", "name", "'old (rotation 2)'");
	new = shown("[5]", "result.public_key");
	open_rotation(&ro);
	ck_assert(ro.begun);
	ck_assert_int_eq(ro.row.step, NK_ROTATION_COPY);
	ck_assert_int_eq(nk_rotation_copied(&w.c, &ro, &e), 0);
	nk_rotation_close(&ro);
	now = shown("[1]", "result.public_key");
	ck_assert_str_eq(now, old);
	free(now);
	open_rotation(&ro);
	ck_assert_int_eq(ro.row.step, NK_ROTATION_SWITCH);
	ck_assert_str_eq(ro.o.key.type->name, "ssh-ed25519");
	ck_assert_int_eq(nk_rotation_switch(&w.c, &ro, &e), 0);
	ck_assert_str_eq(ro.o.key.type->name, "ecdsa-sha2-nistp256");
	ck_assert_str_eq(ro.other.type->name, "ssh-ed25519");
	nk_rotation_close(&ro);
	/* the halves have stayed together, and each opens in its new row */
	now = shown("[1]", "result.public_key");
	ck_assert_str_eq(now, new);
	free(now);
	now = shown("[5]", "result.public_key");
	ck_assert_str_eq(now, old);
	free(now);
	expect(GET, "[1]", "name", "'old'");
	expect(GET, "[1]", "key_type", "'ecdsa-sha2-nistp256'");
	expect(GET, "[1]", "bits", "256");
	text = shown("[1]", "result.attributes.private_key");
	v = json_string(P256_OPENSSH);
	now = dump(v);
	ck_assert_str_eq(text, now);
	json_decref(v);
	free(now);
	free(text);
	open_rotation(&ro);
	ck_assert_int_eq(ro.row.step, NK_ROTATION_REMOVE);
	ck_assert_str_eq(ro.o.key.type->name, "ecdsa-sha2-nistp256");
	ck_assert_int_eq(nk_rotation_end(&w.c, &ro, "End", &e), 0);
	nk_rotation_close(&ro);
	ck_assert(!has_row());
	refused(GET, "[5]", NULL, "KeychainCredential 5 does not exist", ENOENT);
	expect(CHECK, "[]", "ok", "true");
	free(old);
	free(new);
	nk_error_clear(&e);
}
END_TEST

/* Whoever comes between two of them: nothing is written. */
static const struct {
	const char	*what, *method, *params;
} between[] = {
	{ "taken on", NULL, NULL },
	{ "deleted", DELETE, "[4]" },
};

START_TEST(edits_nothing)
{
	struct nk_rotation row;
	struct nk_rotating ro;
	char *before, *after;
	struct nk_error e;

	nk_error_init(&e);
	begin(NK_ROTATION_SWITCH);
	open_rotation(&ro);
	if (between[_i].params != NULL) {
		done(between[_i].method, between[_i].params);
	} else {
		row = ro.row;
		row.step = NK_ROTATION_REMOVE;
		ck_assert_int_eq(nk_edit_begin(w.c.publisher), 0);
		ck_assert_int_eq(nk_rotation_put(nk_publisher_store(
		    w.c.publisher), &row), 0);
		ck_assert_int_eq(nk_edit_commit(w.c.publisher), 0);
	}
	before = contents();
	ck_assert_int_eq(nk_rotation_copied(&w.c, &ro, &e), -EBUSY);
	ck_assert_int_eq(nk_rotation_switch(&w.c, &ro, &e), -EBUSY);
	ck_assert_int_eq(nk_rotation_end(&w.c, &ro, "End", &e), -EBUSY);
	ck_assert_str_eq(e.reason, "The connection nas, or this rotation of "
	    "its key, was changed or deleted meanwhile: a new key of it may "
	    "be left with root at nas");
	after = contents();
	ck_assert_str_eq(before, after);
	free(before);
	free(after);
	nk_rotation_close(&ro);
	nk_error_clear(&e);
}
END_TEST

static const struct nk_sandbox_work *const tables[] = {
	nk_privatetext_works, NULL,
};

int
main(int argc, char **argv)
{
	Suite *s = suite_create("methods rotate");
	TCase *tc = tcase_create("rotate");
	SRunner *sr;
	int failed;

	nk_sandbox_serve(argc, argv, tables);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, refuses);
	tcase_add_test(tc, begins_nothing);
	tcase_add_test(tc, is_alone);
	tcase_add_test(tc, is_alone_by_key);
	tcase_add_test(tc, locks);
	tcase_add_loop_test(tc, goes_on_with_the_same, 0, NK_ROTATION_STEPS);
	tcase_add_loop_test(tc, stops, 0, NK_ROTATION_STEPS);
	tcase_add_loop_test(tc, shows, 0, NK_ROTATION_STEPS);
	tcase_add_loop_test(tc, guards, 0, NK_ROTATION_STEPS);
	tcase_add_loop_test(tc, deletes, 0, NK_ROTATION_STEPS);
	tcase_add_loop_test(tc, deletes_by_cascade, 0, NK_ROTATION_STEPS);
	tcase_add_loop_test(tc, abandons_offline, 0, NK_ROTATION_STEPS);
	tcase_add_loop_test(tc, abandons_not, 0, NK_ROTATION_STEPS);
	tcase_add_test(tc, unknown_step);
	tcase_add_test(tc, edits);
	tcase_add_loop_test(tc, edits_nothing, 0, LENGTH(between));
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
