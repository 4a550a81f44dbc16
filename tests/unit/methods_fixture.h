/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_TESTS_METHODS_FIXTURE_H
#define NASKEYS_TESTS_METHODS_FIXTURE_H

/*
 * A store, maps and a caller in a folder of the test's own, and calls as
 * request lines.  JSON is written with ' for ".
 *
 * In the world that make_world() makes:
 *	groups	1 builtin_administrators, 2 crew (5000), 3 alice (5001),
 *		4 bob (5002)
 *	users	1 root, 2 alice (5001, password "alice's", one key),
 *		3 bob (5002, administrator, password "bob's"),
 *		4 daemon (elsewhere, uid 1), 5 carol (5005, key only, crew)
 */

#include <sys/stat.h>

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/account/looker.h"
#include "lib/account/resolver.h"
#include "lib/rpc/rpc.h"
#include "tests/unit/ssh_keys.h"
#include "tests/unit/tmp.h"

#define LENGTH(a)	((int)(sizeof(a) / sizeof((a)[0])))

#define ED25519		"ssh-ed25519 " ED25519_BASE64
#define ED25519_SHA256	"2DhLmGWkSxQb21MiLBtjXEeabd/XTCOlZqV9QEWlSlQ"
#define P256_SHA256	"jbztTfH3TzkTO/oltFz+9SYwUHXto6AAkPcNB3zO4/Q"
#define P256		"ecdsa-sha2-nistp256 " P256_BASE64

static struct {
	char		 dir[64], store[96], session[96], maps[96], lock[96];
	char		 revoked[96];
	char		 central[96], feed[96], jobs[96];
	struct nk_state	 state;
	struct nk_conf	 conf;
	struct nk_caller caller;
	struct nk_context c;
	json_t		*notes;		/* of the last call */
} w;

static inline void
remove_tree(const char *path)
{
	char name[512];
	struct dirent *e;
	DIR *d = opendir(path);

	while (d != NULL && (e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 ||
		    strcmp(e->d_name, "..") == 0)
			continue;
		(void)snprintf(name, sizeof(name), "%.250s/%.250s", path,
		    e->d_name);
		if (unlink(name) == -1)
			remove_tree(name);
	}
	if (d != NULL)
		closedir(d);
	(void)rmdir(path);
}

static inline void
note(void *arg, const char *method, json_t *params)
{
	(void)arg;
	ck_assert(strcmp(method, "naskeys.progress") == 0 ||
	    strcmp(method, "naskeys.warning") == 0);
	ck_assert_int_eq(json_array_append_new(w.notes, params), 0);
}

static inline char *
unquote(const char *text)
{
	char *copy = strdup(text), *p;

	ck_assert_ptr_nonnull(copy);
	for (p = copy; (p = strchr(p, '\'')) != NULL; p++)
		*p = '"';
	return copy;
}

/* The whole answer to a request line. */
static inline json_t *
call_line(const char *line, size_t len)
{
	char *answer = NULL;
	size_t n = 0;
	json_t *v;

	json_decref(w.notes);
	w.notes = json_array();
	ck_assert_int_eq(nk_rpc_handle(&w.c, line, len, &answer, &n), 0);
	ck_assert_ptr_nonnull(answer);
	v = json_loadb(answer, n, 0, NULL);
	ck_assert_msg(v != NULL, "%s", answer);
	nk_rpc_free(answer, n);
	return v;
}

static inline json_t *
call(const char *method, const char *params)
{
	char *text = unquote(params), *line = NULL;
	json_t *v;
	int n;

	n = asprintf(&line, "{\"jsonrpc\":\"2.0\",\"id\":1,"
	    "\"method\":\"%s\",\"params\":%s}", method, text);
	ck_assert_int_gt(n, 0);
	v = call_line(line, (size_t)n);
	free(line);
	free(text);
	return v;
}

static inline void
as(uid_t uid)
{
	w.caller = (struct nk_caller){ .uid = uid, .gid = 100, .pid = 1 };
}

/* "a.0.b" in v, borrowed. */
static inline json_t *
at(json_t *v, const char *path)
{
	char key[64];
	size_t n;

	while (v != NULL && *path != '\0') {
		n = strcspn(path, ".");
		ck_assert_uint_lt(n, sizeof(key));
		memcpy(key, path, n);
		key[n] = '\0';
		v = json_is_array(v) ?
		    json_array_get(v, strtoul(key, NULL, 10)) :
		    json_object_get(v, key);
		path += n + (path[n] == '.');
	}
	return v;
}

static inline char *
dump(const json_t *v)
{
	char *text = v == NULL ? strdup("nothing") :
	    json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY);

	ck_assert_ptr_nonnull(text);
	return text;
}

/* The call's result has this value at the path ("": all of it). */
static inline void
expect(const char *method, const char *params, const char *path,
    const char *value)
{
	json_t *v = call(method, params), *want, *got;
	char *text = unquote(value), *whole = dump(v);

	want = json_loads(text, JSON_DECODE_ANY, NULL);
	ck_assert_msg(want != NULL, "not JSON: %s", text);
	got = at(json_object_get(v, "result"), path);
	ck_assert_msg(json_equal(got, want), "%s %.500s: %s is not %s in "
	    "%.4000s", method, params, path, text, whole);
	json_decref(want);
	json_decref(v);
	free(text);
	free(whole);
}

static inline void
done(const char *method, const char *params)
{
	json_t *v = call(method, params);
	char *whole = dump(v);

	ck_assert_msg(json_object_get(v, "result") != NULL, "%s %.500s: "
	    "%.4000s", method, params, whole);
	json_decref(v);
	free(whole);
}

