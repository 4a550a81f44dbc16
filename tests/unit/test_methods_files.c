/* SPDX-License-Identifier: ISC */

/* Methods that read and write files: imports, the take-over, homes. */

#include <sys/mount.h>

#include <sched.h>

#include "lib/account/textfile.h"
#include "tests/unit/lent_agent.h"
#include "tests/unit/methods_fixture.h"
#include "lib/fullio.h"

#define HASH	"$y$j9T$UFcNLGDrYpmTVuEIJoMCL1$TWOjIUaqUFCHDGG2.lMO2vgrSvjq" \
		"PCJM9SpKRUgzHzC"

/* ---- import ---- */

/* A file with these lines (' for "), ready to be sent along. */
static int
file_of(const char *lines)
{
	char name[128], *text = unquote(lines);
	int fd;

	(void)snprintf(name, sizeof(name), "%s/import.XXXXXX", w.dir);
	fd = mkstemp(name);
	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(unlink(name), 0);
	ck_assert_int_eq(nk_write_full(fd, text, strlen(text)), 0);
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	free(text);
	return fd;
}

static json_t *
import(const char *lines, const char *options)
{
	json_t *v;

	w.c.passed_fd = file_of(lines);
	v = call("user.import", options);
	ck_assert_int_eq(w.c.passed_fd, -1);
	return v;
}

START_TEST(import_users)
{
	static const char lines[] =
	    "{'username':'u1','uid':7001,'group':2,'unixhash':'" HASH "',"
	    "'keys':['" ED25519 " k1','no-pty " P256 "']}\n"
	    "{'username':'u2','group_create':true,'full_name':'U \\u00fc',"
	    "'sshpubkey':'" ED25519 "\\n','groups':[2,1],'admin':true}\n"
	    "{'username':'u3','group_create':true,'unixhash':'!" HASH "'}\n"
	    "{'username':'u4','group':2,'unixhash':'*','email':null}\n"
	    "\n \t\r\n"
	    "{'username':'bin','managed':false,'keys':['" ED25519 "']}\n"
	    "\n";
	json_t *v = import(lines, "[]");
	char *whole = dump(v);

	ck_assert_msg(json_object_get(v, "result") != NULL, "%s", whole);
	ck_assert_int_eq(json_integer_value(at(v, "result.users")), 5);
	ck_assert_int_eq(json_integer_value(at(v, "result.groups")), 2);
	ck_assert_int_eq(json_integer_value(at(v, "result.keys")), 4);
	ck_assert_uint_eq(json_array_size(w.notes), 5);
	ck_assert_int_eq(json_integer_value(at(w.notes, "4.done")), 7);
	ck_assert_int_eq(json_integer_value(at(w.notes, "4.total")), 8);
	json_decref(v);
	free(whole);
	expect("user.query", "[[['username','=','u1']],{'get':true}]",
	    "unixhash", "'" HASH "'");
	expect("user.keys", "['u1']", "1.options", "'no-pty'");
	expect("user.query", "[[['username','=','u2']],{'get':true}]", "uid",
	    "3000");
	expect("user.query", "[[['username','=','u2']],{'get':true}]",
	    "groups", "[1,2]");
	expect("user.query", "[[['username','=','u2']],{'get':true}]",
	    "password_disabled", "true");
	expect("user.query", "[[['username','=','u3']],{'get':true}]",
	    "locked", "true");
	expect("user.query", "[[['username','=','u4']],{'get':true}]",
	    "password_disabled", "true");
	expect("user.query", "[[['username','=','bin']],{'get':true}]",
	    "uid", "2");
	expect("naskeys.audit.query", "[[['object','=','u1']],{'get':true}]",
	    "text", "'Create user u1'");
	expect("naskeys.audit.query", "[[['object','=','u1']],{'get':true}]",
	    "after.keys.0", "'SHA256:" ED25519_SHA256 "'");
	expect("naskeys.check", "[]", "ok", "true");
}
END_TEST

#define GOOD	"{'username':'u1','group':2,'password_disabled':true}\n"