/* attribute "": a call error with this reason; NULL: JSON's null. */
static inline void
assert_refused(json_t *v, const char *what, const char *attribute,
    const char *text, int number)
{
	json_t *extra = at(v, "error.data.extra"), *t, *name;
	char *whole = dump(v), reason[2048];
	const char *got;
	size_t i;
	bool found = false;

	if (attribute != NULL && attribute[0] == '\0') {
		got = json_string_value(at(v, "error.data.reason"));
		(void)snprintf(reason, sizeof(reason), "[%s] %s",
		    nk_errno_name(number), text);
		found = got != NULL && strcmp(got, reason) == 0 &&
		    json_integer_value(at(v, "error.data.error")) == number;
	}
	for (i = 0; i < json_array_size(extra); i++) {
		t = json_array_get(extra, i);
		name = json_array_get(t, 0);
		if ((attribute == NULL ? json_is_null(name) :
		    json_is_string(name) &&
		    strcmp(json_string_value(name), attribute) == 0) &&
		    strcmp(json_string_value(json_array_get(t, 1)),
		    text) == 0 &&
		    json_integer_value(json_array_get(t, 2)) == number)
			found = true;
	}
	ck_assert_msg(found, "%s: no %s: %s (%d) in %s", what,
	    attribute == NULL ? "null" : attribute, text, number, whole);
	free(whole);
}

static inline void
refused(const char *method, const char *params, const char *attribute,
    const char *text, int number)
{
	json_t *v = call(method, params);

	assert_refused(v, params, attribute, text, number);
	json_decref(v);
}

/* And nothing else is wrong. */
static inline void
refused_once(const char *method, const char *params, const char *attribute,
    const char *text, int number)
{
	json_t *v = call(method, params);

	assert_refused(v, params, attribute, text, number);
	ck_assert_uint_eq(json_array_size(json_object_get(json_object_get(
	    json_object_get(v, "error"), "data"), "extra")), 1);
	json_decref(v);
}

/* Everything in the store that a call could have changed. */
static inline char *
contents(void)
{
	static const char *const asks[] = {
		"user.query", "group.query", "naskeys.audit.query",
	};
	struct nk_caller before = w.caller;
	json_t *all = json_array();
	char *text;
	size_t i;

	as(0);
	for (i = 0; i < sizeof(asks) / sizeof(asks[0]); i++)
		ck_assert_int_eq(json_array_append_new(all,
		    call(asks[i], "[]")), 0);
	w.caller = before;
	text = dump(all);
	json_decref(all);
	return text;
}

static inline void
make_world(void)
{
	memset(&w, 0, sizeof(w));
	ck_assert_ptr_nonnull(mkdtemp(tmp_name(w.dir, sizeof(w.dir),
	    "methods")));
	(void)snprintf(w.store, sizeof(w.store), "%s/naskeys.db", w.dir);
	(void)snprintf(w.session, sizeof(w.session), "%s/session.db", w.dir);
	(void)snprintf(w.maps, sizeof(w.maps), "%s/maps", w.dir);
	(void)snprintf(w.revoked, sizeof(w.revoked), "%s/revoked.krl",
	    w.dir);
	(void)snprintf(w.central, sizeof(w.central), "%s/authorized_keys",
	    w.dir);
	(void)snprintf(w.feed, sizeof(w.feed), "%s/feed", w.dir);
	(void)snprintf(w.jobs, sizeof(w.jobs), "%s/feed.jobs", w.dir);
	(void)snprintf(w.lock, sizeof(w.lock), "%s/lock", w.dir);
	ck_assert_int_eq(mkdir(w.maps, 0755), 0);
	w.state = (struct nk_state){
		.store = w.store, .session = w.session, .maps = w.maps,
		.lock = w.lock, .revoked = w.revoked,
		.central = w.central, .feed = w.feed, .jobs = w.jobs,
		.owner = geteuid(), .keys_gid = getegid(), .managed_gid = 4999,
	};
	nk_conf_init(&w.conf);
	w.conf.password_cost = 1;	/* each test hashes two */
	w.c = (struct nk_context){
		.state = &w.state, .conf = &w.conf, .caller = &w.caller,
		.passed_fd = -1, .input_fd = -1, .notify = note,
	};
	ck_assert_int_eq(nk_publisher_open(&w.c.publisher, &w.state, &w.conf,
	    NK_STORE_CREATE), 0);
	ck_assert_int_eq(nk_session_open(&w.c.session, w.session), 0);
	as(0);
	done("group.create", "[{'name':'crew','gid':5000}]");
	done("user.create", "[{'username':'alice','uid':5001,"
	    "'full_name':'Alice','group_create':true,"
	    "'password':'alice\\u0027s'}]");
	done("user.add_key", "['alice',{'key':'" ED25519 " alice@home'}]");
	done("user.create", "[{'username':'bob','uid':5002,"
	    "'group_create':true,'password':'bob\\u0027s','groups':[1]}]");
	done("user.create", "[{'username':'daemon','managed':false}]");
	done("user.create", "[{'username':'carol','uid':5005,'group':2,"
	    "'sshpubkey':'" P256 "'}]");
}

static inline void
drop_world(void)
{
	nk_resolver_free(w.c.resolver);
	nk_looker_free(w.c.looker);
	nk_publisher_free(w.c.publisher);
	nk_session_close(w.c.session);
	json_decref(w.notes);
	w.notes = NULL;
	remove_tree(w.dir);
}

#endif /* NASKEYS_TESTS_METHODS_FIXTURE_H */