static const struct {
	const char	*lines;
	const char	*text;		/* begins with */
	int		 number;
} bad_imports[] = {
	{ GOOD "not json\n", "line 2: This is no JSON object: it goes wrong "
	    "at column 3.", EINVAL },
	{ GOOD "\n \t\r\nnot json\n", "line 4: This is no JSON object",
	    EINVAL },
	{ GOOD "\f\n", "line 2: This is no JSON object", EINVAL },
	{ GOOD "[]\n", "line 2: Input should be a valid dictionary", EINVAL },
	{ GOOD "{}\n", "line 2: username: Field required", EINVAL },
	{ GOOD "{'username':'u2','username':'u3'}", "line 2: This is no "
	    "JSON object", EINVAL },
	{ GOOD "{'username':'u2','nope':1}", "line 2: nope: Extra inputs are "
	    "not permitted", EINVAL },
	{ GOOD "{'username':7}", "line 2: username: Input should be a valid "
	    "string", EINVAL },
	{ GOOD "{'username':'-'}", "line 2: username: Value error, Cannot "
	    "start with", EINVAL },
	{ GOOD GOOD, "line 2: username: The username \"u1\" already exists.",
	    EEXIST },
	{ "{'username':'alice','group':2,'password_disabled':true}",
	    "line 1: username: The username \"alice\" already exists.",
	    EEXIST },
	{ "{'username':'bin','group':2,'password_disabled':true}",
	    "line 1: username: The username \"bin\" already exists.",
	    EEXIST },
	{ GOOD "{'username':'u2','uid':5001,'group':2,'unixhash':'*'}",
	    "line 2: uid: Uid 5001 is already used (user alice has it)",
	    EEXIST },
	{ GOOD "{'username':'nobody','managed':false}",
	    "line 2: username: Uid 65534, which the name service gives",
	    EINVAL },
	{ GOOD "{'username':'u2','uid':7,'group':2,'unixhash':'*'}",
	    "line 2: uid: Uid 7 is below", EINVAL },
	{ GOOD "{'username':'u2','group':77,'unixhash':'*'}",
	    "line 2: group: Group 77 not found", ENOENT },
	{ GOOD "{'username':'u2','group':1,'unixhash':'*'}",
	    "line 2: group: A builtin group cannot be a primary group.",
	    EINVAL },
	{ GOOD "{'username':'u2','group':2,'groups':[77],'unixhash':'*'}",
	    "line 2: groups: Group 77 not found", ENOENT },
	{ GOOD "{'username':'u2','unixhash':'*'}", "line 2: group: Enter "
	    "either a group name", EINVAL },
	{ GOOD "{'username':'adm','group_create':true,'unixhash':'*'}",
	    "line 2: group_create: A Group with the name \"adm\" already "
	    "exists.", EEXIST },
	{ GOOD "{'username':'u2','group':2}", "line 2: password: Password is "
	    "required", EINVAL },
	{ GOOD "{'username':'u2','group':2,'unixhash':'x'}",
	    "line 2: unixhash: This is no hash of crypt(5) that this machine "
	    "knows.", EINVAL },
	{ GOOD "{'username':'u2','group':2,'unixhash':'*','password':'x'}",
	    "line 2: unixhash: Give either a password or a hash.", EINVAL },
	{ GOOD "{'username':'u2','group':2,'random_password':true}",
	    "line 2: random_password: An import has nobody to tell",
	    EINVAL },
	{ GOOD "{'username':'u2','group':2,'unixhash':'*','home':'/home',"
	    "'home_create':true}", "line 2: home_create: An import does not "
	    "make homes.", EINVAL },
	{ GOOD "{'username':'u2','group':2,'keys':['ssh-ed25519 x']}",
	    "line 2: keys.0: ", EINVAL },
	{ GOOD "{'username':'u2','group':2,'keys':['" ED25519 "\\n" ED25519
	    "']}", "line 2: keys.0: ", EINVAL },
	{ GOOD "{'username':'u2','group':2,'keys':[],'sshpubkey':''}",
	    "line 2: keys: Give either", EINVAL },
	{ GOOD "{'username':'u2','group':2,'keys':'x'}",
	    "line 2: keys: Input should be a valid list", EINVAL },
	{ GOOD "{'username':'no-such-user','managed':false}",
	    "line 2: username: No name service of this machine lists a user "
	    "\"no-such-user\".", ENOENT },
	{ GOOD "{'username':'u2','group':2,'unixhash':'*','home':'/root'}",
	    "line 2: home: /root: homedir already used by root.", EEXIST },
};

START_TEST(bad_import)
{
	static const char *const options[] = {
		"[]", "[{'check_directory':true}]",
	};
	char *before = contents(), *after, *whole, want[512];
	const char *reason;
	json_t *v;
	size_t i;

	for (i = 0; i < 2; i++) {
		v = import(bad_imports[_i].lines, options[i]);
		whole = dump(v);
		reason = json_string_value(at(v, "error.data.reason"));
		(void)snprintf(want, sizeof(want), "[%s] %s",
		    nk_errno_name(bad_imports[_i].number),
		    bad_imports[_i].text);
		ck_assert_msg(reason != NULL && strncmp(reason, want,
		    strlen(want)) == 0, "%s: %s", want, whole);
		free(whole);
		json_decref(v);
		after = contents();
		ck_assert_str_eq(before, after);
		free(after);
	}
	free(before);
}
END_TEST

/* Where the bytes come from. */
START_TEST(import_sources)
{
	int fds[2];
	json_t *v;

	refused("user.import", "[]", "", "Send the file's descriptor with "
	    "the request, or the file after it on standard input.", EINVAL);
	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(dprintf(fds[1], "{\"username\":\"p1\",\"group\":2,"
	    "\"unixhash\":\"*\"}\n"), 43);
	close(fds[1]);
	w.c.passed_fd = fds[0];
	expect("user.import", "[]", "users", "1");
	ck_assert_int_eq(fcntl(fds[0], F_GETFD), -1);	/* it was closed */
	/* the rest of standard input stays open */
	w.c.input_fd = file_of("{'username':'p2','group':2,"
	    "'unixhash':'*'}");
	expect("user.import", "[]", "users", "1");
	ck_assert_int_ne(fcntl(w.c.input_fd, F_GETFD), -1);
	close(w.c.input_fd);
	w.c.input_fd = -1;
	/* neither a folder nor a device */
	w.c.passed_fd = open("/dev/zero", O_RDONLY);
	refused("user.import", "[]", "", "The file to import must be a "
	    "regular file or a pipe.", EINVAL);
	w.c.passed_fd = open("/", O_RDONLY);
	refused("user.import", "[]", "", "The file to import must be a "
	    "regular file or a pipe.", EINVAL);
	/* at once, too, a socket that is for another method */
	fds[0] = listen_anywhere(SOCK_STREAM);
	w.c.passed_fd = fds[0];
	refused("user.import", "[]", "", "The file to import must be a "
	    "regular file or a pipe.", EINVAL);
	ck_assert_int_eq(fcntl(fds[0], F_GETFD), -1);
	/* a sender that stalls */
	w.conf.request_timeout = 1;
	ck_assert_int_eq(pipe(fds), 0);
	w.c.passed_fd = fds[0];
	refused("user.import", "[]", "", "The file to import stopped coming "
	    "before its end.", ETIMEDOUT);
	close(fds[1]);
	/* a hole costs the sender nothing */
	w.c.passed_fd = file_of(GOOD);
	ck_assert_int_eq(ftruncate(w.c.passed_fd, (off_t)1 << 30), 0);
	refused("user.import", "[]", "", "The file to import is no text: "
	    "there is a NUL byte in it.", EINVAL);
	w.c.passed_fd = file_of(GOOD);
	ck_assert_int_eq(ftruncate(w.c.passed_fd, ((off_t)2 << 30) + 1), 0);
	refused("user.import", "[]", "", "The file to import is larger than "
	    "2147483648 bytes.", EFBIG);
	/* an empty file is no change */
	v = import("", "[]");
	ck_assert_int_eq(json_integer_value(at(v, "result.users")), 0);
	json_decref(v);
}
END_TEST

/* The copy has no name, and what was sent may change meanwhile. */
START_TEST(import_leaves_nothing)
{
	struct dirent *e;
	json_t *v;
	DIR *d;

	v = import(GOOD, "[]");
	json_decref(v);
	d = opendir(w.dir);
	while ((e = readdir(d)) != NULL)
		ck_assert_ptr_null(strstr(e->d_name, "import"));
	closedir(d);
}
END_TEST

START_TEST(import_long_line)
{
	char *lines = malloc(2u << 20);
	json_t *v;

	memset(lines, 'a', 2u << 20);
	lines[(2u << 20) - 1] = '\0';
	v = import(lines, "[]");
	ck_assert_str_eq(json_string_value(at(v, "error.data.reason")),
	    "[EINVAL] line 1: the line is longer than 1048576 bytes.");
	json_decref(v);
	free(lines);
}
END_TEST

START_TEST(import_many)
{
	const size_t n = 20000;
	char *lines = malloc(n * 80), *p = lines;
	json_t *v;
	size_t i;

	ck_assert_ptr_nonnull(lines);
	for (i = 0; i < n; i++)
		p += snprintf(p, 80, "{\"username\":\"m%zu\",\"group\":2,"
		    "\"unixhash\":\"*\"}\n", i);
	v = import(lines, "[]");
	ck_assert_int_eq(json_integer_value(at(v, "result.users")),
	    (json_int_t)n);
	ck_assert_uint_eq(json_array_size(w.notes), 100);
	json_decref(v);
	free(lines);
	expect("user.query", "[[['username','=','m19999']],{'get':true}]",
	    "uid", "23002");
	expect("user.query", "[[],{'count':true}]", "", "20005");
}
END_TEST

/* ---- the machine's own accounts ---- */

static const char passwd[] =
	"root:x:0:0:root:/root:/bin/bash\n"
	"www-data:x:33:33::/var/www:/usr/sbin/nologin\n"
	"hans:x:8000:8000:Hans,,,:/home/hans:/bin/bash\n"
	"iris:x:8001:100:Iris:/home/iris:\n"
	"jo:x:8002:8000::/home/jo:/bin/sh\n"
	"bad$:x:8003:8000::/home/bad:/bin/sh\n"
	"nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n";
static const char shadow[] =
	"root:*:19000:0:99999:7:::\n"
	"hans:" HASH ":19500:0:99999:7::30000:\n"
	"iris:!" HASH ":19500:0:99999:7:::\n"
	"jo:!:0:0:99999:7:::\n";
static const char group[] =
	"root:x:0:\n"
	"sudo:x:27:hans\n"
	"users:x:100:\n"
	"hans:x:8000:\n"
	"family:x:8100:hans,iris\n"
	"web:x:8200:hans,www-data\n";

static void
put(const char *name, const char *text)
{
	char path[192];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/etc/%s", w.dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(nk_write_full(fd, text, strlen(text)), 0);
	close(fd);
}

static void
assert_text(const char *name, const char *want)
{
	char path[192], *text;
	size_t len;

	(void)snprintf(path, sizeof(path), "%s/etc/%s", w.dir, name);
	ck_assert_int_eq(nk_textfile_read(AT_FDCWD, path, 65536, &text,
	    &len), 0);
	ck_assert_str_eq(text, want);
	free(text);
}

static json_t *
take_over(int step, bool dry_run)
{
	char params[256];

	(void)snprintf(params, sizeof(params), "[{'etc':'%s/etc','step':%d,"
	    "'dry_run':%s}]", w.dir, step, dry_run ? "true" : "false");
	return call("naskeys.import_system", params);
}

static void
make_etc(void)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/etc", w.dir);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	put("passwd", passwd);
	put("shadow", shadow);
	put("group", group);
}

START_TEST(take_over_dry)
{
	char *before = contents(), *after, *whole;
	json_t *v;

	make_etc();
	v = take_over(1, true);
	whole = dump(v);
	ck_assert_msg(json_array_size(at(v, "result.users")) == 3, "%s",
	    whole);
	/* hans, family and web of the file, and iris's own */
	ck_assert_uint_eq(json_array_size(at(v, "result.groups")), 4);
	ck_assert(json_is_true(at(v, "result.users.0.leaves_files")));
	ck_assert_ptr_nonnull(strstr(whole,
	    "bad$: the name is none that naskeys takes"));
	ck_assert_ptr_nonnull(strstr(whole, "iris: its password is locked"));
	ck_assert_ptr_null(strstr(whole, "$y$"));
	free(whole);
	json_decref(v);
	after = contents();
	ck_assert_str_eq(before, after);
	assert_text("passwd", passwd);
	free(before);
	free(after);
}
END_TEST

START_TEST(take_over_both_steps)
{
	json_t *v;

	make_etc();
	json_decref(take_over(1, false));
	assert_text("passwd", passwd);
	expect("user.query", "[[['username','=','hans']],{'get':true}]",
	    "managed", "false");
	expect("user.query", "[[['username','=','hans']],{'get':true}]",
	    "unixhash", "'" HASH "'");
	expect("user.query", "[[['username','=','iris']],{'get':true}]",
	    "password_disabled", "true");
	expect("user.query", "[[['username','=','iris']],{'get':true}]",
	    "locked", "false");
	expect("user.query", "[[['username','=','iris']],{'get':true}]",
	    "group.bsdgrp_group", "'iris'");
	expect("user.query", "[[['username','=','jo']],{'get':true}]",
	    "group.bsdgrp_gid", "8000");
	/* a password that is changed meanwhile comes too */
	put("shadow", "hans:$6$abcdefgh$abcdefghijklmnop:19600:0:99999:7:::"
	    "\niris:*:19500:0:99999:7:::\n");
	/* who is new meanwhile stays */
	put("passwd", "root:x:0:0:root:/root:/bin/bash\n"
	    "kim:x:8004:8000::/home/kim:/bin/sh\n"
	    "hans:x:8000:8000:Hans,,,:/home/hans:/bin/bash\n"
	    "iris:x:8001:100:Iris:/home/iris:\n"
	    "jo:x:8002:8000::/home/jo:/bin/sh\n");
	v = take_over(2, false);
	ck_assert_int_eq(json_integer_value(at(v, "result.lines_removed")),
	    6);
	json_decref(v);
	assert_text("passwd", "root:x:0:0:root:/root:/bin/bash\n"
	    "kim:x:8004:8000::/home/kim:/bin/sh\n");
	assert_text("shadow", "");
	assert_text("group", "root:x:0:\nsudo:x:27:hans\nusers:x:100:\n"
	    "hans:x:8000:\nweb:x:8200:hans,www-data\n");
	expect("user.query", "[[['username','=','hans']],{'get':true}]",
	    "managed", "true");
	expect("user.query", "[[['username','=','hans']],{'get':true}]",
	    "unixhash", "'$6$abcdefgh$abcdefghijklmnop'");
	expect("user.get_user_obj", "[{'username':'hans',"
	    "'get_groups':true}]", "grouplist", "[8000,8100,8200,4999]");
	expect("user.query", "[[['username','=','kim']],{'count':true}]",
	    "", "0");
	expect("naskeys.check", "[]", "ok", "true");
	/* again: nothing is left to do but kim's row */
	v = take_over(1, false);
	ck_assert_uint_eq(json_array_size(at(v, "result.users")), 1);
	json_decref(v);
}
END_TEST

/* Killed after the rows were managed: the lines still leave. */
START_TEST(take_over_again)
{
	json_t *v;

	make_etc();
	json_decref(take_over(1, false));
	json_decref(take_over(2, false));
	put("passwd", passwd);
	v = take_over(2, false);
	ck_assert_int_eq(json_integer_value(at(v, "result.lines_removed")),
	    3);
	json_decref(v);
}
END_TEST

/* A line that is none is named, and stays; the others come. */
START_TEST(take_over_malformed)
{
	json_t *v;

	make_etc();
	put("passwd", "nonsense\n"
	    "hans:x:8000:8000:Hans,,,:/home/hans:/bin/bash\n"
	    "iris:x:8001:100:Iris:/home/iris:/bin/sh\n");
	put("shadow", "hans:*:19500:0:99999:7:::\niris:*\n");
	put("group", "users:x:100:\nhans:x:8000:\nhans\n");
	v = take_over(1, false);
	ck_assert_uint_eq(json_array_size(at(v, "result.users")), 1);
	ck_assert_uint_eq(json_array_size(at(v, "result.warnings")), 4);
	ck_assert_str_eq(json_string_value(at(v, "result.warnings.0")),
	    "passwd, line 1: the line is malformed and stays as it is");
	ck_assert_str_eq(json_string_value(at(v, "result.warnings.1")),
	    "shadow, line 2: the line is malformed and stays as it is");
	ck_assert_str_eq(json_string_value(at(v, "result.warnings.2")),
	    "group, line 3: the line is malformed and stays as it is");
	ck_assert_str_eq(json_string_value(at(v, "result.warnings.3")),
	    "iris: its line in shadow is malformed");
	json_decref(v);
	json_decref(take_over(2, false));
	assert_text("passwd", "nonsense\n"
	    "iris:x:8001:100:Iris:/home/iris:/bin/sh\n");
	assert_text("shadow", "iris:*\n");
	assert_text("group", "users:x:100:\nhans\n");
}
END_TEST

/* Whose keys stay behind in a home is said. */
START_TEST(take_over_keys)
{
	json_t *v;
	char *whole;

	make_etc();
	ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
	ck_assert_int_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL),
	    0);
	ck_assert_int_eq(mount("none", "/mnt", "tmpfs", 0, "mode=0755"), 0);
	ck_assert_int_eq(mkdir("/mnt/hans", 0755), 0);
	ck_assert_int_eq(mkdir("/mnt/hans/.ssh", 0700), 0);
	ck_assert_int_eq(mkdir("/mnt/jo", 0755), 0);
	ck_assert_int_eq(symlink("/root", "/mnt/jo/.ssh"), 0);
	close(creat("/mnt/hans/.ssh/authorized_keys", 0600));
	ck_assert_int_eq(truncate("/mnt/hans/.ssh/authorized_keys", 1), 0);
	put("passwd", "hans:x:8000:8000:Hans,,,:/mnt/hans:/bin/bash\n"
	    "iris:x:8001:100:Iris:/mnt/iris:/bin/sh\n"
	    "jo:x:8002:8000::/mnt/jo:/bin/sh\n");
	v = take_over(1, true);
	whole = dump(at(v, "result.warnings"));
	ck_assert_ptr_nonnull(strstr(whole, "hans: the keys in /mnt/hans/"
	    ".ssh/authorized_keys are not taken over"));
	ck_assert_ptr_nonnull(strstr(whole, "jo: whether there are keys in "
	    "/mnt/jo/.ssh/authorized_keys could not be seen safely"));
	ck_assert_ptr_nonnull(strstr(whole, "\\\"naskeysctl key adopt hans"
	    "\\\""));
	ck_assert_ptr_nonnull(strstr(whole, "\\\"naskeysctl key adopt jo"
	    "\\\""));
	ck_assert_ptr_null(strstr(whole, "/mnt/iris"));
	free(whole);
	json_decref(v);
}
END_TEST

START_TEST(take_over_conflicts)
{
	char *before, *after;
	json_t *v;

	make_etc();
	done("user.create", "[{'username':'hans','uid':8005,'group':2,"
	    "'password_disabled':true}]");
	before = contents();
	v = take_over(1, false);
	assert_refused(v, "name", "", "The username \"hans\" already exists, "
	    "and its uid is not 8000.", EEXIST);
	json_decref(v);
	put("passwd", "otto:x:8005:100::/home/otto:/bin/sh\n");
	v = take_over(1, false);
	assert_refused(v, "uid", "", "User otto: Uid 8005 is already used "
	    "(user hans has it)", EEXIST);
	json_decref(v);
	put("passwd", "a:x:1:1:::\na:x:2:1:::\n");
	v = take_over(1, false);
	ck_assert_ptr_nonnull(strstr(json_string_value(at(v,
	    "error.data.reason")), "passwd, line 2: this name stands"));
	json_decref(v);
	refused("naskeys.import_system", "[{'step':2}]", "", "This is not "
	    "the machine's own store, so the lines of /etc stay: name the "
	    "folder in \"etc\" if they shall leave.", EPERM);
	refused("naskeys.import_system", "[{'min_uid':10}]",
	    "options.min_uid", "Uids below 1000 are not served.", EINVAL);
	refused("naskeys.import_system", "[{'etc':'x'}]", "options.etc",
	    "The folder must be an absolute path.", EINVAL);
	after = contents();
	ck_assert_str_eq(before, after);
	free(before);
	free(after);
}
END_TEST

/* ---- accounts that changed elsewhere ---- */

static void
put_passwd(const char *text)
{
	char path[192];

	put("passwd", text);
	(void)snprintf(path, sizeof(path), "%s/etc/passwd", w.dir);
	(void)umount2("/etc/passwd", MNT_DETACH);
	ck_assert_int_eq(mount(path, "/etc/passwd", NULL, MS_BIND, NULL), 0);
}

/* The hashes are root's, the keys a group's, and "sync" sees to it. */
START_TEST(map_readers)
{
	static const struct {
		const char	*name;
		mode_t		 bad, good;
	} rows[] = {
		{ "secrets.map", 0644, 0600 },
		{ "secrets.map", 0640, 0600 },
		{ "keys.map", 0644, 0640 },
		{ "keys.map", 0600, 0640 },
		{ "accounts.map", 0600, 0644 },
		{ "accounts.map", 0664, 0644 },
	};
	char path[256], faults[512];
	struct stat st;
	size_t i;

	for (i = 0; i < LENGTH(rows); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", w.maps,
		    rows[i].name);
		ck_assert_int_eq(chmod(path, rows[i].bad), 0);
		(void)snprintf(faults, sizeof(faults),
		    "['%s: wrong owner, group or mode']", path);
		expect("naskeys.check", "[]", "ok", "false");
		expect("naskeys.check", "[]", "faults", faults);
		done("naskeys.sync", "[]");
		ck_assert_int_eq(lstat(path, &st), 0);
		ck_assert_uint_eq(st.st_mode & 07777, rows[i].good);
		expect("naskeys.check", "[]", "ok", "true");
	}
}
END_TEST

START_TEST(changed_elsewhere)
{
	make_etc();
	ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
	ck_assert_int_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL),
	    0);
	nk_resolver_free(w.c.resolver);	/* its files are the machine's */
	w.c.resolver = NULL;
	put_passwd("root:x:0:0:root:/root:/bin/bash\n"
	    "daemon:x:44:1::/:\nalice:x:200:200::/:\nsys:x:5002:1::/:\n");
	expect("naskeys.check", "[]", "", "{'ok':false,'faults':["
	    "'user alice: another name service has this name too, and may "
	    "be asked first',"
	    "'user bob: its uid 5002 is also that of user sys in another "
	    "name service',"
	    "'user daemon: its uid is 44 now and not 1, so its keys are not "
	    "given out until the new one is accepted'],'machine':[],"
	    "'advice':null}");
	done("user.update", "[4,{'accept_uid':true}]");
	put_passwd("root:x:0:0:root:/root:/bin/bash\n");
	expect("naskeys.check", "[]", "faults",
	    "['user daemon: no name service knows this account any more']");
	refused("user.update", "[4,{'accept_uid':true}]",
	    "user_update.accept_uid", "No name service of this machine knows "
	    "a user \"daemon\".", ENOENT);
	expect("user.get_instance", "[4]", "uid", "44");
	/* a uid that we manage is not accepted */
	put_passwd("root:x:0:0::/:\ndaemon:x:5001:1::/:\n");
	refused("user.update", "[4,{'accept_uid':true}]",
	    "user_update.accept_uid",
	    "Uid 5001 is already used (user alice has it)", EEXIST);
}
END_TEST

/* ---- homes ---- */

static void
make_mnt(void)
{
	ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
	ck_assert_int_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL),
	    0);
	ck_assert_int_eq(mount("none", "/mnt", "tmpfs", 0, "mode=0755"), 0);
	ck_assert_int_eq(mkdir("/mnt/skel", 0755), 0);
	ck_assert_int_eq(close(creat("/mnt/skel/.profile", 0644)), 0);
	(void)snprintf(w.conf.skeleton, sizeof(w.conf.skeleton),
	    "/mnt/skel");
}

START_TEST(home_made)
{
	struct stat st;

	make_mnt();
	expect("user.create", "[{'username':'dora','uid':6001,"
	    "'group_create':true,'password':'x','home':'/mnt/',"
	    "'home_create':true,'home_mode':'750'}]", "home",
	    "'/mnt/dora'");
	ck_assert_int_eq(lstat("/mnt/dora", &st), 0);
	ck_assert_uint_eq(st.st_uid, 6001);
	ck_assert_uint_eq(st.st_gid, 6001);
	ck_assert_uint_eq(st.st_mode & 07777, 0750);
	ck_assert_int_eq(lstat("/mnt/dora/.profile", &st), 0);
	ck_assert_uint_eq(st.st_uid, 6001);
	/* one that is there is the user's already, or is refused */
	ck_assert_int_eq(mkdir("/mnt/emil", 0711), 0);
	refused_once("user.create", "[{'username':'emil','group':2,"
	    "'uid':6002,'password':'x','home':'/mnt','home_create':true}]",
	    "user_create.home", "/mnt/emil: The home directory does not "
	    "belong to the user; it may not be mounted. If it is meant for "
	    "this user, give it to uid 6002 first.", EINVAL);
	ck_assert_int_eq(lstat("/mnt/emil", &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0711);
	ck_assert_int_eq(chown("/mnt/emil", 6002, 5000), 0);
	done("user.create", "[{'username':'emil','group':2,'uid':6002,"
	    "'password':'x','home':'/mnt','home_create':true}]");
	ck_assert_int_eq(lstat("/mnt/emil", &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0700);
	ck_assert_int_eq(lstat("/mnt/emil/.profile", &st), 0);
	ck_assert_uint_eq(st.st_uid, 6002);
	/* one that is only named is left alone */
	ck_assert_int_eq(mkdir("/mnt/fay", 0711), 0);
	done("user.create", "[{'username':'fay','group':2,'password':'x',"
	    "'home':'/mnt/fay'}]");
	ck_assert_int_eq(lstat("/mnt/fay", &st), 0);
	ck_assert_uint_eq(st.st_uid, 0);
}
END_TEST

/* The one audit row of user.update for this user, last. */
static void
expect_audit(const char *path, const char *value)
{
	expect("naskeys.audit.query", "[[['action','=','user.update']],"
	    "{'order_by':['-id'],'limit':1}]", path, value);
}

START_TEST(home_mode)
{
	char *before, *after;
	struct stat st;

	make_mnt();
	done("user.create", "[{'username':'dora','group':2,'password':'x',"
	    "'home':'/mnt','home_create':true}]");
	expect("user.update", "[6,{'home_mode':'750'}]", "warnings", "[]");
	ck_assert_int_eq(lstat("/mnt/dora", &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0750);
	expect_audit("0.before", "{'home_mode':'700'}");
	expect_audit("0.after", "{'home_mode':'750'}");
	done("user.revoke_key", "['SHA256:" ED25519_SHA256 "']");
	before = contents();
	done("user.update", "[6,{'home_mode':'750'}]");
	ck_assert_int_eq(chown("/mnt/dora", 5005, 5000), 0);
	refused_once("user.update", "[6,{'home_mode':'700'}]",
	    "user_update.home_mode", "/mnt/dora: The home directory does not "
	    "belong to the user; it may not be mounted. If it is meant for "
	    "this user, give it to uid 3000 first.", EINVAL);
	ck_assert_int_eq(chown("/mnt/dora", 3000, 5000), 0);
	/* an edit that fails takes it back */
	refused("user.update", "[6,{'home_mode':'700','sshpubkey':'"
	    ED25519 "'}]", "user_update.sshpubkey", "The key SHA256:"
	    ED25519_SHA256 " has been revoked. Use another key; only an "
	    "administrator can bring this one back, with \"force\" "
	    "(naskeysctl key add --force).", EPERM);
	after = contents();
	ck_assert_str_eq(before, after);
	ck_assert_int_eq(lstat("/mnt/dora", &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0750);
	free(before);
	free(after);
}
END_TEST

START_TEST(home_again)
{
	struct stat st;

	make_mnt();
	done("user.create", "[{'username':'dora','group':2,'password':'x',"
	    "'home':'/mnt','home_create':true}]");
	ck_assert_int_eq(rename("/mnt/dora", "/mnt/away"), 0);
	/* who says nothing of the home does not make it */
	done("user.update", "[6,{'full_name':'Dora'}]");
	ck_assert_int_eq(lstat("/mnt/dora", &st), -1);
	done("user.update", "[6,{'home':'/mnt/dora','full_name':'D'}]");
	ck_assert_int_eq(lstat("/mnt/dora", &st), 0);
	ck_assert_uint_eq(st.st_uid, 3000);
	ck_assert_uint_eq(st.st_mode & 07777, 0700);
	ck_assert_int_eq(lstat("/mnt/dora/.profile", &st), 0);
	remove_tree("/mnt/dora");
	done("user.update", "[6,{'home_mode':'711'}]");
	ck_assert_int_eq(lstat("/mnt/dora", &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0711);
	remove_tree("/mnt/dora");
	ck_assert_int_eq(close(creat("/mnt/dora", 0644)), 0);
	refused("user.update", "[6,{'home':'/mnt/dora','full_name':'E'}]",
	    "", "Path for home directory already exists and is not a "
	    "directory", EEXIST);
	ck_assert_int_eq(unlink("/mnt/dora"), 0);
	ck_assert_int_eq(chmod("/mnt", 0777), 0);
	expect("user.update", "[6,{'home':'/mnt/dora','full_name':'F'}]",
	    "warnings", "['The home directory /mnt/dora is not there, and "
	    "could not be made: Operation not permitted.']");
	expect("user.get_instance", "[6]", "full_name", "'F'");
	refused_once("user.update", "[6,{'home_create':true}]",
	    "user_update.home", "/mnt: a home is made only in a folder that "
	    "root owns along its whole path and that nobody else can write "
	    "to.", EINVAL);
}
END_TEST

/* Make it 1 MiB long, without holes. */
static void
fill(const char *path)
{
	static const char zero[65536];
	int fd = open(path, O_WRONLY), i;

	ck_assert_int_ge(fd, 0);
	for (i = 0; i < 16; i++)
		ck_assert_int_eq(write(fd, zero, sizeof(zero)),
		    (int)sizeof(zero));
	ck_assert_int_eq(close(fd), 0);
}

/* Something of dora's in her home. */
static void
put_file(const char *path, mode_t mode, uid_t uid)
{
	int fd = creat(path, mode);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, "hers\n", 5), 5);
	ck_assert_int_eq(fchown(fd, uid, 5000), 0);
	ck_assert_int_eq(close(fd), 0);
}

START_TEST(home_moves)
{
	struct stat st;

	make_mnt();
	done("user.create", "[{'username':'dora','group':2,'password':'x',"
	    "'home':'/mnt','home_create':true,'home_mode':'751'}]");
	ck_assert_int_eq(unlink("/mnt/dora/.profile"), 0);
	put_file("/mnt/dora/file", 0640, 3000);
	ck_assert_int_eq(mkdir("/mnt/new", 0755), 0);
	expect("user.update", "[6,{'home':'/mnt/new','home_create':true}]",
	    "home", "'/mnt/new/dora'");
	ck_assert_int_eq(lstat("/mnt/new/dora", &st), 0);
	ck_assert_uint_eq(st.st_uid, 3000);
	ck_assert_uint_eq(st.st_mode & 07777, 0751);
	ck_assert_int_eq(lstat("/mnt/new/dora/file", &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0640);
	/* all of it and nothing else; the old one stays */
	ck_assert_int_eq(lstat("/mnt/new/dora/.profile", &st), -1);
	ck_assert_int_eq(lstat("/mnt/dora/file", &st), 0);
	/* without home_create too, and into one that is there */
	ck_assert_int_eq(mkdir("/mnt/third", 0700), 0);
	ck_assert_int_eq(chown("/mnt/third", 3000, 5000), 0);
	expect("user.update", "[6,{'home':'/mnt/third','home_mode':'711'}]",
	    "warnings", "[]");
	ck_assert_int_eq(lstat("/mnt/third/file", &st), 0);
	ck_assert_int_eq(lstat("/mnt/third", &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0711);
	expect_audit("0.before", "{'home':'/mnt/new/dora',"
	    "'home_mode':'700'}");
	/* what was moved by hand is not moved again */
	ck_assert_int_eq(rename("/mnt/third", "/mnt/fourth"), 0);
	expect("user.update", "[6,{'home':'/mnt/none/at/all'}]", "home",
	    "'/mnt/none/at/all'");
	expect("user.update", "[6,{'home':'/mnt/fourth'}]", "warnings",
	    "[]");
	/* nothing of hers is there: that is said */
	ck_assert_int_eq(chown("/mnt/fourth", 0, 0), 0);
	expect("user.update", "[6,{'home':'/mnt/fifth'}]", "warnings",
	    "['Nothing was copied from /mnt/fourth: The home directory does "
	    "not belong to the user; it may not be mounted.']");
	ck_assert_int_eq(lstat("/mnt/fifth/.profile", &st), 0);
}
END_TEST

/* The keys that naskeys writes into the home's file go with it. */
START_TEST(home_moves_keys)
{
	struct stat st;

	make_mnt();
	done("user.create", "[{'username':'dora','group':2,'password':'x',"
	    "'home':'/mnt','home_create':true}]");
	done("user.add_key", "['dora',{'key':'" P256 "'}]");
	done("user.authorized_keys_file", "['dora',{'mode':'HOME'}]");
	ck_assert_int_eq(lstat("/mnt/dora/.ssh/authorized_keys", &st), 0);
	expect("user.update", "[6,{'home':'/mnt/new'}]", "warnings", "[]");
	ck_assert_int_eq(lstat("/mnt/dora/.ssh/authorized_keys", &st), -1);
	ck_assert_int_eq(lstat("/mnt/new/.ssh/authorized_keys", &st), 0);
	ck_assert_int_gt(st.st_size, 100);
	expect("user.remove_key", "['dora','SHA256:" P256_SHA256 "']",
	    "removed", "1");
	ck_assert_int_eq(lstat("/mnt/new/.ssh/authorized_keys", &st), -1);
	expect("user.delete", "[6]", "", "6");
	ck_assert_int_eq(lstat("/mnt/new/.ssh", &st), -1);
	ck_assert_int_eq(lstat("/mnt/dora/.ssh", &st), 0);
}
END_TEST

START_TEST(home_stays)
{
	char *before, *after;
	struct stat st;

	make_mnt();
	done("user.create", "[{'username':'dora','group':2,'password':'x',"
	    "'home':'/mnt','home_create':true}]");
	put_file("/mnt/dora/file", 0600, 3000);
	put_file("/mnt/dora/\033[31m", 0600, 0);
	before = contents();
	refused_once("user.update", "[6,{'home':'/mnt/new'}]",
	    "user_update.home", "/mnt/dora/?[31m cannot be copied to "
	    "/mnt/new: The user may not do that: look at the modes of the "
	    "home directory and of what is in it.", EINVAL);
	ck_assert_int_eq(lstat("/mnt/new", &st), -1);
	ck_assert_int_eq(unlink("/mnt/dora/\033[31m"), 0);
	refused_once("user.update", "[6,{'home':'/mnt/no/where'}]",
	    "user_update.home", "/mnt/no: parent path of specified home "
	    "directory does not exist.", EINVAL);
	refused_once("user.update", "[6,{'home':'/mnt/skel'}]",
	    "user_update.home", "/mnt/skel: The home directory does not "
	    "belong to the user; it may not be mounted. If it is meant for "
	    "this user, give it to uid 3000 first.", EINVAL);
	refused_once("user.update", "[6,{'home':'/mnt/dora/in'}]",
	    "user_update.home", "/mnt/dora: a home is made only in a folder "
	    "that root owns along its whole path and that nobody else can "
	    "write to.", EINVAL);
	/* full: what was made is gone again */
	ck_assert_int_eq(mkdir("/mnt/small", 0755), 0);
	ck_assert_int_eq(mount("none", "/mnt/small", "tmpfs", 0,
	    "mode=0755,size=64k"), 0);
	put_file("/mnt/dora/big", 0600, 3000);
	fill("/mnt/dora/big");
	put_file("/mnt/dora/later", 0600, 3000);
	refused_once("user.update", "[6,{'home':'/mnt/small',"
	    "'home_create':true}]", "user_update.home", "/mnt/dora could "
	    "not be copied to /mnt/small/dora: The home directory's file "
	    "system is full.", EINVAL);
	ck_assert_int_eq(lstat("/mnt/small/dora", &st), -1);
	after = contents();
	ck_assert_str_eq(before, after);
	free(before);
	free(after);
}
END_TEST

START_TEST(home_left)
{
	struct stat st;

	make_mnt();
	done("user.create", "[{'username':'dora','group_create':true,"
	    "'password':'x','home':'/mnt','home_create':true}]");
	ck_assert_int_eq(mkdir("/mnt/dora/.ssh", 0700), 0);
	ck_assert_int_eq(chown("/mnt/dora/.ssh", 3000, 3000), 0);
	put_file("/mnt/dora/.ssh/authorized_keys", 0600, 3000);
	put_file("/mnt/dora/file", 0600, 3000);
	expect("user.delete", "[6]", "", "6");
	ck_assert_uint_eq(json_array_size(w.notes), 0);
	ck_assert_int_eq(lstat("/mnt/dora/.ssh", &st), -1);
	ck_assert_int_eq(lstat("/mnt/dora/file", &st), 0);
	/* where it cannot be, it is said */
	done("user.create", "[{'username':'emil','group_create':true,"
	    "'password':'x','home':'/mnt','home_create':true}]");
	ck_assert_int_eq(mkdir("/mnt/emil/.ssh", 0700), 0);
	put_file("/mnt/emil/.ssh/authorized_keys", 0600, 0);
	expect("group.delete", "[6,{'delete_users':true}]", "", "6");
	ck_assert_str_eq(json_string_value(json_object_get(
	    json_array_get(w.notes, 0), "text")), "Delete user emil: "
	    "/mnt/emil/.ssh was not removed: The user may not do that: look "
	    "at the modes of the home directory and of what is in it.");
	expect("naskeys.audit.query", "[[['object','=','emil']],"
	    "{'order_by':['-id'],'limit':1}]", "0.action", "'group.delete'");
	ck_assert_int_eq(lstat("/mnt/emil/.ssh/authorized_keys", &st), 0);
	/* a home that was never made is no news */
	done("user.create", "[{'username':'fay','group_create':true,"
	    "'password':'x','home':'/mnt/none/fay'}]");
	expect("user.delete", "[8]", "", "8");
	ck_assert_uint_eq(json_array_size(w.notes), 0);
}
END_TEST

START_TEST(home_refused)
{
	char *before, *after;
	struct stat st;

	make_mnt();
	done("user.create", "[{'username':'dora','group':2,'password':'x',"
	    "'home':'/mnt','home_create':true}]");
	ck_assert_int_eq(close(creat("/mnt/emil", 0644)), 0);
	before = contents();
	/* the whole user, and its new group, are not there then */
	refused("user.create", "[{'username':'emil','group_create':true,"
	    "'password':'x','home':'/mnt','home_create':true}]", "", "Path "
	    "for home directory already exists and is not a directory",
	    EEXIST);
	refused("user.create", "[{'username':'fay','group_create':true,"
	    "'password':'x','home':'/mnt/dora','home_create':true}]",
	    "user_create.home", "/mnt/dora: a home is made only in a folder "
	    "that root owns along its whole path and that nobody else can "
	    "write to.", EINVAL);
	ck_assert_int_eq(lstat("/mnt/dora/fay", &st), -1);
	/* the mode itself is the only thing wrong with it */
	refused_once("user.update", "[6,{'home_mode':'888'}]",
	    "user_update.home_mode", "Please provide a valid value for "
	    "home_mode attribute", EINVAL);
	refused_once("user.update", "[6,{'home_mode':'300'}]",
	    "user_update.home_mode", "Home directory must be readable by "
	    "User.", EINVAL);
	after = contents();
	ck_assert_str_eq(before, after);
	free(before);
	free(after);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("methods_files");
	TCase *tc = tcase_create("files");
	SRunner *sr = srunner_create(s);
	int failed;

	nk_json_wipe_memory();
	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, make_world, drop_world);
	tcase_add_test(tc, import_users);
	tcase_add_loop_test(tc, bad_import, 0, LENGTH(bad_imports));
	tcase_add_test(tc, import_sources);
	tcase_add_test(tc, import_leaves_nothing);
	tcase_add_test(tc, import_long_line);
	tcase_add_test(tc, import_many);
	tcase_add_test(tc, take_over_dry);
	tcase_add_test(tc, take_over_both_steps);
	tcase_add_test(tc, take_over_again);
	tcase_add_test(tc, take_over_malformed);
	tcase_add_test(tc, take_over_conflicts);
	tcase_add_test(tc, map_readers);
	if (geteuid() == 0) {
		tcase_add_test(tc, take_over_keys);
		tcase_add_test(tc, changed_elsewhere);
		tcase_add_test(tc, home_made);
		tcase_add_test(tc, home_refused);
		tcase_add_test(tc, home_mode);
		tcase_add_test(tc, home_again);
		tcase_add_test(tc, home_moves);
		tcase_add_test(tc, home_moves_keys);
		tcase_add_test(tc, home_stays);
		tcase_add_test(tc, home_left);
	}
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
